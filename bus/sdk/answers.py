"""What a center's own system answers, and what that means: done, later or never."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from bus.contract.codec import Undecodable, read_value
from bus.sdk.center import Reject, RetryLater
from bus.sdk.codes import RetryCode

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be different later."""
DENIED = frozenset({401, 403, 407})
"""Our credentials are wrong: an operator mends that, and nothing is lost meanwhile."""
LONGEST_ANSWER = 1024 * 1024
LONGEST_PAUSE = 900.0
"""Seconds that a system may ask us to wait: as long as the longest pause between two tries."""
LOOK_THERE = "the center's own system refuses this; look there for the reason"
_CODE = re.compile(r"[A-Za-z0-9._-]{1,40}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a system tells in the body what became of a call, whatever its status says: ``{"code": 500, "msg": …}``.

    A code that is neither done nor busy is a refusal. ``Envelope("code", done=(0, 200), busy=(503,), data="data")``"""

    code: str
    """Where the code stands: names from the outside in, parted by dots."""
    done: tuple[int | str, ...]
    busy: tuple[int | str, ...] = ()
    data: str = ""
    """Where the answer proper stands; empty: it is the whole body."""

    def opened(self, body: Any) -> Any:  # noqa: ANN401 - any JSON
        """The answer proper. Raises ``RetryLater`` or ``Reject`` with the system's own code; its words are not told, as
        they may speak of a resident."""
        code = _at(body, self.code)
        if code is None:
            raise RetryLater(RetryCode.VENDOR_GARBAGE)
        if code in self.done or str(code) in map(str, self.done):
            return _at(body, self.data) if self.data else body
        told = f"vendor-code-{code}" if _CODE.fullmatch(str(code)) else "vendor-code"
        if code in self.busy or str(code) in map(str, self.busy):
            raise RetryLater(told)
        raise Reject(told, LOOK_THERE)


def _at(body: object, path: str) -> Any:  # noqa: ANN401 - any JSON
    for name in path.split("."):
        body = body.get(name) if isinstance(body, Mapping) else None
    return body


@dataclass(frozen=True, slots=True)
class BackendAnswer:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def refuse(self) -> None:
        """Raise what its status means: ``RetryLater`` (busy, credentials, anything strange) or ``Reject``."""
        code = f"vendor-{self.status}"
        if self.status in BUSY:
            raise RetryLater(code, retry_after(self.headers.get("Retry-After", "")))
        if self.status in DENIED:
            raise RetryLater(code)
        if 400 <= self.status < 500:
            raise Reject(code, LOOK_THERE)
        if not 200 <= self.status < 300:
            raise RetryLater(code)
        if len(self.content) > LONGEST_ANSWER:
            raise RetryLater(RetryCode.VENDOR_GARBAGE)

    def text(self) -> str:
        """The content as text, in the charset that it names; without the mark that some put before it. Raises
        ``RetryLater``."""
        typed = Message()
        typed["Content-Type"] = self.headers.get("Content-Type", "")
        charset = str(typed.get_param("charset") or "utf-8")
        if charset.lower().replace("_", "-") in ("gbk", "gb2312", "cp936"):
            charset = "gb18030"  # which holds them all
        try:
            return self.content.removeprefix(codecs.BOM_UTF8).decode(charset)
        except (UnicodeDecodeError, LookupError):
            raise RetryLater(RetryCode.VENDOR_GARBAGE) from None

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """The content as JSON: an object, a list, or any value; None where there is no content. Raises
        ``RetryLater``."""
        if not self.content:
            return None
        try:
            return read_value(self.text().encode(), 2 * LONGEST_ANSWER)  # GBK grows by half in UTF-8
        except Undecodable:
            raise RetryLater(RetryCode.VENDOR_GARBAGE) from None


def retry_after(told: str) -> float | None:
    """Seconds to wait, from a number or a date (RFC 9110, 10.2.3); None where it is neither."""
    if told.isdecimal():
        return min(float(told), LONGEST_PAUSE)
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - datetime.now(UTC)).total_seconds()), LONGEST_PAUSE)

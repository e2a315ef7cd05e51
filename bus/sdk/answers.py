"""Answers of a center's own system, and their meaning: done, retry later, or refused."""

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
"""Statuses that may be different later."""
DENIED = frozenset({401, 403, 407})
"""Statuses for wrong credentials: an operator corrects them, and nothing is lost meanwhile."""
LONGEST_ANSWER = 1024 * 1024
LONGEST_PAUSE = 900.0
"""Seconds that a system may ask us to wait: as long as the longest pause between two tries."""
LOOK_THERE = "the center's own system refuses this; look there for the reason"
_CODE = re.compile(r"[A-Za-z0-9._-]{1,40}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A vendor's envelope: a JSON body that carries its own result code, whatever the HTTP status: ``{"code": 500,
    "msg": …}``.

    A code that is neither done nor busy is a refusal. ``Envelope("code", done=(0, 200), busy=(503,), data="data")``"""

    code: str
    """The path of the result code: field names from the outside in, separated by dots."""
    done: tuple[int | str, ...]
    busy: tuple[int | str, ...] = ()
    data: str = ""
    """The path of the payload; empty if the whole body is the payload."""

    def opened(self, body: Any) -> Any:  # noqa: ANN401 - any JSON
        """The payload. Raises ``RetryLater`` or ``Reject`` with the system's own code. Its message is left out, because
        it may contain a resident's data."""
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
    """An answer of the center's own system, uninterpreted."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def refuse(self) -> None:
        """Raise ``RetryLater`` (busy, wrong credentials, any unexpected status) or ``Reject`` if the status is not a
        success."""
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
        """The content as text in its declared charset, without a byte order mark. Raises ``RetryLater``."""
        typed = Message()
        typed["Content-Type"] = self.headers.get("Content-Type", "")
        charset = str(typed.get_param("charset") or "utf-8")
        if charset.lower().replace("_", "-") in ("gbk", "gb2312", "cp936"):
            charset = "gb18030"  # the superset of GBK and GB2312
        try:
            return self.content.removeprefix(codecs.BOM_UTF8).decode(charset)
        except (UnicodeDecodeError, LookupError):
            raise RetryLater(RetryCode.VENDOR_GARBAGE) from None

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """The content as JSON: an object, a list or any other value; None if there is no content. Raises
        ``RetryLater``."""
        if not self.content:
            return None
        try:
            return read_value(self.text().encode(), 2 * LONGEST_ANSWER)  # GBK grows by half in UTF-8
        except Undecodable:
            raise RetryLater(RetryCode.VENDOR_GARBAGE) from None


def retry_after(told: str) -> float | None:
    """Seconds to wait, from a number or a date (RFC 9110, 10.2.3); None if it is neither."""
    if told.isdecimal():
        return min(float(told), LONGEST_PAUSE)
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - datetime.now(UTC)).total_seconds()), LONGEST_PAUSE)

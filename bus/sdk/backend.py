"""The client of a center's own system: HTTP with an idempotency key, and every answer mapped to done, later or never.

An adapter names the calls of its vendor on top of this; what an answer means is the same for all.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import urllib3
from pydantic_core import to_json
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from bus.contract.codec import Undecodable, read_json
from bus.sdk.center import Reject, RetryLater
from bus.sdk.codes import RetryCode

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be different later."""
DENIED = frozenset({401, 403, 407})
"""Our credentials are wrong: an operator mends that, and nothing is lost meanwhile."""
LONGEST_ANSWER = 1024 * 1024
AWAY: dict[type[Exception], RetryCode] = {
    NewConnectionError: RetryCode.VENDOR_CONNECT_ERROR,
    ConnectTimeoutError: RetryCode.VENDOR_CONNECT_TIMEOUT,
    ReadTimeoutError: RetryCode.VENDOR_READ_TIMEOUT,
}
"""The code of each way of being away that an operator can tell apart; everything else is ``BROKEN_OFF``."""
BROKEN_OFF = RetryCode.VENDOR_BROKEN_OFF
MOST_LINES = 64
"""How many connections are kept open at most: more than a center has hands."""


class BackendClient:
    """One center's own system, over HTTP. Threads may share it. Never goes anywhere but to its host: it follows no
    redirect and knows no proxy."""

    def __init__(self, base_url: str, token: str = "", timeout: float = 10.0) -> None:
        self.url = base_url
        self._folder = base_url.rstrip("/").partition("://")[2].partition("/")[2]
        self._headers = {"Content-Type": "application/json", "User-Agent": "four-center-bus"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._lines = urllib3.connection_from_url(base_url, maxsize=MOST_LINES, timeout=timeout, retries=False)
        self._again = Retrying(  # only for a connection that could not be made: nothing can have happened there
            retry=retry_if_exception_type(NewConnectionError),
            wait=wait_random_exponential(multiplier=0.05, max=0.5),
            stop=stop_after_attempt(2),
            reraise=True,
        )

    def post(self, path: str, body: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """Have an effect, once for each ``key`` however often it is called. Returns the vendor's JSON object.

        Raises ``RetryLater`` (away, busy, credentials) or ``Reject`` (the vendor will not take this, ever)."""
        return self._call("POST", path, to_json(dict(body)), {**self._headers, "Idempotency-Key": key})

    def get(self, path: str) -> dict[str, Any]:
        """Read a record of the vendor's. Raises ``RetryLater`` or ``Reject``."""
        return self._call("GET", path, None, self._headers)

    def _call(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        target = f"/{self._folder}{path}" if self._folder else path
        try:
            try:
                answer = self._once(method, target, body, headers)
            except NewConnectionError:
                answer = self._again(self._once, method, target, body, headers)
        except HTTPError as error:
            raise RetryLater(
                next((code for kind, code in AWAY.items() if isinstance(error, kind)), BROKEN_OFF)
            ) from None
        return _understood(*answer)

    def _once(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and content, of which never more than ``LONGEST_ANSWER`` and a byte is read."""
        response = self._lines.urlopen(
            method, target, body, headers, redirect=False, preload_content=False, decode_content=True
        )
        content = response.read(LONGEST_ANSWER + 1)
        if len(content) > LONGEST_ANSWER:
            response.close()
        response.release_conn()
        return response.status, response.headers, content

    def close(self) -> None:
        """Let go of the connections."""
        self._lines.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()


def _understood(status: int, headers: Mapping[str, str], content: bytes) -> dict[str, Any]:
    if status in BUSY:
        raise RetryLater(f"vendor-{status}", _retry_after(headers))
    if status in DENIED:
        raise RetryLater(f"vendor-{status}")
    if 400 <= status < 500:
        raise Reject(f"vendor-{status}", "the center's own system refuses this; look there for the reason")
    if not 200 <= status < 300:
        raise RetryLater(f"vendor-{status}")
    if len(content) > LONGEST_ANSWER:
        raise RetryLater(RetryCode.VENDOR_GARBAGE)
    try:
        return read_json(content) if content else {}
    except Undecodable:
        raise RetryLater(RetryCode.VENDOR_GARBAGE) from None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    seconds = headers.get("Retry-After", "")
    return min(float(seconds), 3600.0) if seconds.isdecimal() else None

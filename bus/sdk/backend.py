"""The client of a center's own system: HTTP with an idempotency key. Every answer is mapped to done, retry later, or
refused.

An adapter defines its vendor's calls on top of this client; the meaning of an answer is the same for all.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import urllib3
from pydantic_core import to_json
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from bus.sdk.answers import LONGEST_ANSWER, BackendAnswer, Envelope
from bus.sdk.center import RetryLater
from bus.sdk.codes import RetryCode
from bus.sdk.recent_calls import RecentCalls

__all__ = ["LONGEST_ANSWER", "BackendClient"]

AWAY: dict[type[Exception], RetryCode] = {
    NewConnectionError: RetryCode.VENDOR_CONNECT_ERROR,
    ConnectTimeoutError: RetryCode.VENDOR_CONNECT_TIMEOUT,
    ReadTimeoutError: RetryCode.VENDOR_READ_TIMEOUT,
}
"""The codes of connection faults that an operator can tell apart; any other fault is ``BROKEN_OFF``."""
BROKEN_OFF = RetryCode.VENDOR_BROKEN_OFF
MOST_LINES = 64
"""Most open connections: more than a center has worker threads."""
Renew = Callable[["BackendClient"], str]
"""Gets a new token from the system, through calls of this client that carry no token. Raises ``RetryLater`` and
``Reject``."""


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    target: str
    body: bytes | None
    headers: Mapping[str, str]


class BackendClient:
    """The HTTP client of one center's own system. Threads may share it. It connects only to its configured host: no
    redirects, no proxy."""

    def __init__(self, base_url: str, token: str = "", timeout: float = 10.0) -> None:
        self.url = base_url
        self.calls = RecentCalls()
        self._folder = base_url.rstrip("/").partition("://")[2].partition("/")[2]
        self._token = token
        self._envelope: Envelope | None = None
        self._renew: Renew | None = None
        self._renewing = threading.Lock()
        self._here = threading.local()
        self._lines = urllib3.connection_from_url(base_url, maxsize=MOST_LINES, timeout=timeout, retries=False)
        self._again = Retrying(  # only for a connection that was never made: the call cannot have had an effect
            retry=retry_if_exception_type(NewConnectionError),
            wait=wait_random_exponential(multiplier=0.05, max=0.5),
            stop=stop_after_attempt(2),
            reraise=True,
        )

    def speaks(self, *, envelope: Envelope | None = None, renew: Renew | None = None) -> Self:
        """Set this vendor's peculiarities; called once, by the adapter's ``connect``. ``envelope``: the body carries
        its own result code. ``renew``: gets a new token when the current one is refused."""
        self._envelope, self._renew = envelope, renew
        return self

    def post(self, path: str, body: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """Create or change something, once for each ``key``, however often it is called. Returns the vendor's JSON
        object.

        Raises ``RetryLater`` (away, busy, wrong credentials) or ``Reject`` (the vendor refuses for good)."""
        return _object(self.request("POST", path, json=dict(body), key=key))

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Read a record of the vendor's system. Raises ``RetryLater`` or ``Reject``."""
        return _object(self.request("GET", path, query=query))

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON
        content: bytes | None = None,
        key: str = "",
    ) -> Any:  # noqa: ANN401 - any JSON
        """Make one call of any kind; at most one of ``form``, ``json`` and ``content`` is the body. Returns the
        answer's JSON: an object, a list or None. ``key``: the call takes effect once for each key.

        Raises ``RetryLater`` or ``Reject``."""
        answer = self.answer(method, path, query=query, form=form, json=json, content=content, key=key)
        body = answer.json()
        return self._envelope.opened(body) if self._envelope is not None else body

    def answer(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON
        content: bytes | None = None,
        key: str = "",
    ) -> BackendAnswer:
        """Make one call to a system that does not answer in JSON: the adapter reads the content. Only the status is
        checked.

        Raises ``RetryLater`` or ``Reject``."""
        body, kind = _written(form, json, content)
        target = f"/{self._folder}{path}" if self._folder else path
        if query:
            target += f"?{urlencode(query, doseq=True)}"
        headers = {"Content-Type": kind, "User-Agent": "four-center-bus"}
        if key:
            headers["Idempotency-Key"] = key
        request, renewing = _Request(method, target, body, headers), getattr(self._here, "renewing", False)
        token = "" if renewing else self._token
        answer = self._timed(path, request, token)
        if answer.status == 401 and self._renew is not None and not renewing:
            answer = self._timed(path, request, self._renewed(self._renew, token))
        answer.refuse()
        return answer

    def _renewed(self, renew: Renew, refused: str) -> str:
        """A new token in place of the refused one; one thread gets it for all."""
        with self._renewing:
            if self._token == refused:
                self._here.renewing = True  # its own calls carry no token, and renew none
                try:
                    self._token = renew(self)
                finally:
                    self._here.renewing = False
            return self._token

    def _timed(self, path: str, request: _Request, token: str) -> BackendAnswer:
        """The answer, whatever its status; the call is recorded among the recent calls. Raises ``RetryLater``."""
        at, began, outcome = datetime.now(UTC), time.monotonic(), "fault"
        try:
            answer = self._sent(request, token)
        except RetryLater as away:
            outcome = away.code
            raise
        else:
            outcome = str(answer.status)
            return answer
        finally:
            self.calls.add(at, request.method, path, outcome, time.monotonic() - began)

    def _sent(self, request: _Request, token: str) -> BackendAnswer:
        headers = {**request.headers, "Authorization": f"Bearer {token}"} if token else request.headers
        try:
            try:
                return self._once(request, headers)
            except NewConnectionError:
                again: BackendAnswer = self._again(self._once, request, headers)
                return again
        except HTTPError as error:
            raise RetryLater(
                next((code for kind, code in AWAY.items() if isinstance(error, kind)), BROKEN_OFF)
            ) from None

    def _once(self, request: _Request, headers: Mapping[str, str]) -> BackendAnswer:
        """Make one attempt. Reads at most one byte more than ``LONGEST_ANSWER``."""
        response = self._lines.urlopen(
            request.method, request.target, request.body, headers, redirect=False, preload_content=False,
            decode_content=True,
        )  # fmt: skip
        content = response.read(LONGEST_ANSWER + 1)
        if len(content) > LONGEST_ANSWER:
            response.close()
        response.release_conn()
        return BackendAnswer(response.status, response.headers, content)

    def close(self) -> None:
        """Close the connections."""
        self._lines.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()


def _written(form: Mapping[str, str] | None, json: object, content: bytes | None) -> tuple[bytes | None, str]:
    """The request body and its content type."""
    if content is not None:
        return content, "application/octet-stream"
    if form is not None:
        return urlencode(form).encode(), "application/x-www-form-urlencoded"
    return (to_json(json) if json is not None else None), "application/json"


def _object(answer: object) -> dict[str, Any]:
    if answer is None:
        return {}
    if not isinstance(answer, dict):
        raise RetryLater(RetryCode.VENDOR_GARBAGE)
    return answer

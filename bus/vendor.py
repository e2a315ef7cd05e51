"""The client of a center's own system: HTTP with an idempotency key, and every answer mapped to done, later or never.

An adapter's ``system.py`` names the calls of its vendor on top of this; what an answer means is the same for all.
"""

from collections.abc import Mapping
from contextlib import closing
from types import TracebackType
from typing import Any, Self

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from bus.center import NotEver, NotNow
from bus.message import Undecodable, read_json

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be different later."""
DENIED = frozenset({401, 403, 407})
"""Our credentials are wrong: an operator mends that, and nothing is lost meanwhile."""
LONGEST_ANSWER = 1024 * 1024


class Vendor:
    """One center's own system, over HTTP. Threads may share it."""

    def __init__(self, base_url: str, token: str = "", timeout: float = 10.0) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._wire = httpx.HTTPTransport(trust_env=False)
        self._http = httpx.Client(transport=self._wire, base_url=base_url, timeout=timeout, headers=headers)
        self._again = Retrying(  # only for a connection that could not be made: nothing can have happened there
            retry=retry_if_exception_type(httpx.ConnectError),
            wait=wait_random_exponential(multiplier=0.05, max=0.5),
            stop=stop_after_attempt(3),
            reraise=True,
        )

    def post(self, path: str, body: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """Have an effect, once for each ``key`` however often it is called. Returns the vendor's JSON object.

        Raises ``NotNow`` (away, busy, credentials) or ``NotEver`` (the vendor will not take this, ever)."""
        return self._call("POST", path, json=dict(body), headers={"Idempotency-Key": key})

    def get(self, path: str) -> dict[str, Any]:
        """Read a record of the vendor's. Raises ``NotNow`` or ``NotEver``."""
        return self._call("GET", path)

    def _call(self, method: str, path: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - handed on to httpx
        request = self._http.build_request(method, path, **more)
        try:
            response = self._again(self._sent, request)
        except httpx.HTTPError as error:
            raise NotNow(f"vendor-{type(error).__name__.lower()}"[:64]) from None
        return _understood(response)

    def _sent(self, request: httpx.Request) -> httpx.Response:
        """Past the client's own rounds for cookies, redirects and logins: none of them is wanted here, and they cost a
        third of a call."""
        with closing(self._wire.handle_request(request)) as response:
            response.read()
        return response

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()


def _understood(response: httpx.Response) -> dict[str, Any]:
    status = response.status_code
    if status in BUSY:
        raise NotNow(f"vendor-{status}", _retry_after(response))
    if status in DENIED:
        raise NotNow(f"vendor-{status}")
    if 400 <= status < 500:
        raise NotEver(f"vendor-{status}", "the center's own system refuses this; look there for the reason")
    if not 200 <= status < 300:
        raise NotNow(f"vendor-{status}")
    if len(response.content) > LONGEST_ANSWER:
        raise NotNow("vendor-garbage")
    try:
        return read_json(response.content) if response.content else {}
    except Undecodable:
        raise NotNow("vendor-garbage") from None


def _retry_after(response: httpx.Response) -> float | None:
    seconds = response.headers.get("Retry-After", "")
    return min(float(seconds), 3600.0) if seconds.isdecimal() else None

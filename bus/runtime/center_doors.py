"""How a console's commands reach the centers' operators' doors: over HTTPS, each bounded in time and size."""

import json
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from bus.console.doors import NoAnswer, Unreached

CONNECT = 3.0
ANSWER = 10.0
"""Seconds for connecting, and for all of an answer: a center that sends byte by byte is bounded, too."""
MOST_BYTES = 4 * 1024 * 1024


class CenterDoors:
    """Posts commands to the doors at these addresses. Any thread may use it."""

    def __init__(self, addresses: Mapping[str, str], authority: Path | None = None, within: float = ANSWER) -> None:
        """``authority``: the county's own certificate authority. Raises ``OSError``, ``ssl.SSLError``."""
        verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=str(authority)) if authority else True
        self._within = within
        self._clients = {
            center: httpx.Client(
                base_url=url.rstrip("/"), verify=verify, trust_env=False, follow_redirects=False,
                timeout=httpx.Timeout(within, connect=min(CONNECT, within)), headers={"Accept-Encoding": "identity"},
            )
            for center, url in addresses.items()
        }  # fmt: skip
        """One for each center, so that one that hangs uses up no other's connections."""

    def post(self, center: str, raw: bytes) -> tuple[int, Mapping[str, Any]]:
        """What the center's door answers. Raises ``Unreached``, ``NoAnswer``."""
        ends = time.monotonic() + self._within
        try:
            with self._clients[center].stream("POST", "/operations", content=raw) as answer:
                body = b""
                for chunk in answer.iter_raw():
                    body += chunk
                    if len(body) > MOST_BYTES or time.monotonic() > ends:
                        raise NoAnswer("too-long" if len(body) > MOST_BYTES else "timeout")
                return answer.status_code, _read(body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            raise Unreached(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise NoAnswer(type(error).__name__) from None

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}

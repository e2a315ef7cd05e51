"""The download of one file from a peer: raw bytes, at most the announced size, within one deadline."""

import asyncio
import ssl
from functools import cache

import httpx

from bus.sdk.center import Reject, RetryLater
from bus.sdk.codes import RejectCode, RetryCode

DEADLINE = 90.0
"""Seconds for name, connection, head and body together. A timeout of each read would let a dripping sender hold a
worker for ever, and the download must fit into the lease of the task that waits for the file."""
AS_IT_IS = "identity"


def download(href: str, size: int) -> bytes:
    """The bytes at ``href``, at most ``size`` of them. Raises ``RetryLater`` while its center is away, slow or not
    authenticated, ``Reject`` when it does not have the file, has another one, or compresses it."""
    try:
        return asyncio.run(_within_deadline(href, size))  # threads cannot be interrupted, nor can a dripping read
    except TimeoutError:
        raise RetryLater(RetryCode.ATTACHMENT_SLOW) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):  # the last: a host that is no valid name (IDNA)
        raise Reject(RejectCode.ATTACHMENT_ADDRESS, "the message names an address that is no URL") from None
    except httpx.TimeoutException:
        raise RetryLater(RetryCode.ATTACHMENT_SLOW) from None
    except httpx.HTTPError:
        raise RetryLater(RetryCode.ATTACHMENT_AWAY) from None


@cache
def _authorities() -> ssl.SSLContext:
    """The system's trusted authorities; read once, since that costs more than a small file."""
    return httpx.create_ssl_context(trust_env=False)


async def _within_deadline(href: str, size: int) -> bytes:
    client = httpx.AsyncClient(timeout=30, trust_env=False, verify=_authorities())
    async with asyncio.timeout(DEADLINE), client:
        request = client.stream("GET", href, headers={"Accept-Encoding": AS_IT_IS}, follow_redirects=False)
        async with request as response:
            _judge(response)
            content = bytearray()
            async for part in response.aiter_raw():
                content += part
                if len(content) > size:
                    raise Reject(RejectCode.ATTACHMENT_ALTERED, "more bytes came than were announced")
            return bytes(content)


def _judge(response: httpx.Response) -> None:
    if response.status_code == 404:
        raise Reject(RejectCode.ATTACHMENT_GONE, "the center that had it no longer has it")
    if response.status_code != 200:
        raise RetryLater(f"attachment-{response.status_code}")
    if response.headers.get("Content-Encoding", AS_IT_IS).strip().lower() != AS_IT_IS:
        raise Reject(
            RejectCode.ATTACHMENT_ENCODED, "its center, or a proxy before it, packs files: serve them as they are"
        )

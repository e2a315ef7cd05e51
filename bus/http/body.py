"""Reading of request bodies: unsigned requests are refused before the body is read; size and time are bounded.

A form is held in memory, within one budget for all forms; a file is written to disk as it arrives (``Spool``).
"""

import asyncio
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress

from fastapi import HTTPException, Request
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import ClientDisconnect

SIGNED_BY = ("webhook-id", "webhook-timestamp", "webhook-signature")
UNSIGNED = {"code": "signature", "cure": "sign with the shared secret (Standard Webhooks); check both clocks"}
DRAINED = 16 * 1024 * 1024
"""Bytes of a refused body that are read and dropped: a sender that is still sending does not read the answer."""
DRAINING = 5.0
"""Seconds for draining a refused body."""
MILLISECONDS = 1e11
"""A timestamp above this is not in seconds."""
TOLERANCE = 5 * 60.0
"""Largest difference in seconds between a signature's time and ours (Standard Webhooks)."""
BODY_GRACE = 20.0
"""Seconds in which a small body must arrive, and the base time for a longer one."""
SLOWEST = 16 * 1024
"""Lowest average speed of a longer body, in bytes per second."""


class ByteBudget:
    """The memory budget of all requests together, in bytes. Not thread-safe: only the server's own thread uses it."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, count: int) -> None:
        """Hold ``count`` more bytes. Raises an HTTP refusal if there is no room; the sender retries."""
        if count > self._left:
            busy = {"code": "busy", "cure": "too much is being sent at once: send it again in a moment"}
            raise HTTPException(503, busy, {"Retry-After": "5"})
        self._left -= count

    def give_back(self, count: int) -> None:
        """Release ``count`` bytes."""
        self._left += count


def verify(webhook: Webhook, content: str, request: Request) -> None:
    """Refuse a request whose signature by the shared secret does not fit ``content``."""
    try:
        webhook.verify(content, dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        if not request.headers["webhook-timestamp"].isdecimal():  # the signature is checked over whole seconds
            raise _unsigned("webhook-timestamp: whole seconds since 1970, without a fraction or a sign") from None
        raise HTTPException(401, UNSIGNED) from None


def refuse_unsigned(headers: Mapping[str, str], now: float) -> None:
    """Refuse a request before its body is read if no signature can be right: its timestamp is too far off, or the
    signature has the wrong format. The cure names the header."""
    try:
        made_at = float(headers["webhook-timestamp"])
    except ValueError:
        raise _unsigned("webhook-timestamp: seconds since 1970, as a number") from None
    if made_at > MILLISECONDS:
        raise _unsigned("webhook-timestamp: seconds since 1970; this is in milliseconds")
    if not abs(now - made_at) <= TOLERANCE + 1:  # one second more, for the time until the signature is checked
        raise _unsigned("webhook-timestamp: more than five minutes from our time; check both clocks")
    if not _is_formed(headers["webhook-signature"]):
        raise _unsigned("webhook-signature: v1, a comma, and 32 bytes in base64 (HMAC-SHA256)")


def _unsigned(cure: str) -> HTTPException:
    return HTTPException(401, UNSIGNED | {"cure": cure})


def _is_formed(signatures: str) -> bool:
    try:
        parts = [one.partition(",") for one in signatures.split(" ")]
        return any(version == "v1" and len(b64decode(value)) == 32 for version, _, value in parts)
    except ValueError:
        return False


def _refuse_head(headers: Mapping[str, str], limit: int) -> None:
    """Refuse a request by its headers alone."""
    for name in SIGNED_BY:
        if not headers.get(name):
            raise _unsigned(f"the header {name} is missing: sign with the shared secret (Standard Webhooks)")
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    refuse_unsigned(headers, time.time())
    _refuse_compressed(headers)


def refuse_unfit(headers: Mapping[str, str], limit: int) -> None:
    """Refuse a request by its headers alone whose signature is in its body."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    _refuse_compressed(headers)


def _refuse_compressed(headers: Mapping[str, str]) -> None:
    if headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        cure = "content-encoding: send the body as it is, not compressed"
        raise HTTPException(415, {"code": "content-encoding", "cure": cure})


async def _drained(stream: AsyncIterator[bytes], refusal: HTTPException) -> HTTPException:
    """The refusal, after the rest of the body is drained: a sender whose connection breaks does not read the answer. A
    body beyond the bounds is not drained; the connection closes with the answer."""
    left = DRAINED
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(DRAINING):
            async for part in stream:
                left -= len(part)
                if left < 0:
                    break
            else:
                return refusal
    refusal.headers = {**(refusal.headers or {}), "Connection": "close"}
    return refusal


RefuseHead = Callable[[Mapping[str, str], int], None]
"""Refuses a request by its headers, before its body is read."""


async def parts_of(request: Request, limit: int, refuse_head: RefuseHead = _refuse_head) -> AsyncIterator[bytes]:
    """The body in parts, as it arrives. Refuses a body longer than ``limit`` bytes, or one that arrives too slowly."""
    stream, received = request.stream(), 0
    try:
        refuse_head(request.headers, limit)
    except HTTPException as refusal:
        raise await _drained(stream, refusal) from None
    began = asyncio.get_running_loop().time()
    try:
        while True:
            async with asyncio.timeout_at(began + BODY_GRACE + received / SLOWEST):
                part = await anext(stream, None)
            if part is None:
                return
            received += len(part)
            if received > limit:
                raise await _drained(stream, _too_large(limit))
            yield part
    except TimeoutError:
        raise HTTPException(408, {"code": "slow-body", "cure": "the body came too slowly: send it again"}) from None
    except ClientDisconnect:  # the sender is gone and reads no answer; this only keeps the error from counting as ours
        raise HTTPException(400, {"code": "cut-short", "cure": "send it again, to the end"}) from None


async def form_body(request: Request, limit: int, budget: ByteBudget, refuse_head: RefuseHead = _refuse_head) -> bytes:
    """The whole body. Its bytes are taken from the budget: the caller gives them back."""
    body = bytearray()
    try:
        async for part in parts_of(request, limit, refuse_head):
            budget.take(len(part))
            body += part
    except BaseException:
        budget.give_back(len(body))
        raise
    return bytes(body)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, {"code": "too-large", "cure": f"at most {limit} bytes"})

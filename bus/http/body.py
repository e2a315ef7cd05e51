"""Reading a body: what cannot be signed is refused before it, and what comes is bounded in bytes and in time.

A form is held in memory, within one budget for all forms; a file goes to disk as it comes (``Spool``).
"""

import asyncio
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

from fastapi import HTTPException, Request
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import ClientDisconnect

SIGNED_BY = ("webhook-id", "webhook-timestamp", "webhook-signature")
UNSIGNED = {"code": "signature", "cure": "sign with the shared secret (Standard Webhooks); check both clocks"}
DRAINED = 16 * 1024 * 1024
"""Bytes that are read and thrown away of a body that is refused: a sender that is still sending reads no answer."""
DRAINING = 5.0
"""Seconds for that."""
MILLISECONDS = 1e11
"""A timestamp beyond this is not in seconds."""
TOLERANCE = 5 * 60.0
"""Seconds that a signature's time may differ from ours (Standard Webhooks)."""
BODY_GRACE = 20.0
"""Seconds for a body that is small, or has only begun to come."""
SLOWEST = 16 * 1024
"""Bytes a second that a longer body must come with on the whole."""


class ByteBudget:
    """Bytes that may be held at one time for all requests together. For the server's own thread."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, count: int) -> None:
        """Hold so many more. Raises an HTTP refusal when there is no room: the sender comes again."""
        if count > self._left:
            busy = {"code": "busy", "cure": "too much is being sent at once: send it again in a moment"}
            raise HTTPException(503, busy, {"Retry-After": "5"})
        self._left -= count

    def give_back(self, count: int) -> None:
        """They are held no longer."""
        self._left += count


def verify(webhook: Webhook, content: str, request: Request) -> None:
    """Refuse what is not signed with the shared secret over ``content``."""
    try:
        webhook.verify(content, dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        raise HTTPException(401, UNSIGNED) from None


def refuse_unsigned(headers: Mapping[str, str], now: float) -> None:
    """Refuse what no signature can be right for, before a byte of the body is read: made at another time, or not of the
    form that a signature has. The cure names the header."""
    try:
        made_at = float(headers["webhook-timestamp"])
    except ValueError:
        raise _unsigned("webhook-timestamp: seconds since 1970, as a number") from None
    if made_at > MILLISECONDS:
        raise _unsigned("webhook-timestamp: seconds since 1970; this is in milliseconds")
    if not abs(now - made_at) <= TOLERANCE + 1:  # a second, for what takes time before the signature is checked
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
    """What the head alone gives reason to refuse."""
    for name in SIGNED_BY:
        if not headers.get(name):
            raise _unsigned(f"the header {name} is missing: sign with the shared secret (Standard Webhooks)")
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    refuse_unsigned(headers, time.time())
    if headers.get("content-encoding", "identity") != "identity":
        cure = "content-encoding: send the body as it is, not compressed"
        raise HTTPException(415, {"code": "content-encoding", "cure": cure})


async def _drained(stream: AsyncIterator[bytes], refusal: HTTPException) -> HTTPException:
    """The refusal, once what still comes is thrown away: a sender that sees its connection end reads no answer. What is
    more than the bounds ends the connection with the answer."""
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


async def parts_of(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes, never more than ``limit`` bytes of it, and of one that comes too slowly no more."""
    stream, received = request.stream(), 0
    try:
        _refuse_head(request.headers, limit)
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
    except ClientDisconnect:  # nobody is there to read the answer; only that this is no fault of ours
        raise HTTPException(400, {"code": "cut-short", "cure": "send it again, to the end"}) from None


async def form_body(request: Request, limit: int, budget: ByteBudget) -> bytes:
    """The whole body, whose bytes are taken from the budget: whoever calls this gives them back."""
    body = bytearray()
    try:
        async for part in parts_of(request, limit):
            budget.take(len(part))
            body += part
    except BaseException:
        budget.give_back(len(body))
        raise
    return bytes(body)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, {"code": "too-large", "cure": f"at most {limit} bytes"})

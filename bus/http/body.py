"""Reading a body: what cannot be signed is refused before it, and what comes is bounded in bytes and in time.

A form is held in memory, within one budget for all forms; a file goes to disk as it comes (``Spool``).
"""

import asyncio
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

SIGNED_BY = ("webhook-id", "webhook-timestamp", "webhook-signature")
UNSIGNED = {"code": "signature", "cure": "sign with the shared secret (Standard Webhooks); check both clocks"}
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


def refuse_unsigned(headers: Mapping[str, str], now: float) -> None:
    """Refuse what no signature can be right for, before a byte of the body is read: made at another time, or not of
    the form that a signature has."""
    try:
        age = now - float(headers["webhook-timestamp"])
        signatures = [one.partition(",") for one in headers["webhook-signature"].split(" ")]
        formed = any(version == "v1" and len(b64decode(value)) == 32 for version, _, value in signatures)
    except ValueError:
        raise HTTPException(401, UNSIGNED) from None
    if not (abs(age) <= TOLERANCE + 1 and formed):  # a second, for what takes time before the signature is checked
        raise HTTPException(401, UNSIGNED)


async def parts_of(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes, never more than ``limit`` bytes of it, and of one that comes too slowly no more."""
    if not all(request.headers.get(name) for name in SIGNED_BY):
        raise HTTPException(401, UNSIGNED)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    refuse_unsigned(request.headers, time.time())
    stream, received = request.stream(), 0
    began = asyncio.get_running_loop().time()
    try:
        while True:
            async with asyncio.timeout_at(began + BODY_GRACE + received / SLOWEST):
                part = await anext(stream, None)
            if part is None:
                return
            received += len(part)
            if received > limit:
                raise _too_large(limit)
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

"""Attachments over HTTP: signed files are uploaded to disk as they arrive; kept files are downloaded, a few at a
time."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from bus.attachments.service import LARGEST, AttachmentRefused, AttachmentService, StoredAttachment
from bus.http.body import ByteBudget, parts_of
from bus.http.openapi import BINARY
from bus.http.spool import Spool
from bus.store.database import StoreUnavailable

COMING = 512 * 1024 * 1024
"""Bytes on disk of all files being uploaded."""
GOING = 64 * 1024 * 1024
"""Bytes in memory of all files being downloaded."""
IN_HAND = 2
"""Most files that are stripped, encrypted or read at once: each is in memory more than once."""
CHUNK = 64 * 1024
_STORE = {"code": "store", "cure": "nothing was kept; send it again"}


def add_attachments(
    app: FastAPI,
    attachments: AttachmentService,
    verify: Callable[[str, Request], None],
    clock: Callable[[], datetime],
    errors: Callable[..., dict[int | str, dict[str, Any]]],
) -> None:
    """Add upload and download. ``verify`` refuses a request that is not signed over this hash; ``errors`` describes
    statuses."""
    coming, going, in_hand = ByteBudget(COMING), ByteBudget(GOING), asyncio.Semaphore(IN_HAND)

    async def keep(request: Request, name: str | None = None) -> JSONResponse:
        try:
            with Spool(attachments.blobs.path) as spool:
                try:
                    await _spooled(request, spool, coming)
                    verify(spool.sha256, request)
                    async with in_hand:
                        return await run_in_threadpool(_keep, attachments, spool, name, clock())
                finally:
                    coming.give_back(spool.size)
        except OSError:  # the disk refuses to write
            return JSONResponse(_STORE, 503)

    async def serve(sha256: str) -> Response:
        try:
            async with in_hand:
                content = await run_in_threadpool(attachments.read, sha256)
        except AttachmentRefused:
            content = None
        except StoreUnavailable:
            return JSONResponse({"code": "store", "cure": "it cannot be read now; come again later"}, 503)
        if content is None:
            return JSONResponse({"code": "no-attachment", "cure": "ask the center that the message names"}, 404)
        return _File(content, going)

    app.put(
        "/attachments",
        name="keep_attachment",
        tags=["attachments"],
        description="Signed over the file's hex SHA-256.",
        status_code=201,
        response_model=StoredAttachment,
        responses=errors(401, 408, 413, 415, 429, 503),
    )(keep)
    app.get(
        "/attachments/{sha256}",
        name="get_attachment",
        tags=["attachments"],
        response_class=Response,
        responses={200: {"description": "The file's bytes", "content": BINARY}, **errors(404, 429, 503)},
    )(serve)


async def _spooled(request: Request, spool: Spool, budget: ByteBudget) -> None:
    async for part in parts_of(request, LARGEST):
        budget.take(len(part))
        try:
            spool.write(part)
        except OSError:
            budget.give_back(len(part))  # as the spool does not count it
            raise


def _keep(attachments: AttachmentService, spool: Spool, name: str | None, now: datetime) -> JSONResponse:
    try:
        kept = attachments.keep(spool.read(), name, now)
    except AttachmentRefused as no:
        return JSONResponse({"code": no.code, "cure": "JPEG, PNG, PDF or Office files up to 20 MiB"}, 415)
    except StoreUnavailable:
        return JSONResponse(_STORE, 503)
    return JSONResponse(kept.model_dump(), 201)


class _File(Response):
    """A file as an answer: its bytes count against a budget until they are sent, in parts."""

    def __init__(self, content: bytes, budget: ByteBudget) -> None:
        """Raises an HTTP refusal if too many files are being downloaded."""
        budget.take(len(content))
        self._budget = budget
        super().__init__(content, media_type="application/octet-stream", headers={"X-Content-Type-Options": "nosniff"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for at in range(0, len(self.body), CHUNK):
                await send({"type": "http.response.body", "body": self.body[at : at + CHUNK], "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._budget.give_back(len(self.body))

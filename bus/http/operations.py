"""The door for persons on duty over HTTP: a signed command is posted, and the answer is JSON."""

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from bus.contract.staff_command import Act
from bus.http.answers import errors
from bus.http.body import ByteBudget, form_body, refuse_unfit
from bus.log import log
from bus.operations.door import MOST_BYTES, Answer
from bus.security.errors import KeyUnusable
from bus.store.database import StoreUnavailable

AnswerCommand = Callable[[bytes], Answer]
"""Carries out one signed command. Raises ``StoreUnavailable``, ``KeyUnusable``."""
COMING = 4 * 1024 * 1024
"""Bytes in memory of all commands that are being read."""
IN_HAND = 2
"""Most commands that are carried out at once."""
_STORE = {"code": "store", "cure": "it is not known whether it was carried out; send the same bytes again"}
_KEYS = {"code": "keys", "cure": "the directory cannot be read at this center now: `bus doctor` there says why"}
_NO_DOOR = {"code": "no-staff", "cure": "there is no door for persons on duty here"}


class OperationTold(BaseModel):
    """How far an operation is."""

    id: str
    act: str
    state: str
    made_by: str
    run_by: str | None = None
    """Who let it run: of several persons the first."""
    why: str
    what: dict[str, str]
    size: int
    done: int
    parked_again: int
    refused: int
    code: str
    digest: str
    made_ms: int
    changed_ms: int
    items: list[dict[str, Any]] | None = None
    """What became of the first items, where the operation is shown."""


class CommandAnswer(BaseModel):
    """The answer to a command: labels, counts and times, and nothing of a resident."""

    operation: OperationTold | None = None
    operations: list[OperationTold] | None = None
    item: dict[str, Any] | None = None
    items: list[dict[str, Any]] | None = None
    waiting: list[dict[str, Any]] | None = None
    paused: list[dict[str, Any]] | None = None
    groups: list[dict[str, Any]] | None = None
    """What is stuck, by place, code and peer."""
    overdue: dict[str, int] | None = None
    """Open cases after their date, and the earliest of these dates."""
    sealed: str | None = None
    """The whole item in base64, sealed for the key that has asked."""


def closed(_raw: bytes) -> Answer:
    """The answer of a center without such a door."""
    return Answer(404, _NO_DOOR)


def add_operations(app: FastAPI, answer: AnswerCommand) -> None:
    """Add the one path. Without a listed staff key it says so, and does nothing."""
    budget, in_hand = ByteBudget(COMING), asyncio.Semaphore(IN_HAND)

    async def operate(request: Request) -> JSONResponse:
        body = await form_body(request, MOST_BYTES, budget, refuse_unfit)
        try:
            async with in_hand:
                done = await run_in_threadpool(answer, body)
        except StoreUnavailable:
            raise HTTPException(503, _STORE, {"Retry-After": "10"}) from None
        except KeyUnusable:
            raise HTTPException(503, _KEYS, {"Retry-After": "10"}) from None
        finally:
            budget.give_back(len(body))
        _tell(done)
        return JSONResponse(dict(done.body), done.status, {"Cache-Control": "no-store"})

    app.post(
        "/operations",
        name="operate",
        tags=["operations"],
        description="One command, signed by a staff key: a signed document of one signature (`bus operate` makes it).",
        response_model=CommandAnswer,
        response_model_exclude_none=True,
        responses=errors(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
    )(operate)


def _tell(done: Answer) -> None:
    """Log who wanted what, with the code of a refusal; nothing of an item."""
    code = str(done.body.get("code", "")) if done.status >= 400 else ""
    if done.act == Act.LOOK.value and not code:  # a console looks every few seconds
        return
    tell = log().warning if code else log().info
    tell("operation", kind=done.act, peer=done.who, message=done.command_id, code=code, status=done.status)

"""Commands over the bus: the county's ledger carries them to a center as they are, and the center answers as its own
door does. A command has its id from the person who signs it: carried twice it is done once.
"""

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from bus.context import CenterContext
from bus.contract import signed_document
from bus.contract.codec import encode
from bus.contract.envelope import Message, compose
from bus.contract.operations import MOST_ANSWER, OperationAsked, OperationTold, lane_of_operations
from bus.contract.staff_command import Act, StaffCommand
from bus.operations import door
from bus.operations.rights import Code, CommandRefused
from bus.store import carried_commands, lanes, outbox, recovery
from bus.store.carried_commands import AskedCommand, CarriedCommand
from bus.store.database import Store, Tx
from bus.store.timestamps import ms

AT_ONCE = 20
"""Commands that are carried out in one round, before operations are worked off."""


def carry(tx: Tx, context: CenterContext, center: str, raw: bytes, now: datetime) -> UUID:
    """At the ledger: send a signed command to its center. Returns the id under which its answer will be kept."""
    asked = OperationAsked(command=base64.b64encode(raw).decode())
    message_id = _say(tx, context, center, lane_of_operations(center), asked, now)
    carried_commands.carry(tx, CarriedCommand(str(message_id), center, ms(now)))
    return message_id


def answer_next(store: Store, context: CenterContext, now: datetime) -> int:
    """At a center: carry out what it was asked over the bus, and answer. Returns the number of commands. Raises
    ``StoreUnavailable``, ``KeyUnusable``; then they are carried out in the next round, each once."""
    with store.reading() as tx:
        speaks = recovery.epoch(tx).recovery is None
        found = carried_commands.asked(tx, AT_ONCE) if speaks else []
    for one in found:
        _answer(store, context, one, now)
    return len(found)


def _answer(store: Store, context: CenterContext, asked: AskedCommand, now: datetime) -> None:
    """Carry out one command in its own transaction, and say what became of it in the next. A process that dies between
    them carries it out again, which is answered as before."""
    done = _refusal(CommandRefused(Code.NOT_CARRIED)) if _reveals(asked.command) else None
    status, body = done or _carried_out(store, context, asked.command, now)
    told = OperationTold(asked=UUID(asked.message_id), status=status, answer=json.dumps(body, default=str))

    def change(tx: Tx) -> None:
        if carried_commands.answered(tx, asked.message_id):
            _say(tx, context, asked.peer, lane_of_operations(context.me), told, now)

    store.write(change)


def _carried_out(store: Store, context: CenterContext, raw: bytes, now: datetime) -> tuple[int, Mapping[str, Any]]:
    answer = door.answer(store, context, raw, now)
    if len(json.dumps(dict(answer.body), default=str)) > MOST_ANSWER:
        return _refusal(CommandRefused(Code.TOO_LONG))
    return answer.status, dict(answer.body)


def _refusal(no: CommandRefused) -> tuple[int, Mapping[str, Any]]:
    return no.status, no.body


def _reveals(raw: bytes) -> bool:
    """Whether the command wants to see a whole item. Messages are archived at both ends, and an erased case must leave
    no copy: such a command has to come to the center's own door."""
    with suppress(ValueError, ValidationError):
        _, body = signed_document.split(raw)
        return StaffCommand.model_validate_json(body).act is Act.REVEAL
    return False


def _say(
    tx: Tx, context: CenterContext, to: str, lane: UUID, data: OperationAsked | OperationTold, now: datetime
) -> UUID:
    key = (to, str(lane))
    last = lanes.next_sequences(tx, {key: 1}, recovery.epoch(tx).number)[key]
    message: Message[Any] = compose(data, source=context.me, recipient=to, now=now, subject=lane, sequence=last + 1)
    outbox.enqueue(tx, [outbox.OutboxRow.of(message, encode(message), ms(now))])
    return message.id

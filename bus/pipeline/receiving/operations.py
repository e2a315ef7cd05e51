"""Step 5 of commands over the bus: a center keeps what it is asked until its loop of operations has carried it out, and
the ledger keeps the answer. Nothing is carried out here: cases go first.
"""

import base64
import binascii
import json
from contextlib import suppress

from bus.context import CenterContext
from bus.contract.facts import is_ledger
from bus.contract.messages import Verdict
from bus.contract.operations import OperationAsked, OperationTold, lane_of_operations
from bus.pipeline.inbound import Inbound
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.applied import Applied
from bus.security.errors import KeyUnusable
from bus.store import carried_commands, outbox
from bus.store.carried_commands import AskedCommand
from bus.store.outbox import OutboxRow

KINDS = frozenset({OperationAsked.kind, OperationTold.kind})
REFUSED = 403
"""The status of a command that its center refuses to keep."""
ASK_THERE = "the center has refused the message that carried it: see its log and its directory"
DONE = Applied(Verdict.APPLIED)
NOT_ITS_LANE = Applied(Verdict.REFUSED, "not-its-lane", "commands for a center stand in its own lane")
NO_CARRIER = Applied(Verdict.REFUSED, "no-carrier", "only a ledger of the county carries commands")
CLOSED = Applied(Verdict.REFUSED, "door-closed", "this center's settings close its door: [operations] closed")
NO_STAFF = Applied(Verdict.REFUSED, "no-staff", "there is no door for persons on duty here")
INVALID = Applied(Verdict.REFUSED, "invalid", "the command is not in base64")


def hear_operation(batch: ReceiveBatch, one: Inbound, data: OperationAsked | OperationTold) -> Applied:
    """Keep a command, or the answer to one."""
    return _keep(batch, one, data) if isinstance(data, OperationAsked) else _told(batch, one, data)


def _keep(batch: ReceiveBatch, one: Inbound, asked: OperationAsked) -> Applied:
    context, peer = batch.uow.context, one.message.source
    if one.message.subject != lane_of_operations(context.me):
        return NOT_ITS_LANE
    if not is_ledger(peer):
        return NO_CARRIER
    if context.door.closed:
        return CLOSED
    if not _has_a_door(context):
        return NO_STAFF
    try:
        raw = base64.b64decode(asked.command, validate=True)
    except binascii.Error:
        return INVALID
    carried_commands.ask(batch.uow.tx, AskedCommand(one.message_id, peer, raw, batch.uow.now_ms))
    return DONE


def _has_a_door(context: CenterContext) -> bool:
    with suppress(KeyUnusable):
        directory = context.security.current_directory()
        return directory is not None and bool(directory.staff)
    return False


def _told(batch: ReceiveBatch, one: Inbound, told: OperationTold) -> Applied:
    peer = one.message.source
    if one.message.subject != lane_of_operations(peer):
        return NOT_ITS_LANE
    carried_commands.told(batch.uow.tx, peer, str(told.asked), told.status, told.answer)
    return DONE


def end_refused_operations(
    batch: ReceiveBatch, peer: str, refused: list[tuple[OutboxRow, str]]
) -> list[tuple[OutboxRow, str]]:
    """A command that its center does not even keep is answered by that; nobody is shown a parked row. Returns the other
    refused messages."""
    tx, now_ms = batch.uow.tx, batch.uow.now_ms
    for row, code in refused:
        if row.kind in KINDS:
            outbox.drop(tx, row.message_id, now_ms)
            carried_commands.told(tx, peer, row.message_id, REFUSED, json.dumps({"code": code, "cure": ASK_THERE}))
    return [one for one in refused if one[0].kind not in KINDS]

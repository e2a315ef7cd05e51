"""The door for persons on duty: one signed command comes in, one answer goes out, and nothing is done twice.

It takes and gives bytes and words alone, so that a command may come by any road: by the center's own HTTP server
(``bus/http/operations.py``), or over the bus (``bus/operations/carrying.py``).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import ValidationError

from bus.context import CenterContext
from bus.contract import signed_document
from bus.contract.codec import Undecodable, read_json
from bus.contract.staff_command import StaffCommand
from bus.operations import noted, operating
from bus.operations.acts import ACTS, Wanted
from bus.operations.replay import NO_CASE
from bus.operations.rights import READS, Code, CommandRefused, admit
from bus.security.cipher_suite import COMMAND, Broken
from bus.security.errors import Untrusted
from bus.security.signature import named_key
from bus.security.staff import OnDuty, StaffKey, on_behalf
from bus.store import carried_commands, operations, parked_marks, staff_commands
from bus.store.database import Store, Tx
from bus.store.staff_commands import Given
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork

MOST_BYTES = 64 * 1024
REMEMBERED = timedelta(days=1)
"""How long the id of a command is remembered: far longer than a command may be old."""
REFUSALS_TOLD_EVERY = timedelta(hours=1)
"""How often the journal has a line about refusals of one key with one code."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one command."""

    status: int
    """As over HTTP."""
    body: Mapping[str, Any]
    act: str = ""
    """What was wanted, where a listed key has signed it."""
    who: str = ""
    command_id: str = ""


class _Asked(NamedTuple):
    """A command whose signature is right."""

    command: StaffCommand
    who: OnDuty
    digest: bytes
    key: StaffKey | None = None
    """The key that has signed it; None: the person is signed in here."""


def is_open(context: CenterContext) -> bool:
    """Whether the county has anybody on duty, and this center lets them in. Raises ``KeyUnusable``."""
    return bool(operating.staff_of(context))


def answer(store: Store, context: CenterContext, raw: bytes, now: datetime) -> Answer:
    """Carry out one signed command, once. Raises ``StoreUnavailable``: it is not known whether it was carried out, and
    the same bytes may be sent again; ``KeyUnusable``: the directory cannot be read now."""
    try:
        key, body = _signed(context, raw, now)
    except CommandRefused as no:  # anybody may send this, so nothing of it is written down
        return Answer(no.status, no.body)
    who = key.on_duty
    try:
        command = _command(body)
        who = on_behalf(who, command.person)
        admit(command, who, context.me, now)
    except CommandRefused as no:
        return _refused(store, context, who, no, now)
    return _carried_out(store, context, _Asked(command, who, hashlib.sha256(body).digest(), key), now)


def at_hand(store: Store, context: CenterContext, command: StaffCommand, who: OnDuty, now: datetime) -> Answer:
    """Carry out a command of a person who is signed in at this center, once: by the same rights, in the same steps.
    Raises ``StoreUnavailable``, ``KeyUnusable``."""
    try:
        admit(command, who, context.me, now)
    except CommandRefused as no:
        return _refused(store, context, who, no, now)
    # by what is wanted, and not by when: a form that is sent twice is one command
    wanted = command.model_copy(update={"made": datetime.fromtimestamp(0, UTC)})
    return _carried_out(store, context, _Asked(command, who, hashlib.sha256(wanted.encoded()).digest()), now)


def _refused(store: Store, context: CenterContext, who: OnDuty, no: CommandRefused, now: datetime) -> Answer:
    store.write(lambda tx: _note_refused(tx, context, who, no.code, now))
    return Answer(no.status, no.body, "", who.name)


def _carried_out(store: Store, context: CenterContext, asked: _Asked, now: datetime) -> Answer:
    done = store.write(lambda tx: _once(tx, context, asked, now))
    if isinstance(done, CommandRefused):
        code = done.code
        store.write(lambda tx: _note_refused(tx, context, asked.who, code, now))
        done = {"status": done.status, "body": done.body}
    command = asked.command
    return Answer(done["status"], done["body"], command.act.value, asked.who.name, str(command.id))


def _signed(context: CenterContext, raw: bytes, now: datetime) -> tuple[StaffKey, bytes]:
    """The listed key that has signed exactly these bytes, and the bytes. Raises ``CommandRefused``."""
    if context.door.closed:
        raise CommandRefused(Code.CLOSED)
    staff = operating.staff_of(context)
    if not staff:
        raise CommandRefused(Code.NO_STAFF)
    try:
        signatures, body = signed_document.split(raw)
    except ValueError:
        signatures, body = [], b""
    if len(signatures) != 1 or len(raw) > MOST_BYTES:
        raise CommandRefused(Code.NOT_SIGNED)
    try:
        key = staff.get(named_key(signatures[0]))
        if key is None:
            raise CommandRefused(Code.UNKNOWN_KEY)
        key.key.check(body, signatures[0], COMMAND)
    except (Broken, Untrusted):
        raise CommandRefused(Code.BAD_SIGNATURE) from None
    if fault := key.fault(now):
        raise CommandRefused(Code(fault))
    return key, body


def _command(body: bytes) -> StaffCommand:
    try:
        read_json(body)
        return StaffCommand.model_validate_json(body)
    except (Undecodable, ValidationError):
        raise CommandRefused(Code.INVALID) from None


def _note_refused(tx: Tx, context: CenterContext, who: OnDuty, code: Code, now: datetime) -> None:
    """Count a refusal; the journal has a line of it, but not of each."""
    every_ms = int(REFUSALS_TOLD_EVERY.total_seconds() * 1000)
    if staff_commands.note_refused(tx, who.kid, code.value, ms(now), every_ms):
        uow = UnitOfWork(tx, context, now)
        uow.journal(NO_CASE, "not-operated", "", who.name, None, code.value)
        uow.flush()
        noted.refused(tx, who.name, str(NO_CASE), code.value, now)


def _once(tx: Tx, context: CenterContext, asked: _Asked, now: datetime) -> Any:  # noqa: ANN401 - what was answered
    """The answer, which is kept with what was done. A command that was given before is answered as before."""
    command = asked.command
    given = Given(str(command.id), asked.digest, command.by, ms(now))
    before = staff_commands.begin(tx, given)
    if before is not None and (before.digest, before.key_id) != (given.digest, given.key_id):
        return CommandRefused(Code.ID_USED)
    if before is not None and before.answer is not None:
        return json.loads(before.answer)
    inside = Wanted(tx, context, command, asked.who, asked.key, asked.digest, now, before is not None)
    try:
        done: dict[str, Any] = {"status": 200, "body": ACTS[command.act](inside)}
    except CommandRefused as no:
        done = {"status": no.status, "body": no.body}
        _note_refused(tx, context, asked.who, no.code, now)
    if command.act not in READS:
        staff_commands.answered(tx, given.id, json.dumps(done, ensure_ascii=False))
    return done


def prune(store: Store, now: datetime, before_ms: int, limit: int) -> int:
    """Forget old commands, marks of items that are gone, and up to ``limit`` operations of before. Returns their
    number."""

    def change(tx: Tx) -> int:
        staff_commands.prune(tx, ms(now - REMEMBERED))
        carried_commands.prune(tx, ms(now - REMEMBERED))
        parked_marks.prune(tx)
        return operations.prune(tx, before_ms, limit)

    return store.write(change)

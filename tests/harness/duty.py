"""A center with persons on duty: what is stuck in it, and commands that they sign."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select

from bus.contract import signed_document
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.ids import new_id
from bus.contract.messages import CaseKind, Offered, Urged
from bus.contract.staff_command import Act, StaffCommand
from bus.custody.commands import Offer, Register
from bus.operations import carrying, door, operating
from bus.operations.door import Answer
from bus.security.cipher_suite import COMMAND
from bus.security.keyring import Keyring, new_keyring
from bus.security.staff import Role
from bus.security.staff_listing import LONGEST, staff_listed
from bus.store import Store, Tx, carried_commands, inbox, operations, outbox, parked
from bus.store import tables as t
from bus.store.parked import refused_row
from tests.harness.signing_county import GOVERNMENT, MEDIA, PARTY, Shelf, notarised
from tests.harness.step import NOW, BareCenter, a_case

CLOSED = "civilization_center-150402"
"""A center whose keys were revoked: it was merged into another."""
LEDGER = "ledger-150402"
"""Who carries commands over the bus."""
CANARY = "居民甲"
PERSONS = {
    "staff-vera": Role.VIEWER,
    "staff-otto": Role.OPERATOR,
    "staff-olga": Role.OPERATOR,
    "staff-anna": Role.ADMINISTRATOR,
    "staff-adam": Role.ADMINISTRATOR,
}


@cache
def _first_key(person: str) -> Keyring:
    """The same in every county of a run, so that two of them can be compared."""
    return new_keyring(person, NOW)


class Crash(BaseException):
    """The process dies here."""


class Duty:
    """The media center, five persons, and one stuck thing of each kind."""

    def __init__(self, folder: Path, arbiter: str = GOVERNMENT, name: str = MEDIA) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        notaries = notarised([MEDIA, PARTY, GOVERNMENT, CLOSED, LEDGER], required=False)
        self.shelf = cast(Shelf, notaries[MEDIA].directory)
        self.shelf.revoke(notaries[CLOSED].keyring.keys[-1].public.kid)
        self.rings: dict[str, Keyring] = {}
        for person, role in PERSONS.items():
            self.list(person, _first_key(person), role)
        self.center = BareCenter(name, folder, arbiter, security=notaries[name])
        self.notaries = notaries

    def list(self, person: str, ring: Keyring, role: Role) -> None:
        """The county's operator lists a person's newest key."""
        self.rings[person] = ring
        key = ring.keys[-1].public
        self.shelf.known = staff_listed(self.shelf.known, key, role, NOW + LONGEST, NOW)

    @property
    def store(self) -> Store:
        """The center's store."""
        return self.center.store

    # -- commands ------------------------------------------------------------------------------------------------------

    def command(self, who: str, act: Act, **fields: Any) -> StaffCommand:
        """A command of now."""
        given: dict[str, Any] = {
            "id": new_id(), "center": self.center.context.me, "made": self.center.now, "why": "cause-gone",
            "by": self.rings[who].keys[-1].public.kid,
        }  # fmt: skip
        if isinstance(fields.get("operation"), str):
            fields["operation"] = UUID(fields["operation"])
        return StaffCommand(act=act, **(given | fields))

    def signed(self, who: str, command: StaffCommand, purpose: str = COMMAND) -> bytes:
        """The command as it travels."""
        body = command.encoded()
        return signed_document.join(body, [self.rings[who].keys[-1].signed(body, purpose)])

    def give(self, raw: bytes) -> Answer:
        """The door's answer."""
        return door.answer(self.store, self.center.context, raw, self.center.now)

    def say(self, who: str, act: Act, **fields: Any) -> Answer:
        """Make, sign and give a command."""
        return self.give(self.signed(who, self.command(who, act, **fields)))

    def work(self) -> None:
        """Work off what runs."""
        with self.store.reading() as tx:
            found = operations.running(tx)
        for operation_id in found:
            while operating.step(self.store, self.center.context, operation_id, self.center.now):
                pass

    def close(self) -> None:
        """Let go of the store."""
        self.center.close()

    # -- what is stuck -------------------------------------------------------------------------------------------------

    def offered(self, to: str) -> str:
        """A case that waits for its recipient's receipt."""
        case = a_case(self.center.context.me)
        self.center.execute(Register(case=case), Offer(case_id=case.case_id, to=(to,), note="望速办"))
        return str(case.case_id)

    def refused(self) -> str:
        """A message that its recipient has refused."""
        case_id = self.offered(PARTY)

        def change(tx: Tx) -> None:
            (row,) = [one for one in outbox.readable(tx) if one.case_id == case_id]
            outbox.set_aside(tx, row.number, "invalid")
            parked.park(tx, [refused_row(row, self.center.context, "invalid", self.center.now)])

        self.store.write(change)
        return self.newest()

    def untaken(self) -> str:
        """A task that the own system does not take."""
        message, body = self._heard(Urged(version=1, text=f"请速办 {CANARY}"))

        def change(tx: Tx) -> None:
            inbox.enqueue_work(tx, [inbox.WorkRow.of(message, body, 1)])
            (number,) = tx.execute(select(t.work.c.id).where(t.work.c.message_id == str(message.id))).scalars()
            inbox.park_work(tx, number, "vendor-404")
            self._park(tx, parked.DESK, "vendor-404", str(message.id).encode(), case_id=str(message.subject),
                       message_id=str(message.id), peer=PARTY)  # fmt: skip

        self.store.write(change)
        return self.newest()

    def unread(self) -> str:
        """Bytes that are no message."""
        self.store.write(lambda tx: self._park(tx, parked.WIRE, "not-json", b"{", peer=PARTY, body=b"{"))
        return self.newest()

    def unheard(self) -> str:
        """A message that a fault of ours has parked, and that can be heard now."""
        case = a_case(PARTY)
        offered = Offered(version=1, offer_id=new_id(), case=case, path=(PARTY,))
        _, body = self._heard(offered, case.case_id)
        more = {"peer": PARTY, "body": body, "case_id": str(case.case_id)}
        self.store.write(lambda tx: self._park(tx, parked.WIRE, "poison", body, **more))
        return self.newest()

    def _heard(self, data: CaseKind, case_id: Any = None) -> tuple[Any, bytes]:
        message = compose(
            data, source=PARTY, recipient=self.center.context.me, now=NOW, subject=case_id or new_id(), sequence=1
        )
        return message, encode(message)

    def _park(self, tx: Tx, place: str, code: str, known_by: bytes, **more: Any) -> None:
        row = parked.row(place, code, "", known_by=known_by, owner=self.center.context.me, now_ms=1, **more)
        parked.park(tx, [row])

    def newest(self) -> str:
        """The item that was parked last."""
        with self.store.reading() as tx:
            return str(parked.newest(tx))


class Carried(Duty):
    """The same center; its commands are carried by the county's ledger, over the bus."""

    def __init__(self, folder: Path, arbiter: str = GOVERNMENT, name: str = MEDIA) -> None:
        super().__init__(folder, arbiter, name)
        self.ledger = BareCenter(LEDGER, folder, security=self.notaries[LEDGER])

    def give(self, raw: bytes) -> Answer:
        """What the center answers once both have sent and heard all; a process that has died is started anew."""
        ledger, center = self.ledger, self.center
        ledger.now = center.now
        asked = ledger.store.write(lambda tx: carrying.carry(tx, ledger.context, center.context.me, raw, ledger.now))
        self.ferry()
        with ledger.store.reading() as tx:
            found = carried_commands.carried(tx, str(asked))
        assert found is not None
        assert found.status is not None
        return Answer(found.status, json.loads(found.answer or "{}"))

    def ferry(self) -> None:
        """Bring all commands to the center, let it carry them out, and bring the answers back."""
        ledger, center = self.ledger, self.center
        center.receive(*self._sent(ledger, center.context.me))
        carrying.answer_next(center.store, center.context, center.now)
        ledger.receive(*self._sent(center, LEDGER))

    @staticmethod
    def _sent(sender: BareCenter, recipient: str) -> list[bytes]:
        """All that waits for this recipient, however often it was sent. Nothing else leaves: what is stuck stays so."""
        with sender.store.reading() as tx:
            rows = [row for row in outbox.readable(tx) if row.recipient == recipient]
        return [sender.context.security.protect(row.body, recipient, sender.now) for row in rows]

    def close(self) -> None:
        """Let go of both stores."""
        super().close()
        self.ledger.close()


@contextmanager
def dying(store: Store, at: int, *, committed: bool) -> Iterator[list[int]]:
    """The process dies at its ``at``-th transaction, just before it is committed, or just after. Gives a list that has
    its number once it is reached."""
    plain, seen, reached = store.write, [0], list[int]()

    def write(change: Any) -> Any:
        seen[0] += 1
        if seen[0] != at:
            return plain(change)
        reached.append(at)

        def and_die(tx: Tx) -> None:
            change(tx)
            raise Crash

        plain(change if committed else and_die)
        raise Crash

    store.write = write  # type: ignore[method-assign]  # for this test
    try:
        yield reached
    finally:
        del store.write  # the class has its own


IDS = ("id", "message_id", "case_id", "digest", "answer", "operation_id", "body", "what", "times", "before", "record")
"""Columns whose values differ from run to run, or count attempts."""


def state(duty: Duty) -> dict[str, list[str]]:
    """What is in the store, without ids and times, and without the messages that have carried commands."""
    found = {}
    with duty.store.reading() as tx:
        for table in t.metadata.sorted_tables:
            if table.name in ("beats", "case_keys"):
                continue
            columns = [one for one in table.c if one.name not in IDS and not one.name.endswith("_ms")]
            kept = [one for one in columns if one.name not in ("parked_id", "item", "number", "key_id")]
            rows = sorted(repr(tuple(row)) for row in tx.execute(select(*kept))) if kept else []
            rows = [row for row in rows if LEDGER not in row]
            # bytes that arrive again may be receipted, or called unreadable, once more, as any repeat on the road
            found[table.name] = sorted({*rows}) if table in (t.errors, t.receipts) else rows
    return found

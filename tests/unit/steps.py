"""What tests of the steps share: a case, a moment, and a county of bare stores with a road that the test holds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bus.attachments.blob_store import Folder
from bus.context import Rules
from bus.contract.case import Case, Person, Place, Source
from bus.contract.envelope import Message, decode, kept
from bus.contract.ids import new_id
from bus.contract.types import Strict
from bus.custody.commands import Command
from bus.pipeline.intake import Counter, Reply, Submission, intake
from bus.pipeline.receive import accept
from bus.pipeline.relay import claim, send, write_down
from bus.sdk.center import Answer, Center, Desk, FrontDesk
from bus.security.message_security import NoNotary, Notary
from bus.store import Store, Tx, recovery, schema
from bus.store import tables as t
from bus.store.encryption import Vault
from bus.store.unit_of_work import Page
from bus.transports.port import Delivery, Fate, Parcel, Promise, TransportState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def a_case(origin: str, **changes: Any) -> Case:
    """A case like any other."""
    fields: dict[str, Any] = {
        "case_id": new_id(), "number": f"N-{new_id().hex[:12]}", "origin": origin, "title": "楼道灯不亮",
        "text": "三单元楼道灯坏了一周", "category": "housing", "place": Place(division="150402006006"),
        "resident": Person(name="居民甲", phone="0476-0000000"), "channel": "app",
        "source": Source(system="app", record="m-1"), "received_at": NOW,
    }  # fmt: skip
    return Case(**(fields | changes))


class Bag:
    """A road that a test carries: what was sent lies in ``parcels`` until the test hands it over."""

    promises: frozenset[Promise] = frozenset()

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.fate = Fate.TAKEN

    def open(self) -> None:
        """Nothing to open."""

    def send(self, parcels: Any, timeout: float) -> list[Fate]:
        """Into the bag, or nowhere."""
        if self.fate is Fate.TAKEN:
            self.parcels += parcels
        return [self.fate] * len(parcels)

    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        """The test delivers by itself."""
        return []

    def settle(self, deliveries: Any) -> None:
        """Nothing is kept."""

    def state(self) -> TransportState:
        """Always well."""
        return TransportState(connected=True, reconnects=0, unconfirmed=0, consuming=True, blocked=False, trouble="")

    def close(self, timeout: float) -> None:
        """Nothing to close."""


NO_NOTARY = NoNotary()


class Bare:
    """One center without loops: its steps are called by the test."""

    def __init__(
        self,
        name: str,
        folder: Path,
        arbiter: str | None = None,
        notary: Notary = NO_NOTARY,
        vault: Vault | None = None,
    ) -> None:
        self.rules = Rules(name, arbiter, notary=notary)
        self.store = Store(f"sqlite:///{folder}/{name}.db", vault)
        schema.upgrade(self.store)
        self.folder = Folder(self.store, folder / f"{name}-files")
        self.bag = Bag()
        self.now = NOW

    def do(self, *commands: Command) -> None:
        """Carry out commands in one transaction."""

        def change(tx: Tx) -> None:
            page = Page(tx, self.rules, self.now)
            for command in commands:
                page.do(command)
            page.write()

        self.store.write(change)

    def relay(self) -> list[Parcel]:
        """One relay round; what went onto the road."""
        self.bag.parcels = []
        load = claim(self.store, self.rules, self.now)
        write_down(self.store, send(self.bag, self.rules, load, self.now), self.now)
        return self.bag.parcels

    def spoil(self, change: Callable[[bytes], bytes]) -> None:
        """What lies in the outbox says something else, as a center does that does not keep the contract."""
        with self.store.reading() as tx:
            lying = tx.execute(select(t.outbox.c.id, t.outbox.c.case_id, t.outbox.c.body)).all()

        def write(tx: Tx) -> None:
            for row, case_id, body in lying:
                recovery.renew(tx, row, case_id, kept(change(body)))

        self.store.write(write)

    def accept(self, *bodies: bytes, sender: str | None = None) -> dict[str, int]:
        """Accept these bodies in one window."""
        return dict(accept(self.store, self.rules, [Delivery(body, sender, None) for body in bodies], self.now))

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()


def carry(*centers: Bare, rounds: int = 20) -> None:
    """Carry everything between these centers until nothing moves."""
    by_name = {center.rules.me: center for center in centers}
    for _ in range(rounds):
        parcels = [parcel for center in centers for parcel in center.relay()]
        if not parcels:
            return
        for parcel in parcels:
            if parcel.recipient in by_name:
                by_name[parcel.recipient].accept(parcel.body)


def opened(parcel: Parcel) -> Message[Any]:
    """The message in a parcel."""
    return decode(parcel.body)


__all__ = ["NOW", "Answer", "Bag", "Bare", "Center", "Counter", "Desk", "FrontDesk", "Reply", "Strict", "Submission",
           "a_case", "carry", "intake", "opened"]  # fmt: skip

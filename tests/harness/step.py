"""What tests of the steps share: a case, a moment, and a county of bare stores with a road that the test holds."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bus.attachments.blob_store import BlobStore
from bus.context import CenterContext
from bus.contract.case import Case, Person, Place, Source
from bus.contract.codec import decode, digest
from bus.contract.envelope import Message
from bus.contract.ids import new_id
from bus.contract.types import Strict
from bus.custody.commands import Command
from bus.pipeline.intake import IntakeDeps, Reply, Submission, intake
from bus.pipeline.receive import receive
from bus.pipeline.relay import claim, record, send
from bus.sdk.center import Center, Commands, HandlerContext, IntakeContext
from bus.security.message_security import MessageSecurity, Unsecured
from bus.store import Store, Tx, outbox, schema
from bus.store.encryption import CaseEncryption
from bus.store.unit_of_work import UnitOfWork
from bus.transports.port import Delivery, Guarantee, Parcel, SendResult, TransportState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MEDIA, PARTY = "media_center-150402", "party_service-150402006"


def a_case(origin: str, **changes: Any) -> Case:
    """A case like any other."""
    fields: dict[str, Any] = {
        "case_id": new_id(), "number": f"N-{new_id().hex[:12]}", "origin": origin, "title": "楼道灯不亮",
        "text": "三单元楼道灯坏了一周", "category": "housing", "place": Place(division="150402006006"),
        "resident": Person(name="居民甲", phone="0476-0000000"), "channel": "app",
        "source": Source(system="app", record="m-1"), "received_at": NOW,
    }  # fmt: skip
    return Case(**(fields | changes))


class HeldTransport:
    """A road that a test carries: what was sent lies in ``parcels`` until the test hands it over."""

    guarantees: frozenset[Guarantee] = frozenset()

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.result = SendResult.CONFIRMED

    def open(self) -> None:
        """Nothing to open."""

    def send(self, parcels: Any, timeout: float) -> list[SendResult]:
        """Into the bag, or nowhere."""
        if self.result is SendResult.CONFIRMED:
            self.parcels += parcels
        return [self.result] * len(parcels)

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


NO_NOTARY = Unsecured()


@cache
def _empty() -> bytes:
    """The file of an empty store at the newest schema: made once a process, since each migration takes its time."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/empty.db")
        schema.upgrade(store)
        store.close()
        return Path(folder, "empty.db").read_bytes()


def fresh_store(path: Path, encryption: CaseEncryption | None = None) -> Store:
    """A store at the newest schema: a new one, or the one that lies there."""
    if path.exists():
        store = Store(f"sqlite:///{path}", encryption)
        schema.upgrade(store)
        return store
    path.write_bytes(_empty())
    path.chmod(0o600)
    return Store(f"sqlite:///{path}", encryption)


class BareCenter:
    """One center without loops: its steps are called by the test."""

    def __init__(
        self,
        name: str,
        folder: Path,
        arbiter: str | None = None,
        security: MessageSecurity = NO_NOTARY,
        encryption: CaseEncryption | None = None,
    ) -> None:
        self.context = CenterContext(name, arbiter, security=security)
        self.store = fresh_store(folder / f"{name}.db", encryption)
        self.blobs = BlobStore(self.store, folder / f"{name}-files")
        self.transport = HeldTransport()
        self.now = NOW

    def execute(self, *commands: Command) -> None:
        """Carry out commands in one transaction."""

        def change(tx: Tx) -> None:
            uow = UnitOfWork(tx, self.context, self.now)
            for command in commands:
                uow.execute(command)
            uow.flush()

        self.store.write(change)

    def relay(self) -> list[Parcel]:
        """One relay round; what went onto the road."""
        self.transport.parcels = []
        load = claim(self.store, self.context, self.now)
        record(self.store, send(self.transport, self.context, load, self.now), self.now)
        return self.transport.parcels

    def spoil(self, change: Callable[[bytes], bytes]) -> None:
        """What lies in the outbox says something else, as a center does that does not keep the contract."""

        def write(tx: Tx) -> None:
            for row in outbox.readable(tx):
                said = change(row.body)
                outbox.change(tx, row._replace(body=said, digest=digest(said)))

        self.store.write(write)

    def receive(self, *bodies: bytes, sender: str | None = None) -> dict[str, int]:
        """Accept these bodies in one window."""
        return dict(receive(self.store, self.context, [Delivery(body, sender, None) for body in bodies], self.now))

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()


def carry(*centers: BareCenter, rounds: int = 20) -> None:
    """Carry everything between these centers until nothing moves."""
    by_name = {center.context.me: center for center in centers}
    for _ in range(rounds):
        parcels = [parcel for center in centers for parcel in center.relay()]
        if not parcels:
            return
        for parcel in parcels:
            if parcel.recipient in by_name:
                by_name[parcel.recipient].receive(parcel.body)


def opened(parcel: Parcel) -> Message[Any]:
    """The message in a parcel."""
    return decode(parcel.body)


__all__ = [
    "MEDIA",
    "NOW",
    "PARTY",
    "BareCenter",
    "Center",
    "Commands",
    "HandlerContext",
    "HeldTransport",
    "IntakeContext",
    "IntakeDeps",
    "Reply",
    "Strict",
    "Submission",
    "a_case",
    "carry",
    "fresh_store",
    "intake",
    "opened",
]  # fmt: skip

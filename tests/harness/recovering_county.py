"""A county of bare stores on a bad road, in which a center's store can be put back to a backup."""

import random
import sqlite3
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from bus.custody import Record
from bus.custody import commands as c
from bus.recovery import requester
from bus.security.directory import MASKING_NEEDS
from bus.security.master_key import FileKey
from bus.store import Store, cases, inbox, outbox, parked
from bus.store import tables as t
from bus.store.encryption import CaseEncryption
from tests.harness.signing_county import notarised
from tests.harness.step import NO_NOTARY, NOW, BareCenter
from tests.unit.custody_model.cases import RESIDENT, TOWN, matter
from tests.unit.custody_model.wishes import granted

MASTER = FileKey(b"k" * 32)
HONEST_REFUSALS = {"stale"}
"""What custody may refuse among centers that keep the protocol."""


@dataclass
class Road:
    """What is under way: (recipient, body), in no order."""

    luck: random.Random
    bad: bool = True
    parcels: list[tuple[str, bytes]] = field(default_factory=list)

    def take(self) -> tuple[str, bytes]:
        """One parcel comes out, whichever; on a bad road it may come again later."""
        at = self.luck.randrange(len(self.parcels)) if self.bad else 0
        if self.bad and self.luck.random() < 0.15:
            return self.parcels[at]
        return self.parcels.pop(at)


class Restored:
    """A county whose centers lose their stores."""

    def __init__(self, folder: Path, seed: int, size: int = 4, *, masking: bool = False) -> None:
        self.folder, self.luck = folder, random.Random(seed)  # noqa: S311 - luck, not a secret
        random.seed(seed)  # the pauses of the steps are drawn from it
        self.names = self.staffed = TOWN[:size]
        """Every participant, and those whose staff act."""
        reads = (MASKING_NEEDS,) if masking else None  # who masks must have a directory
        # every second county signs, and hides what it stores
        notaries = notarised(self.names, reads=reads) if seed % 2 or masking else {}
        self.resident = RESIDENT if masking else None
        self.vaults = {name: CaseEncryption(MASTER if seed % 2 else None) for name in self.names}
        self.centers = {
            name: BareCenter(name, folder, TOWN[size - 1], notaries.get(name, NO_NOTARY), self.vaults[name])
            for name in self.names
        }
        self.road = Road(self.luck)
        self.now = NOW

    def close(self) -> None:
        """Let go of the stores."""
        for center in self.centers.values():
            center.close()

    # -- life --------------------------------------------------------------------------------------------------------

    def register(self, name: str) -> UUID:
        """A resident comes."""
        case = matter(name, self.resident)
        self._do(name, c.Register(case=case))
        return case.case_id

    def _do(self, name: str, command: c.Command) -> None:
        self.centers[name].now = self.now
        self.centers[name].execute(command)

    def act(self) -> None:
        """Somebody does something that it may."""
        name = self.luck.choice(self.staffed)
        known = self.records(name)
        if requester.going_on(self.centers[name].store) or not known:
            return
        record = self.luck.choice(list(known.values()))
        allowed = granted(record, self.staffed, self.luck.randrange(5040))
        if allowed:
            self._do(name, self.luck.choice(allowed))

    def relay(self, name: str) -> None:
        """What is due at a center goes onto the road."""
        center = self.centers[name]
        center.now = self.now
        self.road.parcels += [(parcel.recipient, parcel.body) for parcel in center.relay()]

    def deliver(self) -> None:
        """One parcel arrives, or is lost."""
        if not self.road.parcels:
            return
        recipient, body = self.road.take()
        if recipient in self.centers and not (self.road.bad and self.luck.random() < 0.1):
            self.centers[recipient].now = self.now
            self.centers[recipient].receive(body)

    def step(self) -> None:
        """A little of everything."""
        self.now += timedelta(seconds=self.luck.choice([0.1, 1, 20]))
        draw = self.luck.random()
        if draw < 0.3:
            self.act()
        elif draw < 0.6:
            self.relay(self.luck.choice(self.names))
        else:
            self.deliver()

    def rest(self) -> None:
        """The road turns good and brings everything, until nobody waits for anything."""
        self.road.bad = False
        for _ in range(400):
            self.now += timedelta(seconds=700)
            for name in self.names:
                self.relay(name)
            if not self.road.parcels and not any(self.waits(name) for name in self.names):
                self.road.bad = True
                return
            while self.road.parcels:
                self.deliver()
        raise AssertionError(f"the county never comes to rest: {[(n, self.waits(n)) for n in self.names]}")

    def waits(self, name: str) -> int:
        """How much this center still has to say or hold back; whether it recovers."""
        with self.centers[name].store.reading() as tx:
            figures = outbox.figures(tx)
            waits = figures["waiting"] + figures["receipts_owed"] + inbox.figures(tx)["held"]
        return waits + requester.going_on(self.centers[name].store)

    # -- loss --------------------------------------------------------------------------------------------------------

    def backup(self, name: str) -> Path:
        """A copy of the store as it is now."""
        path = self.folder / f"{name}.{self.luck.randrange(10**9)}.backup"
        with sqlite3.connect(self.folder / f"{name}.db") as source, sqlite3.connect(path) as copy:
            source.backup(copy)
        return path

    def put_back(self, name: str, backup: Path, peers: tuple[str, ...] = (), *, said: bool = True) -> None:
        """The store is lost, the backup takes its place, and the operator says so, or forgets to."""
        center = self.centers[name]
        center.store.close()
        for path in self.folder.glob(f"{name}.db*"):
            path.unlink()
        (self.folder / f"{name}.db").write_bytes(backup.read_bytes())
        center.store = Store(f"sqlite:///{self.folder}/{name}.db", self.vaults[name])
        if said:
            requester.begin(center.store, center.context, peers or self.names, self.now)

    # -- looking -----------------------------------------------------------------------------------------------------

    def records(self, name: str) -> dict[UUID, Record]:
        """Every case that the center knows."""
        with self.centers[name].store.reading() as tx:
            known = [UUID(case_id) for case_id in tx.execute(select(t.cases.c.case_id, t.cases.c.record)).scalars()]
            found = cases.read(tx, known)
        return {case_id: found[case_id] for case_id in known}

    def all(self) -> dict[UUID, list[Record]]:
        """Every center's record of every case."""
        by_case: dict[UUID, list[Record]] = {}
        for name in self.names:
            for case_id, record in self.records(name).items():
                by_case.setdefault(case_id, []).append(record)
        return by_case

    def parked(self, name: str) -> list[tuple[str, str]]:
        """Place and code of what is parked."""
        with self.centers[name].store.reading() as tx:
            return [(row["place"], row["code"]) for row in parked.listed(tx)]

    def desk(self, name: str) -> list[tuple[str, bool]]:
        """(message id, said) of every task on the desk."""
        with self.centers[name].store.reading() as tx:
            return [(row.message_id, row.said) for row in tx.execute(select(t.work).order_by(t.work.c.id))]

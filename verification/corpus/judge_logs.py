"""The judge of logs: a center with prior state, which a peer asks for its log or tells one.

Whatever the peer sends, the outbox goes on, every record can be read again, and a recovery completes in an epoch that
others accept.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, text

from bus.context import CenterContext
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.epochs import MAX_EPOCHS_AHEAD
from bus.contract.ids import new_id
from bus.contract.messages import LogTold, Urged
from bus.contract.rules import BY_KIND
from bus.custody import Record
from bus.pipeline.receive import receive
from bus.pipeline.relay import SentBatch, claim, send
from bus.store import Store, outbox, recovery, schema
from bus.store import tables as t
from bus.store.timestamps import ms
from bus.transports.port import Delivery
from tests.harness.step import HeldTransport
from verification.corpus.documents import good
from verification.corpus.items import ME, NOW, OTHER, PEER, Dealer, raw
from verification.corpus.log_items import RECOVERY, LogItem

LATER = timedelta(hours=1)
"""After this time every message is due again."""


class LogJudge:
    """One center without loops, whose store begins anew for each item."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(f"sqlite:///{folder}/logs.db")
        schema.upgrade(self.store)
        self.context = CenterContext(ME)
        self._deal = Dealer(1)

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def judge(self, items: Iterable[LogItem]) -> Iterator[str]:
        """Receive each item, and report every fault."""
        for item in items:
            where = f"{item.kind}: {item.name}"
            self.prepare(item)
            self.hand_in(item)
            got, standing = self._verdict(item), self._standing()
            if got != item.verdict:
                yield f"{where}: {got}, expected {item.verdict}"
            yield from (f"{where}: {fault}" for fault in standing)

    # -- before ------------------------------------------------------------------------------------------------------

    def prepare(self, item: LogItem) -> None:
        """An empty store with one message from the peer, and one waiting message for another peer."""
        self.store.write(_emptied)
        if item.recovers:
            self.store.write(lambda tx: recovery.begin(tx, str(RECOVERY), 1, [PEER], ms(NOW)))
            return
        offered = raw(good(BY_KIND["case.offered"], self._deal) | {"sequence": 1})
        receive(self.store, self.context, [Delivery(offered, PEER, None)], NOW)
        waiting = [_waiting(peer) for peer in (PEER, OTHER)]
        self.store.write(lambda tx: outbox.enqueue(tx, waiting))

    def hand_in(self, item: LogItem) -> None:
        """Receive one item alone, as a delivery."""
        receive(self.store, self.context, [Delivery(item.body, PEER, None)], NOW)

    # -- after -------------------------------------------------------------------------------------------------------

    def _verdict(self, item: LogItem) -> str:
        with self.store.reading() as tx:
            codes = list(tx.execute(select(t.parked.c.code)).scalars())
            peers = {one.peer: one for one in recovery.peers(tx)}
            era = recovery.epoch(tx).number
            owed = tx.execute(select(t.pages_owed)).first()
        if codes:
            return f"parked:{codes[0]}"
        if item.recovers:
            untouched = era == 1 and (peers[PEER].state, peers[PEER].cursor) == (recovery.ASKED, "0")
            again = b'"next":"0"' in item.body.replace(b" ", b"")
            return "ignored" if untouched and not again else "told"
        return "ignored" if owed is None else self._page()

    def _page(self) -> str:
        try:
            parcels, _ = self._relayed(NOW)
        except Exception as stopped:
            return f"the outbox stands still: {type(stopped).__name__}"
        pages = [parcel for parcel in parcels if parcel.kind == LogTold.kind and parcel.recipient == PEER]
        if not pages:
            return "no page"
        return "used" if b'"used":true' in pages[0].body else "page"

    def _relayed(self, now: datetime) -> tuple[list[Any], SentBatch]:
        bag = HeldTransport()
        sent = send(bag, self.context, claim(self.store, self.context, now), now)
        return bag.parcels, sent

    def _standing(self) -> Iterator[str]:
        """The faults of the invariants that must hold after any item."""
        try:
            with self.store.reading() as tx:
                asked = [one.peer for one in recovery.peers(tx)]
                era = recovery.epoch(tx).number
            self.store.write(lambda tx: [recovery.excuse(tx, peer) for peer in asked])
            parcels, _ = self._relayed(NOW + LATER)
        except Exception as stopped:
            yield f"the outbox stands still: {type(stopped).__name__}"
            return
        if not asked and OTHER not in {parcel.recipient for parcel in parcels}:
            yield "what is said to another does not leave"
        if era > MAX_EPOCHS_AHEAD:
            yield f"era {era}: nobody hears it any more"
        with self.store.reading() as tx:
            if recovery.epoch(tx).recovery is not None:
                yield "the recovery does not end"
            records = tx.execute(select(t.cases.c.record)).scalars()
            yield from (f"a record cannot be read: {fault}" for fault in map(_fault, records) if fault)


def _emptied(tx: Any) -> None:  # a connection
    for table in reversed(t.metadata.sorted_tables):
        tx.execute(delete(table))
    tx.execute(text("DELETE FROM sqlite_sequence"))  # the first row is row 1 again: cursors name rows


def _waiting(to: str) -> outbox.OutboxRow:
    message = compose(Urged(version=1, text="请尽快"), source=ME, recipient=to, now=NOW, subject=new_id(), sequence=1)
    return outbox.OutboxRow.of(message, encode(message), ms(NOW))


def _fault(record: str) -> str:
    try:
        Record.model_validate_json(record)
    except ValueError as error:
        return type(error).__name__
    return ""

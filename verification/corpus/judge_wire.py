"""The judge of messages: runs the real ``receive`` step on a real SQLite store, and reports each item's verdict.

Verdicts are read from the center's output: receipts owed, errors owed, parked rows, cases, the outbox.
"""

import hashlib
import io
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import delete, select

from bus.context import CenterContext
from bus.log import set_up
from bus.operations.metrics import Metrics
from bus.pipeline.receive import receive
from bus.pipeline.relay import claim, send
from bus.store import Store, cases, outbox, schema
from bus.store import tables as t
from bus.transports.port import Delivery
from tests.harness.step import HeldTransport
from verification.corpus.items import ME, NOW, SIGN, WireItem

UNANSWERED = ("too-far-ahead", "unknown-case")
"""Parked without a word to the sender, which sends them again."""
TOLD = (t.receipts, t.errors, t.parked, t.journal, t.applied, t.lanes)
"""Tables whose contents reach logs, operators and peers; bodies do not."""


HandIn = Callable[[Sequence[WireItem]], object]


@contextmanager
def listening() -> Iterator[io.StringIO]:
    """All log output meanwhile, at every level."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    root, level = logging.getLogger(), logging.getLogger().level
    set_up(ME, heard, logging.DEBUG)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        structlog.reset_defaults()


class WireJudge:
    """One center without loops, with a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(f"sqlite:///{folder}/corpus.db")
        schema.upgrade(self.store)
        self.rules = CenterContext(ME)
        self.bag = HeldTransport()
        self.metrics = Metrics(ME, self.store, self.bag)

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    # -- before ------------------------------------------------------------------------------------------------------

    def prepare(self, items: Sequence[WireItem]) -> None:
        """Give the center the prior state that these items need, and forget what is owed from before."""

        def change(tx: Any) -> None:
            cases.keep(tx, [item.past for item in items if item.past is not None], 1)
            outbox.enqueue(tx, [_waiting(item) for item in items if item.said])
            for table in (t.receipts, t.errors, t.parked, t.work, t.journal, t.held, t.applied, t.lanes):
                tx.execute(delete(table))

        self.store.write(change)
        earlier = [Delivery(body, item.sender, None) for item in items for body in item.before]
        if earlier:
            receive(self.store, self.rules, earlier, NOW)
            self.store.write(lambda tx: tx.execute(delete(t.receipts)))

    def hand_in(self, items: Sequence[WireItem]) -> dict[str, int]:
        """Receive one batch with all items."""
        deliveries = [Delivery(item.body, item.sender, None) for item in items]
        return dict(receive(self.store, self.rules, deliveries, NOW))

    # -- after -------------------------------------------------------------------------------------------------------

    def judge(self, items: Sequence[WireItem], hand_in: HandIn | None = None) -> Iterator[str]:
        """Prepare, receive, and report every fault: a wrong verdict, a changed case, a leak."""
        self.prepare(items)
        before = self._cases()
        known = set(self._column(t.applied.c.message_id))
        with listening() as heard:
            (hand_in or self.hand_in)(items)
        seen = _Seen(self)
        for item in items:
            got = seen.verdict(item, known)
            if got != item.verdict:
                yield f"{item.kind}: {item.name}: {got}, expected {item.verdict}"
            if got.startswith("parked:") and not seen.answered(item, got.removeprefix("parked:")):
                yield f"{item.kind}: {item.name}: its sender is not told"
        yield from _strange_changes(items, before, self._cases())
        yield from self._leaks(heard.getvalue())

    def _leaks(self, log: str) -> Iterator[str]:
        told = [log, self.metrics.page().decode()]
        with self.store.reading() as tx:
            for table in TOLD:
                columns = [column for column in table.c if column.name != "body"]
                told += [str(tuple(row)) for row in tx.execute(select(*columns))]
            told += self._column(t.outbox.c.trouble)
        self.bag.parcels = []
        send(self.bag, self.rules, claim(self.store, self.rules, NOW), NOW)
        told += [parcel.body.decode() for parcel in self.bag.parcels if parcel.kind in ("receipt", "error")]
        yield from (f"told outside: {found[0]}" for text in told if (found := SIGN.search(text)))

    def _cases(self) -> dict[str, str]:
        with self.store.reading() as tx:
            return {row.case_id: row.record for row in tx.execute(select(t.cases.c.case_id, t.cases.c.record))}

    def _column(self, column: Any) -> list[Any]:
        with self.store.reading() as tx:
            return list(tx.execute(select(column)).scalars())


def _waiting(item: WireItem) -> outbox.OutboxRow:
    """A message of this center that waits for its receipt."""
    place, body = (item.about, 1, "case.urged"), item.about.encode()
    return outbox.OutboxRow(item.about, item.said, *place, body, None, outbox.WAITING, 1, 2**50, 1)


def _strange_changes(items: Iterable[WireItem], before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """Cases that changed without an applied message."""
    may = {item.case_id for item in items if item.verdict == "applied"}
    for case_id in sorted(after):
        if after[case_id] != before.get(case_id) and case_id not in may:
            name = next((f"{i.kind}: {i.name}" for i in items if i.case_id == case_id), case_id)
            yield f"{name}: the case is not as it was"


class _Seen:
    """The store's contents after a batch, looked up by message and by digest."""

    def __init__(self, judge: WireJudge) -> None:
        with judge.store.reading() as tx:
            self.receipts = {row.message_id: row for row in tx.execute(select(t.receipts))}
            self.parked = {(row.place, row.digest): row.code for row in tx.execute(select(t.parked))}
            self.refused = {row.message_id: row.code for row in tx.execute(select(t.parked)) if row.place == "peer"}
            self.errors = {row.digest: row.code for row in tx.execute(select(t.errors))}
            self.held = {hashlib.sha256(row.body).hexdigest() for row in tx.execute(select(t.held))}
            self.waiting = {row.message_id: row.state for row in tx.execute(select(t.outbox))}

    def verdict(self, item: WireItem, known: set[str]) -> str:
        digest = hashlib.sha256(item.body).hexdigest()
        aside, receipt = self.parked.get(("wire", digest)), self.receipts.get(item.message_id)
        if receipt is not None:
            told = f"{receipt.verdict}:{receipt.code}" if receipt.code else str(receipt.verdict)
            if (receipt.verdict == "refused") != (aside is not None) or (aside or receipt.code) != receipt.code:
                return f"{told}, but parked as {aside}"
            return f"repeated:{told}" if item.message_id in known and aside is None else told
        if aside is not None:
            return f"parked:{aside}"
        if digest in self.held:
            return "held"
        return self._answered(item)

    def _answered(self, item: WireItem) -> str:
        if item.kind.startswith("error: "):
            code = self.parked.get(("peer", hashlib.sha256(item.about.encode()).hexdigest()))
            return f"noted:{code}" if code else "ignored"
        if not item.said:
            return "ignored"
        state = self.waiting.get(item.about)
        if state == outbox.REFUSED:
            return f"refused-by-peer:{self.refused.get(item.about)}"
        return "receipted" if state is None else "ignored"

    def answered(self, item: WireItem, code: str) -> bool:
        """Whether the sender of an item without a place in a lane gets an error message."""
        if code in UNANSWERED or item.sender in (None, ME):
            return True
        return self.errors.get(hashlib.sha256(item.body).hexdigest()) == code

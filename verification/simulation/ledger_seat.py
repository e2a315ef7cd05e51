"""The ledger of a simulated county, with the auditor running on it, and what the auditor has found at the end."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta

from sqlalchemy import func, select

from bus.audit import MOST_OF_A_PAIR, Code
from bus.audit import Finding as Found
from bus.audit.messages import APART_MS
from bus.operations.audit import audit_round
from bus.store import StoreUnavailable, audit, findings, ledger
from bus.store import tables as t
from bus.store.timestamps import ms
from verification.checker import Finding
from verification.simulation.disk import Disk
from verification.simulation.node import Node
from verification.simulation.operator import Operator
from verification.simulation.random_source import Crash

LATER = (timedelta(), timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=15), timedelta(days=2))
"""When the auditor looks once more after all has come to rest: what only waits has time to become a finding, and what
is remembered for a while has time to clear."""
ALL = 10**6
ROUND_MS, MOST_ROUNDS = 20_000, 60


class LedgerSeat:
    """The ledger: a center without staff, residents, or cases."""

    def __init__(self, node: Node, store: Disk, now: Callable[[], float]) -> None:
        self.node, self.name, self.operator = node, node.name, Operator(node)
        self._store, self._now = store, now
        self._looked_ms = 0

    def turn(self, *, calm: bool) -> bool:
        """Hear facts, ask for them, and look. Returns whether there was work."""
        node = self.node
        try:
            if node.engine is None:
                if node.back_at > self._now() and not calm:
                    return True
                node.start()
            busy = node.round("receive") | node.round("send") | self._asks(node)
            self._audit()
        except Crash:
            node.die()
            return True
        except StoreUnavailable:
            return True
        return busy

    def _asks(self, node: Node) -> bool:
        with self._store.reading() as tx:
            asks = bool(ledger.to_ask(tx, ms(node.clock())))
        return asks and node.engine is not None and bool(node.engine.relay().results)

    def _audit(self) -> None:
        """The rounds since the last turn: a county's time goes in strides, an auditor looks every few seconds."""
        now_ms = ms(self.node.clock())
        self._looked_ms = max(self._looked_ms, now_ms - MOST_ROUNDS * ROUND_MS)
        while self._looked_ms < now_ms:
            at_ms = self._looked_ms = min(now_ms, self._looked_ms + ROUND_MS)
            while self._store.write(lambda tx, at_ms=at_ms: audit_round(tx, at_ms)).more:  # type: ignore[misc]
                pass

    def last_looks(self) -> None:
        """Look again after a while, and once more after a longer one, while nothing moves."""
        now = self.node.clock()
        with self._store.undisturbed():
            for later in LATER:
                for seconds in range(0, 100, 5):  # an auditor that was away would first be patient again
                    at_ms = ms(now + later + timedelta(seconds=seconds))
                    self._store.write(lambda tx, at_ms=at_ms: audit_round(tx, at_ms))  # type: ignore[misc]

    def tellers(self) -> set[str]:
        """The centers that have told anything."""
        with self._store.undisturbed(), self._store.reading() as tx:
            return {*audit.tellers(tx)}

    def found(self) -> tuple[list[Found], list[Found]]:
        """The findings that are open, and those that have cleared."""
        with self._store.undisturbed(), self._store.reading() as tx:
            return findings.listed(tx, ALL), findings.listed(tx, ALL, cleared=True)

    def fullest(self) -> tuple[str, int]:
        """The two centers between which most is kept, and how much."""
        pair, count = t.findings.c.pair, func.count()
        query = select(pair, count).where(t.findings.c.cleared_ms.is_(None)).group_by(pair).order_by(count.desc())
        with self._store.undisturbed(), self._store.reading() as tx:
            found = tx.execute(query.limit(1)).first()
        return (found[0], found[1]) if found else ("", 0)


def crowded(seat: LedgerSeat) -> Iterator[Finding]:
    """More than a bound lets be kept between two centers, whatever a liar tells."""
    pair, count = seat.fullest()
    if count > MOST_OF_A_PAIR:
        yield Finding("a liar fills its own bound", pair, "", f"{count} findings are kept")


def unhealed(seat: LedgerSeat, nodes: Collection[Node], liar: str | None) -> Iterator[Finding]:
    """Findings that are still open although all has come to rest, and that no center excuses which is gone or lies."""
    skew = {node.name: node.skew for node in nodes}
    excused = {node.name for node in nodes if node.gone} | ({liar} if liar is not None else set())
    for one in seat.found()[0]:
        if one.code is Code.CLOCKS_APART and _clocks_differ(one, skew):
            continue  # nobody has set them right
        parts = {one.center, *one.subject.split(), *(shown.center for shown in one.evidence)}
        parts |= {shown.peer for shown in one.evidence if shown.peer} | {s.holder for s in one.evidence if s.holder}
        if not parts & excused:
            yield Finding("every finding clears", one.center, one.subject, f"{one.code} {one.detail}")


def _clocks_differ(one: Found, skew: Mapping[str, float]) -> bool:
    ahead, behind = one.subject.split()
    return skew.get(ahead, math.inf) - skew.get(behind, 0.0) > APART_MS / 1000


def false_alarms(seat: LedgerSeat) -> Iterator[Finding]:
    """All findings ever: without a fault there must be none."""
    for group in seat.found():
        for one in group:
            yield Finding("no false alarm", one.center, one.subject, f"{one.code} {one.detail} {one.evidence}")


def missed(seat: LedgerSeat, nodes: Collection[Node]) -> Iterator[Finding]:
    """Centers that have left, and that the ledger has not called silent although others still wait for them."""
    found = {one.subject for group in seat.found() for one in group if one.code is Code.SILENT_CENTER}
    found |= {one.center for group in seat.found() for one in group if one.code is Code.OVERDUE_RECEIPT}
    heard_of = seat.tellers()
    for gone in (node.name for node in nodes if node.gone and node.name in heard_of):
        waits = any(node.store.waits_for(gone) for node in nodes if not node.gone)
        if waits and gone not in found:
            yield Finding("a center that is gone is found", gone, "", "others wait for it")


def happened(seat: LedgerSeat) -> Counter[str]:
    """How often each code was found."""
    return Counter(f"found: {one.code}" for group in seat.found() for one in group)

"""The operator of a center in a simulation: looks at what is parked, replays it, and gives up what no replay helps."""

from collections import Counter
from typing import NamedTuple

from bus.custody import EARLY
from bus.operations import replay
from bus.store import StoreUnavailable, parked
from verification.simulation.node import Node

PATIENCE = 3
"""Replays of one thing before it is given up."""
HONEST = frozenset({"stale", "no-offer", "not-holder", "not-open", "decision-lent", *EARLY})
"""Why something may be parked for good in a county where everybody keeps the protocol: two centers have crossed each
other, and the world has moved on. Anything else is a finding."""


FAULTS = frozenset({"internal", "poison"})
"""Codes that tell of a fault of ours."""


class GivenUp(NamedTuple):
    """Something that was parked, and that no replay has helped."""

    place: str
    code: str
    peer: str | None
    case: str | None

    @property
    def is_ours(self) -> bool:
        """Whether it tells of a fault of ours, whoever has spoken; said by a peer it is the peer's word."""
        return self.place != parked.PEER and self.code in FAULTS

    def __str__(self) -> str:
        """Place and code."""
        return f"{self.place} {self.code}"


class Operator:
    """On duty at one center."""

    def __init__(self, node: Node) -> None:
        self._seat = node
        self._tried: Counter[tuple[str, str, str]] = Counter()
        self.given_up: Counter[GivenUp] = Counter()

    def round(self) -> bool:
        """Everything that is parked is tried once more; whether there was anything. May raise ``Crash``."""
        node = self._seat
        if node.engine is None or not node.store.parks():
            return False
        with node.store.reading() as tx:
            rows = parked.listed(tx)
        for row in rows:
            what = (row["place"], row["code"], row["case_id"] or row["digest"])  # said anew it has another digest
            self._tried[what] += 1
            try:
                if self._tried[what] <= PATIENCE:
                    replay.replay(node.store, node.rules, row["id"], node.clock())
                else:
                    replay.discard(node.store, node.rules, row["id"], "moved-on", node.clock())
                    self.given_up[GivenUp(row["place"], row["code"], row["peer"], row["case_id"])] += 1
            except (StoreUnavailable, replay.NotParked, replay.MayNotGo):
                continue
        return bool(rows)

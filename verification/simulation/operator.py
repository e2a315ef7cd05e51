"""The operator of a simulated center: checks parked items, replays them, and gives up those that no replay helps."""

from collections import Counter
from typing import NamedTuple

from bus.custody import EARLY
from bus.operations import replay
from bus.operations.discard import MayNotGo, discard
from bus.store import StoreUnavailable, parked
from verification.simulation.node import Node

PATIENCE = 3
"""Replays of one item before it is given up."""
HONEST = frozenset({"stale", "no-offer", "not-holder", "not-open", "decision-lent", *EARLY})
"""Codes that may stay parked in a county of honest members: messages of two centers have crossed, and the case has
moved on. Any other code is a finding."""


FAULTS = frozenset({"internal", "poison"})
"""Codes of a fault of the product."""


class GivenUp(NamedTuple):
    """A parked item that no replay has helped."""

    place: str
    code: str
    peer: str | None
    case: str | None

    @property
    def is_ours(self) -> bool:
        """Whether it shows a fault of the product, whichever center sent the message; as a peer's receipt it is the
        peer's claim."""
        return self.place != parked.PEER and self.code in FAULTS

    def __str__(self) -> str:
        """Place and code."""
        return f"{self.place} {self.code}"


class Operator:
    """The operator of one center."""

    def __init__(self, node: Node) -> None:
        self._seat = node
        self._tried: Counter[tuple[str, str, str]] = Counter()
        self.given_up: Counter[GivenUp] = Counter()

    def round(self) -> bool:
        """Replay everything that is parked; returns whether there was anything. May raise ``Crash``."""
        node = self._seat
        if node.engine is None or not node.store.parks():
            return False
        with node.store.reading() as tx:
            rows = parked.listed(tx)
        for row in rows:
            what = (row["place"], row["code"], row["case_id"] or row["digest"])  # sent anew it has another digest
            self._tried[what] += 1
            try:
                if self._tried[what] <= PATIENCE:
                    replay.replay(node.store, node.rules, row["id"], node.clock())
                else:
                    discard(node.store, node.rules, row["id"], "moved-on", node.clock())
                    self.given_up[GivenUp(row["place"], row["code"], row["peer"], row["case_id"])] += 1
            except (StoreUnavailable, replay.NotParked, MayNotGo):
                continue
        return bool(rows)

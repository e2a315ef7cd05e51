"""The operator of a center in a simulation: looks at what is parked, replays it, and gives up what no replay helps."""

from collections import Counter

from bus.operations import replay
from bus.store import StoreTrouble, parked
from verification.simulation.node import Seat

PATIENCE = 3
"""Replays of one thing before it is given up."""
HONEST = frozenset({"stale", "no-offer", "not-holder", "not-open", "decision-lent", "unknown-case"})
"""Why something may be parked for good in a county where everybody keeps the protocol: two centers have crossed each
other, and the world has moved on. Anything else is a finding."""


class Operator:
    """On duty at one center."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._tried: Counter[tuple[str, str, str]] = Counter()
        self.given_up: Counter[str] = Counter()
        """By place and code."""

    def round(self) -> bool:
        """Everything that is parked is tried once more; whether there was anything. May raise ``Crash``."""
        seat = self._seat
        if seat.turns is None or not seat.store.parks():
            return False
        with seat.store.reading() as tx:
            rows = parked.listed(tx)
        for row in rows:
            what = (row["place"], row["code"], row["case_id"] or row["digest"])  # said anew it has another digest
            self._tried[what] += 1
            try:
                if self._tried[what] <= PATIENCE:
                    replay.replay(seat.store, seat.rules, row["id"], seat.clock())
                else:
                    replay.discard(seat.store, seat.rules, row["id"], "moved-on", seat.clock())
                    self.given_up[f"{row['place']} {row['code']}"] += 1
            except (StoreTrouble, replay.NotParked, replay.MayNotGo):
                continue
        return bool(rows)

"""Extrapolation of the measured figures to a county, a league and the whole country. The assumptions are here, and in
the page made from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks import cost
from benchmarks.figures import Results, named
from benchmarks.hand_over import BYTES, OURS

COUNTIES = 2844
"""County-level divisions of mainland China."""
CENTERS = 4
"""Of a county."""
CASES = 2000
"""Assumed: cases a day in one county, a busy one."""
MESSAGES = 4
"""Of a case from its offer to its answer, receipts aside: what `make chaos` counts."""
BUSIEST = 0.2
"""Assumed: the share of a day's cases that falls into its busiest hour."""


@dataclass(frozen=True, slots=True)
class Sum:
    """The needs of a number of counties on one broker, in the busiest hour and in a day."""

    name: str
    counties: int
    broker_us: float
    """The broker's CPU time for each message, in microseconds."""
    center_us: float
    """A center's CPU time for each message, as the mean of giving and taking."""
    kept: float
    """Bytes that each of both centers stores for a message."""

    @property
    def a_second(self) -> float:
        """Messages per second in the busiest hour."""
        return self.counties * CASES * MESSAGES * BUSIEST / 3600

    @property
    def broker_cores(self) -> float:
        """CPU cores of the broker's machine, by its CPU time alone."""
        return self.a_second * self.broker_us / 1e6

    @property
    def center_core(self) -> float:
        """The share of one core that each center's own process needs."""
        return self.a_second * 2 * self.center_us / 1e6 / (self.counties * CENTERS)

    @property
    def gigabytes(self) -> float:
        """Gigabytes through the broker in a day, bodies alone."""
        return self.counties * CASES * MESSAGES * BYTES / 1e9

    @property
    def center_gigabytes(self) -> float:
        """Gigabytes that a center stores in a year."""
        return 365 * CASES * MESSAGES * 2 * self.kept / CENTERS / 1e9


def sums(results: Mapping[str, Results]) -> list[Sum]:
    """The sums for a county, a league of ten, and the country, from a run that has measured the cost."""
    figures = results["CPU"].figures
    giver, taker, broker = (named(figures, name).median for name in (cost.GIVER, cost.TAKER, cost.BROKER))
    kept = sum(named(figures, f"kept by the {who}").median for who in ("giver", "taker")) / 2
    names = (("a county", 1), ("a league of ten counties", 10), ("the whole country", COUNTIES))
    return [Sum(name, counties, broker, (giver + taker) / 2, kept) for name, counties in names]


def lines(results: Mapping[str, Results]) -> list[str]:
    """The table for docs/performance.md."""
    rate = named(results["B1"].figures, OURS).median
    told = [
        f"Assumed: {CASES:,} cases a day in each county, {MESSAGES} messages a case, {BUSIEST:.0%} of a day in its "
        f"busiest hour. This machine, with both centers and the broker on it, carries {rate:,.0f} a second.",
        "",
        "| | Counties | Messages/s, busiest hour | Broker, cores | Each center, of a core | Through the broker a day | "
        "A center keeps, a year |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    return told + [
        f"| {one.name} | {one.counties:,} | {one.a_second:,.1f} | {one.broker_cores:.4f} | {one.center_core:.2%} | "
        f"{one.gigabytes:,.2f} GB | {one.center_gigabytes:,.1f} GB |"
        for one in sums(results)
    ]

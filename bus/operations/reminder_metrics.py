"""Figures of the clocks for Prometheus. Where the clocks are off there are none."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric

from bus.clocks.rules import Clock, Level
from bus.store import timers
from bus.store.database import Tx


class ReminderMetrics:
    """Reminders given by this process, and cases that wait for a look."""

    def __init__(self, center: str, registry: CollectorRegistry) -> None:
        self._center, self._registry = center, registry
        self._given: Counter | None = None

    def switch_on(self) -> None:
        """Show these figures."""
        self._given = Counter(
            "bus_reminders",
            "Reminders given, by clock and level",
            ["center", "clock", "level"],
            registry=self._registry,
        )

    def count(self, given: Mapping[tuple[Clock, Level], int]) -> None:
        """Count reminders that were given."""
        for (clock, level), number in given.items():
            if self._given is not None:
                self._given.labels(self._center, clock.value, level.name.lower()).inc(number)

    def of_store(self, tx: Tx, now_ms: int) -> Iterator[Metric]:
        """The figures that the store has."""
        if self._given is None:
            return
        found = timers.figures(tx, now_ms)
        late = max(0.0, (now_ms - found.oldest_ms) / 1000) if found.oldest_ms else 0.0
        for name, what, value in (
            ("bus_timers_due", "Cases that the clocks must look at now", found.due),
            ("bus_timers_late_seconds", "How long the first of them has waited", late),
        ):
            gauge = GaugeMetricFamily(name, what, labels=["center"])
            gauge.add_metric([self._center], value)
            yield gauge

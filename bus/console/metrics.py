"""Metrics of a console for Prometheus: what its look has found, and what receivers of alarms are still to be told."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bus.console.visit import Console
from bus.store import incidents
from bus.store.database import StoreUnavailable


def page_of(console: Console, now: datetime) -> bytes:
    """One scrape, in Prometheus' text format. No label names a case, a peer or a person."""
    registry = CollectorRegistry()
    registry.register(_Scrape(console, now))
    return generate_latest(registry)


class _Scrape(Collector):
    def __init__(self, console: Console, now: datetime) -> None:
        self._console, self._now = console, now

    def collect(self) -> Iterable[Metric]:
        yield from self._of_look()
        try:
            yield from self._of_store()
        except StoreUnavailable:
            return

    def _of_look(self) -> Iterator[Metric]:
        """Nothing where there was no look yet."""
        if (seen := self._console.watch.seen) is None:
            return
        center = self._console.scope.center
        age = GaugeMetricFamily("bus_console_look_age_seconds", "Age of the console's last look", labels=["center"])
        age.add_metric([center], max(0.0, (self._now - seen.look.at).total_seconds()))
        yield age
        found = GaugeMetricFamily(
            "bus_console_findings", "Findings of the last look", labels=["center", "code", "severity"]
        )
        for (code, severity), count in Counter((one.code, one.severity.name.lower()) for one in seen.findings).items():
            found.add_metric([center, code, severity], count)
        yield found

    def _of_store(self) -> Iterator[Metric]:
        center = self._console.scope.center
        with self._console.store.reading() as tx:
            states, untold = incidents.counts(tx), {one.receiver: one.size for one in incidents.untold(tx)}
        lasting = GaugeMetricFamily("bus_console_incidents", "Incidents that last", labels=["center", "state"])
        for state in (incidents.State.OPEN, incidents.State.ACKNOWLEDGED):
            lasting.add_metric([center, state.value], states.get(state.value, 0))
        yield lasting
        notices = GaugeMetricFamily(
            "bus_console_notices", "Notices that a receiver has not taken yet", labels=["center", "receiver"]
        )
        for receiver in (*self._console.receivers, *(untold.keys() - set(self._console.receivers))):
            notices.add_metric([center, receiver], untold.get(receiver, 0))
        yield notices

"""Metrics for Prometheus: the store's contents, the state of the transport, the duration of steps. No label names a
case.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from bus.log import dropped
from bus.operations.reminder_metrics import ReminderMetrics
from bus.store import case_count, facts, findings, inbox, outbox, parked, put_off, waiting
from bus.store.database import Store, StoreUnavailable
from bus.store.waiting import PeerLoad
from bus.transports.port import Transport

MOST_PEERS = 200
"""Most peers with labels of their own."""
OTHER = "other"
HANDLER_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 100)
"""Histogram buckets: from a quick answer of the center's own system to the deadline of a task."""


class Metrics:
    """One center's metrics. Depths are read from the store at each scrape, so they are right after a restart too."""

    def __init__(
        self,
        center: str,
        store: Store,
        transport: Transport,
        is_member: Callable[[str], bool] = lambda _center: True,
    ) -> None:
        """``is_member``: whether the county's directory lists a center; only such a center has labels of its own."""
        self._is_member = is_member
        self._center, self._store, self._transport = center, store, transport
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._seconds = Histogram(
            "bus_step_seconds", "Duration of one round of a step", ["center", "step"], registry=self.registry
        )

        self._handlers = Histogram(
            "bus_handler_seconds",
            "Duration of one call of a handler, with the center's own system",
            ["center", "kind"],
            buckets=HANDLER_SECONDS,
            registry=self.registry,
        )
        self._forms = Counter(
            "bus_forms",
            "Forms received, by outcome",
            ["center", "form", "code"],
            registry=self.registry,
        )
        self._unknown_fields = Counter(
            "bus_forms_unknown_fields",
            "Forms taken with unknown fields; refused from 0.3 on",
            ["center", "form"],
            registry=self.registry,
        )
        self._polls = Counter(
            "bus_polls",
            "Polls of the center's own system, by outcome",
            ["center", "poll", "outcome"],
            registry=self.registry,
        )
        self._rate_limited = 0
        self.reminders = ReminderMetrics(center, self.registry)
        """The figures of the clocks."""
        self.loop_ages: Callable[[], Mapping[str, float]] = dict
        """Seconds since each loop came round."""

    def handled(self, kind: str, seconds: float) -> None:
        """Record the duration of one handler call for messages of this kind."""
        self._handlers.labels(self._center, kind).observe(seconds)

    def form(self, form: str, code: str) -> None:
        """Count one answered form: ``taken``, ``repeated``, or the code of its refusal."""
        self._forms.labels(self._center, form, code).inc()

    def unknown_fields(self, form: str) -> None:
        """Count one form that was taken with unknown fields."""
        self._unknown_fields.labels(self._center, form).inc()

    def polled(self, poll: str, outcome: str) -> None:
        """Count one poll of the center's own system."""
        self._polls.labels(self._center, poll, outcome).inc()

    def rate_limited(self) -> None:
        """Count one request refused by the rate limit."""
        self._rate_limited += 1

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Record the block's duration under ``step``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds.labels(self._center, step).observe(time.perf_counter() - start)

    def page(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def collect(self) -> Iterable[Metric]:
        """The metrics of one scrape; called by the registry."""
        try:
            found = list(self._of_store())
        except StoreUnavailable:
            found = []
        yield self._gauge("bus_store_readable", "1 while the store can be read", int(bool(found)))
        yield from found
        yield from self._of_this_process()

    def _of_store(self) -> Iterator[Metric]:
        now_ms = int(time.time() * 1000)
        with self._store.reading() as tx:
            out, desk, aside, known, over, loads = (
                outbox.figures(tx), inbox.figures(tx), parked.figures(tx), case_count.by_status(tx),
                put_off.listed(tx, 0), waiting.by_peer(tx),
            )  # fmt: skip
            of_clocks, untold = list(self.reminders.of_store(tx, now_ms)), facts.lag(tx, self._center)
            wrong = findings.count_open(tx)
        yield from of_clocks
        yield self._gauge("bus_findings", "Open findings of the auditor, at a ledger", wrong)
        yield self._gauge("bus_facts_untold", "Changes of cases that the ledger has not receipted", untold.rows)
        yield self._gauge("bus_facts_oldest_seconds", "Age of the oldest of them", _age(untold.oldest_ms, now_ms))
        yield self._gauge("bus_outbox_depth", "Messages without a receipt", out["waiting"])
        yield self._gauge("bus_outbox_oldest_seconds", "Age of the oldest of them", _age(out["oldest_ms"], now_ms))
        yield self._gauge("bus_receipts_outstanding", "Messages sent and not yet receipted", out["attempted"])
        yield self._gauge("bus_receipts_owed", "Receipts that peers still wait for", out["receipts_owed"])
        yield self._gauge("bus_inbox_depth", "Messages that wait for the center's own system", desk["waiting"])
        yield self._gauge("bus_inbox_oldest_seconds", "Age of the oldest of them", _age(desk["oldest_ms"], now_ms))
        yield self._gauge("bus_held_depth", "Messages that wait for an earlier one", desk["held"])
        yield self._gauge("bus_held_oldest_seconds", "Age of the oldest of them", _age(desk["held_oldest_ms"], now_ms))
        places = GaugeMetricFamily("bus_parked_depth", "Items for an operator", labels=["center", "place"])
        for place in parked.PLACES:
            places.add_metric([self._center, place], aside[place])
        yield places
        yield self._gauge("bus_parked_oldest_seconds", "Age of the oldest of them", _age(aside["oldest_ms"], now_ms))
        yield from self._of_peers(loads, now_ms)
        by_peer = CounterMetricFamily("bus_put_off", "Messages put off by a quota", labels=["center", "peer"])
        for one in over:
            by_peer.add_metric([self._center, one["peer"]], one["times"])
        yield by_peer
        by_status = GaugeMetricFamily("bus_cases", "Cases known here", labels=["center", "status"])
        for status in ("open", "resolved", "closed"):
            by_status.add_metric([self._center, status], known.get(status, 0))
        yield by_status

    def _of_peers(self, loads: Iterable[PeerLoad], now_ms: int) -> Iterator[Metric]:
        """Waiting messages by peer. The labels are bounded: at most ``MOST_PEERS`` centers of the directory, and one
        label for all others."""
        depth = GaugeMetricFamily(
            "bus_peer_depth", "Messages waiting for a peer, or from it", labels=["center", "place", "peer"]
        )
        oldest = GaugeMetricFamily(
            "bus_peer_oldest_seconds", "Age of the oldest of them", labels=["center", "place", "peer"]
        )
        summed: dict[tuple[str, str], tuple[int, int]] = {}
        named: set[str] = set()
        for one in loads:
            fits = self._is_member(one.peer) and (one.peer in named or len(named) < MOST_PEERS)
            named |= {one.peer} if fits else set()
            key = (one.place, one.peer if fits else OTHER)
            size, oldest_ms = summed.get(key, (0, one.oldest_ms))
            summed[key] = (size + one.size, min(oldest_ms, one.oldest_ms))
        for (place, peer), (size, oldest_ms) in summed.items():
            depth.add_metric([self._center, place, peer], size)
            oldest.add_metric([self._center, place, peer], _age(oldest_ms, now_ms))
        yield depth
        yield oldest

    def _of_this_process(self) -> Iterator[Metric]:
        road = self._transport.state()
        yield self._gauge("bus_connected", "1 while the broker is reached", int(road.connected))
        yield self._gauge("bus_consuming", "1 while the broker delivers to us", int(road.consuming))
        yield self._gauge("bus_blocked", "1 while the broker asks us not to publish", int(road.blocked))
        yield self._gauge("bus_unconfirmed", "Messages that the broker has not yet confirmed", road.unconfirmed)
        ages = GaugeMetricFamily(
            "bus_loop_age_seconds", "Seconds since a loop last came round", labels=["center", "loop"]
        )
        for loop, age in self.loop_ages().items():
            ages.add_metric([self._center, loop], age)
        yield ages
        yield self._counter("bus_log_dropped", "Log lines of this process that could not be written", dropped())
        yield self._counter("bus_reconnects", "Reconnections to the broker", road.reconnects)
        yield self._counter("bus_requests_rate_limited", "Requests refused by the rate limit", self._rate_limited)
        yield self._counter(
            "bus_requests_turned_away",
            "The old name of bus_requests_rate_limited; it goes with 0.3",
            self._rate_limited,
        )

    def _counter(self, name: str, what: str, value: int) -> Metric:
        counter = CounterMetricFamily(name, what, labels=["center"])
        counter.add_metric([self._center], value)
        return counter

    def _gauge(self, name: str, what: str, value: float) -> Metric:
        gauge = GaugeMetricFamily(name, what, labels=["center"])
        gauge.add_metric([self._center], value)
        return gauge


def _age(oldest_ms: int, now_ms: int) -> float:
    return max(0.0, (now_ms - oldest_ms) / 1000) if oldest_ms else 0.0

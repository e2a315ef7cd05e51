"""Every metric that a center and a console give to Prometheus, each once."""

import re
from pathlib import Path

from bus.clocks.rules import Clock, Level
from bus.operations.metrics import Metrics
from bus.store import Store, put_off, schema
from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport


def page_of_a_center(folder: Path) -> bytes:
    """The page of a center in which each metric has a value."""
    store = Store(f"sqlite:///{folder}/center.db")
    schema.upgrade(store)
    store.write(lambda tx: put_off.note(tx, "party_service-150402", "open-offers", 1, 1, 1))  # else nobody stands there
    metrics = Metrics("media_center-150402", store, EmbeddedTransport("media_center-150402", EmbeddedBroker()))
    metrics.loop_ages = lambda: {"relay": 0.0}
    with metrics.timed("relay"):
        pass
    metrics.handled("case.offered", 0.1)
    metrics.form("message", "taken")
    metrics.reminders.switch_on()
    metrics.reminders.count({(Clock.SIGN, Level.URGE): 1})
    page = metrics.page()
    store.close()
    return page


def names(page: bytes) -> set[str]:
    """The names of a page, those of a histogram as one."""
    given = {re.split(r"[ {]", line)[0] for line in page.decode().splitlines() if not line.startswith("#")}
    given = {name for name in given if not name.endswith("_created") or "_seconds_" in name}
    return {re.sub(r"_seconds_(bucket|count|sum|created)$", "_seconds", name) for name in given}


def families(page: bytes) -> set[str]:
    """The names of a page, also of metrics that have no value now."""
    return set(re.findall(r"^# TYPE (\w+) ", page.decode(), re.MULTILINE))

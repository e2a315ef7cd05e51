"""A whole center with its clocks on: the loop, the pages and the figures; and one whose clocks are off has none."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import httpx

from bus.log import set_up
from bus.runtime.process import CenterProcess
from bus.settings import load
from bus.store import timers
from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport
from tests.harness.step import MEDIA
from tests.unit.test_cli_run import SECRET

PATIENCE = 60


@contextmanager
def running(folder: Path, *, clocks: bool) -> Iterator[tuple[CenterProcess, httpx.Client]]:
    """The media center, with nobody on its road."""
    set_up(MEDIA, StringIO())
    settings = load(
        None, center=MEDIA, store=f"sqlite:///{folder}/m.db", data=folder / "data", intake_secret=SECRET,
        backend={"url": "http://127.0.0.1:9"}, http={"port": 0}, clocks={"enabled": clocks},
    )  # fmt: skip
    process = CenterProcess(settings, EmbeddedTransport(MEDIA, EmbeddedBroker()))
    with httpx.Client(base_url=process.start(), trust_env=False, timeout=10) as client:
        try:
            yield process, client
        finally:
            process.stop()


def until(condition: Callable[[], bool]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_center_with_clocks_has_their_loop_and_figures(tmp_path: Path) -> None:
    """The loop is watched like the others, and remembers by which rules all timers are set."""
    with running(tmp_path, clocks=True) as (process, client):
        state = process.store

        def counted() -> bool:
            with state.reading() as tx:
                known = timers.state(tx)
            return known is not None and known.digest != ""

        until(counted)
        flow = client.get("/health/flow").json()
        assert "remind" in flow["ages"]
        assert flow["faults"] == []
        page = client.get("/metrics").text
        assert "bus_timers_due{" in page
        assert 'step="remind"' in page
        assert process.context.clocks is not None


def test_a_clock_that_is_set_shows_on_the_pages(tmp_path: Path) -> None:
    """Forms are taken all the same."""
    with running(tmp_path, clocks=True) as (process, client):
        assert process.engine.reminding is not None
        process.engine.reminding.guard.running = lambda: 1e9
        until(lambda: "clocks" in client.get("/health/ready").json())
        until(lambda: client.get("/health/ready").status_code == 200)
        flow = client.get("/health/flow")
        assert flow.status_code == 503
        assert [(one["loop"], one["kind"]) for one in flow.json()["faults"]] == [("remind", "clock")]


def test_a_center_without_clocks_has_none_of_it(tmp_path: Path) -> None:
    """Its pages and figures are those of before."""
    with running(tmp_path, clocks=False) as (process, client):
        assert process.engine.reminding is None
        assert process.engine.remind().looked_at == 0
        assert "remind" not in client.get("/health/flow").json()["ages"]
        assert not {"clocks"} & client.get("/health/ready").json().keys()
        assert not any(word in client.get("/metrics").text for word in ("bus_timers", "bus_reminders", "remind"))

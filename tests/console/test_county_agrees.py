"""A simulated county of fifty centers with faults: figures, findings and pages say the same at the same moment."""

import asyncio
import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bus.console import people
from bus.console.app import make_app
from bus.console.center_look import Away, look
from bus.console.scope import CenterScope
from bus.console.visit import Console
from bus.console.watch import Watch
from bus.context import CenterContext
from bus.figures.answers import Counts, figures_of
from bus.figures.definitions import FIGURES, Part
from bus.figures.period import Period, Reckoning
from bus.operations.backlog import backlog
from bus.operations.views import OVERDUE_AFTER
from bus.security.staff import Role
from bus.store import Store, figures, schema
from bus.store.encryption import CaseEncryption
from bus.store.timestamps import ms
from tests.harness.consoled import PASSWORD
from tests.unit.test_cli_run import bus
from verification.simulation.county import MORNING, County
from verification.simulation.disk import Disk
from verification.simulation.fault_profile import TINY, drawn, with_ledger
from verification.simulation.keys import LEDGER
from verification.simulation.workspace import Workspace

pytestmark = pytest.mark.filterwarnings("ignore:Selection of the SingletonThreadPool")  # the simulation's stores
CENTERS, CASES, SEED = 50, 60, 23
RECKONING = Reckoning()
DAY = timedelta(days=1)
BEGIN = datetime.fromtimestamp(MORNING, UTC)
WHOLE = Period(BEGIN.replace(hour=0) - DAY, BEGIN.replace(hour=0) + 10 * DAY)
ORIGIN = "http://127.0.0.1:8500"
OWN_FIGURES = {
    Part.REGISTERED, Part.CANCELLED, Part.RESOLVED, Part.OPEN, Part.CLOSED_IN_PERIOD, Part.REOPENED, Part.RATED,
    Part.SATISFIED, Part.INSTANT, Part.FIRST_RIGHT,
}  # fmt: skip
"""Numbers of cases that a center counts from its own store as a ledger does from facts."""


@dataclass
class Snapshot:
    """The stores of a county as they were at one moment."""

    now: datetime
    stores: dict[str, Store]
    folder: Path

    @property
    def ledger(self) -> Store:
        """The ledger's store."""
        return self.stores[LEDGER]

    @property
    def centers(self) -> dict[str, Store]:
        """The others."""
        return {name: store for name, store in self.stores.items() if name != LEDGER}


class Snapshots:
    """Copies of a county's stores, which other threads and commands can read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: list[Snapshot] = []

    def take(self, county: County) -> None:
        """Copy all stores of this moment."""
        assert county.ledger is not None
        folder = self.folder / str(len(self.taken))
        folder.mkdir()
        nodes = [county.ledger.node, *(node for node in county.seats if not node.gone)]
        stores = {node.name: _copied(node.store, folder / f"{node.name}.db") for node in nodes}
        self.taken.append(Snapshot(datetime.fromtimestamp(county.now, UTC), stores, folder))


def _copied(disk: Disk, path: Path) -> Store:
    with closing(sqlite3.connect(path)) as file, closing(disk.copied()) as backup:
        backup.backup(file)
    return Store(f"sqlite:///{path}", CaseEncryption(disk.encryption.master))


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Snapshot]]:
    """In the midst of its faults, and after it has come to rest."""
    profile = replace(
        with_ledger(drawn(SEED, TINY)), centers=CENTERS, cases=CASES, hops=4, storm=12, stride=240.0, arbiter=True,
        joins=0, leaves=0, restores=1, skew=0.0, lose=0.1, repeat=0.1, corrupt=0.02, crash=0.002, kill=0.02, away=0.2,
        signs=False,
    )  # fmt: skip
    kept = Snapshots(tmp_path_factory.mktemp("county"))
    with County(SEED, profile, Workspace()) as played:
        played.look = lambda: kept.take(played)
        assert played.play()
        kept.take(played)
    yield kept.taken
    for one in kept.taken:
        for store in one.stores.values():
            store.close()


class Desk:
    """The console of one member of the county, and somebody who is signed in."""

    def __init__(self, center: str, store: Store, own: Store, now: datetime) -> None:
        def process() -> dict[str, Any]:
            raise Away("no process")

        watch = Watch(lambda: look(center, store, now, None, process))
        self.watch = watch
        console = Console(own, CenterScope(center, store, CenterContext(center), RECKONING), watch, ORIGIN)
        self.counting = console.counting
        self._road = httpx.ASGITransport(make_app(console, lambda: now))
        self._cookies = httpx.Cookies()
        watch.renew()
        answer = self.ask("POST", "/sign-in", data={"name": "wang", "password": PASSWORD})
        assert answer.status_code == 303
        self._cookies = httpx.Cookies(dict(answer.cookies))  # they are for TLS alone, and there is no network here

    def ask(self, method: str, path: str, **asked: Any) -> httpx.Response:
        """One request to the application, without a network."""

        async def answered() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._road, base_url=ORIGIN, cookies=self._cookies) as client:
                return await client.request(method, path, headers={"Origin": ORIGIN}, **asked)

        return asyncio.run(answered())

    def page(self, path: str, **query: str) -> str:
        """The text of a page, or of a file; figures are counted first."""
        while True:
            answer = self.ask("GET", path, params=query or None)
            if not self.counting.waits:
                return answer.content.decode("utf-8-sig")
            self.counting.round()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The console's own store."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('own')}/console.db")
    schema.upgrade(store)
    people.keep(store, "wang", Role.VIEWER, PASSWORD, datetime.now(UTC))
    yield store
    store.close()


def _asked(snapshot: Snapshot) -> dict[str, str]:
    last = WHOLE.end - DAY
    return {
        "from": f"{WHOLE.begin:%Y-%m-%d}", "to": f"{last:%Y-%m-%d}", "as_of": snapshot.now.isoformat(timespec="seconds")
    }  # fmt: skip


def _command(snapshot: Snapshot, *words: str) -> tuple[int, Any]:
    config = snapshot.folder / "ledger.toml"
    config.write_text(f'center = "{LEDGER}"\nstore = "sqlite:///{snapshot.folder}/{LEDGER}.db"\n', encoding="utf-8")
    code, out, said = bus(*words, "--config", config, "--json", "--lang", "en")
    assert code in (0, 1), said
    return code, json.loads(out)


@pytest.fixture(params=["with faults", "at rest"])
def snapshot(request: pytest.FixtureRequest, county: list[Snapshot]) -> Snapshot:
    """One of the two moments."""
    return county[0] if request.param == "with faults" else county[1]


def test_the_county_had_faults_and_much_to_count(county: list[Snapshot]) -> None:
    """Otherwise that all agree would say little."""
    with_faults, at_rest = county
    assert len(with_faults.centers) == CENTERS
    assert _command(with_faults, "ledger", "findings")[1]
    stuck = [_backlog(name, with_faults) for name in with_faults.centers]
    assert sum(map(len, stuck)) >= 5
    assert _of_ledger(at_rest)[Part.REGISTERED.value][0] == CASES


def test_figures_agree(snapshot: Snapshot, own: Store) -> None:
    """The page, its file and the command tell the same numbers as of the same moment."""
    asked = _asked(snapshot)
    desk = Desk(LEDGER, snapshot.ledger, own, snapshot.now)
    page = desk.page("/figures", **asked)
    told = desk.page("/figures/export/csv", **asked)
    rows = {row[0]: row[1:4] for row in csv.reader(io.StringIO(told))}
    _, document = _command(snapshot, "stats", "--from", asked["from"], "--to", asked["to"], "--as-of", asked["as_of"])
    assert len(document["figures"]) > 20
    for one in document["figures"]:
        denominator = "" if one["denominator"] is None else str(one["denominator"])
        assert rows[one["name_zh"]] == [one["value"], str(one["numerator"]), denominator], one["code"]
        assert f'>{one["name_zh"]}</td><td class="number"><b>{one["value"]}</b></td>' in page


def _of_ledger(snapshot: Snapshot) -> dict[str, tuple[int, int | None]]:
    asked = _asked(snapshot)
    _, document = _command(snapshot, "stats", "--from", asked["from"], "--to", asked["to"], "--as-of", asked["as_of"])
    return {one["code"]: (one["numerator"], one["denominator"]) for one in document["figures"]}


def test_the_ledger_counts_what_the_centers_have(county: list[Snapshot]) -> None:
    """At rest its figures are those of the fifty stores together."""
    at_rest = county[1]
    until_ms = ms(at_rest.now.replace(microsecond=0))
    total = Counts(dict.fromkeys(Part, 0))
    for name, store in at_rest.centers.items():
        with store.reading() as tx:
            total += figures.count(tx, name, WHOLE, until_ms, RECKONING)
    known = _of_ledger(at_rest)
    for one in figures_of(total, FIGURES):
        if {one.figure.numerator, one.figure.denominator} - {None} <= OWN_FIGURES:
            assert known[one.figure.code] == (one.numerator, one.denominator), one.figure.code


def test_findings_agree(snapshot: Snapshot, own: Store) -> None:
    """The page has those of the command, in the same order, and those that were cleared too."""
    desk = Desk(LEDGER, snapshot.ledger, own, snapshot.now)
    for cleared in (False, True):
        page = desk.page("/findings", **({"cleared": "1"} if cleared else {}))
        shown = re.findall(
            r'<code>([a-z-]+)</code>.*?<td class="name">([^<]*)</td><td class="name">([^<]*)</td>', page, re.S
        )
        _, told = _command(snapshot, "ledger", "findings", *(("--cleared",) if cleared else ()))
        assert shown == [(one["code"], one["center"], one["subject"]) for one in told]


def test_what_is_stuck_agrees(county: list[Snapshot], own: Store) -> None:
    """At each of the fifty centers the pages of all groups have what the command lists, each item once."""
    with_faults = county[0]
    for name in with_faults.centers:
        desk = Desk(name, with_faults.stores[name], own, with_faults.now)
        groups = desk.page("/stuck")
        sizes = re.findall(r'<td class="number">(\d+)</td><td class="number">\d+</td>', groups)
        found: list[str] = []
        for link in re.findall(r'href="(/stuck/group[^"]+)"', groups):
            path: str | None = link.replace("&amp;", "&")
            while path is not None:
                page = desk.page(path)
                found += re.findall(r"<tr><td>(?:<a [^>]+>)?(o?\d+)", page)
                more = re.search(r'<p><a href="(/stuck/group[^"]+)"', page)
                path = more[1].replace("&amp;", "&") if more is not None else None
        listed = [str(one["id"]) for one in _backlog(name, with_faults)]
        assert sorted(found) == sorted(listed), name
        assert sum(map(int, sizes)) == len(listed), name
        bar = desk.page("/")
        assert desk.watch.seen is not None
        assert f"{desk.watch.seen.verdict.number} 处需处理" in bar


def _backlog(name: str, snapshot: Snapshot) -> list[dict[str, Any]]:
    with snapshot.centers[name].reading() as tx:
        return backlog(tx, name, snapshot.now, OVERDUE_AFTER, None)

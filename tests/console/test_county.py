"""The county's console over real HTTP doors: what is stuck elsewhere is found and mended from one desk, once."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from bus.console import county_seen
from bus.console.doors import Doors
from bus.runtime import console_process
from bus.runtime.center_doors import CenterDoors
from bus.store import Store, ledger_lists, operations
from bus.store import tables as t
from tests.console.conftest import Visit
from tests.console.test_figures import fill_ledger
from tests.console.test_mending import signed_in
from tests.harness.consoled import ConsoledCenter, consoled
from tests.harness.doored_county import DooredCounty, doored_county
from tests.harness.duty import LEDGER
from tests.harness.signing_county import GOVERNMENT, MEDIA, PARTY
from tests.harness.step import BareCenter
from tests.unit.test_clocked_center import until

HANGING = "civil_affairs-150402"
"""A center whose server takes connections and never answers."""


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DooredCounty]:
    """Three running centers with doors."""
    with doored_county(tmp_path_factory.mktemp("county")) as found:
        yield found


@pytest.fixture
def desk(county: DooredCounty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConsoledCenter]:
    """The ledger's console, beside a center that hangs."""
    monkeypatch.setattr(console_process, "DOOR_EVERY", 0.3)
    monkeypatch.setattr(county_seen, "SILENT_AFTER_MS", 4000)
    here = BareCenter(LEDGER, tmp_path)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as hangs:
        address = f"http://127.0.0.1:{hangs.getsockname()[1]}"
        client = CenterDoors(county.addresses | {HANGING: address}, within=1.0)
        doors = Doors(county.key.keys[-1], (*county.addresses, HANGING), client.post, lambda: datetime.now(UTC))
        with consoled(here, tmp_path, doors=doors) as found:
            yield found
        client.close()
    here.close()


def _answered(desk: ConsoledCenter, *centers: str) -> bool:
    doors = desk.process.console.doors
    assert doors is not None
    return all(doors.seen(one).last is not None for one in centers)


def _known(desk: ConsoledCenter, center: str, code: str) -> bool:
    doors = desk.process.console.doors
    assert doors is not None
    last = doors.seen(center).last
    return last is not None and any(one.code == code for one in last.groups)


def _operated(store: Store, code: str) -> int:
    """How many items the center's process has done something with, for this reason."""
    c = t.journal.c
    with store.reading() as tx:
        return int(tx.execute(select(func.count()).where(c.way == "operated", c.note == code)).scalar_one())


def test_what_is_stuck_elsewhere_is_found_and_replayed_once(
    visit: Visit, desk: ConsoledCenter, county: DooredCounty
) -> None:
    """From the list to the group and its preview; two browsers let it run, and it runs once, in the first's name."""
    county.park(PARTY, "not-json")
    until(lambda: _known(desk, PARTY, "not-json"))
    desk.renew()
    page, other = visit("li"), visit("zhao")
    page.goto(f"{desk.url}/stuck")
    row = page.locator("tr", has_text="not-json")
    expect(row).to_contain_text(PARTY)
    row.locator("a", has_text="打开").click()
    page.fill("input[name=why]", "replayed-at-once")
    page.click("text=全部重放：先预览")
    expect(page.locator("main")).to_contain_text("已预览，未执行")
    other.goto(page.url)
    for one in (page, other):
        one.on("dialog", lambda dialog: dialog.accept())
        expect(one.locator("text=执行：就这 1 件")).to_be_visible()
    page.locator("text=执行：就这 1 件").dblclick()
    other.click("text=执行：就这 1 件")
    for one in (page, other):
        expect(one.locator("main")).to_contain_text("已办 1 / 共 1")
        expect(one.locator("main")).to_contain_text("staff-console:li")
    store = county.processes[PARTY].store
    assert _operated(store, "replayed-at-once") == 1
    with store.reading() as tx:
        (operation,) = [one for one in operations.listed(tx, 10) if one.why == "replayed-at-once"]
    assert (operation.done, operation.size) == (1, 1)


def test_a_form_sent_twice_is_one_command_elsewhere(desk: ConsoledCenter, county: DooredCounty) -> None:
    """A second click finds the operation of the first, at the other center."""
    number = county.park(GOVERNMENT, "twice")
    until(lambda: _answered(desk, GOVERNMENT))
    with signed_in(desk, "li") as client:
        page = client.get(f"/stuck/item/{number}", params={"center": GOVERNMENT}).text
        names = ("token", "command", "item", "center")
        form = {name: page.split(f'name="{name}" value="')[1].split('"')[0] for name in names}
        asked = form | {"act": "note", "why": "seen-twice"}
        places = {client.post("/stuck/act", data=asked).headers["location"] for _ in range(2)}
    assert len(places) == 1
    assert f"center={GOVERNMENT}" in places.pop()
    until(lambda: _operated(county.processes[GOVERNMENT].store, "seen-twice") == 1)


def test_a_center_that_hangs_is_silent_and_the_others_are_fresh(visit: Visit, desk: ConsoledCenter) -> None:
    """Its tile is red with the age of its last answer; the others go on being asked as often as ever."""
    until(lambda: _answered(desk, MEDIA, PARTY, GOVERNMENT))
    doors = desk.process.console.doors
    assert doors is not None
    began = time.monotonic()
    looks = {center: doors.seen(center).answered_ms for center in (MEDIA, PARTY, GOVERNMENT)}
    until(lambda: time.monotonic() - began > 5)
    assert all(doors.seen(center).answered_ms > at_ms + 1500 for center, at_ms in looks.items())
    for _ in range(3):
        desk.renew()
    page = visit("wang")
    _state(page, HANGING, "fault")
    expect(page.locator(f"[data-center={HANGING}]")).to_contain_text("从未")
    for center in (MEDIA, PARTY, GOVERNMENT):
        expect(page.locator(f"[data-center={center}] >> text=应答于")).to_be_visible()
        assert page.locator(f"[data-center={center}]").get_attribute("data-state") != "fault"
    expect(page.locator("#findings")).to_contain_text("中心没有应答")
    with signed_in(desk, "wang") as client:
        asked = time.monotonic()
        answer = client.get("/stuck/group", params={"center": HANGING, "place": "wire", "code": "x"})
    assert (answer.status_code, "现在没有应答" in answer.text) == (502, True)
    assert time.monotonic() - asked < 5, "a page about a silent center waits for nobody"


def _state(page: Page, center: str, state: str) -> None:
    expect(page.locator(f"[data-center={center}]")).to_have_attribute("data-state", state)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_of_the_county_is_for_everybody(
    visit: Visit, desk: ConsoledCenter, county: DooredCounty, lang: str
) -> None:
    """No serious finding of axe, and nothing wider than a telephone."""
    fill_ledger(desk.center.store)
    number = county.park(MEDIA, "seen-by-all", PARTY)
    until(lambda: _known(desk, MEDIA, "seen-by-all"))
    desk.renew()
    with desk.center.store.reading() as tx:
        (told, *_) = ledger_lists.wanted(tx, ledger_lists.ToldFilter(), None, 1)
    page, axe, at = visit("zhao", lang=lang, width=390), Axe(), f"center={MEDIA}"
    for path in (
        "/", "/stuck", f"/stuck/group?{at}&place=wire&code=seen-by-all&peer={PARTY}", f"/stuck/item/{number}?{at}",
        "/operations", "/cases", f"/cases/{told.case_id}", "/findings", "/figures", "/alarms", "/system",
    ):  # fmt: skip
        page.goto(f"{desk.url}{path}")
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        found = [one for one in axe.run(page).response["violations"] if one["impact"] in ("serious", "critical")]
        assert [(path, one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []

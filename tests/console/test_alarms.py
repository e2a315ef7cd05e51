"""The page of alarms in a browser, and what alarms see of a look."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from bus.alarms.incidents import Trouble, begun
from bus.console.alarming import BROKER, CONSOLE, PROCESS, STORE, picture_of, source_of, trouble_of, words_of
from bus.console.center_look import Load, Look
from bus.console.finding_words import CAUSES
from bus.console.findings import Finding, Severity, findings, verdict
from bus.console.watch import STALE, Seen
from bus.store import incidents
from bus.store.incidents import Incident, State
from bus.store.timestamps import ms
from tests.console.conftest import Visit
from tests.console.test_looks import AN_HOUR_AGO, NOW, _broker, _look
from tests.console.test_looks import STORE as STORE_LOOK
from tests.harness.consoled import ConsoledCenter
from tests.harness.exported_metrics import names
from tests.harness.promtool import promtool
from tests.harness.step import MEDIA

EVIL = "<img src=x onerror=alert(1)>"


def _opened(desk: ConsoledCenter, **changes: object) -> Incident:
    """An incident that has just opened, as the loop writes it."""
    trouble = Trouble("peer-unread", EVIL, "", "", "", BROKER, 3, 0, ms(NOW))._replace(**changes)  # type: ignore[arg-type]
    found = begun(trouble, ms(NOW))._replace(state=State.OPEN, opened_ms=ms(NOW), told="opened", told_ms=2**50)
    desk.own.write(lambda tx: incidents.keep(tx, [found]))
    return found


def test_an_incident_is_taken_once(visit: Visit, desk: ConsoledCenter) -> None:
    """Two operators have it open: the first one has it; a viewer can take none."""
    found = _opened(desk)
    first, second, viewer = visit("li"), visit("zhao"), visit("wang", scripts=False)
    for page in (first, second, viewer):
        page.goto(f"{desk.url}/alarms")
        expect(page.locator("#lasting")).to_contain_text(f"对方中心没有接收报文 · {EVIL}")
    expect(viewer.locator("#lasting button")).to_have_count(0)
    # the forms as they were before either was sent
    form = f"form[action='/alarms/{found.id}/acknowledge'] button"
    stale = second.locator(form).evaluate(
        "button => Object.fromEntries([...button.form.elements].filter(e => e.name).map(e => [e.name, e.value]))"
    )
    first.click(form)
    expect(first.locator("#lasting")).to_contain_text("处理人 li")
    second.request.post(f"{desk.url}/alarms/{found.id}/acknowledge", form=stale, headers={"Origin": desk.url})
    second.goto(f"{desk.url}/alarms")
    expect(second.locator("#lasting")).to_contain_text("处理人 li")
    with desk.own.reading() as tx:
        assert [(one.state, one.acknowledged_by) for one in incidents.lasting(tx)] == [(State.ACKNOWLEDGED, "li")]


def test_cleared_incidents_are_listed_in_full(visit: Visit, desk: ConsoledCenter) -> None:
    """Page by page, the newest first, also where many ended at the same moment; unknown codes too."""
    ended = [
        _opened(desk, code="of-a-newer-version", about=f"n-{number}")._replace(
            state=State.CLEARED, cleared_ms=ms(NOW), told="cleared"
        )
        for number in range(120)
    ]
    desk.own.write(lambda tx: incidents.keep(tx, ended))
    page = visit("wang", lang="en", scripts=False)
    page.goto(f"{desk.url}/alarms")
    seen: list[str] = []
    while True:
        seen += page.locator("#cleared .name").all_inner_texts()
        more = page.locator("text=Older")
        if not more.count():
            break
        more.click()
    assert sorted(seen) == sorted(one.about for one in ended)


def test_a_finding_that_lasts_appears_on_the_page(visit: Visit, desk: ConsoledCenter) -> None:
    """The console's own loop opens it, after its hold-down."""
    page = visit("li")
    page.goto(f"{desk.url}/alarms")
    expect(page.locator("#lasting")).to_contain_text("报文迟迟没有进入业务系统", timeout=60_000)


def test_alarms_see_what_the_verdict_counts(desk: ConsoledCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notices are no alarms; what was not asked is not absent; an old look is itself an alarm."""
    console = desk.process.console
    look = _look(replace(STORE_LOOK, inbox=Load(1, AN_HOUR_AGO)), broker=_broker(consumers=0))
    picture = picture_of(console, Severity.ATTENTION)

    def shown(look: Look) -> None:
        found = findings(look)
        console.watch.seen = Seen(look, found, verdict(found), {})

    monkeypatch.setattr(console.watch, "renew", lambda: None)  # the loop must not look in between
    shown(look)
    troubles, asked = picture(NOW)
    assert {one.code for one in troubles} == {"inbox-late", "own-unread", "peer-unread"}
    assert set(asked) == {CONSOLE, BROKER, PROCESS, STORE}
    shown(replace(look, broker=None, store=None, trouble={"broker": "x", "store": "x"}))
    troubles, asked = picture(NOW)
    assert {one.code for one in troubles} == {"broker-away", "store-away"}
    assert set(asked) == {CONSOLE, PROCESS}
    shown(replace(look, broker=None, asks_broker=False))
    assert BROKER in picture(NOW).asked
    troubles, asked = picture(NOW + STALE + timedelta(seconds=1))
    assert [one.code for one in troubles] == ["look-stale"]
    assert list(asked) == []


@pytest.mark.parametrize("code", CAUSES)
def test_every_finding_has_one_source(code: str) -> None:
    """What is away is told by the console itself; all else by whom it is about."""
    source = source_of(code)
    assert (source == CONSOLE) == (code in ("store-away", "broker-away", "process-away", "look-stale"))
    trouble = Trouble(code, "", "", "", "", source, 3, 0, 0)
    assert words_of(begun(trouble, 1)).title == CAUSES[code].title


def test_the_console_has_metrics_of_its_own(desk: ConsoledCenter) -> None:
    """Well named, asked for by any host's name and by nobody in particular, and exactly those of the manual."""
    _opened(desk)
    notice = incidents.Notice("n", "pager", "{}", 2**42, 2**52)
    desk.own.write(lambda tx: incidents.enqueue(tx, [notice]))
    desk.renew()
    page = httpx.get(f"{desk.url}/metrics", headers={"Host": "prometheus.example"}).content
    assert promtool("check", "metrics", given=page) == (0, "")
    text = page.decode()
    assert f'bus_console_findings{{center="{MEDIA}",code="inbox-late",severity="fault"}} 1.0' in text
    assert f'bus_console_incidents{{center="{MEDIA}",state="open"}} 1.0' in text
    assert f'bus_console_notices{{center="{MEDIA}",receiver="pager"}} 1.0' in text
    assert EVIL not in text
    manual = Path(__file__).parents[2] / "docs/console.md"
    assert names(page) == set(re.findall(r"`(bus_console_\w+)`", manual.read_text(encoding="utf-8")))


def test_the_same_trouble_of_two_centers_is_two() -> None:
    """A county's console tells of each by its name."""
    group = ("wire", "internal", MEDIA)
    troubles = [
        trouble_of(Finding("stuck", Severity.ATTENTION, MEDIA, 1, 0, group, center=center))
        for center in ("", "a-150402", "b-150402")
    ]
    assert len({one.key for one in troubles}) == 3
    assert troubles[1].about == f"a-150402 {MEDIA}"

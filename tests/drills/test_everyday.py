"""The drills that every run plays: a center is down, its own system is down, poison arrives, a queue is deleted."""

from contextlib import closing

import pytest
from playwright.sync_api import expect

from bus.console.watch import EVERY
from bus.transports.topology.apply import inbox_queue
from tests.drills.conftest import SignIn
from tests.drills.desk import PATIENCE
from tests.drills.stage import OURS, THEIRS, Stage
from verification.chaos.commanded import books
from verification.faults import delete_queue

pytestmark = pytest.mark.timeout(1800)
RED_WITHIN = 15.0
"""Seconds in which a killed center is red: two looks of the console, and two refreshes of the page. The broker counts
consumers every five seconds, so it tells of the missing one somewhat later."""
ONE_FORM = 0.001
"""A second: the first comes at once, and no other while the test runs."""


def test_center_down(county: Stage, sign_in: SignIn) -> None:
    """A center's process is killed: its tile is red within 15 seconds, and green again after it was started."""
    assert RED_WITHIN >= 2 * 2 * EVERY
    desk = sign_in(county)
    with county.residents():
        desk.strikes()
        county.ours.kill9()
        desk.sees("process-away")
        desk.tile(OURS, "fault")
        assert desk.found_s <= RED_WITHIN
        desk.sees("own-unread", about=OURS)
        county.ours.start()
        desk.mended("center-down", THEIRS)


def test_queue_deleted(county: Stage, sign_in: SignIn) -> None:
    """An inbox is deleted with its messages: `bus topology apply` makes it anew, and the senders send again."""
    desk = sign_in(county)
    with county.residents():
        desk.strikes()
        delete_queue(county.links.nodes[0], inbox_queue(THEIRS), county.links.vhost)
        desk.sees("queue-missing", about=THEIRS)
        desk.tile(THEIRS, "fault")
        county.broker_operator("topology", "apply")
        desk.mended("queue-deleted", THEIRS)


def test_own_system_down(county: Stage, sign_in: SignIn) -> None:
    """The centers' own systems answer nothing: messages wait, and go on by themselves."""
    desk = sign_in(county)
    with county.residents():
        desk.strikes()
        with county.own_systems_frozen():
            desk.sees("backend-away")
            desk.tile(OURS, "fault")
        desk.mended("own-system-down", THEIRS)


def test_poison(county: Stage, sign_in: SignIn) -> None:
    """Bytes that are no message are parked, and a person gives them up on the page: the set that was looked at."""
    desk = sign_in(county)
    with county.residents():
        desk.strikes()
        county.poison(THEIRS, OURS)
        desk.sees("stuck")
        desk.click("去处理")
        desk.click("全部放弃：先预览")
        desk.click("执行：就这 1 件")
        expect(desk.page.locator("main")).to_contain_text("完成", timeout=PATIENCE)
        desk.mended("poison", THEIRS)


def test_what_is_parked_is_replayed_once_by_two(county: Stage, sign_in: SignIn) -> None:
    """Two persons have the same preview open and both let it run: the center's process does it once, and the resident
    has the answer."""
    one, other = sign_in(county), sign_in(county, "zhao")
    one.strikes()
    county.own_system_answers(OURS, 422)
    with county.residents(ONE_FORM):
        one.sees("stuck")
        county.own_system_answers(OURS, 0)
        one.click("去处理")
        one.click("全部重放：先预览")
        expect(one.page.locator("main")).to_contain_text("已预览，未执行")
        operation = one.page.url.rpartition("/")[2]
        other.page.goto(one.page.url)
        for desk in (one, other):
            desk.page.locator("text=执行：就这 1 件").focus()  # a page with the focus in it is not refreshed
        for desk in (one, other):
            desk.click("执行：就这 1 件")
        for desk in (one, other):
            expect(desk.page.locator("main")).to_contain_text("完成", timeout=PATIENCE)
        one.mended("", THEIRS)
    with closing(county.county.store(OURS)) as store:
        said = books(store, OURS)
    assert [(one.act, one.state, one.outcome) for one in said.items if one.operation == operation] == [
        ("replay", "done", "on-its-way")
    ]
    assert [one.way for one in said.lines if one.message == operation].count("operated") == 1

"""操作记录: who has done what, when, why, and with what outcome; and whether the record is whole."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, update

from bus.console.record_chain import ChainWatch
from bus.runtime.operating import Operating
from bus.store import Tx, access_log
from bus.store import tables as t
from tests.console.test_mending import signed_in
from tests.harness.consoled import ConsoledCenter


def _note(desk: ConsoledCenter, *numbers: int) -> None:
    for number in numbers:
        desk.center.store.write(
            lambda tx, n=number: access_log.note(
                tx, at_ms=n, who="staff-li", what="operation replay", case_id="x", why="w"
            )
        )


def test_what_a_person_does_is_in_the_record_with_its_outcome(desk: ConsoledCenter) -> None:
    """Name, act, reason, and how it ended; and what was refused."""
    with signed_in(desk, "li") as client:
        page = client.get("/stuck/item/1").text
        form = {
            "act": "note", "item": "1", "why": "rung-up", "token": _field(page, "token"),
            "command": _field(page, "command"),
        }  # fmt: skip
        client.post("/stuck/act", data=form)
        client.post("/stuck/act", data=form | {"act": "hold", "why": "not a code word"})
        center = desk.center
        Operating(center.store, center.context, lambda: center.now, lambda: None).round()
        told = client.get("/operation-log").text
    with center.store.reading() as tx:
        entries = [(one.who, one.what, one.why) for one in access_log.entries(tx)]
    assert ("staff-li", "operation note", "rung-up") in entries
    assert ("staff-li", "ended note", "done 1/1 0 0") in entries
    assert "备注" in told
    assert "rung-up" in told
    assert "完成，已办 1 / 共 1" in told


def _field(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"', maxsplit=1)[0]


TAMPERED: dict[str, tuple[Callable[[Tx], object], str]] = {
    "another reason": (lambda tx: tx.execute(update(t.accesses).where(t.accesses.c.id == 2).values(why="x")), "2"),
    "one taken out": (lambda tx: tx.execute(delete(t.accesses).where(t.accesses.c.id == 2)), "3"),
}


@pytest.mark.parametrize("harm", TAMPERED)
def test_who_tampers_with_the_record_is_seen(desk: ConsoledCenter, harm: str) -> None:
    """The page says where the chain breaks, and the overview has a finding, until an administrator has looked at it."""
    change, where = TAMPERED[harm]
    _note(desk, 1, 2, 3)
    desk.renew_slowly()
    with signed_in(desk, "zhao") as client:
        assert "记录完整" in client.get("/operation-log").text
        desk.center.store.write(change)
        desk.renew_slowly()
        told = client.get("/operation-log").text
        assert f"在第 {where} 条" in told
        assert "操作记录被改动" in client.get("/").text
        client.post("/operation-log/explained", data={"token": _field(told, "token"), "why": "restored"})
        desk.renew_slowly()
        assert "操作记录被改动" not in client.get("/").text
        assert f"在第 {where} 条" in client.get("/operation-log").text


def test_a_page_of_entries_that_make_no_sense_is_shown(desk: ConsoledCenter) -> None:
    """What was tampered with may be anything, and is just what a person wants to see."""
    _note(desk, 1)
    odd = {"what": "<b>x</b>", "case_id": "no id", "at_ms": 9 * 10**18, "why": "x"}
    desk.center.store.write(lambda tx: tx.execute(update(t.accesses).values(odd)))
    desk.renew_slowly()
    with signed_in(desk, "wang") as client:
        answer = client.get("/operation-log")
    assert answer.status_code == 200
    assert "在第 1 条" in answer.text
    assert "<b>x</b>" not in answer.text


def test_an_end_that_was_cut_off_is_seen(desk: ConsoledCenter) -> None:
    """Though what is left fits together, and by another console process than the one that saw it: the store of the
    console remembers the newest entry."""
    _note(desk, 1, 2, 3)
    ChainWatch(desk.center.store, desk.own).check(1)
    desk.center.store.write(lambda tx: tx.execute(delete(t.accesses).where(t.accesses.c.id == 3)))
    watch = ChainWatch(desk.center.store, desk.own)
    assert watch.check(2).lost
    _note(desk, 4)
    assert watch.check(3).lost
    watch.explained(4)
    assert watch.check(5).whole


def test_a_long_record_is_checked_bit_by_bit(desk: ConsoledCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look reads so many entries, and what is altered behind the walk is found when it comes round."""
    monkeypatch.setattr("bus.console.record_chain.AT_ONCE", 2)
    _note(desk, *range(1, 8))
    watch = ChainWatch(desk.center.store, desk.own)
    walked = [watch.check(number).walked for number in range(1, 5)]
    assert walked == [2, 4, 6, 7]
    desk.center.store.write(lambda tx: tx.execute(update(t.accesses).where(t.accesses.c.id == 1).values(who="x")))
    assert watch.check(5).broken == (1,)

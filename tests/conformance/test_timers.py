"""Timers of the clocks on SQLite and on PostgreSQL: written with the case, due in time, made anew of the records."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
from sqlalchemy import select

from bus.attachments.blob_store import BlobStore
from bus.clocks.rules import Rules
from bus.contract.messages import Outcome
from bus.custody.commands import Accept, Close, Offer, Register, Resolve
from bus.store import Store, Tx, timers
from bus.store import tables as t
from bus.store.timers import ClockState, TimerRow
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork
from tests.harness.clocked import Clocked, at
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case, carry


@pytest.fixture
def center(store: Store, tmp_path: Path) -> BareCenter:
    """The media center with its clocks on, over a store of either kind."""
    made = BareCenter(MEDIA, tmp_path)
    made.store.close()
    made.store, made.blobs = store, BlobStore(store, tmp_path / "files")
    made.context = replace(made.context, clocks=Rules())
    return made


@pytest.fixture
def other(tmp_path: Path) -> Iterator[BareCenter]:
    """The party service with its clocks on."""
    made = BareCenter(PARTY, tmp_path)
    made.context = replace(made.context, clocks=Rules())
    yield made
    made.close()


def kept(store: Store) -> dict[UUID, int]:
    """Every timer."""
    with store.reading() as tx:
        return {UUID(case_id): next_ms for case_id, next_ms in tx.execute(select(t.timers))}


def test_each_change_of_a_case_lets_the_clocks_look_at_it_at_once(center: BareCenter, other: BareCenter) -> None:
    """In the transaction of the change, at both ends; a case that is closed has a timer at its origin alone."""
    case = a_case(MEDIA)
    center.execute(Register(case=case))
    assert kept(center.store) == {case.case_id: ms(center.now)}
    center.later(60)
    center.execute(Offer(case_id=case.case_id, to=(PARTY,)))
    assert kept(center.store) == {case.case_id: ms(center.now)}
    carry(center, other)
    assert kept(other.store) == {case.case_id: ms(other.now)}
    other.execute(
        Accept(case_id=case.case_id), Resolve(case_id=case.case_id, outcome=Outcome.DONE, public_reply="已办")
    )
    carry(center, other)
    center.execute(Close(case_id=case.case_id, replied_at=center.now))
    carry(center, other)
    assert (set(kept(center.store)), set(kept(other.store))) == ({case.case_id}, set())


def test_a_case_that_is_written_off_the_clocks_has_no_timer(center: BareCenter) -> None:
    """While they are off nothing is kept."""
    center.context = replace(center.context, clocks=None)
    center.execute(Register(case=a_case(MEDIA)))
    assert kept(center.store) == {}


def test_what_is_undone_leaves_no_timer(center: BareCenter) -> None:
    """A transaction that fails takes the timer back with the case."""

    def change(tx: Tx) -> None:
        uow = UnitOfWork(tx, center.context, center.now)
        uow.execute(Register(case=a_case(MEDIA)))
        uow.flush()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        center.store.write(change)
    assert kept(center.store) == {}


def test_the_due_ones_come_in_their_order_and_no_more_than_asked_for(store: Store) -> None:
    """The longest due first; a timer of the future does not come."""
    ids = [str(a_case(MEDIA).case_id) for _ in range(4)]
    times = (30, 10, 20, 31)
    store.write(lambda tx: timers.put(tx, [TimerRow(*one) for one in zip(ids, times, strict=True)]))
    with store.reading() as tx:
        assert timers.due(tx, 30, 200) == [UUID(ids[1]), UUID(ids[2]), UUID(ids[0])]
        assert timers.due(tx, 30, 2) == [UUID(ids[1]), UUID(ids[2])]
        assert timers.figures(tx, 30) == (3, 10)
        assert timers.figures(tx, 9) == (0, 0)
        assert timers.of_case(tx, UUID(ids[3])) == 31
    store.write(lambda tx: timers.put(tx, [TimerRow(ids[1], 50)]))
    store.write(lambda tx: timers.forget(tx, ids[2:]))
    assert kept(store) == {UUID(ids[0]): 30, UUID(ids[1]): 50}


def test_all_are_looked_at_again_page_by_page(center: BareCenter, other: BareCenter) -> None:
    """Every open case, and a closed one at its origin; not the closed ones of others, nor one that has left."""
    mine, theirs = [a_case(MEDIA) for _ in range(5)], a_case(PARTY)
    for case in mine:
        center.execute(Register(case=case))
    closed = mine[0].case_id
    center.execute(
        Resolve(case_id=closed, outcome=Outcome.DONE, public_reply="已办"),
        Close(case_id=closed, replied_at=center.now),
    )
    other.execute(Register(case=theirs), Offer(case_id=theirs.case_id, to=(MEDIA,)))
    carry(center, other)
    center.execute(
        Accept(case_id=theirs.case_id), Resolve(case_id=theirs.case_id, outcome=Outcome.DONE, public_reply="已")
    )
    carry(center, other)
    other.execute(Close(case_id=theirs.case_id, replied_at=other.now))
    carry(center, other)
    center.store.write(lambda tx: timers.forget(tx, [str(one.case_id) for one in mine]))
    assert kept(center.store) == {}
    now_ms, pages = ms(center.now), 0
    after: str | None = ""
    while after is not None:
        after = center.store.write(partial(timers.look_at_all, me=MEDIA, now_ms=now_ms, after=after, at_most=2))
        pages += 1
    assert kept(center.store) == dict.fromkeys((case.case_id for case in mine), now_ms)
    assert pages == 3
    later = now_ms + timers.LIVES_ON_MS + 1
    center.store.write(lambda tx: timers.look_at_all(tx, MEDIA, later, "", 100))
    assert {case_id for case_id, at_ms in kept(center.store).items() if at_ms == later} == {
        case.case_id for case in mine[1:]
    }


def test_the_memory_never_takes_back_what_an_operator_says(store: Store) -> None:
    """Go and recount come from another process, at any moment."""
    store.write(lambda tx: timers.keep_state(tx, ClockState(10)))
    store.write(lambda tx: timers.all_looked_at(tx, "a", ""))
    with store.reading() as tx:
        old = timers.state(tx)
    assert old is not None
    assert old == ClockState(10, "a")
    assert store.write(timers.go)
    assert store.write(timers.recount)
    store.write(lambda tx: timers.keep_state(tx, old._replace(seen_ms=20, back_ms=5, away_ms=6)))
    store.write(lambda tx: timers.all_looked_at(tx, "b", "a"))
    with store.reading() as tx:
        assert timers.state(tx) == ClockState(20, "", 5, 6, 1)


def test_clocks_that_are_off_have_no_memory(store: Store) -> None:
    """So that every case is looked at when they are on again; and an operator hears that they are off."""
    store.write(lambda tx: timers.keep_state(tx, ClockState(10)))
    store.write(timers.switched_off)
    assert not store.write(timers.go)
    assert not store.write(timers.recount)
    with store.reading() as tx:
        assert timers.state(tx) is None


def test_a_message_without_a_receipt_is_on_the_road(center: BareCenter, other: BareCenter) -> None:
    """From its age on, and until its receipt."""
    case = a_case(MEDIA)
    center.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,)))

    def away(since_ms: int) -> set[tuple[UUID, str]]:
        with center.store.reading() as tx:
            return timers.on_the_road(tx, [case.case_id], since_ms)

    assert away(ms(center.now)) == {(case.case_id, PARTY)}
    assert away(ms(center.now) - 1) == set()
    carry(center, other)
    assert away(ms(center.now)) == set()


def test_two_processes_at_once_give_each_reminder_once(center: BareCenter) -> None:
    """Both see the same timers at the same moment; whoever comes second finds the reminders in the records."""
    center.now = at("2026-11-23 09:00")
    first = Clocked(center)
    ids = [a_case(MEDIA, received_at=center.now) for _ in range(20)]
    center.execute(*(Register(case=case) for case in ids), *(Offer(case_id=case.case_id, to=(PARTY,)) for case in ids))
    center.store.write(lambda tx: tx.execute(t.outbox.delete()))  # as if all were receipted
    first.settle()
    beside = Store(center.store.url.render_as_string(hide_password=False))
    second = Clocked(center)
    second.reminding.store = beside
    center.now = at("2026-11-25 09:00")
    faults: list[Exception] = []

    def work(one: Clocked) -> None:
        try:
            one.look()
        except Exception as fault:
            faults.append(fault)

    threads = [Thread(target=work, args=(one,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    beside.close()
    assert faults == []
    assert first.lines() == [("sign", PARTY, "urge.urged")] * 20
    assert first.sent() == [("case.urged", PARTY)] * 20


def test_a_case_that_is_closed_while_it_is_looked_at_has_nothing_to_say(center: BareCenter) -> None:
    """Whoever locks the case first goes first: after the close nothing is said, and nobody waits for ever."""
    center.now = at("2026-11-23 09:00")
    clocked = Clocked(center)
    cases_ = [a_case(MEDIA, received_at=center.now) for _ in range(20)]
    center.execute(*(Register(case=case) for case in cases_))
    clocked.settle()
    center.now = at("2026-12-01 09:00")
    faults: list[Exception] = []

    def close() -> None:
        try:
            for case in cases_:
                center.execute(Resolve(case_id=case.case_id, outcome=Outcome.DONE, public_reply="已办"),
                               Close(case_id=case.case_id, replied_at=center.now))  # fmt: skip
        except Exception as fault:
            faults.append(fault)

    thread = Thread(target=close)
    thread.start()
    for _ in range(5):
        clocked.look()
    thread.join()
    clocked.look()
    assert faults == []
    assert set(kept(center.store)) == {case.case_id for case in cases_}
    with center.store.reading() as tx:
        lines = tx.execute(
            select(t.journal.c.case_id, t.journal.c.kind, t.journal.c.way).order_by(t.journal.c.id)
        ).all()
    for case in cases_:
        mine = [(kind, way) for case_id, kind, way in lines if case_id == str(case.case_id)]
        assert "reminded" not in [way for _, way in mine[mine.index(("close", "did")) :]]

"""Operations on both databases: of commands and steps that come at the same moment each is done once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from bus.contract.staff_command import Act, Matching
from bus.operations import door, operating
from bus.store import Store, Tx, operations, outbox, parked, parked_marks, schema
from bus.store import tables as t
from bus.store.outbox import ClaimedMessage
from bus.store.timestamps import ms
from tests.harness.duty import Duty
from tests.harness.signing_county import GOVERNMENT, PARTY

AT_ONCE = 4


@pytest.fixture(params=["sqlite", "postgresql"])
def duty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Duty]:
    """A center with persons on duty, on either database."""
    made = Duty(tmp_path)
    if request.param == "postgresql":
        made.center.store.close()
        made.center.store = Store(request.getfixturevalue("database_url"))
        schema.upgrade(made.center.store)
    yield made
    made.close()


def _count(duty: Duty, way: str) -> int:
    with duty.store.reading() as tx:
        found: int = tx.execute(select(func.count()).select_from(t.journal).where(t.journal.c.way == way)).scalar_one()
        return found


def test_the_same_command_at_the_same_moment_is_carried_out_once(duty: Duty) -> None:
    """Each of the callers hears the same."""
    raw = duty.signed("staff-anna", duty.command("staff-anna", Act.PAUSE, peer=PARTY))
    with ThreadPoolExecutor(AT_ONCE) as callers:
        answers = list(callers.map(duty.give, [raw] * AT_ONCE))
    assert answers == [answers[0]] * AT_ONCE
    assert answers[0].status == 200
    assert _count(duty, "operation") == 1


def test_an_operation_that_several_processes_work_off_does_each_item_once(duty: Duty) -> None:
    """As a command on the center's machine beside the center does."""
    for _ in range(4):
        duty.untaken()
        duty.refused()
    command = duty.command("staff-otto", Act.DISCARD, preview=True, matching=Matching(peer=PARTY))
    duty.give(duty.signed("staff-otto", command))
    persons = ("staff-otto", "staff-olga", "staff-adam", "staff-anna")
    with ThreadPoolExecutor(AT_ONCE) as workers:
        runs = list(workers.map(lambda who: duty.say(who, Act.RUN, operation=command.id), persons))
        list(workers.map(lambda _: duty.work(), range(AT_ONCE)))
    assert len({one.body["operation"]["run_by"] for one in runs}) == 1
    with duty.store.reading() as tx:
        done = operations.get(tx, str(command.id))
        assert parked.listed(tx) == []
    assert done is not None
    assert (done.state, done.size, done.done, done.refused) == ("done", 8, 8, 0)
    assert (_count(duty, "operated"), _count(duty, "discarded")) == (8, 8)


def test_what_is_paused_is_not_claimed(duty: Duty) -> None:
    """By peer and by kind, of outbox and inbox."""
    duty.offered(PARTY)
    duty.offered(GOVERNMENT)
    duty.say("staff-anna", Act.PAUSE, peer=PARTY)
    now_ms = ms(duty.center.now)

    def claim(tx: Tx) -> list[ClaimedMessage]:
        return outbox.claim(tx, now_ms, 10, 1000, some_paused=outbox.what_is_due(tx, now_ms).paused)

    claimed = duty.store.write(claim)
    assert [one.recipient for one in claimed] == [GOVERNMENT]


def test_old_commands_and_operations_are_forgotten(duty: Duty) -> None:
    """What a person has held stays for as long as it is parked."""
    gone, held = duty.unread(), duty.untaken()
    for number in (gone, held):
        duty.say("staff-otto", Act.HOLD, items=(number,))
    duty.work()
    duty.store.write(lambda tx: parked.take(tx, int(gone)))
    now = duty.center.now
    assert door.prune(duty.store, now, ms(now) + 1, 1) == 1
    assert door.prune(duty.store, now + 2 * door.REMEMBERED, ms(now) + 1, 10) == 1
    with duty.store.reading() as tx:
        assert [one.parked_id for one in parked_marks.of_all(tx).values()] == [int(held)]
        assert operations.listed(tx, 10) == []
        assert tx.execute(select(func.count()).select_from(t.staff_commands)).scalar_one() == 0
        assert tx.execute(select(func.count()).select_from(t.operation_items)).scalar_one() == 0


def test_refusals_are_counted_and_told_now_and_then(duty: Duty) -> None:
    """The journal has one line an hour for each key and code, however many there are."""
    for _ in range(5):
        duty.say("staff-vera", Act.PAUSE, peer=PARTY)
    assert _count(duty, "not-operated") == 1
    duty.center.later(door.REFUSALS_TOLD_EVERY.total_seconds())
    duty.say("staff-vera", Act.PAUSE, peer=PARTY)
    assert _count(duty, "not-operated") == 2
    with duty.store.reading() as tx:
        (row,) = tx.execute(select(t.refused_commands.c.times)).all()
    assert row.times == 6


def test_an_operation_that_nobody_knows_is_not_worked_off(duty: Duty) -> None:
    """Nor one that nobody has let run."""
    number = duty.untaken()
    assert not operating.step(duty.store, duty.center.context, str(UUID(int=0)), duty.center.now)
    command = duty.command("staff-otto", Act.DISCARD, preview=True, items=(number,))
    duty.give(duty.signed("staff-otto", command))
    assert not operating.step(duty.store, duty.center.context, str(command.id), duty.center.now)
    with duty.store.reading() as tx:
        assert len(parked.listed(tx)) == 1

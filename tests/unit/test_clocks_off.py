"""With the clocks off all is as before: on the wire, in the store, on the pages; and what turning them on adds."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import event, select

from bus.clocks.rules import Clock, Level, Rules
from bus.contract.messages import Outcome, Rater, Reason
from bus.custody.commands import Accept, AskAssist, Close, Decline, Offer, Rate, Register, Reopen, Report, Resolve, Urge
from bus.log import ALLOWED, log
from bus.operations.erasure import erase
from bus.operations.marks_watch import MarksWatch
from bus.operations.metrics import Metrics
from bus.pipeline.remind import Reminded
from bus.runtime.health import Health, StoreProof
from bus.runtime.loops import Loops
from bus.runtime.round_log import ReminderLog
from bus.settings import CenterSettings
from bus.store import tables as t
from bus.store import timers
from bus.store.encryption import CaseEncryption
from tests.harness.clocked import Clocked, clocked
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case
from tests.unit.test_encryption import MASTER

OWN = {t.timers.name, t.clock_state.name}
"""The tables of the clocks."""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{64}\b")
"""An id, or a digest, which follows from ids."""


def story(folder: Path, rules: Rules | None) -> tuple[list[str], dict[str, list[str]]]:
    """A case from its form to its second round: the documents on the wire, and every row, with ids by their order."""
    folder.mkdir()
    media, party = BareCenter(MEDIA, folder), BareCenter(PARTY, folder)
    wire: list[bytes] = []
    for center in (media, party):
        center.context = replace(center.context, clocks=rules)
    case = a_case(MEDIA, number="N-1")

    def act(center: BareCenter, *commands: Any) -> None:
        center.execute(*commands)
        while parcels := [parcel for one in (media, party) for parcel in one.relay()]:
            wire.extend(parcel.body for parcel in parcels)
            for parcel in parcels:
                (media if parcel.recipient == MEDIA else party).receive(parcel.body)

    one = case.case_id
    act(media, Register(case=case), Offer(case_id=one, to=(PARTY,)))
    act(party, Decline(case_id=one, reason=Reason.NOT_DUTY))
    again = a_case(MEDIA, number="N-2")
    act(media, Register(case=again), Offer(case_id=again.case_id, to=(PARTY,)))
    act(media, Urge(case_id=again.case_id, text="请尽快"))
    act(party, Accept(case_id=again.case_id))
    act(party, Report(case_id=again.case_id, stage="contacted", text="已联系"))
    act(party, AskAssist(case_id=again.case_id, to=MEDIA, ask="请协助"))
    act(party, Resolve(case_id=again.case_id, outcome=Outcome.DONE, public_reply="已办"))
    act(media, Close(case_id=again.case_id, replied_at=media.now))
    act(media, Rate(case_id=again.case_id, grade=2, rater=Rater.RESIDENT))
    act(media, Reopen(case_id=again.case_id, text="仍未解决"))
    rows = {f"{name}.{table}": lines for name, center in (("media", media), ("party", party))
            for table, lines in dump(center).items()}  # fmt: skip
    media.close()
    party.close()
    return masked([body.decode() for body in wire]), {name: masked(lines) for name, lines in rows.items()}


def dump(center: BareCenter) -> dict[str, list[str]]:
    """Every row of every table but those of the clocks; digests follow from the ids."""
    with center.store.reading() as tx:
        return {
            table.name: [
                repr([value for name, value in row._mapping.items() if name not in ("digest", "before")])
                for row in tx.execute(select(table).order_by(*table.primary_key))
            ]
            for table in t.metadata.sorted_tables
            if table.name not in OWN
        }


def masked(lines: list[str]) -> list[str]:
    """The lines with each id as the number of its first appearance."""
    seen: dict[str, str] = {}
    return [_ID.sub(lambda found: seen.setdefault(found[0], f"<{len(seen)}>"), line) for line in lines]


def test_a_case_goes_its_way_the_same_with_and_without_clocks(tmp_path: Path) -> None:
    """Byte for byte on the wire and row for row in the store, but for the clocks' own two tables."""
    without, with_ = story(tmp_path / "off", None), story(tmp_path / "on", Rules())
    assert len(without[0]) > 10
    assert without[0] == with_[0]
    assert without[1] == with_[1]


def test_the_clocks_own_tables_are_not_touched_while_they_are_off(tmp_path: Path) -> None:
    """No step names them, so a store without them would do."""
    center, seen = BareCenter(MEDIA, tmp_path), []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(center.store.engine, "before_cursor_execute", note)
    case = a_case(MEDIA)
    center.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,)))
    center.relay()
    with center.store.reading() as tx:
        assert [tx.execute(select(table)).all() for table in (t.timers, t.clock_state)] == [[], []]
    assert [one for one in seen if "timers" in one or "clock_state" in one][:-2] == []
    center.close()


def test_they_are_off_by_default() -> None:
    """A settings file of before turns nothing on."""
    assert CenterSettings.model_fields["clocks"].default.rules() is None


@pytest.fixture
def media(tmp_path: Path) -> Iterator[Clocked]:
    """The media center with its clocks on."""
    made = clocked(MEDIA, tmp_path)
    yield made
    made.center.close()


def test_a_center_that_runs_without_clocks_forgets_how_they_stood(media: Clocked) -> None:
    """Cases that change meanwhile have no timer: once the clocks are on again, every case is looked at."""
    media.center.context = replace(media.center.context, clocks=None)
    case = a_case(MEDIA, received_at=media.center.now)
    media.center.store.write(timers.switched_off)
    media.center.execute(Register(case=case))
    media.center.context = replace(media.center.context, clocks=Rules())
    media.restart()
    media.look()
    assert set(media.next()) == {str(case.case_id)}


def test_an_erased_case_has_no_timer(tmp_path: Path) -> None:
    """Nothing is said of it any more, also when all cases are looked at again."""
    center = BareCenter(MEDIA, tmp_path, encryption=CaseEncryption(MASTER))
    media = Clocked(center)
    case = a_case(MEDIA, received_at=center.now)
    center.execute(
        Register(case=case),
        Resolve(case_id=case.case_id, outcome=Outcome.DONE, public_reply="已办"),
        Close(case_id=case.case_id, replied_at=center.now),
    )
    center.store.write(lambda tx: tx.execute(t.work.delete()))  # its tasks are done
    media.look()
    assert set(media.next()) == {str(case.case_id)}
    assert erase(center.blobs, center.context, case.case_id, center.now, "test", "test")
    assert media.next() == {}
    assert center.store.write(timers.recount)
    media.look()
    assert media.next() == {}
    center.close()


def test_figures_of_the_clocks_are_shown_where_they_are_on(media: Clocked) -> None:
    """Cases that wait for a look, since when, and reminders by clock and level; without clocks none of them."""
    metrics = Metrics(MEDIA, media.center.store, media.center.transport)
    assert "bus_timers" not in metrics.page().decode()
    assert "bus_reminders" not in metrics.page().decode()
    metrics.reminders.switch_on()
    media.center.execute(Register(case=a_case(MEDIA)))
    metrics.reminders.count({(Clock.SIGN, Level.URGE): 2})
    page = metrics.page().decode()
    assert f'bus_timers_due{{center="{MEDIA}"}} 1.0' in page
    assert f'bus_timers_late_seconds{{center="{MEDIA}"}}' in page
    assert f'bus_reminders_total{{center="{MEDIA}",clock="sign",level="urge"}} 2.0' in page


def test_a_clock_that_was_set_is_told_by_health(media: Clocked) -> None:
    """As a fault of the loop, with its cure, and without effect on whether forms are taken."""
    center, shut = media.center, Event()
    health = Health(
        Loops(_no_thread, shut, log()), StoreProof(center.store, lambda: center.now), center.transport, center.context,
        lambda: center.now, bool, shut, MarksWatch(center.store, center.context.security),
        clock_stepped=lambda: media.reminding.guard.stepped, certificate_days=lambda: 12,
    )  # fmt: skip
    assert health.flow()["flow"]
    assert "clocks" not in health.ready()
    center.now += timedelta(days=1)
    media.look()
    (fault,) = health.flow()["faults"]
    assert (fault["loop"], fault["kind"]) == ("remind", "clock")
    assert "bus clocks go" in fault["trouble"]
    assert health.ready()["clocks"].startswith("clock-stepped")
    assert health.ready()["certificate"] == 12


def _no_thread(_name: str, _run: object) -> Thread:
    raise AssertionError("no loop is started here")


def test_the_log_tells_each_state_once() -> None:
    """That the clock was set, that it is right again, whom nobody reaches, and what could not be looked at."""
    told, lines = ReminderLog(), Lines()
    for done in (
        Reminded(stepped=True), Reminded(stepped=True), Reminded(), Reminded(),
        Reminded(away=Counter({PARTY: 3}), unfit=Counter({"no-term": 1})),
    ):  # fmt: skip
        told.tell(lines, done)  # type: ignore[arg-type]  # of a log it needs two words
    assert lines.said == [
        ("clock-stepped", {"step": "remind"}), ("clock-agrees", {"step": "remind"}),
        ("not-urged", {"peer": PARTY, "count": 3, "code": "nobody-there"}),
        ("not-looked-at", {"code": "no-term", "count": 1}),
    ]  # fmt: skip
    assert all(set(fields) <= ALLOWED for _, fields in lines.said)


class Lines:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []

    def warning(self, event_: str, **fields: Any) -> None:
        """One line."""
        self.said.append((event_, fields))

    error = warning

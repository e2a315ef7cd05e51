"""What a run of chaos makes of the auditor's findings and of what persons on duty were answered: it can say no."""

from datetime import UTC, datetime

import pytest

from bus.audit import Code, Finding
from bus.contract.staff_command import Act
from bus.security.keyring import new_key
from bus.store.operations import State
from verification.chaos import commanded
from verification.chaos.commanded import Books, Item, Line
from verification.chaos.duty import Given
from verification.chaos.faults import FAULTS
from verification.chaos.lanes import LANES
from verification.chaos.persons import OPERATOR, command_of
from verification.chaos.shown import SHOWN, WITHIN, Damage, Shown, false_alarms, missed, uncleared

MEDIA, PARTY = "media_center-150402", "party_service-150402"
CASE = "01a22bda-0000-7000-8000-000000000001"
STOPPED = Damage("stop-center", PARTY, 1000, 1070)


def a_finding(code: Code = Code.SILENT_CENTER, opened: float = 1050, cleared: float | None = 1080) -> Finding:
    """A finding about the stopped center, or about whatever the code says."""
    cleared_ms = None if cleared is None else int(cleared * 1000)
    return Finding(1, code, PARTY, "", PARTY, 1_000_000, int(opened * 1000), cleared_ms, ())


# -- the auditor -------------------------------------------------------------------------------------------------------


def test_the_table_names_every_fault() -> None:
    """Each fault is found as something, or there is a reason why not; and each that is found is played until it is."""
    assert SHOWN.keys() == FAULTS.keys()
    lasting = {name for lane in LANES for run in lane.runs for name in run.lasting}
    assert {name for name, shown in SHOWN.items() if isinstance(shown, Shown)} <= lasting


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([a_finding()], []),
        ([], ["missed stop-center"]),
        ([a_finding(Code.CLOCKS_APART)], ["missed stop-center"]),
        ([a_finding(opened=1065)], ["found stop-center"]),
        ([a_finding(opened=900, cleared=950)], ["missed stop-center"]),
    ],
    ids=["found", "not found", "as something else", "late", "before it began"],
)
def test_damage_that_lasts_is_found_in_time(found: list[Finding], said: list[str]) -> None:
    """As the code that the table names, at the center that was struck, within a minute."""
    assert [one.split(": ")[1].split(" at ")[0] for one in missed([STOPPED], found, WITHIN)] == said


def test_damage_that_heals_before_the_minute_is_over_need_not_be_found() -> None:
    """Nor one that facts cannot show."""
    assert not [*missed([STOPPED._replace(ended=1050)], [], WITHIN)]
    assert not [*missed([STOPPED._replace(fault="stop-vendor")], [], WITHIN)]


def test_an_alarm_without_a_cause_is_false() -> None:
    """Without a fault every finding is one; with a fault those that no delay makes, unless it is found as that."""
    assert [*false_alarms([], [a_finding()])]
    assert not [*false_alarms(["stop-center"], [a_finding()])]
    assert [*false_alarms(["stop-center"], [a_finding(Code.SET_BACK)])]
    assert not [*false_alarms(["clock-back-1h"], [a_finding(Code.CLOCKS_APART)])]


def test_what_is_healed_clears() -> None:
    """A finding that stays open is none of a healed county, but for what the broker's journal keeps."""
    left = a_finding(cleared=None)
    assert [*uncleared(["stop-center"], [a_finding(), left])] == [left]
    assert not [*uncleared(["poison"], [a_finding(Code.LABEL_WITHOUT_FACT, cleared=None)])]


# -- persons on duty ---------------------------------------------------------------------------------------------------


def an_urge(*answers: int) -> Given:
    """An urge of one case, and the statuses with which the door has answered it."""
    key = new_key(OPERATOR, datetime.now(UTC))
    return Given(command_of(key, MEDIA, Act.URGE, items=(CASE,)), b"", [(status, {}) for status in answers])


def the_books(
    given: Given, *, lines: int = 1, said: int = 1, state: str = State.DONE, outcome: str | None = "done"
) -> Books:
    """A store in which the urge was wanted and carried out so often."""
    about = str(given.command.id)
    return Books(
        MEDIA,
        frozenset({about}),
        [
            Line("", "operation", Act.URGE, about),
            *[Line(CASE, "operated", Act.URGE, about)] * lines,
            *[Line(CASE, "said", "case.urged", None)] * said,
        ],
        [Item(about, Act.URGE, state, CASE, outcome)],
        0,
    )


def test_a_command_that_was_carried_out_once_is_sound() -> None:
    """However often it was given; and one that was never answered may have been carried out, or not."""
    for given in (an_urge(200, 200, 200), an_urge()):
        assert not [*commanded.judge([given], the_books(given), set_back=False)]
    never = an_urge()
    assert not [*commanded.judge([never], Books(MEDIA, frozenset(), [], [], 0), set_back=False)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"lines": 2}, "was done 2 times on 1 items"),
        ({"lines": 0}, "was done 0 times on 1 items"),
        ({"said": 2}, "said it 2 times"),
        ({"said": 0}, "said it 0 times"),
        ({"state": State.RUNNING}, "is running"),
        ({"outcome": None, "lines": 0, "said": 0}, "has passed over"),
    ],
    ids=str,
)
def test_what_was_not_done_once_is_seen(wrong: dict[str, object], said: str) -> None:
    """Twice, not at all, or not to its end."""
    given = an_urge(200)
    found = [*commanded.judge([given], the_books(given, **wrong), set_back=False)]  # type: ignore[arg-type]
    assert any(said in one for one in found), found


def test_a_command_that_was_answered_in_two_ways_or_forgotten_is_seen() -> None:
    """The same bytes have one answer, and what was answered is kept; a store that was put back is excused."""
    given = an_urge(200, 409)
    assert any("two ways" in one for one in commanded.judge([given], the_books(given), set_back=False))
    nothing = Books(MEDIA, frozenset(), [], [], 0)
    assert len([*commanded.judge([an_urge(200)], nothing, set_back=False)]) == 2
    assert not [*commanded.judge([an_urge(200)], nothing, set_back=True)]
    assert [*commanded.judge([], nothing._replace(paused=1), set_back=False)]

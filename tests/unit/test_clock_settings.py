"""``[clocks]`` of the settings: off by default, read as a county writes it, and told at once where it is wrong."""

import re
import tomllib
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from bus.clocks.rules import Clock, Level, Rules, digest
from bus.clocks.terms import parse
from bus.clocks.written import FAULTS, ClockSettings
from bus.contract.case import Urgency
from bus.contract.working_days import CHINA
from bus.settings import BadSettings, CenterSettings, load
from tests.unit.test_settings_names import NEW, WHOLE
from verification.rooms import ROOT

WRITTEN = """
[clocks]
enabled = true
soon_percent = 70
office_hours = ["09:00-12:00", "13:30-17:00"]
[clocks.days]
2026-09-16 = false
2026-09-19 = true
[clocks.sign]
urgent = "20min"
[clocks.fixed]
call-back = "2wd"
[clocks.ladder]
escalate = "4wd"
[[clocks.terms]]
category = "roads"
urgency = "urgent"
round = 2
term = "2wd"
[[clocks.terms]]
term = "7wd"
"""


def read(folder: Path, text: str) -> CenterSettings:
    """The settings of a center with these lines."""
    path = folder / "center.toml"
    path.write_text(WHOLE + NEW + text, encoding="utf-8")
    return load(path)


def test_clocks_are_off_where_nothing_is_written(tmp_path: Path) -> None:
    """Also where terms are written and nobody has switched them on."""
    assert read(tmp_path, "").clocks.rules() is None
    assert read(tmp_path, '[clocks.sign]\nnormal = "2wd"\n').clocks.rules() is None


def test_clocks_switched_on_have_the_default_rules(tmp_path: Path) -> None:
    """The defaults of the settings are those of the rules."""
    assert read(tmp_path, "[clocks]\nenabled = true\n").clocks.rules() == Rules()


def test_a_county_writes_its_own_terms(tmp_path: Path) -> None:
    """What is written counts, and what is left out has its default."""
    rules = read(tmp_path, WRITTEN).clocks.rules()
    assert rules is not None
    assert rules.term_of("roads.light", Urgency.URGENT, 2) == parse("2wd")
    assert rules.term_of("roads.light", Urgency.URGENT, 1) == parse("7wd")
    assert (rules.sign[Urgency.URGENT], rules.sign[Urgency.NORMAL]) == (parse("20min"), parse("1wd"))
    assert (rules.fixed[Clock.CALL_BACK], rules.fixed[Clock.REPLY]) == (parse("2wd"), parse("1wd"))
    assert rules.ladder == {Level.SUPERVISE: parse("1wd"), Level.ESCALATE: parse("4wd"), Level.ANNOUNCE: parse("5wd")}
    assert rules.calendar.hours == ((time(9), time(12)), (time(13, 30), time(17)))
    assert not rules.calendar.works(date(2026, 9, 16))
    assert rules.calendar.works(date(2026, 9, 19))
    assert rules.soon_percent == 70


@pytest.mark.parametrize(
    ("lines", "where", "kind"),
    [
        ('[clocks.sign]\nnormal = "soon"', "clocks.sign.normal", "clock_term"),
        ('[clocks.fixed]\nassist = "1001wd"', "clocks.fixed.assist", "clock_term"),
        ('[[clocks.terms]]\nterm = "5 wd"', "clocks.terms.0.term", "clock_term"),
        ('[clocks]\nlongest_extension = ""', "clocks.longest_extension", "clock_term"),
        ('[clocks.fixed]\nsign = "1wd"', "clocks", "clock_fixed"),
        ('[[clocks.terms]]\nurgency = "urgent"\nterm = "3wd"', "clocks", "clock_terms"),
        ('[[clocks.terms]]\nterm = "5wd"\n[[clocks.terms]]\nterm = "3wd"', "clocks", "clock_terms"),
        ('[clocks.ladder]\nescalate = "1wd"', "clocks.ladder", "clock_ladder"),
        ('[clocks]\noffice_hours = ["08:30-12:00", "11:00-17:30"]', "clocks", "clock_hours"),
        ('[clocks]\noffice_hours = ["14:30-17:30", "08:30-12:00"]', "clocks", "clock_hours"),
        ('[clocks]\noffice_hours = ["08:30-08:30"]', "clocks", "clock_hours"),
        ('[clocks]\noffice_hours = ["22:00-06:00"]', "clocks", "clock_hours"),
        ('[clocks]\noffice_hours = ["8-12"]', "clocks", "clock_hours"),
        ("[clocks]\noffice_hours = []", "clocks", "clock_hours"),
    ],
)
def test_a_slip_is_told_at_once_with_its_place_and_cure(tmp_path: Path, lines: str, where: str, kind: str) -> None:
    """In both languages, also while the clocks are off."""
    with pytest.raises(BadSettings) as told:
        read(tmp_path, lines)
    assert told.value.faults == [(where, *FAULTS[kind])]


def test_a_window_may_begin_where_another_ends(tmp_path: Path) -> None:
    """Offices that stay open at noon, with the shifts written as they are."""
    hours = read(tmp_path, '[clocks]\noffice_hours = ["08:30-12:00", "12:00-17:30"]\n').clocks.calendar()
    noon = datetime(2026, 11, 26, 12, tzinfo=CHINA)
    assert hours.opens(noon) == noon
    assert hours.add_working(noon - timedelta(minutes=30), timedelta(hours=1)) == noon + timedelta(minutes=30)


def test_days_that_close_a_year_are_told(tmp_path: Path) -> None:
    """A calendar without a working day would let no clock ring."""
    closed = "\n".join(f"{date.fromordinal(date(2026, 9, 16).toordinal() + one)} = false" for one in range(500))
    with pytest.raises(BadSettings) as told:
        read(tmp_path, f"[clocks.days]\n{closed}\n")
    assert told.value.faults == [("clocks", *FAULTS["clock_days"])]


def test_other_rules_have_another_digest(tmp_path: Path) -> None:
    """So that every timer is looked at again; the same rules written twice have one digest."""
    first, again = (read(tmp_path, WRITTEN).clocks.written_rules() for _ in range(2))
    assert digest(first) == digest(again)
    others = {digest(read(tmp_path, WRITTEN.replace(*change)).clocks.written_rules()) for change in (
        ("20min", "25min"), ("2026-09-16 = false", "2026-09-16 = true"), ("09:00", "09:30"), ('"7wd"', '"8wd"'),
    )}  # fmt: skip
    assert len(others | {digest(first)}) == 5


@pytest.mark.parametrize("manual", ["operate.md", "operate.zh-CN.md"])
def test_the_manual_shows_the_defaults(tmp_path: Path, manual: str) -> None:
    """What an operator copies is what counts without it, but for the days, which are examples."""
    page = (ROOT / "docs" / manual).read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(\[clocks\].*?)```", page, re.DOTALL)
    rules = read(tmp_path, block).clocks.rules()
    assert rules is not None
    assert set(rules.calendar.days.values()) == {True, False}
    assert replace(rules, calendar=replace(rules.calendar, days={})) == Rules()
    assert set(tomllib.loads(block)["clocks"]) == set(ClockSettings.model_fields)

"""`bus stats`: figures with their numbers and formulas, by the county's reckoning; no case and no resident in it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bus.contract.case import Person
from bus.contract.messages import Outcome
from bus.custody.commands import PastRating, Register, Settle
from bus.figures.period import CHINA
from bus.operations import erasure
from bus.security.master_key import FileKey
from bus.store import cases
from bus.store.encryption import CaseEncryption
from tests.harness.step import MEDIA, BareCenter, a_case
from tests.unit.test_cli_run import bus

JULY = datetime(2026, 7, 1, tzinfo=CHINA)
NAME = "居民庚"


@dataclass
class Desk:
    """The media center and its settings."""

    here: BareCenter
    config: Path

    def asked(self, *words: str) -> dict[str, Any]:
        """What the command says in JSON."""
        code, out, said = bus("stats", *words, "--config", self.config, "--json")
        assert code == 0, said
        document: dict[str, Any] = json.loads(out)
        return document

    def value(self, code: str, *words: str) -> tuple[str, int, int | None]:
        """A figure: its value, numerator and denominator."""
        found = next(one for one in self.asked(*words)["figures"] if one["code"] == code)
        return found["value"], found["numerator"], found["denominator"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Three cases of July: one settled on the 10th and rated, one at the end of the month, one open."""
    config = tmp_path / "here.toml"
    config.write_text(
        f'center = "{MEDIA}"\nstore = "sqlite:///{tmp_path}/{MEDIA}.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
    )
    here = BareCenter(MEDIA, tmp_path, encryption=CaseEncryption(FileKey(b"k" * 32)))
    for number, end in enumerate((JULY + timedelta(days=9), JULY + timedelta(days=31), None)):
        heard = JULY + timedelta(days=number)
        case = a_case(MEDIA, received_at=heard, number=f"N-{number}", resident=Person(name=NAME))
        here.execute(Register(case=case))
        if end is not None:
            rated = (PastRating(grade=4, at=end),) if number == 0 else ()
            told = Settle(
                case_id=case.case_id, outcome=Outcome.DONE, public_reply="已办。", resolved_at=end, ratings=rated
            )
            here.execute(told)
    yield Desk(here, config)
    here.store.close()


def test_a_month_is_counted_as_it_stood(desk: Desk) -> None:
    """Before the 1st of August at 00:00 one of three is resolved; what was resolved at that moment is August's."""
    assert desk.value("resolution-rate", "--month", "2026-07", "--as-of", "2026-08-01") == ("33.33 %", 1, 3)
    assert desk.value("resolution-rate", "--month", "2026-07", "--as-of", "2026-08-02") == ("66.67 %", 2, 3)
    assert desk.value("open", "--month", "2026-07", "--as-of", "2026-08-01") == ("2", 2, None)
    assert desk.value("satisfaction-rate", "--month", "2026-07") == ("100.00 %", 1, 1)
    assert desk.value("satisfaction-rate", "--month", "2026-06") == ("—", 0, 0)


def test_a_county_reckons_as_its_settings_say(desk: Desk) -> None:
    """Where July begins on 3 June, the cases of 2 July and before belong to it, those of the 3rd to August."""
    with desk.config.open("a", encoding="utf-8") as file:
        file.write("[figures]\nmonth_begins = 3\nweights = [0, 0, 600, 900, 1000]\n")
    assert desk.value("registered", "--month", "2026-07") == ("2", 2, None)
    assert desk.value("registered", "--month", "2026-08") == ("1", 1, None)
    assert desk.value("weighted-satisfaction", "--month", "2026-07") == ("90.00 %", 900, 1000)


def test_an_erased_case_is_still_counted(desk: Desk) -> None:
    """The figures hold nothing of the matter, so they need none of it."""
    before = desk.asked("--month", "2026-07", "--as-of", "2026-09-01")
    with desk.here.store.reading() as tx:
        closed = cases.erasable(tx, 2**60, 10, sensitive=False)
    assert len(closed) == 2
    for case_id in closed:
        erasure.erase(desk.here.blobs, desk.here.context, case_id, desk.here.now, "root", "asked")
    assert desk.asked("--month", "2026-07", "--as-of", "2026-09-01") == before


def test_numbers_and_formula_stand_beside_each_rate_and_nobody_is_named(desk: Desk) -> None:
    """In both languages."""
    words = ("--from", "2026-07-01", "--to", "2026-08-01", "--as-of", "2026-08-02", "--config", str(desk.config))
    _, chinese, _ = bus("stats", *words, "--lang", "zh")
    _, english, _ = bus("stats", *words, "--lang", "en")
    assert "办结率\t66.67 %\t2\t3\t期内受理、截止时刻前办结 ÷ 期内受理" in chinese
    assert "Resolution rate\t66.67 %\t2\t3\tresolved before the as-of ÷ registered in the period" in english
    assert "2026-07-01T00:00:00+08:00" in chinese
    assert not any(word in chinese + english for word in (NAME, "N-0", "楼道"))


def test_divisions_are_listed_from_the_region_down(desk: Desk) -> None:
    """Each with its total, and with what lies in none of its children."""
    found = desk.asked("--month", "2026-07", "--as-of", "2026-08-02", "--by-division")["divisions"]
    assert [one["division"] for one in found] == ["", "15", "1504", "150402", "150402006", "150402006006"]
    assert {(one["registered"], one["resolved"]) for one in found} == {(3, 2)}
    assert [one["unplaced"]["registered"] for one in found] == [0, 0, 0, 0, 0, 3]
    _, out, _ = bus("stats", "--month", "2026-07", "--by-division", "--config", desk.config, "--lang", "zh")
    assert "150402006006\t3\t" in out


def test_a_center_without_a_county_counts_in_its_region_alone(desk: Desk) -> None:
    """S19: its cases lie in a community, and no county below the region shows one of them."""
    with desk.config.open("a", encoding="utf-8") as file:
        file.write('[figures]\ncounted_in = "150000"\n')
    found = desk.asked("--month", "2026-07", "--as-of", "2026-08-02", "--by-division")["divisions"]
    assert [(one["division"], one["registered"], one["unplaced"]["registered"]) for one in found] == [
        ("", 3, 0), ("15", 3, 3),
    ]  # fmt: skip
    assert desk.value("resolution-rate", "--month", "2026-07", "--as-of", "2026-08-02") == ("66.67 %", 2, 3)
    desk.config.write_text(desk.config.read_text(encoding="utf-8").replace("150000", "150702"), encoding="utf-8")
    code, _, said = bus("stats", "--config", desk.config, "--lang", "en")
    assert (code != 0, "counted_in" in said) == (True, True)


@pytest.mark.parametrize(
    "words",
    [("--month", "July"), ("--month", "2026-13"), ("--from", "2026-07-01", "--to", "2026-07-01"), ("--as-of", "now"),
     ("--month", "2026-07", "--from", "2026-07-02")],
    ids=" ".join,
)  # fmt: skip
def test_what_is_no_period_is_wrong_usage(desk: Desk, words: tuple[str, ...]) -> None:
    """Exit code 2, and how to write it."""
    code, _, said = bus("stats", *words, "--config", desk.config, "--lang", "en")
    assert code == 2
    assert "2021-07-01" in said

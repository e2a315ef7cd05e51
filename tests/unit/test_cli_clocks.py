"""`bus clocks`: what is due in a case, all timers anew, an operator's go; and what doctor says of the clocks."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bus.cli import check_clocks
from bus.clocks.rules import digest
from bus.contract.case import Case
from bus.contract.working_days import CHINA
from bus.pipeline.clock_guard import LONG_DOWNTIME_MS
from bus.settings import load
from bus.store import timers
from bus.store.timers import ClockState, TimerRow
from tests.harness.clocked import Clocked, at, clocked
from tests.harness.step import MEDIA, PARTY, carry
from tests.unit.test_cli_run import SECRET, bus
from tests.unit.test_remind import offered


@dataclass
class Desk:
    """The media center, its settings, and a case that it has offered."""

    media: Clocked
    config: Path
    case: Case

    def run(self, *words: object) -> tuple[int, str, str]:
        """Run ``bus clocks`` here."""
        return bus("clocks", *words, "--config", self.config)

    def asked(self, *words: object) -> Any:
        """What a command says in JSON."""
        code, out, said = self.run(*words, "--json")
        assert code == 0, said
        return json.loads(out)

    def found(self) -> dict[str, str]:
        """What doctor finds, in English."""
        settings = load(self.config, intake_secret=SECRET)
        return {one.what: one.found.en for one in check_clocks.clocks(settings)}

    def remember(self, **changes: Any) -> None:
        """The clocks remember something else."""
        with self.media.center.store.reading() as tx:
            known = timers.state(tx) or ClockState(0)
        new = known._replace(**{"seen_ms": int(time.time() * 1000)} | changes)
        self.media.center.store.write(lambda tx: timers.keep_state(tx, new))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The offer was urged on Wednesday morning."""
    config = tmp_path / "here.toml"
    config.write_text(
        f'center = "{MEDIA}"\nstore = "sqlite:///{tmp_path}/{MEDIA}.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
        "[clocks]\nenabled = true\n"
    )
    media, party = clocked(MEDIA, tmp_path), clocked(PARTY, tmp_path)
    case = offered(media)
    carry(media.center, party.center)
    media.until(at("2026-11-25 09:00"))
    yield Desk(media, config, case)
    media.center.close()
    party.center.close()


def off(desk: Desk) -> None:
    """The clocks are off."""
    desk.config.write_text(desk.config.read_text().replace("enabled = true", "enabled = false"))


def test_show_tells_what_runs_what_was_said_and_what_comes(desk: Desk) -> None:
    """By number, short number or id; nothing of the matter or the resident."""
    told = desk.asked("show", desk.case.number)
    assert told["next_ms"] == desk.media.next()[str(desk.case.case_id)]
    sign = {one["clock"]: one for one in told["deadlines"]}["sign"]
    assert sign == {
        "clock": "sign", "round": 1, "waits_for": [PARTY], "begins": sign["begins"],
        "due": "2026-11-24T23:59:59+08:00", "term": "1wd", "estimate": False, "given": "urge", "next": "supervise",
        "next_at": "2026-11-26T08:30:00+08:00",
    }  # fmt: skip
    code, out, _ = desk.run("show", desk.case.number, "--lang", "zh")
    assert code == 0
    assert all(word in out for word in ("签收", "催办", "督办", "2026-11-24 23:59", "下次查看"))
    assert not any(word in out for word in ("居民甲", "楼道灯"))


def test_show_marks_a_date_that_is_an_estimate(desk: Desk) -> None:
    """A term into a year whose holidays are not announced may still change."""
    desk.config.write_text(desk.config.read_text() + '[[clocks.terms]]\nterm = "600wd"\n')
    told = {one["clock"]: one for one in desk.asked("show", desk.case.number)["deadlines"]}
    assert told["term"]["estimate"]
    assert not told["sign"]["estimate"]
    assert "an estimate" in desk.run("show", desk.case.number, "--lang", "en")[1]


def test_show_of_a_case_that_is_not_here(desk: Desk) -> None:
    """Exit code 1, and the cure."""
    code, _, said = desk.run("show", "N-unknown", "--lang", "en")
    assert (code, "no such case here" in said) == (1, True)


def test_show_with_the_clocks_off_says_so(desk: Desk) -> None:
    """And what they would say."""
    off(desk)
    code, out, said = desk.run("show", desk.case.number, "--lang", "en")
    assert (code, "answer to the offer" in out, "the clocks are off" in said) == (0, True, True)


def test_recount_lets_the_running_center_look_at_every_case(desk: Desk) -> None:
    """Due dates stay; what was said is not repeated."""
    said, before = desk.media.lines(), desk.media.next()
    assert desk.asked("recount") == {"noted": True}
    desk.media.center.store.write(lambda tx: timers.put(tx, [TimerRow(str(desk.case.case_id), 2**50)]))
    desk.media.look()
    assert (desk.media.lines(), desk.media.next()) == (said, before)


def test_go_ends_a_hold(desk: Desk) -> None:
    """The operator has looked at the clock."""
    desk.media.center.now += timedelta(days=1)
    assert desk.media.look()[0].stepped
    assert desk.run("go", "--lang", "en")[:2] == (0, "noted: the running center goes on reminding\n")
    assert not desk.media.look()[0].stepped


@pytest.mark.parametrize("word", ["recount", "go"])
def test_with_the_clocks_off_nothing_is_noted(desk: Desk, word: str) -> None:
    """The cure is said; so it is where they have never run."""
    desk.media.center.store.write(timers.switched_off)
    assert (1, "start the center first" in desk.run(word, "--lang", "en")[2]) == (desk.run(word)[0], True)
    off(desk)
    code, _, said = desk.run(word, "--lang", "en")
    assert (code, "enabled = true" in said) == (1, True)


def test_doctor_says_nothing_of_clocks_that_are_off(desk: Desk) -> None:
    """A center of before finds what it found."""
    off(desk)
    assert desk.found() == {}


@pytest.mark.parametrize(("years", "told"), [(-1, True), (0, False), (1, False)])
def test_doctor_tells_of_days_of_another_year(desk: Desk, years: int, *, told: bool) -> None:
    """A county's list of days that nobody has renewed closes no office any more."""
    year = datetime.now(CHINA).year + years
    desk.config.write_text(desk.config.read_text() + f"[clocks.days]\n{year}-03-04 = false\n")
    assert (f"[clocks.days] ends in {year}" in desk.found().get("county days", "")) is told


def test_doctor_tells_what_the_clocks_wait_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each state with its cure, and that all is well."""
    monkeypatch.setattr(check_clocks, "AHEAD", timedelta(days=-400))  # of which the holidays are known
    rules = load(desk.config, intake_secret=SECRET).clocks.written_rules()
    now_ms, far = int(time.time() * 1000), 2**50
    desk.remember()
    desk.media.center.store.write(lambda tx: timers.put(tx, [TimerRow(str(desk.case.case_id), far)]))
    assert desk.found() == {"clocks": "run"}
    desk.media.center.store.write(lambda tx: timers.put(tx, [TimerRow(str(desk.case.case_id), now_ms - 3_600_000)]))
    assert "1 cases not looked at" in desk.found()["clocks"]
    desk.remember(away_ms=LONG_DOWNTIME_MS + 1)
    assert "high levels wait" in desk.found()["clocks"]
    desk.media.center.store.write(timers.recount)
    assert "look at every case again" in desk.found()["clocks"]
    desk.media.center.store.write(lambda tx: timers.all_looked_at(tx, digest(rules), ""))
    desk.remember(seen_ms=now_ms + 86_400_000)
    assert "before the last round" in desk.found()["clocks"]
    desk.media.center.store.write(timers.switched_off)
    assert "have not run yet" in desk.found()["clocks"]
    monkeypatch.setattr(check_clocks, "AHEAD", timedelta(days=3650))
    assert "are unknown" in desk.found()["holidays"]


def test_the_journal_of_a_case_has_each_reminder(desk: Desk) -> None:
    """`bus trace` tells which clock, to whom, and how."""
    code, out, _ = bus("trace", desk.case.number, "--config", desk.config, "--lang", "zh")
    assert code == 0
    line = next(line for line in out.splitlines() if "urge.urged" in line)
    assert line.split("\t")[1:4] == ["到期提醒", "sign", PARTY]


def test_show_tells_whose_time_it_was(desk: Desk) -> None:
    """The media center's until the offer, then the party center's; the age with and without holds."""
    told = desk.asked("show", desk.case.number)
    assert [(one["center"], one["why"]) for one in told["charges"]][-1] == (PARTY, "offered")
    assert told["held_s"] == 0
    assert told["age_s"] > 0
    code, out, _ = desk.run("show", desk.case.number, "--lang", "zh")
    assert code == 0
    assert "待签收" in out
    assert "案龄" in out

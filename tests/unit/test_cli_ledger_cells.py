"""`bus stats --by` and `bus ledger cases` at a ledger: each center's own figures, and the cases behind them."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bus.context import Ledger
from bus.contract.facts import FactsTold
from bus.contract.messages import Outcome, Reason
from bus.custody import commands as c
from bus.store import ledger_cells
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case, carry
from tests.unit.test_cli_run import bus
from tests.unit.test_facts_told import LEDGER, with_ledger

LEAGUE = "ledger-150400"
JULY = ("--from", "2026-07-01", "--to", "2030-01-01", "--as-of", "2031-01-01")


@dataclass
class Told:
    """A county's ledger that two centers have told of three cases, one of them resolved; and the league's above it."""

    folder: Path
    centers: tuple[BareCenter, ...]
    """The media center, the party center, and both ledgers."""
    ids: list[str]

    def config(self, name: str) -> Path:
        """The settings of a participant."""
        path = self.folder / f"{name}.toml"
        path.write_text(f'center = "{name}"\nstore = "sqlite:///{self.folder}/{name}.db"\n', encoding="utf-8")
        return path

    def asked(self, *words: str, at: str = LEDGER) -> Any:
        """What a command says in JSON."""
        code, out, said = bus(*words, "--config", self.config(at), "--json", "--lang", "en")
        assert code == 0, said
        return json.loads(out)

    def refused(self, *words: str, at: str = LEDGER) -> str:
        """Why a command is wrong usage."""
        code, _, said = bus(*words, "--config", self.config(at), "--lang", "en")
        assert code == 2
        return said


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    """The county and its ledgers."""
    media, party = (with_ledger(BareCenter(name, tmp_path)) for name in (MEDIA, PARTY))
    county, league = BareCenter(LEDGER, tmp_path), BareCenter(LEAGUE, tmp_path)
    county.context = replace(
        county.context, ledger=Ledger(LEAGUE), reads=lambda name, kind: (name, kind) == (LEAGUE, FactsTold.kind)
    )
    for one in (county, league):
        ledger_cells.recount(one.store, one.context.keeping, lambda _count: None)
    ids = []
    for center in (media, media, party):
        case = a_case(center.context.me, received_at=center.now - timedelta(days=1))
        center.execute(c.Register(case=case))
        ids.append(str(case.case_id))
        if len(ids) == 1:
            center.execute(c.Resolve(case_id=case.case_id, outcome=Outcome.DONE, public_reply="已修好"))
    carry(media, party, county, league, rounds=20)
    yield Told(tmp_path, (media, party, county, league), ids)
    for one in (media, party, county, league):
        one.close()


def _rows(document: Any, by: str, figure: str) -> dict[str, tuple[int, int | None]]:
    return {
        row[by]: next((one["numerator"], one["denominator"]) for one in row["figures"] if one["code"] == figure)
        for row in document["rows"]
    }


def test_each_center_has_a_row_and_they_add_up(told: Told) -> None:
    """The county is the sum of its centers; a table shows one figure with its numbers, or the values of some."""
    found = told.asked("stats", "--by", "center", *JULY)
    assert _rows(found, "center", "resolution-rate") == {MEDIA: (1, 2), PARTY: (0, 1)}
    (whole,) = told.asked("stats", "--figure", "resolution-rate", *JULY)["figures"]
    assert (whole["numerator"], whole["denominator"], whole["value"]) == (1, 3, "33.33 %")
    _, out, _ = bus("stats", "--by", "center", "--figure", "resolution-rate", *JULY, "--config", told.config(LEDGER))
    assert f"{MEDIA}\t50.00 %\t1\t2" in out
    _, out, _ = bus("stats", "--by", "street", *JULY, "--config", told.config(LEDGER), "--lang", "zh")
    assert "街道\t受理\t在办\t办结率" in out
    assert "150402006\t3\t2\t33.33 %" in out


def test_declined_offers_are_counted_by_reason_and_recipient(told: Told) -> None:
    """The reason is told with the fact that the sender has heard it."""
    media, party, *_ = told.centers
    assert not _rows(told.asked("stats", "--by", "reason", *JULY), "reason", "return-rate")
    case_id = UUID(told.ids[1])
    media.execute(c.Offer(case_id=case_id, to=(PARTY,)))
    carry(*told.centers, rounds=4)
    party.execute(c.Decline(case_id=case_id, reason=Reason.NOT_DUTY))
    carry(*told.centers, rounds=20)
    assert _rows(told.asked("stats", "--by", "reason", *JULY), "reason", "return-rate") == {"not-duty": (1, 1)}
    assert _rows(told.asked("stats", "--by", "recipient", *JULY), "recipient", "return-rate") == {PARTY: (1, 1)}
    words = ("ledger", "cases", "--figure", "return-rate", "--reason", "not-duty", *JULY)
    (offer,) = told.asked(*words)["cases"]
    assert offer == {"center": MEDIA, "case_id": told.ids[1], "version": 1}


def test_the_cases_behind_a_figure_are_listed_by_page(told: Told) -> None:
    """By their ids alone; a page says where the next one begins."""
    words = ("ledger", "cases", "--figure", "resolution-rate", *JULY)
    (done,) = told.asked(*words)["cases"]
    assert done == {"center": MEDIA, "case_id": told.ids[0]}
    seen, place = [], ""
    while place is not None:
        page = told.asked(*words, "--side", "denominator", "--limit", "1", *(("--after", place) if place else ()))
        seen += [one["case_id"] for one in page["cases"]]
        place = page["next"]
    assert sorted(seen) == sorted(told.ids)
    found = told.asked(*words, "--side", "denominator", "--center", PARTY, "--street", "150402006")["cases"]
    assert [one["case_id"] for one in found] == [told.ids[2]]
    _, out, _ = bus(*words, "--limit", "1", "--config", told.config(LEDGER), "--lang", "en")
    assert f"{MEDIA}\t{told.ids[0]}" in out
    assert f"--after {MEDIA}/{told.ids[0]}/0" in out


def test_the_ledger_above_says_where_its_cases_are_asked_for(told: Told) -> None:
    """It was told sums: each ledger below is a row, and the command that lists its cases there is whole."""
    found = told.asked("stats", "--by", "center", *JULY, at=LEAGUE)
    assert _rows(found, "center", "resolution-rate") == {LEDGER: (1, 3)}
    words = ("ledger", "cases", "--figure", "registered", *JULY)
    page = told.asked(*words, "--center", LEDGER, at=LEAGUE)
    assert (page["cases"], page["next"]) == ([], None)
    (elsewhere,) = page["elsewhere"]
    assert (elsewhere["ledger"], elsewhere["cases"]) == (LEDGER, 3)
    there = told.asked(*shlex.split(elsewhere["ask"])[1:])
    assert sorted(one["case_id"] for one in there["cases"]) == sorted(told.ids)
    (narrowed,) = told.asked(*words, "--street", "150402006", at=LEAGUE)["elsewhere"]
    assert narrowed["ask"].endswith("--street 150402006")
    _, out, _ = bus(*words, "--config", told.config(LEAGUE), "--lang", "en")
    assert f"{LEDGER} has counted 3 more; ask there: bus ledger cases --figure registered" in out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("stats", "--by", "street", "--figure", "return-rate"), "no such figure here; there are: registered"),
        (("stats", "--figure", "best"), "no such figure here"),
        (("ledger", "cases", "--figure", "best"), "no such figure here"),
        (("ledger", "cases", "--figure", "registered", "--side", "denominator"), "has no denominator"),
        (("ledger", "cases", "--figure", "return-rate", "--street", "150402006"), "this figure has no street"),
        (("ledger", "cases", "--figure", "registered", "--after", "there"), "says as next"),
    ],
    ids=lambda one: one[-1] if isinstance(one, tuple) else "",
)
def test_what_cannot_be_asked_is_wrong_usage(told: Told, words: tuple[str, ...], why: str) -> None:
    """With what may be asked."""
    assert why in told.refused(*words)


def test_a_center_is_not_split(told: Told) -> None:
    """It counts its own cases alone."""
    settings = told.config(MEDIA).read_text(encoding="utf-8")
    path = told.folder / "with-backend.toml"
    path.write_text(settings + '[backend]\nurl = "http://127.0.0.1:1"\n', encoding="utf-8")
    code, _, said = bus("stats", "--by", "center", "--config", path, "--lang", "en")
    assert (code, "a center counts its own cases alone" in said) == (2, True)

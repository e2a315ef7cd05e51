"""`bus waiting`, `bus cases`: what waits and for whom, and which cases there are; no resident's data."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bus.cli import cases as command
from bus.custody.commands import Offer, Register
from bus.sdk.codes import RejectCode
from bus.store import Tx, parked
from bus.store.unit_of_work import UnitOfWork
from tests.harness.cases_of_each_state import cases_of_each_state
from tests.harness.step import MEDIA, NOW, PARTY, BareCenter, a_case
from tests.unit.test_cli_run import bus


@dataclass
class Desk:
    """The media center and its settings."""

    here: BareCenter
    config: Path

    def asked(self, *words: object) -> Any:
        """What a command says in JSON."""
        code, out, said = bus(*words, "--config", self.config, "--json")
        assert code == 0, said
        return json.loads(out)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Four cases of the media center: kept, offered to the party service, held by it, and closed."""
    config = tmp_path / "here.toml"
    config.write_text(
        f'center = "{MEDIA}"\nstore = "sqlite:///{tmp_path}/{MEDIA}.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
    )
    here, party = BareCenter(MEDIA, tmp_path), BareCenter(PARTY, tmp_path)
    kept = cases_of_each_state(here, party, NOW - timedelta(days=400))[1]
    here.execute(Offer(case_id=kept.case_id, to=(PARTY,)))
    yield Desk(here, config)
    here.close()
    party.close()


def test_what_waits_is_told_by_peer_with_its_age(desk: Desk) -> None:
    """Open cases by who has them, messages without a receipt, tasks for the center's own system, and what is parked."""
    desk.here.store.write(
        lambda tx: parked.park(tx, [parked.row("wire", "internal", "", known_by=b"d", owner=MEDIA, now_ms=1)])
    )
    found = {(one["place"], one["peer"]): one for one in desk.asked("waiting")}
    assert {key: one["count"] for key, one in found.items()} == {
        ("open", MEDIA): 2, ("open", PARTY): 1, ("outbox", PARTY): 1, ("inbox", PARTY): 3, ("parked", ""): 1,
    }  # fmt: skip
    assert all(one["oldest_seconds"] > 0 for one in found.values())


def test_what_waits_names_the_oldest_case_by_its_short_number(desk: Desk) -> None:
    """Of each place and peer, so that two people can speak of it over the telephone; parked rows may have no case."""
    desk.here.store.write(
        lambda tx: parked.park(tx, [parked.row("wire", "internal", "", known_by=b"d", owner=MEDIA, now_ms=1)])
    )
    short = {one["number"]: one["short_number"] for one in desk.asked("cases")}
    assert {(one["place"], one["peer"]): one["oldest_case"] for one in desk.asked("waiting")} == {
        ("open", MEDIA): short["N-0"], ("open", PARTY): short["N-2"], ("outbox", PARTY): short["N-1"],
        ("inbox", PARTY): short["N-2"], ("parked", ""): "",
    }  # fmt: skip


def test_cases_that_a_route_led_to_nobody_are_named(desk: Desk) -> None:
    """Beside the open cases, of which they are some, in both languages."""
    ghost, case = "party_service-999999", a_case(MEDIA)
    desk.here.execute(Register(case=case))

    def refused(tx: Tx) -> None:
        uow = UnitOfWork(tx, desk.here.context, desk.here.now)
        uow.journal(case.case_id, "refused", "offer", ghost, None, RejectCode.UNKNOWN_CENTER)
        uow.flush()

    desk.here.store.write(refused)
    found = {(one["place"], one["peer"]): one["count"] for one in desk.asked("waiting")}
    assert (found["open", MEDIA], found["routed-to-nobody", ghost]) == (3, 1)
    for lang, words in (("en", "of them routed to nobody"), ("zh", "路由指向名录外的中心")):
        _, out, _ = bus("waiting", "--config", desk.config, "--lang", lang)
        assert re.search(rf"{words}\s+{ghost}\s+1\s", out), out


def test_cases_are_listed_the_oldest_first(desk: Desk) -> None:
    """With number, category, who has it and since when; without a word of the resident."""
    found = desk.asked("cases")
    assert [(one["number"], one["status"], one["holder"]) for one in found] == [
        ("N-0", "open", MEDIA), ("N-1", "open", MEDIA), ("N-2", "open", PARTY), ("N-3", "closed", PARTY),
    ]  # fmt: skip
    assert "居民甲" not in str(found)
    assert "楼道灯" not in str(found)


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (("--status", "open"), ["N-0", "N-1", "N-2"]),
        (("--status", "closed"), ["N-3"]),
        (("--peer", PARTY), ["N-2", "N-3"]),
        (("--category", "housing"), ["N-1"]),
        (("--category", "housing*"), ["N-1", "N-2"]),
        (("--status", "open", "--limit", "1"), ["N-0"]),
        (("--older-than", "100000d"), []),
        (("--older-than", "1m"), ["N-0", "N-1", "N-2", "N-3"]),
    ],
)
def test_cases_are_chosen(desk: Desk, words: tuple[str, ...], numbers: list[str]) -> None:
    """By state, by who has to do with them, by category and its branches, by age."""
    assert [one["number"] for one in desk.asked("cases", *words)] == numbers


def test_a_large_store_is_read_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Across the bounds of a page none is told twice or left out."""
    monkeypatch.setattr(command, "PAGE", 1)
    assert [one["number"] for one in desk.asked("cases")] == ["N-0", "N-1", "N-2", "N-3"]


def test_people_read_tables(desk: Desk) -> None:
    """In their language; and nothing that waits is said in words."""
    _, out, _ = bus("waiting", "--config", desk.config)
    assert "发出未回执" in out
    _, out, _ = bus("cases", "--config", desk.config, "--lang", "en", "--limit", "2")
    assert out.splitlines()[0] == "Short number\tNumber\tStatus\tCategory\tHolder\tAge\tDue"
    _, out, _ = bus("cases", "--config", desk.config, "--category", "nothing")
    assert "没有这样的案件" in out


@pytest.mark.parametrize("words", [("--status", "lost"), ("--older-than", "soon"), ("--older-than", "3")])
def test_what_cannot_be_asked_is_usage(desk: Desk, words: tuple[str, str]) -> None:
    """Exit code 2, with the right way to say it."""
    assert bus("cases", "--config", desk.config, *words)[0] == 2

"""The custody protocol, checked exhaustively within small bounds, and proof that the check can fail.

Each row of the tables is one search; verification/model/README.md says what the models are.
"""

import sys
from pathlib import Path

import pytest

from verification.model.spin import Explored, explore

SOUND = {
    "one offer to one center, withdrawn, declined, handed on": "N=4 OFFERS=3 WITHDRAWALS=2",
    "offers to several": "N=4 OFFERS=2 WITHDRAWALS=1 OPEN_OFFERS",
    "an arbiter apart": "N=4 OFFERS=2 WITHDRAWALS=1 ARBITER=3 COMPLAINTS=1",
    "an arbiter among them, who rules unasked, too": "OFFERS=2 WITHDRAWALS=1 ARBITER=2 COMPLAINTS=1 RULINGS=1",
    "the origin as arbiter": "OFFERS=2 ARBITER=0 RULINGS=2 OPEN_OFFERS",
    "so many hand-overs that only a ruling may follow": "N=4 OFFERS=3 ARBITER=3 COMPLAINTS=1 STEP=3",
    "desks that never answer": "N=4 OFFERS=2 ARBITER=3 SILENT_DESKS",
    "desks that never answer, and results": "OFFERS=2 ARBITER=2 SILENT_DESKS RESULTS=1",
    "results, replies and late rulings": "N=4 OFFERS=2 ARBITER=3 COMPLAINTS=1 RESULTS=1",
    "a second round": "OFFERS=2 ARBITER=2 COMPLAINTS=1 RESULTS=2",
    "help asked of others": "OFFERS=2 WITHDRAWALS=1 RESULTS=2 ASSISTS=1",
    "over the road as it is, two centers": "ROAD N=2 OFFERS=1 WITHDRAWALS=1 DEPTH=2",
    "over the road as it is, three centers": "ROAD N=3 OFFERS=1 WITHDRAWALS=1 DEPTH=2",
}
"""Custody as it is."""
LARGE = (
    "offers to several",
    "an arbiter apart",
    "so many hand-overs that only a ruling may follow",
    "desks that never answer",
    "the origin as arbiter",
    "desks that never answer, and results",
    "results, replies and late rulings",
    "over the road as it is, three centers",
)
"""A quarter of a minute each, and more: ``make model`` and ``make whole`` search them."""

ENDS = {
    "withdrawals": "OFFERS=3 WITHDRAWALS=2 OPEN_OFFERS",
    "rulings": "OFFERS=2 WITHDRAWALS=1 ARBITER=2 COMPLAINTS=1",
    "silent desks": "OFFERS=2 ARBITER=2 SILENT_DESKS",
    "rounds": "OFFERS=2 WITHDRAWALS=1 RESULTS=2 ASSISTS=1",
}
"""Where no run is without end, and whoever has something to hear or to do some time does it, all comes to rest."""

LIAR = "VERSIONS=27 HIGHEST=15 LIAR="
"""A center that says what it likes of custody, and room for the rulings that follow."""
LYING = {
    "a liar that is offered the case, and an arbiter": f"{LIAR}1 OFFERS=1 ARBITER=2 COMPLAINTS=1",
    "a liar that may hand the case on": f"{LIAR}1 N=4 OFFERS=2 ARBITER=3",
    "a liar beside offers and withdrawals": f"{LIAR}2 OFFERS=2 WITHDRAWALS=1",
    "a liar beside an open offer": f"{LIAR}2 OFFERS=1 OPEN_OFFERS",
}
"""Where one center lies once, at any moment, to any other."""

FAULTS = {
    "UNILATERAL_WITHDRAWAL": ("WITHDRAWALS=1", "EACH(POWER)"),
    "OFFERS_TWICE": ("", "took[aVersion] == 0"),
    "TWO_GRANTS": ("OPEN_OFFERS", "took[aVersion] == 0"),
    "RULING_ONE_UP": ("ARBITER=2 COMPLAINTS=1", "EACH("),
    "NO_STEP_LIMIT": ("N=4 OFFERS=3 ARBITER=3 COMPLAINTS=1 STEP=3", "EACH_LANE(SILENCE)"),
    "STALE_ACCEPT_BELIEVED": ("", "EACH(BELIEF)"),
    "STALE_OFFER_TAKEN": ("ARBITER=2 COMPLAINTS=1", "EACH("),
    "NEWS_TO_OFFERER_ONLY": ("", "EACH(AGREE)"),
    "NO_LOST": ("OPEN_OFFERS", "EACH_LANE(SILENCE)"),
    "NO_WORD_OF_ENDED_OFFER": ("N=4 ARBITER=3 SILENT_DESKS", "EACH(ENDED)"),
    "RULING_NOT_PASSED_ON": ("N=4 ARBITER=3 COMPLAINTS=1", "EACH(AGREE)"),
    "UNKNOWN_CASE_REFUSED": ("N=4 ARBITER=3 COMPLAINTS=1 RESULTS=1", "EACH(AGREE)"),
    "CLOSED_ASKS_NOBODY_BACK": ("ARBITER=2 SILENT_DESKS RESULTS=1", "EACH(ENDED)"),
    "RULING_AWAITED_FOR_EVER": ("ARBITER=2 COMPLAINTS=1 RESULTS=2", "EACH(RULED_ON)"),
    "JUMP_IS_A_RULING": (f"{LIAR}1 OFFERS=1 ARBITER=2", "nobody is passed by"),
    "ANYBODY_TAKES_AN_OFFER": (f"{LIAR}2 OFFERS=1", "nobody is passed by"),
    "OFFERS_END_BY_HEARSAY": (f"{LIAR}2 OFFERS=1 OPEN_OFFERS", "EACH(FENCED)"),
    "ANYBODY_RULES": (f"{LIAR}1 OFFERS=1 ARBITER=2", "EACH(NAMED)"),
    "NO_HIGHEST": (f"{LIAR}1 OFFERS=1 ARBITER=2", "EACH(CAN_RULE)"),
    "ROAD UNILATERAL_WITHDRAWAL": ("N=2 OFFERS=1 WITHDRAWALS=1 DEPTH=2", "EACH(POWER)"),
}
"""Faults planted in custody: the bounds within which each is found, and the assertion that finds it."""

LANE_FAULTS = {
    "NO_SEQUENCE": "",
    "NO_DEDUPE": "",
    "DELETE_AT_CONFIRM": "",
    "RECEIPT_BEFORE_COMMIT": "",
    "HELD_IN_MEMORY": "",
    "NO_RECEIPT_RESEND": "delivered",
    "NO_RESEND": "delivered",
}
"""Faults planted in the road, and the LTL formula that finds each; without one, an assertion does."""


def _sound(name: str, found: Explored) -> None:
    sys.stdout.write(f"{name}: {found.states} states, {found.errors} errors, {found.seconds} s\n")
    assert found.errors == 0, found.said


@pytest.mark.parametrize(
    ("name", "bounds"),
    [pytest.param(*row, marks=pytest.mark.whole if row[0] in LARGE else (), id=row[0]) for row in SOUND.items()],
)
def test_one_custodian_no_deadlock_and_every_offer_ends(tmp_path: Path, name: str, bounds: str) -> None:
    """In every state one center may decide, and whenever nothing is left to do, all is decided and known."""
    _sound(name, explore(tmp_path, "custody.pml", bounds, large=True))


@pytest.mark.parametrize(("name", "bounds"), LYING.items(), ids=LYING)
def test_a_lying_member_takes_nothing_from_the_others(tmp_path: Path, name: str, bounds: str) -> None:
    """No holder is passed by, no ruling is believed that was not given, nobody poses as arbiter, and one can rule."""
    _sound(name, explore(tmp_path, "custody.pml", bounds, large=True))


@pytest.mark.parametrize(("name", "bounds"), ENDS.items(), ids=ENDS)
def test_no_run_is_without_end(tmp_path: Path, name: str, bounds: str) -> None:
    """No state comes again: the centers cannot keep each other busy for ever."""
    _sound(f"ends: {name}", explore(tmp_path, "custody.pml", bounds, cycles=True))


def test_a_lane_applies_everything_once_and_in_order(tmp_path: Path) -> None:
    """Whatever is lost, repeated, re-ordered or crashed, and no row leaves the outbox unapplied."""
    _sound("a lane of three", explore(tmp_path, "lanes.pml", "DEPTH=3"))


def test_a_lane_runs_empty_when_the_mischief_ends(tmp_path: Path) -> None:
    """Given a network that some time is fair, everything is applied and receipted."""
    _sound("a lane of two, some time", explore(tmp_path, "lanes.pml", "DEPTH=2", claim="delivered"))


@pytest.mark.parametrize(("fault", "bounds", "finder"), [(f, *row) for f, row in FAULTS.items()], ids=FAULTS)
def test_a_fault_in_custody_is_found(tmp_path: Path, fault: str, bounds: str, finder: str) -> None:
    """The model that is right within these bounds is wrong with the fault, by the assertion meant for it."""
    found = explore(tmp_path, "custody.pml", f"{bounds} {fault}")
    assert found.errors > 0, found.said
    assert finder in found.where


def test_a_livelock_is_found(tmp_path: Path) -> None:
    """Two centers that answer each other's word of a ruling with the same word never rest."""
    found = explore(tmp_path, "custody.pml", "ARBITER=2 COMPLAINTS=1 RULING_ECHOED", cycles=True)
    assert found.errors > 0
    assert "non-progress cycle" in found.said


@pytest.mark.parametrize(("fault", "claim"), LANE_FAULTS.items(), ids=LANE_FAULTS)
def test_a_fault_in_the_road_is_found(tmp_path: Path, fault: str, claim: str) -> None:
    """Order, identity, durable hold-back, receipts after the commit and resending: without any of them it fails."""
    found = explore(tmp_path, "lanes.pml", f"DEPTH=2 {fault}", claim=claim)
    assert found.errors > 0, found.said

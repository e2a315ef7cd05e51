"""The auditor's rules over facts and states written by hand: what each sees, and what it leaves alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from bus.audit import (
    CaseView,
    ClockSample,
    Code,
    FactRow,
    Finding,
    Label,
    Reused,
    Said,
    StateRow,
    Teller,
    Violation,
    Waiting,
    clock_samples,
    clocks,
    cure,
    judge,
    lacks_word,
    lanes_set_back,
    silent,
    unmet,
    what,
)
from bus.audit.holders import DELIVERY_MS, REMEMBERED_MS
from bus.audit.legs import ANSWER_MS, BACK_AND_FORTH, SIGN_MS
from bus.audit.messages import APART_MS

A, B, C = "a-150402", "b-150402", "c-150402"
NOW = 10**12
HEARD_UNTIL = NOW + 10**9


@dataclass
class Told:
    """What centers tell of one case, written line by line."""

    facts: list[FactRow] = field(default_factory=list)
    states: dict[str, StateRow] = field(default_factory=dict)
    tellers: dict[str, Teller] = field(default_factory=dict)
    at_ms: int = NOW - 1000

    def fact(self, center: str, way: str, kind: str, holder: str, version: int, **more: Any) -> "Told":
        """One line, and the state after it."""
        about = (more.get("at_ms", self.at_ms), way, kind, more.get("peer"), more.get("message"))
        row = FactRow(len(self.facts) + 1, center, *about, holder, version, more.get("round", 1))
        self.facts.append(row)
        if version:
            self.state(center, holder, version)
        return self

    def state(self, center: str, holder: str, version: int, **more: Any) -> "Told":
        """A center's record."""
        given = {"offered_to": (), "offered_ms": None, "sign_by_ms": None, "status": "open"} | more
        row = StateRow(center, A, holder, version, 1, told_ms=NOW, **given)
        self.states[center] = row
        self.tellers.setdefault(center, Teller(HEARD_UNTIL, HEARD_UNTIL, 0, 0, known=True))
        return self

    @property
    def view(self) -> CaseView:
        """As the auditor sees it."""
        return CaseView("case", self.facts, [*self.states.values()], self.tellers)

    def judged(self, now_ms: int = NOW) -> list[tuple[Code, str]]:
        """(code, center), by the order of the rules."""
        return [(one.code, one.center) for one in judge(self.view, now_ms)]


def handed_over() -> Told:
    """A has given the case to B, and both know it."""
    told = Told().fact(A, "did", "register", A, 1)
    told.fact(A, "said", "case.offered", A, 1, peer=B, message="m1")
    told.fact(B, "heard", "case.offered", A, 1, peer=A, message="m1")
    told.fact(B, "did", "accept", B, 2)
    told.fact(B, "said", "case.accepted", B, 2, peer=A, message="m2")
    return told.fact(A, "heard", "case.accepted", B, 2, peer=B, message="m2")


def test_a_hand_over_that_both_know_is_sound() -> None:
    """No rule says anything."""
    assert handed_over().judged() == []


def test_two_holders_at_one_version_are_found_at_once() -> None:
    """However long they go on, and ten minutes after all have gone on to a later version."""
    told = handed_over().fact(C, "did", "accept", C, 2)
    (one,) = (one for one in judge(told.view, NOW) if one.code is Code.TWO_HOLDERS)
    assert one.patience_ms == 0
    assert {shown.holder for shown in one.evidence} == {B, C}
    for center in (A, B, C):
        told.fact(center, "heard", "case.ruled", B, 1000, peer=A, message=f"r{center}")
    assert (Code.TWO_HOLDERS, C) in told.judged(NOW + REMEMBERED_MS // 2)
    assert (Code.TWO_HOLDERS, C) not in told.judged(NOW + REMEMBERED_MS + 1)


def test_who_believes_to_hold_what_it_gave_away_has_the_time_of_a_delivery() -> None:
    """The old holder has not heard the acceptance yet."""
    told = handed_over()
    told.facts.pop()
    told.state(A, A, 1)
    found = {one.code: one for one in judge(told.view, NOW)}
    assert found[Code.TWO_HOLDERS].center == A
    assert found[Code.TWO_HOLDERS].patience_ms == DELIVERY_MS
    assert found[Code.OVERDUE_RECEIPT].detail == "m2"


def test_a_holder_that_does_not_know_it_is_found() -> None:
    """Only if the ledger has all of its cases: else it may know it, and has not told it."""
    told = handed_over().fact(A, "heard", "case.ruled", C, 1001, peer=B, message="m3")
    told.tellers[C] = Teller(HEARD_UNTIL, HEARD_UNTIL, 0, 0, known=True)
    assert (Code.NO_HOLDER, C) in told.judged()
    told.tellers[C] = told.tellers[C]._replace(known=False)
    assert (Code.NO_HOLDER, C) not in told.judged()


def test_a_version_that_falls_is_a_store_put_back() -> None:
    """Unless the center has begun a new epoch since: then it has said so."""
    told = handed_over().fact(B, "did", "decline", A, 1)
    assert (Code.SET_BACK, B) in told.judged()
    told.tellers[B] = told.tellers[B]._replace(first=len(told.facts))
    assert (Code.SET_BACK, B) not in told.judged()


def test_a_case_that_its_teller_denies_is_a_store_put_back() -> None:
    """Its facts are there, and its record is not."""
    told = handed_over()
    del told.states[B]
    assert (Code.SET_BACK, B) in told.judged()
    told.tellers[B] = told.tellers[B]._replace(known=False)
    assert (Code.SET_BACK, B) not in told.judged()


def offer_heard() -> Told:
    """A has offered the case to B, who has heard it and not answered."""
    told = Told().fact(A, "did", "register", A, 1)
    told.fact(A, "said", "case.offered", A, 1, peer=B, message="m1")
    told.state(A, A, 1, offered_to=(B,), offered_ms=NOW)
    return told.fact(B, "heard", "case.offered", A, 1, peer=A, message="m1")


def test_an_offer_without_a_deadline_has_a_week() -> None:
    """People answer it."""
    (one,) = judge(offer_heard().view, NOW)
    assert (one.code, one.center, one.patience_ms) == (Code.LEG_WITHOUT_END, B, ANSWER_MS)


def test_an_offer_with_a_deadline_is_watched_until_then() -> None:
    """And half a minute longer: the answer may be under way."""
    told = offer_heard().state(A, A, 1, offered_to=(B,), offered_ms=NOW, sign_by_ms=NOW + 60_000)
    (one,) = judge(told.view, NOW)
    assert (one.code, one.patience_ms) == (Code.STUCK_OFFER, 60_000 + SIGN_MS)
    (late,) = judge(told.view, NOW + 10**6)
    assert late.patience_ms == SIGN_MS
    assert late.key == one.key


@pytest.mark.parametrize(
    ("what", "due_ms", "patience_ms"),
    [
        ("assist", None, ANSWER_MS),
        ("assist", NOW + 60_000, 60_000 + SIGN_MS),
        ("ruling", NOW - 60_000, SIGN_MS),
        ("withdrawal", None, DELIVERY_MS),
    ],
)
def test_what_was_asked_is_answered_in_time(what: str, due_ms: int | None, patience_ms: int) -> None:
    """Help and rulings by their dates, or in a week; a withdrawal as soon as it is heard."""
    told = Told().fact(A, "did", "register", A, 1).fact(B, "heard", "case.asked", A, 1, peer=A, message="m1")
    told.fact(A, "said", "case.asked", A, 1, peer=B, message="m1")
    told.state(A, A, 1, waits=(Waiting(what, B, NOW, due_ms),))
    (one,) = judge(told.view, NOW)
    assert (one.code, one.center, one.patience_ms) == (Code.UNANSWERED, B, patience_ms)
    told.fact(B, "said", "case.answered", A, 1, peer=A, message="m2")
    told.state(A, A, 1, waits=(Waiting(what, B, NOW, due_ms),))
    assert (Code.UNANSWERED, B) not in told.judged()  # the answer is under way
    assert Told().state(A, A, 1, status="resolved", waits=(Waiting(what, B, NOW, due_ms),)).judged() == []


@pytest.mark.parametrize("offered_to", [(B,), ()], ids=["answered", "never offered"])
def test_an_offer_with_one_end_has_the_time_of_a_delivery(offered_to: tuple[str, ...]) -> None:
    """One waits for an answer that was given; the other has an offer that nobody makes."""
    told = offer_heard()
    if offered_to:
        told.fact(B, "said", "case.declined", A, 1, peer=A, message="m2")
        told.fact(A, "heard", "case.declined", A, 1, peer=B, message="m2")
    told.state(A, A, 1, offered_to=offered_to)
    (one,) = judge(told.view, NOW)
    assert (one.code, one.patience_ms) == (Code.LEG_WITHOUT_END, DELIVERY_MS)


def test_a_center_whose_facts_are_behind_leaves_no_end_open() -> None:
    """The offerer has heard an answer that its giver has not told yet."""
    told = offer_heard().fact(A, "heard", "case.declined", A, 1, peer=B, message="m2")
    assert told.judged() == []


@pytest.mark.parametrize("message", ["said", "discarded", "ended"])
def test_a_message_is_overdue_unless_somebody_has_given_it_up(message: str) -> None:
    """By a receipt, by an operator, or with the lane."""
    told = handed_over().fact(A, "said", "case.urged", B, 2, peer=B, message="m3")
    if message != "said":
        told.fact(A, message, "peer", B, 2, peer=B, message="m3" if message == "discarded" else None)
    assert told.judged() == ([(Code.OVERDUE_RECEIPT, B)] if message == "said" else [])


def test_nobody_else_gives_a_message_up() -> None:
    """A third center that says so hides nothing."""
    told = handed_over().fact(A, "said", "case.urged", B, 2, peer=B, message="m3")
    told.fact(C, "discarded", "peer", B, 2, peer=B, message="m3").fact(C, "said", "case.urged", B, 2, peer=C)
    assert (Code.OVERDUE_RECEIPT, B) in told.judged()


def test_what_was_said_before_a_center_began_to_tell_is_not_judged() -> None:
    """It may have heard it, and the ledger has not heard that."""
    told = handed_over().fact(A, "said", "case.urged", B, 2, peer=B, message="m3")
    told.tellers[B] = told.tellers[B]._replace(first=len(told.facts) + 1)
    assert Code.OVERDUE_RECEIPT not in {code for code, _ in told.judged()}


def test_a_missing_word_waits_for_a_center_that_has_told_nothing_since() -> None:
    """Then the center is silent, and the case is no finding of its own."""
    told = handed_over().fact(A, "said", "case.urged", B, 2, peer=B, message="m3")
    (one,) = judge(told.view, NOW)
    assert not lacks_word(one, told.view)
    told.tellers[B] = told.tellers[B]._replace(reached_ms=told.at_ms - 1)
    assert lacks_word(one, told.view)


def back_and_forth(times: int) -> Told:
    """The case goes from A to B and back, by rulings."""
    told = Told().fact(A, "did", "register", A, 1)
    for number in range(times):
        version, holder = (number + 1) * 1000, (B, A)[number % 2]
        for center in (A, B):
            told.fact(center, "heard", "case.ruled", holder, version, peer=C, message=f"r{number}{center}")
    return told


def test_a_case_that_goes_back_and_forth_is_found() -> None:
    """Not before the fourth pass, not once it is closed, not in a new round."""
    assert back_and_forth(BACK_AND_FORTH - 1).judged() == []
    told = back_and_forth(BACK_AND_FORTH)
    assert told.judged() == [(Code.PING_PONG, A)]
    for center in (A, B):
        told.state(center, A, BACK_AND_FORTH * 1000, status="closed")
    assert told.judged() == []


def test_a_third_holder_ends_the_back_and_forth() -> None:
    """Somebody else has it now."""
    told = back_and_forth(BACK_AND_FORTH)
    for center in (A, B, C):
        told.fact(center, "heard", "case.ruled", C, 9000, peer=B, message=f"r{center}")
    assert Code.PING_PONG not in {code for code, _ in told.judged()}


def _apart(by_ms: int) -> list[Violation]:
    told = Told().fact(A, "said", "case.offered", A, 1, peer=B, message="m1", at_ms=NOW + by_ms)
    told.fact(B, "heard", "case.offered", A, 1, peer=A, message="m1", at_ms=NOW)
    return list(clocks(clock_samples(told.view)))


def test_a_message_heard_before_it_was_said_shows_clocks_that_differ() -> None:
    """By more than half a minute; the sender is ahead."""
    assert _apart(APART_MS) == []
    (one,) = _apart(APART_MS + 1)
    assert (one.code, one.subject, one.center) == (Code.CLOCKS_APART, f"{A} {B}", A)
    assert list(clocks([ClockSample(A, B, 1, -5000, NOW, "m1")])) == []


def test_a_center_is_silent_if_it_has_told_nothing_since_something_was_said_to_it() -> None:
    """Who is told nothing may rest, and who has never told is no teller."""
    tellers = {A: Teller(NOW, NOW, 0, 0, known=True), B: Teller(NOW, NOW, 0, 0, known=True)}
    assert [one.center for one in silent(tellers, {A: NOW + 1, B: NOW - 1, C: NOW + 1})] == [A]


def test_a_place_in_a_lane_of_facts_that_is_filled_twice_is_found() -> None:
    """The center is named, and what it must do."""
    (one,) = lanes_set_back([Reused(B, NOW, "m9")])
    assert (one.code, one.subject) == (Code.SET_BACK, B)


LABEL = Label("m1", A, B, "case.offered", NOW)
SAID = Said("m1", A, B, "case.offered", NOW, "case")


@pytest.mark.parametrize(
    ("pair", "codes"),
    [
        ((LABEL, SAID), []),
        ((LABEL, None), [Code.LABEL_WITHOUT_FACT]),
        ((None, SAID), [Code.FACT_WITHOUT_LABEL]),
        ((LABEL, SAID._replace(kind="case.urged")), [Code.LABEL_WITHOUT_FACT]),
        ((LABEL, SAID._replace(peer=C)), [Code.LABEL_WITHOUT_FACT]),
    ],
)
def test_labels_and_facts_meet(pair: tuple[Label | None, Said | None], codes: Sequence[Code]) -> None:
    """Where one half is missing, or they contradict each other; only from a center's first fact on."""
    assert [one.code for one in unmet([pair], {A: NOW})] == codes
    assert list(unmet([pair], {A: NOW + 1})) == []
    assert list(unmet([pair], {})) == []


def test_a_label_without_an_id_is_found_at_once() -> None:
    """No center says a message without an id, so no fact is under way; those to two centers are two."""
    foreign = [LABEL._replace(message_id="", recipient=to) for to in (B, C)]
    found = list(unmet([(label, None) for label in foreign], {A: NOW}))
    assert [(one.code, one.center, one.detail, one.patience_ms) for one in found] == [
        (Code.LABEL_WITHOUT_FACT, A, B, 0),
        (Code.LABEL_WITHOUT_FACT, A, C, 0),
    ]
    assert len({one.key for one in found}) == 2


@pytest.mark.parametrize("code", Code)
def test_every_code_has_words_and_a_cure(code: Code) -> None:
    """In both languages, with the names filled in."""
    finding = Finding(1, code, "case", "detail", A, NOW, NOW, None, ())
    for text in (*what(finding), *cure(finding)):
        assert text
        assert "{" not in text

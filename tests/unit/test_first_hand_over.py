"""What figures count of a first offer, a first word with the resident, a call back and a second answer."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from bus.contract import messages as k
from bus.contract.envelope import compose
from bus.custody import Record, Refusal, decide, hear_message, register
from bus.custody import commands as c
from bus.custody.first import FirstHandOver
from bus.custody.progress import CONTACTED
from bus.figures.facts import facts_of
from bus.recovery.case_history import CaseHistory
from bus.recovery.rebuild import rebuild
from bus.store.timestamps import ms
from tests.unit.custody_model.cases import MEDIA, NOW, PARTY, matter

CIVIL, ARBITER = "civilization_center-150402", "command_center-150402"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Two:
    """A case at its origin and at one other center, each hearing what the other says."""

    def __init__(self, other: str = PARTY) -> None:
        self.other, self.case = other, matter(MEDIA)
        self.ours = register(c.Register(case=self.case), MEDIA, ARBITER).record
        self.theirs: Record | None = None

    @property
    def case_id(self) -> UUID:
        """The case."""
        return self.case.case_id

    def do(self, command: c.Command, at: datetime) -> None:
        """What the origin does, and the other center hears."""
        made = decide(self.ours, command, at)
        self.ours = made.record
        for said in made.outgoing:
            if said.to == self.other:
                self.theirs = hear_message(self.theirs, said.data, MEDIA, self.other, self.case_id, at).record

    def does(self, command: c.Command, at: datetime) -> None:
        """What the other center does, and the origin hears."""
        assert self.theirs is not None
        made = decide(self.theirs, command, at)
        self.theirs = made.record
        for said in made.outgoing:
            if said.to == MEDIA:
                self.ours = hear_message(self.ours, said.data, self.other, MEDIA, self.case_id, at).record

    def taken(self, at: datetime = NOW) -> "Two":
        """Offered, and accepted an hour later."""
        self.do(c.Offer(case_id=self.case_id, to=(self.other,)), at)
        self.does(c.Accept(case_id=self.case_id), at + HOUR)
        return self

    def resolved(self, at: datetime) -> "Two":
        """Resolved by the other center."""
        self.does(c.Resolve(case_id=self.case_id, outcome=k.Outcome.DONE, public_reply="已修好"), at)
        return self

    @property
    def right(self) -> bool | None:
        """What the figures count of the first offer."""
        return facts_of(self.ours).first_right


def test_the_acceptor_of_the_first_offer_has_resolved_it() -> None:
    """Known from the result on, and not before."""
    two = Two().taken()
    assert two.ours.first_hand_over == FirstHandOver(taken_by=PARTY, taken_at=NOW + HOUR)
    assert two.right is None
    assert two.resolved(NOW + DAY).right is True


@pytest.mark.parametrize("how", ["declined", "withdrawn"])
def test_a_first_offer_that_came_to_nothing_was_not_right(how: str) -> None:
    """Also where the second one finds the center that resolves it."""
    two = Two()
    two.do(c.Offer(case_id=two.case_id, to=(CIVIL,)), NOW)
    offer = two.ours.offer_out
    assert offer is not None
    heard: k.CaseKind = k.Withdrawn(version=offer.version, offer_id=offer.offer_id)
    if how == "declined":
        heard = k.Declined(version=offer.version, offer_id=offer.offer_id, reason=k.Reason.NOT_DUTY)
    two.ours = hear_message(two.ours, heard, CIVIL, MEDIA, two.case_id, NOW).record
    assert two.ours.first_hand_over == FirstHandOver(failed=True)
    assert two.taken(NOW + DAY).resolved(NOW + 2 * DAY).right is False


def test_a_ruling_is_no_first_offer() -> None:
    """The arbiter has found the center, not the origin."""
    two = Two()
    ruled = k.Ruled(version=1000, holder=PARTY, text="由其承办", case=two.case, path=(MEDIA,), ruling=k.Ruling.IMPOSED)
    two.ours = hear_message(two.ours, ruled, ARBITER, MEDIA, two.case_id, NOW).record
    assert two.ours.first_hand_over == FirstHandOver(taken_at=NOW)


def test_the_origin_that_resolves_a_case_itself_has_sent_it_nowhere() -> None:
    """It was no first offer that was right."""
    two = Two()
    two.do(c.Resolve(case_id=two.case_id, outcome=k.Outcome.DONE, public_reply="已答复"), NOW)
    assert two.right is False
    assert facts_of(two.ours).taken_ms is None


def test_the_first_word_with_the_resident_is_kept() -> None:
    """Of whichever holder; a later one changes nothing of it."""
    two = Two().taken()
    for hours in (3, 5):
        two.does(c.Report(case_id=two.case_id, stage=CONTACTED, text="已联系"), NOW + hours * HOUR)
    facts = facts_of(two.ours)
    assert (facts.taken_ms, facts.contacted_ms) == (ms(NOW + HOUR), ms(NOW + 3 * HOUR))


def test_a_call_back_is_kept_once_a_round() -> None:
    """It needs a result, and is the origin's; the figures count that of the first round."""
    two = Two().taken()
    call = c.CallBack(case_id=two.case_id, solved=False)
    with pytest.raises(Refusal, match="not-resolved"):
        decide(two.ours, call, NOW + DAY)
    two.resolved(NOW + DAY)
    with pytest.raises(Refusal, match="not-origin"):
        decide(two.theirs or two.ours, call, NOW + DAY)
    two.do(call, NOW + 2 * DAY)
    with pytest.raises(Refusal, match="already-called-back"):
        decide(two.ours, call, NOW + 2 * DAY)
    with pytest.raises(Refusal, match="moments-disordered"):
        decide(two.ours.with_(called_back_at=None), call.model_copy(update={"at": NOW + 9 * DAY}), NOW + 2 * DAY)
    two.do(c.Reopen(case_id=two.case_id, text="又坏了"), NOW + 3 * DAY)
    two.resolved(NOW + 4 * DAY)
    two.do(call.model_copy(update={"solved": True}), NOW + 5 * DAY)
    assert two.ours.solved
    assert (facts_of(two.ours).called_back_ms, facts_of(two.ours).solved) == (ms(NOW + 2 * DAY), False)


def test_the_second_answer_to_the_resident_is_kept() -> None:
    """Of the first round that was answered again; what comes after it changes nothing."""
    two = Two().taken().resolved(NOW + DAY)
    two.do(c.Close(case_id=two.case_id, replied_at=NOW + DAY), NOW + DAY)
    assert facts_of(two.ours).answered_again_ms is None
    for days in (2, 6):
        two.do(c.Reopen(case_id=two.case_id, text="又坏了"), NOW + days * DAY)
        two.resolved(NOW + (days + 1) * DAY)
        assert facts_of(two.ours).answered_again_ms == (None if days == 2 else ms(NOW + 4 * DAY))
        two.do(c.Close(case_id=two.case_id, replied_at=NOW), NOW + (days + 2) * DAY)
    assert facts_of(two.ours).answered_again_ms == ms(NOW + 4 * DAY)
    assert facts_of(two.ours).first_right is True


def test_a_later_round_changes_nothing_of_the_first_hand_over() -> None:
    """A case that never left in its first round was not handed over in it."""
    two = Two()
    two.do(c.Resolve(case_id=two.case_id, outcome=k.Outcome.DONE, public_reply="已答复"), NOW)
    two.do(c.Reopen(case_id=two.case_id, text="没有"), NOW + DAY)
    two.taken(NOW + 2 * DAY)
    assert two.ours.first_hand_over is None


def test_a_restored_record_knows_its_first_hand_over_again() -> None:
    """That of the backup, or what peers have told since; the call back is that of the backup."""
    two = Two()
    two.do(c.Offer(case_id=two.case_id, to=(PARTY,)), NOW)
    before = two.ours
    accepted = decide(two.theirs or before, c.Accept(case_id=two.case_id), NOW + HOUR)
    told = compose(
        accepted.outgoing[0].data, source=PARTY, recipient=MEDIA, now=NOW + HOUR, subject=two.case_id, sequence=1
    )
    heard = hear_message(before, accepted.outgoing[0].data, PARTY, MEDIA, two.case_id, NOW + HOUR).record
    restored = rebuild(CaseHistory(MEDIA, before, (), (told,)), None)
    assert restored is not None
    assert restored.first_hand_over == heard.first_hand_over == FirstHandOver(taken_by=PARTY, taken_at=NOW + HOUR)
    called = heard.with_(called_back_at=NOW + DAY, solved=True)
    restored = rebuild(CaseHistory(MEDIA, called, (), (told,)), None)
    assert restored is not None
    assert (restored.first_hand_over, restored.solved) == (heard.first_hand_over, True)

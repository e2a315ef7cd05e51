"""Masking: before a center holds a case it learns no more than a hint of who the resident is; then it is told."""

import json
from uuid import UUID

import pytest

from bus.contract import messages as k
from bus.contract.case import Case, Person
from bus.custody import Decision, Record, Refusal, decide, hear_message, register
from bus.custody import commands as c
from bus.custody.handing import AWAITED, ask, registered_again, waits
from bus.custody.merge import fuller_case
from tests.unit.custody_model.cases import CIVIL, COUNTY, GRID, MEDIA, NOW, PARTY, SERVICE, matter

WHO = Person(name="张三丰", phone="139 0000 1234", id_card=None, address="某小区某号楼", agent="李四")
HINT = Person(name="张*", phone_tail="1234", masked=True)


class Town:
    """Centers that talk without a road: a message arrives when the test says so, in the order of its lane."""

    def __init__(self, masking: bool = True, resident: Person | None = WHO) -> None:
        self.masking = masking
        self.case = matter(MEDIA, resident)
        self.records: dict[str, Record] = {}
        self.road: list[tuple[str, str, k.CaseKind]] = []
        self.tasks: list[tuple[str, k.CaseKind]] = []
        self._commit(MEDIA, register(c.Register(case=self.case), MEDIA, COUNTY))

    def does(self, me: str, command: type[c.Command], **fields: object) -> None:
        """``me`` does something; what it says waits on the road."""
        told = command.model_validate({"case_id": self.case.case_id, **fields})
        self._commit(me, decide(self.records[me], told, NOW, masking=self.masking))

    def brings(self, source: str, to: str) -> None:
        """All that waits from one center to another arrives."""
        here = [one for one in self.road if one[:2] == (source, to)]
        self.road = [one for one in self.road if one[:2] != (source, to)]
        for _, _, data in here:
            self.hears(to, data, source)

    def hears(self, me: str, data: k.CaseKind, source: str) -> Decision:
        """One message arrives."""
        record, case_id = self.records.get(me), self.case.case_id
        decision = hear_message(record, data, source, me, case_id, NOW, masking=self.masking)
        if decision.needs_handling:
            self.tasks.append((me, data))
        self._commit(me, decision)
        return decision

    def rests(self) -> None:
        """Everything arrives."""
        while self.road:
            self.brings(*self.road[0][:2])

    def moves(self, source: str, to: str) -> None:
        """A hand-over, heard by all."""
        self.does(source, c.Offer, to=(to,))
        self.rests()
        self.does(to, c.Accept)
        self.rests()

    def urges(self, me: str) -> None:
        """``me`` has waited for an hour."""
        self._commit(me, Decision(self.records[me], ask(self.records[me])))

    def knows(self, me: str) -> Person | None:
        """Whom ``me`` knows as the resident."""
        return self.records[me].case.resident

    def _commit(self, me: str, decision: Decision) -> None:
        self.records[me] = Record.model_validate_json(decision.record.model_dump_json())
        self.road += [(me, one.to, one.data) for one in decision.outgoing if one.to != me]
        self.tasks += [(me, one.data) for one in decision.outgoing if one.to == me]


# -- the document -----------------------------------------------------------------------------------------------------


def test_a_hint_has_one_character_and_four_digits() -> None:
    """Nothing else of the resident is in it; masking it again changes nothing."""
    assert WHO.as_masked() == HINT
    assert HINT.as_masked() is HINT
    assert Person(anonymous=True).as_masked() == Person(anonymous=True, masked=True)


@pytest.mark.parametrize(
    ("phone", "tail"),
    [("0476-8123456", "3456"), ("8123456", "3456"), ("812345", None), ("110", None), (None, None), ("+86 () -", None)],
)
def test_a_short_number_has_no_tail(phone: str | None, tail: str | None) -> None:
    """Four of six digits would tell too much."""
    assert Person(phone=phone).as_masked().phone_tail == tail


@pytest.mark.parametrize("name", ["张", "张三", " 张三", "𠮷野家", "A. B."])
def test_a_hint_is_a_valid_person_for_every_reader(name: str) -> None:
    """One character and a star, whatever sign begins the name."""
    hint = Person(name=name).as_masked()
    assert hint.name == f"{name.strip()[0]}*"
    assert Person.model_validate_json(hint.model_dump_json()) == hint


def test_documents_without_masking_are_as_they_were() -> None:
    """The two new fields are left out, in a case and in the record of an offer."""
    told = json.loads(WHO.model_dump_json())
    assert list(told) == ["name", "phone", "id_card", "credit_code", "address", "anonymous", "agent"]
    town = Town(masking=False)
    town.does(MEDIA, c.Offer, to=(PARTY,))
    assert "masked" not in town.records[MEDIA].model_dump_json()


def test_off_nothing_is_masked_and_nothing_handed() -> None:
    """Offer, acceptance, ruling: each says what it said, and nothing besides."""
    town = Town(masking=False)
    town.does(MEDIA, c.Offer, to=(PARTY,))
    assert [one[2].case.resident for one in town.road] == [WHO]  # type: ignore[union-attr]  # an offer
    town.rests()
    town.does(PARTY, c.Accept)
    town.rests()
    town.does(PARTY, c.AskArbiter, ground=k.Ground.DISPUTED)
    town.rests()
    town.does(COUNTY, c.Rule, holder=CIVIL, text="由你办理")
    assert {one[2].case.resident for one in town.road} == {WHO}  # type: ignore[union-attr]  # rulings
    town.rests()
    assert not [data for _, data in town.tasks if isinstance(data, k.Handed)]


@pytest.mark.parametrize(
    ("known", "told", "kept"),
    [(WHO, HINT, WHO), (HINT, WHO, WHO), (None, HINT, HINT), (HINT, None, HINT), (WHO, None, WHO), (None, None, None)],
)
def test_the_fuller_resident_is_kept(known: Person | None, told: Person | None, kept: Person | None) -> None:
    """A masked one never replaces a whole one, and none replaces neither."""
    case = matter(MEDIA)
    both = [case.model_copy(update={"resident": one}) for one in (known, told)]
    assert fuller_case(*both).resident == kept


# -- hand-overs -------------------------------------------------------------------------------------------------------


def test_the_new_holder_is_told_when_the_case_was_taken() -> None:
    """Before, it knows a hint; after, whom to call. It waits in between, and the task of the wait is its own."""
    town = Town()
    town.does(MEDIA, c.Offer, to=(PARTY,))
    town.rests()
    assert town.knows(PARTY) == HINT
    town.does(PARTY, c.Accept)
    assert waits(town.records[PARTY])
    assert (PARTY, k.Handed(version=2, resident=HINT)) in town.tasks
    town.rests()
    assert town.knows(PARTY) == WHO
    assert (PARTY, k.Handed(version=2, resident=WHO)) in town.tasks
    assert not waits(town.records[PARTY])


def test_of_several_bidders_only_the_winner_is_told() -> None:
    """The grant comes first in the lane, the resident behind it."""
    town = Town()
    town.does(MEDIA, c.Offer, to=(PARTY, CIVIL, SERVICE), mode=k.Mode.OPEN)
    town.rests()
    town.does(CIVIL, c.Accept)
    town.does(PARTY, c.Accept)
    town.brings(CIVIL, MEDIA)
    assert [type(one[2]) for one in town.road if one[1] == CIVIL] == [k.Granted, k.Handed]
    town.rests()
    assert {name: town.knows(name) for name in (CIVIL, PARTY, SERVICE)} == {CIVIL: WHO, PARTY: HINT, SERVICE: HINT}


def nested() -> "Town":
    """The middle center has offered the case on, and its recipient has taken it; nobody else has heard."""
    town = Town()
    town.does(MEDIA, c.Offer, to=(PARTY,))
    town.rests()
    town.does(PARTY, c.Accept)
    town.does(PARTY, c.Offer, to=(CIVIL,))
    town.brings(PARTY, CIVIL)
    town.does(CIVIL, c.Accept)
    return town


def test_a_nested_hand_over_tells_the_last_holder() -> None:
    """The middle center offers the case on before it was told; it hears of the resident too late, and passes it on."""
    town = nested()
    town.brings(CIVIL, PARTY)
    town.brings(PARTY, MEDIA)
    town.brings(MEDIA, PARTY)
    assert town.knows(PARTY) == HINT  # it holds the case no more, and needs nobody's telephone
    town.rests()
    assert town.knows(CIVIL) == WHO
    assert town.knows(PARTY) == HINT


def test_a_nested_hand_over_that_is_heard_first() -> None:
    """The origin hears of the last holder before it hears of the middle one, and tells the last one."""
    town = nested()
    town.brings(CIVIL, MEDIA)
    town.brings(MEDIA, CIVIL)
    assert town.knows(CIVIL) == WHO
    town.rests()
    assert town.knows(PARTY) == HINT


def test_a_whole_resident_is_handed_on_by_its_last_holder() -> None:
    """Not by the origin: the offerer tells."""
    town = Town()
    town.moves(MEDIA, PARTY)
    town.does(PARTY, c.Offer, to=(CIVIL,))
    town.rests()
    assert town.knows(CIVIL) == HINT
    town.does(CIVIL, c.Accept)
    town.brings(CIVIL, PARTY)
    town.brings(PARTY, CIVIL)
    assert town.knows(CIVIL) == WHO
    assert not [one for one in town.road if isinstance(one[2], k.Handed)]


def test_the_offerer_is_lost_after_the_acceptance() -> None:
    """The holder urges; the origin, which has heard of it, tells."""
    town = Town()
    town.moves(MEDIA, PARTY)
    town.does(PARTY, c.Offer, to=(CIVIL,))
    town.rests()
    town.does(CIVIL, c.Accept)
    town.brings(CIVIL, MEDIA)
    town.urges(CIVIL)
    assert {one[1] for one in town.road if isinstance(one[2], k.Urged)} == {PARTY, MEDIA}
    town.brings(CIVIL, MEDIA)
    town.brings(MEDIA, CIVIL)
    assert town.knows(CIVIL) == WHO
    town.rests()  # the offerer is back: what it says is known already
    assert town.knows(CIVIL) == WHO


def test_nobody_is_told_who_does_not_hold_the_case() -> None:
    """Whoever urges as a holder does, and is none, hears nothing; nor does a holder that a center has never had."""
    town = Town()
    town.does(MEDIA, c.Offer, to=(PARTY, CIVIL), mode=k.Mode.OPEN)
    town.rests()
    town.does(PARTY, c.Accept)
    town.rests()
    for liar in (CIVIL, GRID):
        decision = town.hears(MEDIA, k.Urged(version=2, text=AWAITED), liar)
        assert decision.superseded
        assert decision.outgoing == ()


def test_the_resident_is_believed_only_of_who_has_held_the_case() -> None:
    """And never a second time: what is known does not change."""
    town = Town()
    town.does(MEDIA, c.Offer, to=(PARTY,))
    town.rests()
    town.does(PARTY, c.Accept)
    forged = k.Handed(version=2, resident=Person(name="冒名", phone="13911119999"))
    with pytest.raises(Refusal) as no:
        town.hears(PARTY, forged, GRID)
    assert no.value.code == "not-holder"
    with pytest.raises(Refusal) as early:
        town.hears(PARTY, forged.model_copy(update={"version": 3}), MEDIA)
    assert early.value.code == "early-news"
    town.rests()
    assert town.hears(PARTY, forged, MEDIA).superseded
    assert town.knows(PARTY) == WHO


# -- rulings, helpers, anonymity --------------------------------------------------------------------------------------


def ruled(holder: str) -> Town:
    """The arbiter has ruled on a case that the party center has, and all have heard."""
    town = Town()
    town.moves(MEDIA, PARTY)
    town.does(PARTY, c.AskArbiter, ground=k.Ground.DISPUTED)
    town.rests()
    assert town.knows(COUNTY) == HINT
    town.does(COUNTY, c.Rule, holder=holder, text="由你办理")
    town.rests()
    return town


def test_a_ruling_shows_the_resident_to_the_new_holder_alone() -> None:
    """The origin tells it; the arbiter never knows, and who knew does not forget."""
    town = ruled(CIVIL)
    assert {name: town.knows(name) for name in (CIVIL, PARTY, MEDIA, COUNTY)} == {
        CIVIL: WHO, PARTY: WHO, MEDIA: WHO, COUNTY: HINT,
    }  # fmt: skip


def test_an_arbiter_that_rules_for_itself_is_told() -> None:
    """Then it is the holder."""
    town = ruled(COUNTY)
    assert town.knows(COUNTY) == WHO


def test_the_resident_that_overtakes_its_ruling_waits_for_it() -> None:
    """The origin's word may be faster than the arbiter's: it comes again."""
    town = Town()
    town.moves(MEDIA, PARTY)
    town.does(PARTY, c.Offer, to=(CIVIL,))
    town.rests()
    town.does(CIVIL, c.Decline, reason=k.Reason.NOT_DUTY)
    town.rests()
    town.does(PARTY, c.AskArbiter, ground=k.Ground.DISPUTED)
    town.rests()
    town.does(COUNTY, c.Rule, holder=CIVIL, text="由你办理")
    town.brings(COUNTY, MEDIA)
    with pytest.raises(Refusal) as early:
        town.brings(MEDIA, CIVIL)
    assert early.value.code == "early-news"


def test_an_origin_that_rules_tells_its_resident() -> None:
    """The arbiter itself has heard the resident."""
    town = Town()
    town.records[MEDIA] = town.records[MEDIA].with_(arbiter=MEDIA)
    town.moves(MEDIA, PARTY)
    town.does(MEDIA, c.Rule, holder=CIVIL, text="由你办理")
    assert [type(one[2]) for one in town.road if one[1] == CIVIL] == [k.Ruled, k.Handed]
    town.rests()
    assert town.knows(CIVIL) == WHO


def test_an_anonymous_resident_stays_with_the_origin() -> None:
    """Nothing new is shown, not even a hint, and nobody waits."""
    town = Town(resident=Person(name="张三丰", phone="13900001234", anonymous=True))
    town.moves(MEDIA, PARTY)
    assert town.knows(PARTY) is None
    assert not waits(town.records[PARTY])
    assert not [data for _, data in town.tasks if isinstance(data, k.Handed)]


def test_a_helper_that_is_shown_the_resident_by_a_waiting_holder_sees_a_hint() -> None:
    """A holder can show no more than it knows."""
    town = Town()
    town.does(MEDIA, c.Offer, to=(PARTY,))
    town.rests()
    town.does(PARTY, c.Accept)
    town.does(PARTY, c.AskAssist, to=GRID, ask="请协助", show_resident=True)
    town.brings(PARTY, GRID)
    assert town.knows(GRID) == HINT


def test_switched_off_while_an_offer_is_out() -> None:
    """What was offered masked is handed over all the same; the next offer is whole."""
    town = Town()
    town.does(MEDIA, c.Offer, to=(PARTY,))
    town.masking = False
    town.rests()
    town.does(PARTY, c.Accept)
    town.rests()
    assert town.knows(PARTY) == WHO
    town.does(PARTY, c.Offer, to=(CIVIL,))
    town.rests()
    assert town.knows(CIVIL) == WHO


def test_a_message_of_another_case_is_not_taken_for_this_one() -> None:
    """Whoever has no record of the case waits for what opens it."""
    with pytest.raises(Refusal) as unknown:
        hear_message(None, k.Handed(version=2, resident=WHO), MEDIA, PARTY, UUID(int=1), NOW)
    assert unknown.value.code == "unknown-case"


def test_the_case_itself_tells_whether_it_waits() -> None:
    """Nobody, a hint, somebody, somebody who is not to be named."""
    cases: list[Case] = [matter(MEDIA, one) for one in (None, HINT, WHO, Person(name="张三丰", anonymous=True))]
    assert [case.awaits_resident for case in cases] == [False, True, False, False]
    assert [case.whole_resident for case in cases] == [None, None, WHO, None]


def test_what_the_own_system_hands_in_again_fills_a_hint_alone() -> None:
    """A whole resident stays as it is, and nobody is told anything; a case of another center is none of ours."""
    town = Town()
    town.moves(MEDIA, PARTY)
    at_origin, at_holder = town.records[MEDIA], town.records[PARTY]
    other = WHO.model_copy(update={"phone": "13900005678"})
    assert registered_again(at_origin, other) is None
    hints = [one.with_(case=one.case.as_masked()) for one in (at_origin, at_holder)]
    assert registered_again(hints[1], WHO) is None
    assert registered_again(hints[0], None) is None
    again = registered_again(hints[0], WHO)
    assert again is not None
    assert again.record.case.resident == WHO
    assert [(one.to, one.data) for one in again.outgoing] == [(PARTY, k.Handed(version=2, resident=WHO))]

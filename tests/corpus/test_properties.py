"""Properties that hold for whatever Hypothesis thinks of: any bytes, any message, any record that can come about."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bus.contract import messages as k
from bus.contract.case import Case, Person
from bus.contract.codec import CODES, MAX_BYTES, Undecodable, decode, encode
from bus.contract.envelope import Message, compose
from bus.contract.export.examples import example
from bus.contract.rules import CONTRACT
from bus.custody import Decision, Outgoing, Record, Refusal, decide, hear_message, register
from bus.custody import commands as c
from verification.corpus.documents import a_case
from verification.corpus.items import ARBITER, ME, NOW, OTHER, PEER, SIGN, THIRD, Canary, Dealer

CENTERS = (ME, PEER, OTHER, THIRD, ARBITER)
EXAMPLES = [encode(example(rule)) for rule in CONTRACT]
DETERMINED = settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip
"""The same examples in every run: what CI finds, everybody finds."""


def judged(raw: bytes) -> Message[Any] | None:
    """What decode says of these bytes, with its promises checked."""
    said = _decoded(raw)
    if isinstance(said, Message):
        assert len(raw) <= MAX_BYTES
        return said
    assert said.code in CODES
    assert not SIGN.search(f"{said} {said.code} {said.where}")
    return None


def _decoded(raw: bytes) -> Message[Any] | Undecodable:
    try:
        return decode(raw)
    except Undecodable as no:
        return no


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@DETERMINED
def test_any_bytes_are_a_message_or_undecodable(raw: bytes) -> None:
    """Decode raises Undecodable with a code of the closed list, and nothing else."""
    judged(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.data())
@DETERMINED
def test_any_json_in_any_place_of_any_message(data: st.DataObject) -> None:
    """A right message with one field turned into any JSON is read, or refused with a code; what is read is bounded."""
    document = json.loads(data.draw(st.sampled_from(EXAMPLES)))
    spot = document
    while data.draw(st.booleans()) and any(isinstance(value, dict) and value for value in spot.values()):
        spot = data.draw(st.sampled_from([value for value in spot.values() if isinstance(value, dict) and value]))
    spot[data.draw(st.sampled_from(sorted(spot)))] = data.draw(JSON)
    message = judged(json.dumps(document).encode())
    if message is not None:
        assert decode(encode(message)) == message


@given(st.sampled_from(EXAMPLES), st.data())
@DETERMINED
def test_any_damage_to_any_message(raw: bytes, data: st.DataObject) -> None:
    """Bytes replaced, cut out or put in, anywhere."""
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 8)))
    judged(raw[:start] + data.draw(st.binary(max_size=8)) + raw[end:])


# -- custody ---------------------------------------------------------------------------------------------------------

OFFERS = tuple(UUID(int=number) for number in range(1, 4))
KINDS = st.sampled_from(k.CASE_KINDS)
WORDS = st.sampled_from(["请尽快", "已到现场"])


def case_of(origin: str) -> Case:
    """The one case that is spoken of."""
    return a_case(Dealer(1), Canary(1), origin).model_copy(update={"case_id": UUID(int=99)})


@st.composite
def a_word(draw: st.DrawFn) -> k.CaseKind:
    """Anything valid that may be said of the case, at any version, of any of three offers."""
    kind = draw(KINDS)
    told: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        if field.is_required() or draw(st.booleans()):
            told[name] = draw(_value(name, kind))
    if kind is k.Resolved:
        told["lawful_route"] = "信访"
    return kind(**told)


CENTER_NAMES = st.sampled_from(CENTERS)
SOME = st.lists(CENTER_NAMES, max_size=4, unique=True).map(tuple)
RETURNED = k.Return(offer_id=OFFERS[0], by=OTHER, reason=k.Reason.NOT_DUTY, at=NOW)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "version": st.integers(0, 6) | st.sampled_from((999, 1000, 1001, 2000, 500_000, 2**31 - 1)),
    "round": st.integers(0, 4) | st.just(2**31 - 1),
    "grade": st.integers(1, 5),
    "level": st.integers(0, 4),
    "what": st.sampled_from(k.MoreTime),
    "granted": st.booleans(),
    "clock": st.just("term"),
    **dict.fromkeys(("offer_id", "assist_id", "extension_id"), st.sampled_from(OFFERS)),
    **dict.fromkeys(("path", "offered_to"), SOME),
    **dict.fromkeys(("to", "holder", "arbiter", "suggested"), CENTER_NAMES),
    **dict.fromkeys(("bid", "done", "instant", "public"), st.booleans()),
    **dict.fromkeys(("due", "replied_at", "until", "term", "at", "sign_by"), st.just(NOW)),
    "case": CENTER_NAMES.map(case_of),
    "resident": st.sampled_from((Person(name="居民甲"), Person(name="居*", masked=True))),
    "returns": st.just((RETURNED,)),
    "attachments": st.just(()),
    "stage": st.sampled_from(["appointed", "visited", "extended", "on-hold", "resumed"]),
    "mode": st.sampled_from(k.Mode),
    "reason": st.sampled_from(k.Reason),
    "outcome": st.sampled_from(k.Outcome),
    "ground": st.sampled_from(k.Ground),
    "ruling": st.sampled_from(k.Ruling),
    "rater": st.sampled_from(k.Rater),
}


def _value(name: str, kind: type[k.CaseKind]) -> st.SearchStrategy[Any]:
    free_text = name == "reason" and kind in (k.WithdrawalRequested, k.ExtensionRequested)
    return WORDS if free_text else VALUES.get(name, WORDS)


CASE_ID = UUID(int=99)
WISHES: list[c.Command] = [
    c.Offer(case_id=CASE_ID, to=(OTHER,)),
    c.Offer(case_id=CASE_ID, to=(OTHER, THIRD), mode=k.Mode.OPEN),
    c.Accept(case_id=CASE_ID),
    c.Decline(case_id=CASE_ID, reason=k.Reason.NOT_DUTY),
    c.Withdraw(case_id=CASE_ID),
    c.Report(case_id=CASE_ID, stage="visited", text="已到现场"),
    c.AskAssist(case_id=CASE_ID, to=THIRD, ask="请协助"),
    c.Urge(case_id=CASE_ID, text="请尽快"),
    c.Resolve(case_id=CASE_ID, outcome=k.Outcome.DONE, public_reply="已办结"),
    c.Close(case_id=CASE_ID, replied_at=NOW),
    c.Reopen(case_id=CASE_ID, text="又坏了"),
    c.Rate(case_id=CASE_ID, grade=1),
    c.AskArbiter(case_id=CASE_ID, ground=k.Ground.DISPUTED),
    c.Rule(case_id=CASE_ID, holder=THIRD, text="由其承办"),
    c.AskExtension(case_id=CASE_ID, until=NOW, reason="等待配件"),
    c.AnswerExtension(case_id=CASE_ID, granted=True),
    c.Hold(case_id=CASE_ID, text="等待配件", until=NOW),
    c.Resume(case_id=CASE_ID, text="配件已到"),
    c.Settle(case_id=CASE_ID, outcome=k.Outcome.DONE, public_reply="已办结", resolved_at=NOW),
    c.Claim(case_id=CASE_ID, claimant="领导甲", post="区委常委"),
    c.Assess(case_id=CASE_ID, rater=k.Rater.SURVEY, grade=1, pseudonym="q-1"),
    c.CallBack(case_id=CASE_ID, solved=True),
]
"""What the center itself may do."""


def heard(record: Record | None, word: k.CaseKind, source: str) -> Decision | Refusal:
    """What custody makes of a word, with its promises checked: never another exception, and a record that is whole."""
    said = _heard(record, word, source)
    if isinstance(said, Refusal):
        assert said.code
        assert said.cure
        return said
    _whole(said)
    if said.superseded:
        assert said.record == record
    return said


def _heard(record: Record | None, word: k.CaseKind, source: str) -> Decision | Refusal:
    try:
        return hear_message(record, word, source, ME, UUID(int=99), NOW + timedelta(hours=1))
    except Refusal as refusal:
        return refusal


def _whole(decision: Decision) -> None:
    """It can be written down and read again, and all that it says can travel."""
    assert Record.model_validate_json(decision.record.model_dump_json()) == decision.record
    for outgoing in decision.outgoing:
        assert isinstance(outgoing, Outgoing)
        if outgoing.to != ME:
            message = compose(
                outgoing.data, source=ME, recipient=outgoing.to, now=NOW, subject=UUID(int=99), sequence=1
            )
            assert decode(encode(message)) == message


SOURCES = st.sampled_from(CENTERS[1:])


@given(st.lists(st.tuples(a_word(), SOURCES) | st.sampled_from(WISHES), min_size=1, max_size=12), st.booleans())
@DETERMINED
def test_any_word_in_any_order_is_a_decision_or_a_refusal(
    story: list[tuple[k.CaseKind, str] | c.Command], ours: bool
) -> None:
    """Whatever the others say and we do, in any order: custody decides or refuses, and its record stays whole."""
    record: Record | None = None
    if ours:
        record = register(c.Register(case=case_of(ME)), ME, ARBITER).record
    for step in story:
        if isinstance(step, tuple):
            outcome: Decision | Refusal | None = heard(record, *step)
        elif record is None:
            continue
        else:
            outcome = _done(record, step)
        if isinstance(outcome, Decision):
            record = outcome.record


def _done(record: Record, wish: c.Command) -> Decision | Refusal:
    try:
        decision = decide(record, wish, NOW)
    except Refusal as refusal:
        return refusal
    _whole(decision)
    return decision


def test_the_promises_are_really_checked() -> None:
    """A message that is no message of the contract is told from one that is."""
    assert judged(EXAMPLES[0]) is not None
    assert judged(EXAMPLES[0][:-1]) is None
    with pytest.raises(ValidationError):
        _whole(Decision(record=Record.model_construct(me="nobody"), outgoing=()))

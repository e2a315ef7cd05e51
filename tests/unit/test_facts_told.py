"""What the county's ledger is told of each case: in the transaction of the change, in one lane, and nothing more."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bus.context import Ledger
from bus.contract.codec import encode
from bus.contract.facts import MOST_FACTS, CaseState, Fact, FactsAsked, FactsTold, lane_of
from bus.contract.ids import new_id
from bus.contract.messages import Outcome
from bus.custody import commands as c
from bus.pipeline.telling import CUT, UNDERWAY, Told, say
from bus.store import Tx, facts, outbox, parked
from bus.store import ledger as ledger_store
from bus.store import tables as t
from bus.store.unit_of_work import UnitOfWork
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case, carry, opened

LEDGER = "ledger-150402"


def reads_facts(center: str, kind: str) -> bool:
    """What a directory says in which the ledger alone reads something new."""
    return (center, kind) == (LEDGER, FactsTold.kind)


def with_ledger(center: BareCenter, **bounds: int) -> BareCenter:
    """The same center; its settings name a ledger."""
    center.context = replace(center.context, ledger=Ledger(LEDGER, **bounds), reads=reads_facts)
    return center


@pytest.fixture
def media(tmp_path: Path) -> Iterator[BareCenter]:
    """The media center, whose county has a ledger."""
    center = with_ledger(BareCenter(MEDIA, tmp_path))
    yield center
    center.close()


def told(center: BareCenter) -> list[FactsTold]:
    """What goes to the ledger until nothing does; it gives receipts at once."""
    found: list[FactsTold] = []
    for _ in range(200):
        sent = center.relay()
        messages = [opened(one) for one in sent if one.recipient == LEDGER]
        if not messages:
            return found
        assert {message.subject for message in messages} == {lane_of(center.context.me)}
        found += [message.data for message in messages]
        ids = [str(message.id) for message in messages]
        center.store.write(lambda tx, ids=ids: outbox.receipted(tx, LEDGER, ids, []))  # type: ignore[misc]
    raise AssertionError("it goes on and on")


def settled(center: BareCenter, **changes: Any) -> c.Register:
    """Register a case, resolve it and close it, in three commits."""
    command = c.Register(case=a_case(center.context.me, **changes))
    center.execute(command)
    center.execute(c.Resolve(case_id=command.case_id, outcome=Outcome.DONE, public_reply="已修好"))
    center.later(60)
    center.execute(c.Close(case_id=command.case_id, replied_at=center.now))
    return command


def untold(center: BareCenter) -> int:
    """How many rows wait for the ledger."""

    def count(tx: Tx) -> int:
        return facts.figures(tx).rows

    return center.store.write(count)


def test_each_change_is_told_with_the_state_after_it(media: BareCenter) -> None:
    """Three commits of one case: facts in their order, and of its states the last is as it is now."""
    command = settled(media)
    (message,) = told(media)
    assert [(one.way, one.kind) for one in message.facts if one.way == "did"] == [
        ("did", "register"),
        ("did", "resolve"),
        ("did", "close"),
    ]
    state = message.states[-1]
    assert (state.case_id, state.holder, state.status) == (command.case_id, MEDIA, "closed")
    assert (state.outcome, state.instant, state.hand_overs) == ("done", False, 0)
    assert untold(media) == 0


def test_a_message_to_a_peer_and_its_label_have_one_id(media: BareCenter) -> None:
    """So that the ledger can compare facts with the broker's journal."""
    command = c.Register(case=a_case(MEDIA))
    media.execute(command, c.Offer(case_id=command.case_id, to=(PARTY,)))
    by_recipient = {one.recipient: opened(one) for one in media.relay()}
    offered, message = by_recipient[PARTY], by_recipient[LEDGER].data
    (said,) = [one for one in message.facts if one.way == "said"]
    assert (said.kind, said.peer, said.message_id) == ("case.offered", PARTY, offered.id)
    assert message.states[0].offered_to == (PARTY,)


def test_nothing_of_the_matter_or_the_resident_is_told(media: BareCenter) -> None:
    """No text, no title, no name, no number; of the place no more than its street."""
    case = a_case(MEDIA, resident={"name": "居民甲", "phone": "0476-0000000", "address": "松州园一号楼"})
    command = c.Register(case=case)
    media.execute(command, c.Join(case_id=case.case_id, project="老旧小区改造"))
    (message,) = told(media)
    text = message.model_dump_json()
    for secret in ("居民", "0476", "楼道灯", "松州园", "老旧小区", case.number, "150402006006"):
        assert secret not in text
    assert message.states[0].division == "150402006"


def test_who_was_on_duty_is_told_to_nobody(media: BareCenter, ledger: BareCenter) -> None:
    """A person's act on a case is a fact of it, and its message is not refused; the person's name stays here."""
    command = settled(media)

    def act(tx: Tx) -> None:
        uow = UnitOfWork(tx, media.context, media.now)
        uow.journal(command.case_id, "operated", "urge", "staff-otto", new_id(), "drill")
        uow.flush()

    media.store.write(act)
    carry(media, ledger)
    with ledger.store.reading() as tx:
        f = t.ledger_facts.c
        rows = tx.execute(select(f.way, f.kind, f.peer, f.code).where(f.way == "operated")).all()
        parked = tx.execute(select(func.count()).select_from(t.parked)).scalar_one()
    assert (rows, parked) == ([("operated", "urge", None, "drill")], 0)


def test_without_a_ledger_nothing_is_kept(tmp_path: Path) -> None:
    """None named, or one that the directory does not say reads facts."""
    for ledger in (None, Ledger(LEDGER)):
        center = BareCenter(MEDIA, tmp_path)
        center.context = replace(center.context, ledger=ledger)
        settled(center)
        assert untold(center) == 0
        assert [one.recipient for one in center.relay()] == []
        center.close()


def test_a_ledger_that_is_away_holds_up_nobody(media: BareCenter) -> None:
    """A few messages wait for its receipt; offers to others go at once; the rest is told when it is back."""
    for _ in range(40):
        settled(media)
        media.relay()
    command = c.Register(case=a_case(MEDIA))
    media.execute(command, c.Offer(case_id=command.case_id, to=(PARTY,)))
    media.relay()
    with media.store.reading() as tx:
        rows = [row.recipient for row in outbox.readable(tx)]
    assert rows.count(LEDGER) == UNDERWAY
    assert rows.count(PARTY) == 1
    media.later(3600)
    messages = told(media)
    assert len({one.case_id for message in messages for one in message.facts}) == 41
    assert not any(message.cut for message in messages)
    assert all(len(message.facts) <= MOST_FACTS for message in messages)


@pytest.mark.parametrize(("bounds", "days"), [({"keep": 20}, 0), ({"keep_days": 7}, 8)], ids=["number", "age"])
def test_beyond_its_bound_all_is_given_up_and_the_ledger_reads_so(
    media: BareCenter, bounds: dict[str, int], days: int
) -> None:
    """In one transaction, with a line in the journal; what comes after is told again."""
    with_ledger(media, **bounds)
    for _ in range(UNDERWAY + 30):
        settled(media)
        media.relay()
    media.later(days * 86_400)
    settled(media)
    media.relay()
    assert untold(media) < UNDERWAY + 30
    last = settled(media)
    media.later(3600)
    messages = told(media)
    assert [message.cut for message in messages].count(True) == 1
    assert last.case_id in {one.case_id for one in messages[-1].facts}
    with media.store.reading() as tx:
        lines = tx.execute(select(t.journal.c.way).where(t.journal.c.case_id == str(lane_of(MEDIA)))).scalars().all()
    assert {*lines} == {CUT}


def test_an_erased_case_leaves_its_facts(media: BareCenter) -> None:
    """They hold no personal data, and are no part of what is encrypted with the case's key."""
    command = settled(media)
    with media.store.reading() as tx:
        states = [row.states for row in facts.in_order(tx)]
    assert all(b'"category":"housing"' in body for body in states)
    assert command.case_id in {one.case_id for message in told(media) for one in message.facts}


def test_a_state_keeps_to_its_model(media: BareCenter) -> None:
    """It is written without a model, for speed, and as the model would write it: with the least that a case can have,
    and with all that it can."""
    settled(media, place={"division": "150402"})
    whole = a_case(MEDIA, due=media.now + timedelta(days=3))
    command = c.Register(case=whole)
    media.execute(command, c.Join(case_id=whole.case_id, project="改造"), c.Claim(case_id=whole.case_id, claimant="甲"))
    media.execute(c.Offer(case_id=whole.case_id, to=(PARTY,)))
    states = [part for row in _rows(media) for part in json.loads(b"[" + row.states + b"]")]
    lines = [part for row in _rows(media) for part in json.loads(b"[" + row.facts + b"]")]
    assert {"project", "due", "claimed", "offered_to", "offered", "hand_overs"} <= {*states[-1]}
    for state in states:
        written = json.dumps(state, separators=(",", ":"))
        assert CaseState.model_validate_json(written).model_dump_json() == written
    for line in lines:
        written = json.dumps(line, separators=(",", ":"))
        assert Fact.model_validate_json(written).model_dump_json() == written


def _rows(center: BareCenter) -> list[facts.TakenRow]:
    return center.store.write(lambda tx: [*facts.in_order(tx)])


def test_a_message_is_written_as_its_model_would(media: BareCenter) -> None:
    """Its facts and states are put into it as they lie in the store, so that the ledger reads it the fast way."""
    for _ in range(3):
        settled(media)
    (parcel,) = [one for one in media.relay() if one.recipient == LEDGER]
    assert encode(opened(parcel)) == parcel.body


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[BareCenter]:
    """The county's ledger."""
    center = BareCenter(LEDGER, tmp_path)
    yield center
    center.close()


def test_the_ledger_has_each_case_as_each_center_has_it(tmp_path: Path, media: BareCenter, ledger: BareCenter) -> None:
    """After a hand-over two centers have told it, and both name one holder."""
    party = with_ledger(BareCenter(PARTY, tmp_path))
    command = c.Register(case=a_case(MEDIA))
    media.execute(command, c.Offer(case_id=command.case_id, to=(PARTY,)))
    carry(media, party, ledger)
    party.execute(c.Accept(case_id=command.case_id))
    carry(media, party, ledger)
    with ledger.store.reading() as tx:
        s = t.ledger_states.c
        states = tx.execute(select(s.center, s.holder, s.version, s.hand_overs).order_by(s.center)).all()
        f = t.ledger_facts.c
        facts_of = tx.execute(select(f.center, f.way, f.kind, f.peer).order_by(f.id)).all()
    assert states == [(MEDIA, PARTY, 2, 1), (PARTY, PARTY, 2, None)]
    assert (PARTY, "said", "case.accepted", MEDIA) in facts_of
    assert (MEDIA, "heard", "case.accepted", PARTY) in facts_of
    party.close()


def test_a_center_that_is_no_ledger_refuses_facts(tmp_path: Path, media: BareCenter) -> None:
    """With a reason, which the teller's operator reads once; cases go on."""
    nobody = BareCenter(PARTY, tmp_path)
    media.context = replace(media.context, ledger=Ledger(PARTY), reads=lambda _center, _kind: True)
    settled(media)
    carry(media, nobody)
    with media.store.reading() as tx:
        codes = tx.execute(select(t.facts_refused.c.code)).scalars().all()
        rows = [(one["place"], one["code"]) for one in parked.listed(tx)]
    assert (codes, rows) == (["no-ledger"], [("peer", "facts-refused")])
    nobody.close()


def test_facts_are_told_under_the_own_name_alone(media: BareCenter, ledger: BareCenter) -> None:
    """A center that tells them in another's lane is refused, and nothing is kept."""
    settled(media)
    media.relay()
    own, other = str(lane_of(MEDIA)).encode(), str(lane_of(PARTY)).encode()
    media.spoil(lambda body: body.replace(own, other))
    carry(media, ledger)
    assert states_of(ledger) == {}


def states_of(ledger: BareCenter) -> dict[str, int]:
    """How many cases of each center the ledger knows."""
    s = t.ledger_states.c
    with ledger.store.reading() as tx:
        return dict(tx.execute(select(s.center, func.count()).group_by(s.center)).all())


def test_a_ledger_that_comes_late_asks_for_every_case(
    tmp_path: Path, ledger: BareCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page, between the changes of that time; then it knows all of them, and asks no more."""
    monkeypatch.setattr("bus.pipeline.telling.PAGE", 5)
    center = BareCenter(MEDIA, tmp_path)
    for _ in range(23):
        settled(center)
    with_ledger(center)
    last = settled(center)
    carry(center, ledger, rounds=60)
    assert states_of(ledger) == {MEDIA: 24}
    with ledger.store.reading() as tx:
        known = ledger_store.teller(tx, MEDIA)
        told_late = tx.execute(select(t.ledger_facts.c.case_id).distinct()).scalars().all()
    assert known is not None
    assert known.why is None
    assert told_late == [str(last.case_id)]
    center.close()


def test_a_ledger_asks_again_where_facts_were_given_up(
    media: BareCenter, ledger: BareCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Away for thirty days: the center has given up what was older than seven, and the ledger still learns all."""
    monkeypatch.setattr("bus.pipeline.telling.PAGE", 5)
    settled(media)
    carry(media, ledger)
    for _ in range(30):
        settled(media)
        media.later(86_400)
        media.relay()
    assert untold(media) < 30 * 3
    media.later(3600)
    ledger.now = media.now
    carry(media, ledger, rounds=80)
    assert states_of(ledger) == {MEDIA: 31}


def test_nobody_but_the_ledger_that_the_settings_name_is_answered(tmp_path: Path, media: BareCenter) -> None:
    """Another one that asks is refused, and told nothing."""
    other = BareCenter("ledger-150403", tmp_path)
    other.store.write(lambda tx: say(tx, other.context, MEDIA, Told(FactsAsked(why="new")), lane_of(MEDIA), other.now))
    settled(media)
    carry(other, media)
    with other.store.reading() as tx:
        assert [one["code"] for one in parked.listed(tx)] == ["facts-refused"]
    assert states_of(other) == {}
    other.close()

"""What one peer may have here at once: more is put off, harms nobody else, and is taken when there is room."""

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import bus.pipeline.held_messages
from bus.context import CenterContext
from bus.contract import messages as k
from bus.contract.case import Case
from bus.contract.codec import MAX_BYTES, encode
from bus.contract.envelope import compose
from bus.contract.ids import new_id
from bus.custody import commands as c
from bus.pipeline import quotas
from bus.pipeline.held_messages import HeldMessages
from bus.settings import Quotas
from bus.store import cases, inbox, parked, put_off
from bus.store.unit_of_work import UnitOfWork
from tests.harness.step import NOW, BareCenter, a_case, opened

MEDIA, PARTY, CIVIL = "media_center-150402", "party_service-150402006", "civilization_center-150402"


@pytest.fixture
def media(tmp_path: Path) -> Iterator[BareCenter]:
    """A center with small quotas."""
    center = BareCenter(MEDIA, tmp_path)
    center.context = CenterContext(MEDIA, quotas=Quotas(held_bytes=1 << 20, open_offers=3, assists_per_case=2))
    yield center
    center.close()


def said(case: Case, place: int, data: k.CaseKind, peer: str = PARTY, size: int = 0) -> bytes:
    """A message of a peer, as long as it may be where ``size`` says so: readers pass over what they do not know."""
    message = compose(data, source=peer, recipient=MEDIA, now=NOW, subject=case.case_id, sequence=place)
    raw = encode(message)
    if not size:
        return raw
    document = json.loads(raw)
    document["data"]["more"] = "x" * (size - len(raw) - 20)
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def offered(case: Case, peer: str = PARTY) -> bytes:
    """The peer's offer of a case, in its first place."""
    return said(case, 1, k.Offered(version=1, offer_id=new_id(), case=case, path=(peer,)), peer)


def urged(case: Case, place: int, size: int = 0) -> bytes:
    """Something that may come early."""
    return said(case, place, k.Urged(version=1, text="请快"), size=size)


def codes(center: BareCenter) -> list[tuple[str, str, int]]:
    """What is parked, and how often."""
    with center.store.reading() as tx:
        return [(row["place"], row["code"], row["times"]) for row in parked.listed(tx)]


def seen(center: BareCenter) -> list[tuple[str, str, int]]:
    """Of whom something was put off."""
    with center.store.reading() as tx:
        return [(row["peer"], row["quota"], row["times"]) for row in put_off.listed(tx, 0)]


def urges(center: BareCenter, case_id: UUID) -> int:
    """How many urges were applied."""
    with center.store.reading() as tx:
        return cases.read(tx, [case_id])[case_id].urges


# -- offers ----------------------------------------------------------------------------------------------------------


def test_offers_beyond_the_quota_are_put_off_until_one_is_answered(media: BareCenter) -> None:
    """No receipt, nothing applied, nobody else waits; an answer makes room, and the offer that comes again is taken."""
    made = [a_case(PARTY) for _ in range(5)]
    bodies = [offered(case) for case in made]
    assert media.receive(*bodies) == {"applied": 3, "put-off": 2}
    assert media.receive(offered(a_case(CIVIL), CIVIL)) == {"applied": 1}
    receipted = [item for one in media.relay() if one.kind == "receipt" for item in opened(one).data.items]
    assert len(receipted) == 4
    assert media.receive(bodies[3]) == {"put-off": 1}
    media.execute(c.Decline(case_id=made[0].case_id, reason=k.Reason.NOT_DUTY))
    assert media.receive(bodies[3], bodies[4]) == {"applied": 1, "put-off": 1}
    assert seen(media) == [(PARTY, "open-offers", 4)]
    assert codes(media) == []


def test_a_message_that_is_put_off_keeps_the_order_of_its_lane(media: BareCenter) -> None:
    """What follows it is held back, and both are applied in their order when there is room."""
    made = [a_case(PARTY) for _ in range(4)]
    media.receive(*(offered(case) for case in made[:3]))
    assert media.receive(offered(made[3]), urged(made[3], 2)) == {"put-off": 1, "held": 1}
    media.execute(c.Decline(case_id=made[0].case_id, reason=k.Reason.NOT_DUTY))
    assert media.receive(offered(made[3])) == {"applied": 2}
    assert urges(media, made[3].case_id) == 1
    with media.store.reading() as tx:
        assert inbox.held_bytes(tx, PARTY) == 0


def test_an_offer_that_was_held_back_and_put_off_is_no_longer_held_when_it_is_taken(media: BareCenter) -> None:
    """Its turn comes while there is no room; it comes again from its sender, and the store keeps no second copy."""
    made = [a_case(PARTY) for _ in range(4)]
    media.receive(*(offered(case) for case in made[:3]))
    late = k.Offered(version=1, offer_id=new_id(), case=made[3], path=(PARTY,))
    asked = said(made[3], 1, k.AssistRequested(version=1, assist_id=new_id(), case=made[3], ask="请"))
    assert media.receive(said(made[3], 2, late)) == {"held": 1}
    assert media.receive(asked) == {"applied": 1, "put-off": 1}
    media.execute(c.Decline(case_id=made[0].case_id, reason=k.Reason.NOT_DUTY))
    assert media.receive(said(made[3], 2, late)) == {"applied": 1}
    with media.store.reading() as tx:
        assert inbox.held_bytes(tx, PARTY) == 0


# -- help ------------------------------------------------------------------------------------------------------------


def test_requests_for_help_beyond_the_quota_are_put_off_until_one_is_answered(media: BareCenter) -> None:
    """400 for one case never make the record grow; another case of the same peer is asked for help as before."""
    case, other = a_case(PARTY), a_case(PARTY)

    def asked(about: Case, place: int) -> bytes:
        return said(about, place, k.AssistRequested(version=1, assist_id=new_id(), case=about, ask="请" * 8000))

    bodies = [asked(case, place) for place in range(1, 5)]
    assert media.receive(*bodies) == {"applied": 2, "put-off": 1, "held": 1}
    assert media.receive(asked(other, 1)) == {"applied": 1}
    media.execute(c.AnswerAssist(case_id=case.case_id, done=True, text="好"))
    assert media.receive(bodies[2]) == {"applied": 1, "put-off": 1}
    media.execute(c.AnswerAssist(case_id=case.case_id, done=True, text="好"))
    assert media.receive(bodies[3]) == {"applied": 1}
    assert seen(media) == [(PARTY, "assists-per-case", 2)]


# -- held back -------------------------------------------------------------------------------------------------------


def test_messages_that_come_early_are_put_off_when_too_much_is_held_back(media: BareCenter) -> None:
    """The one whose turn it is is always taken, so that the lane goes on; the rest comes again."""
    case, other = a_case(PARTY), a_case(CIVIL)
    early = [urged(case, place, MAX_BYTES) for place in range(2, 8)]
    assert media.receive(*early) == {"held": 4, "put-off": 2}
    assert media.receive(*early) == {"held": 4, "put-off": 2}
    assert media.receive(said(other, 2, k.Urged(version=1, text="请快"), CIVIL)) == {"held": 1}
    assert media.receive(offered(case)) == {"applied": 5}
    assert media.receive(*early) == {"repeated": 4, "applied": 2}
    assert urges(media, case.case_id) == 6
    assert seen(media) == [(PARTY, "held-bytes", 4)]


def test_a_window_reads_only_what_it_releases_of_what_is_held_back(tmp_path: Path) -> None:
    """Six lanes with fifty long messages each, and six repeats: the window needs a small part of what is held."""
    media = BareCenter(MEDIA, tmp_path)
    lanes = [a_case(PARTY) for _ in range(6)]
    first = [offered(case) for case in lanes]
    media.receive(*first)
    for case in lanes:
        for start in range(3, 53, 10):
            media.receive(*(urged(case, place, 200_000) for place in range(start, start + 10)))
    tracemalloc.start()
    assert media.receive(*first) == {"repeated": 6}
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    assert media.receive(urged(lanes[0], 2)) == {"applied": 51}
    assert tracemalloc.get_traced_memory()[1] < 40_000_000
    tracemalloc.stop()
    assert urges(media, lanes[0].case_id) == 51
    media.close()


def test_what_one_transaction_has_no_room_for_is_released_by_the_next(
    media: BareCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is applied before the window is settled, in order, a part at a time."""
    case, writes = a_case(PARTY), list[int]()
    size = len(urged(case, 2))
    media.receive(*(urged(case, place) for place in range(2, 9)))
    plain_of, plain_write = HeldMessages.of, media.store.write

    def narrow(*given: Any) -> HeldMessages:
        held = plain_of(*given)
        held.room = 2 * size
        return held

    def counted(change: Any) -> Any:
        writes.append(1)
        return plain_write(change)

    monkeypatch.setattr(HeldMessages, "of", narrow)
    monkeypatch.setattr(bus.pipeline.held_messages, "READ_AT_ONCE", size)
    monkeypatch.setattr(media.store, "write", counted)
    assert media.receive(offered(case)) == {"applied": 8}
    assert urges(media, case.case_id) == 7
    assert len(writes) == 4


# -- telling ---------------------------------------------------------------------------------------------------------


def test_both_operators_read_quota_and_the_row_goes_when_the_message_is_taken(
    media: BareCenter, tmp_path: Path
) -> None:
    """The peer is told once in ten minutes; its operator sees one row, until the message is receipted."""
    party = BareCenter(PARTY, tmp_path)
    made = [a_case(PARTY) for _ in range(5)]
    for case in made:
        party.execute(c.Register(case=case), c.Offer(case_id=case.case_id, to=(MEDIA,)))
    for _ in range(3):
        party.later(3600 if _ else 0)
        media.receive(*(one.body for one in party.relay()))
    told = [one for one in media.relay() if one.kind == "error"]
    assert [opened(one).data.code for one in told] == [parked.QUOTA]
    party.receive(*(one.body for one in told))
    party.receive(*(one.body for one in told))
    assert codes(party) == [("peer", "quota", 2)]
    media.execute(*(c.Decline(case_id=case.case_id, reason=k.Reason.NOT_DUTY) for case in made[:2]))
    party.later(3600)
    media.receive(*(one.body for one in party.relay()))
    party.receive(*(one.body for one in media.relay() if one.kind == "receipt"))
    assert codes(party) == []
    party.close()


def test_an_honest_peer_meets_no_quota() -> None:
    """50,000 offers of one peer in an hour of which none is answered, and 200 cases at once with ten messages of ten
    kilobytes each that come early: far below what the settings allow by themselves."""
    usual = Quotas()
    assert usual.open_offers >= 2 * 50_000
    assert usual.held_bytes >= 10 * 200 * 10 * 10_000 // 10
    assert usual.assists_per_case >= 2 * 20


def test_the_policy_lets_fifty_thousand_offers_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judged as they would be on arrival, without the rest of the pipeline."""
    media = BareCenter(MEDIA, tmp_path)
    judge = quotas.PeerQuotas()
    monkeypatch.setattr(cases, "open_offers", lambda *_: 0)
    monkeypatch.setattr(quotas, "_known", lambda *_: None)
    case = a_case(PARTY)
    one = compose(
        k.Offered(version=1, offer_id=new_id(), case=case, path=(PARTY,)), source=PARTY, recipient=MEDIA, now=NOW,
        subject=case.case_id, sequence=1,
    )  # fmt: skip
    with media.store.reading() as tx:
        uow = UnitOfWork(tx, media.context, NOW)
        assert not any(judge.exceeded(uow, one) for _ in range(50_000))
        assert all(judge.may_hold(uow, PARTY, 10_000) for _ in range(200 * 10))
    media.close()

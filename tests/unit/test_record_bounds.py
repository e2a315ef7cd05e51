"""Records stay within their bounds, whatever peers say; and one that cannot be read harms its own case alone."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from bus.contract import messages as k
from bus.contract.case import Case
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.ids import new_id
from bus.contract.messages import CaseKind
from bus.custody import Record, Refusal
from bus.custody import commands as c
from bus.custody.bounds import MOST_ASSISTS, MOST_CENTERS, MOST_RATINGS, with_rating
from bus.custody.record import Rating
from bus.operations.erasure import erase_old
from bus.pipeline.handle import CircuitBreaker, Claimed, RetryPolicy, finish_and_claim
from bus.security.master_key import FileKey
from bus.store import cases, parked, schema
from bus.store import tables as t
from bus.store.database import Store, Tx
from bus.store.encryption import CaseEncryption
from bus.store.timestamps import ms
from tests.harness.step import MEDIA, NOW, PARTY, BareCenter, a_case, carry

BREAKER = CircuitBreaker(RetryPolicy())


class Peer:
    """A center that says whatever the contract's schemas allow, each in its place."""

    def __init__(self, center: BareCenter, name: str = PARTY) -> None:
        self.center, self.name = center, name
        self.places: dict[UUID, int] = {}

    def says(self, case: Case, data: CaseKind) -> dict[str, int]:
        """One message; how it ended."""
        place = self.places[case.case_id] = self.places.get(case.case_id, 0) + 1
        message = compose(
            data, source=self.name, recipient=self.center.context.me, now=NOW, subject=case.case_id, sequence=place
        )
        return self.center.receive(encode(message))

    def offers(self, case: Case, path: tuple[str, ...] = (), version: int = 1) -> dict[str, int]:
        """It offers a case that ``path`` is to have held."""
        return self.says(case, k.Offered(version=version, offer_id=new_id(), case=case, path=path))


def invented(count: int, first: int = 0) -> tuple[str, ...]:
    """Names of centers."""
    return tuple(f"ghost{number}-150402" for number in range(first, first + count))


def reopened(center: BareCenter) -> None:
    """As after a restart: nothing that was read is remembered."""
    cases._LATELY.clear()


def claimed(center: BareCenter) -> list[Claimed]:
    """What is due at the desk."""
    return finish_and_claim(center.store, center.context, [], BREAKER, center.now, 100)[1]


def codes(center: BareCenter) -> list[tuple[str, str]]:
    """What is parked."""
    with center.store.reading() as tx:
        return [(row["place"], row["code"]) for row in parked.listed(tx)]


def damage(center: BareCenter, case: Case, text: str = "{}") -> None:
    """The record of this case is no record any more."""
    where = t.cases.c.case_id == str(case.case_id)
    center.store.write(lambda tx: tx.execute(update(t.cases).where(where).values(record=text)))
    reopened(center)


# -- within bounds ---------------------------------------------------------------------------------------------------


def test_a_path_that_grows_past_its_bound_is_refused_and_all_tasks_are_claimed(media: BareCenter) -> None:
    """Two offers with 150 different names each: the second is refused, the record can be read after a restart, and a
    neighbour's case is claimed."""
    peer, case, other = Peer(media), a_case(PARTY), a_case(PARTY)
    assert peer.offers(case, invented(150)) == {"applied": 1}
    assert peer.offers(case, invented(150, 150)) == {"refused": 1}
    assert peer.offers(other) == {"applied": 1}
    reopened(media)
    assert {one.record.case.case_id for one in claimed(media)} == {case.case_id, other.case_id}
    assert codes(media) == [("wire", "out-of-bounds")]


def test_a_first_offer_with_a_full_path_is_refused_by_its_code(media: BareCenter) -> None:
    """The origin and the offerer have no room beside 200 others."""
    assert Peer(media).offers(a_case("civil-150402"), invented(MOST_CENTERS)) == {"refused": 1}
    assert codes(media) == [("wire", "out-of-bounds")]


def test_an_acceptance_that_has_no_room_is_a_refusal_and_harms_no_other_task(media: BareCenter) -> None:
    """The path is full when the staff says yes: custody refuses the command, and does not fail."""
    peer, case = Peer(media), a_case(PARTY)
    assert peer.offers(case, invented(MOST_CENTERS - 1)) == {"applied": 1}
    with pytest.raises(Refusal, match="out-of-bounds"):
        media.execute(c.Accept(case_id=case.case_id))
    media.execute(c.Decline(case_id=case.case_id, reason=k.Reason.NOT_DUTY))


def test_answered_requests_for_help_make_room_and_open_ones_are_never_forgotten(media: BareCenter) -> None:
    """A holder that asks for help again and again, and is answered, never fills the record."""
    case = a_case(MEDIA)
    media.execute(c.Register(case=case))
    for _ in range(MOST_ASSISTS):
        media.execute(c.AskAssist(case_id=case.case_id, to=PARTY, ask="请"))
    with pytest.raises(Refusal, match="out-of-bounds"):
        media.execute(c.AskAssist(case_id=case.case_id, to=PARTY, ask="请"))
    with media.store.reading() as tx:
        asked = cases.read(tx, [case.case_id])[case.case_id].assists[0]
    peer = Peer(media)
    peer.says(case, k.AssistAnswered(version=1, assist_id=asked.assist_id, done=True, text="好"))
    media.execute(c.AskAssist(case_id=case.case_id, to=PARTY, ask="请"))
    with media.store.reading() as tx:
        found = cases.read(tx, [case.case_id])[case.case_id].assists
    assert len(found) == MOST_ASSISTS
    assert asked.assist_id not in {one.assist_id for one in found}


def test_ratings_beyond_the_bound_forget_the_oldest() -> None:
    """The newest are kept."""
    known = [Rating(round=number, rater=k.Rater.SELF, grade=3) for number in range(MOST_RATINGS)]
    kept = with_rating(known, Rating(round=MOST_RATINGS, rater=k.Rater.SELF, grade=5))
    assert len(kept) == MOST_RATINGS
    assert kept[-1].grade == 5


NAMES = st.sampled_from([MEDIA, PARTY, *invented(300)])
PATHS = st.integers(0, 200).flatmap(lambda count: st.integers(0, 300).map(lambda first: invented(count, first)))


def _said(case: Case) -> st.SearchStrategy[CaseKind]:
    """Anything about a case that a peer may say by the schemas."""
    version, round_, offer = st.integers(0, 1_000_001), st.integers(0, 1001), st.just(case.case_id)
    text = st.sampled_from(["好", "请" * 8000])
    return st.one_of(
        st.builds(k.Offered, version=version, offer_id=offer, case=st.just(case), path=PATHS, round=round_),
        st.builds(k.Accepted, version=version, offer_id=offer, path=PATHS, due=st.none()),
        st.builds(k.Granted, version=version, offer_id=offer, to=NAMES),
        st.builds(k.Progressed, version=version, stage=st.just("x"), text=text, due=st.none()),
        st.builds(k.AssistRequested, version=version, assist_id=st.uuids(), case=st.just(case), ask=text),
        st.builds(k.Urged, version=version, text=text),
        st.builds(k.Rated, version=version, round=round_, grade=st.integers(1, 5), text=st.none()),
        st.builds(k.Reopened, version=version, round=round_, text=text),
        st.builds(k.Closed, version=version, round=round_, replied_at=st.just(NOW)),
        st.builds(
            k.ArbitrationRequested, version=version, ground=st.sampled_from(k.Ground), case=st.just(case), path=PATHS,
            offered_to=PATHS, round=round_, text=st.none(),
        ),
        st.builds(
            k.Ruled, version=version, ruling=st.sampled_from(k.Ruling), holder=NAMES, text=text, case=st.just(case),
            path=PATHS, round=round_,
        ),
    )  # fmt: skip


CASE = a_case(PARTY)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=st.lists(_said(CASE), min_size=1, max_size=12))
def test_every_record_that_is_written_can_be_read_back(tmp_path_factory: Any, said: list[CaseKind]) -> None:
    """Whatever a peer says by the schemas, what stands in the store after each message is a record."""
    center = BareCenter(MEDIA, tmp_path_factory.mktemp("property"))
    peer = Peer(center)
    for data in said:
        peer.says(CASE, data)
        with center.store.reading() as tx:
            stored = list(tx.execute(select(t.cases.c.record)).scalars())
        assert all(Record.model_validate_json(text) for text in stored)
        claimed(center)
    center.close()


# -- one that cannot be read -----------------------------------------------------------------------------------------


def test_a_record_that_an_older_program_let_grow_is_cut_back_and_its_case_goes_on(media: BareCenter) -> None:
    """300 names in the path of v0.1.0: the origin and the newest are kept, and the offer can be declined."""
    peer, case = Peer(media), a_case(PARTY)
    peer.offers(case, invented(10))
    with media.store.reading() as tx:
        written = json.loads(tx.execute(select(t.cases.c.record)).scalar_one())
    damage(media, case, json.dumps(written | {"path": [PARTY, *invented(300)]}))
    (one,) = claimed(media)
    assert one.record.path == (PARTY, *invented(MOST_CENTERS - 1, 300 - MOST_CENTERS + 1))
    media.execute(c.Decline(case_id=case.case_id, reason=k.Reason.NOT_DUTY))


def test_a_record_that_cannot_be_read_parks_its_own_task_alone(media: BareCenter) -> None:
    """The others are claimed, the operator sees the one, and it is not claimed again."""
    peer, case, other = Peer(media), a_case(PARTY), a_case(PARTY)
    peer.offers(case)
    peer.offers(other)
    damage(media, case)
    assert [one.record.case.case_id for one in claimed(media)] == [other.case_id]
    assert codes(media) == [("desk", "record-unreadable")]
    media.later(3600)
    assert [one.record.case.case_id for one in claimed(media)] == [other.case_id]


def test_messages_about_a_case_that_cannot_be_read_wait_and_are_applied_when_it_is_mended(media: BareCenter) -> None:
    """They are parked without a receipt, and harm no message beside them."""
    peer, case, other = Peer(media), a_case(PARTY), a_case(PARTY)
    peer.offers(case)
    with media.store.reading() as tx:
        written = tx.execute(select(t.cases.c.record)).scalar_one()
    damage(media, case)
    assert peer.offers(case) == {"early": 1}
    assert peer.offers(other) == {"applied": 1}
    assert codes(media) == [("wire", "record-unreadable")]
    damage(media, case, written)
    peer.places[case.case_id] = 1
    assert peer.says(case, k.Urged(version=1, text="请快")) == {"applied": 1}


def test_a_task_that_was_altered_in_the_store_is_parked_alone(tmp_path: Path) -> None:
    """Its case waits for the operator; another case's task is claimed."""
    center = BareCenter(MEDIA, tmp_path, encryption=CaseEncryption(FileKey(b"k" * 32)))
    peer, case, other = Peer(center), a_case(PARTY), a_case(PARTY)
    peer.offers(case)
    peer.offers(other)

    def alter(tx: Tx) -> None:
        bodies = list(tx.execute(select(t.work.c.body).order_by(t.work.c.id)).scalars())
        tx.execute(update(t.work).where(t.work.c.case_id == str(case.case_id)).values(body=bodies[-1]))

    center.store.write(alter)
    assert [one.record.case.case_id for one in claimed(center)] == [other.case_id]
    assert codes(center) == [("desk", "message-unreadable")]
    center.close()


def test_an_altered_message_in_the_outbox_is_set_aside_and_the_others_leave(tmp_path: Path) -> None:
    """One row of the outbox was altered: an operator sees it, and the other offer is sent."""
    center = BareCenter(MEDIA, tmp_path, encryption=CaseEncryption(FileKey(b"k" * 32)))
    made = [a_case(MEDIA), a_case(MEDIA)]
    for case in made:
        center.execute(c.Register(case=case), c.Offer(case_id=case.case_id, to=(PARTY,)))

    def alter(tx: Tx) -> None:
        bodies = list(tx.execute(select(t.outbox.c.body).order_by(t.outbox.c.id)).scalars())
        tx.execute(update(t.outbox).where(t.outbox.c.case_id == str(made[0].case_id)).values(body=bodies[-1]))

    center.store.write(alter)
    assert len(center.relay()) == 1
    assert codes(center) == [("peer", "message-unreadable")]
    center.later(3600)
    assert len(center.relay()) == 1
    center.close()


def test_retention_goes_on_past_a_case_that_cannot_be_read(tmp_path: Path) -> None:
    """It is parked once, and the closed case beside it is erased."""
    encryption = CaseEncryption(FileKey(b"k" * 32))
    center, peer = BareCenter(MEDIA, tmp_path, encryption=encryption), BareCenter(PARTY, tmp_path)
    made = [a_case(MEDIA), a_case(MEDIA)]
    for case in made:
        center.execute(
            c.Register(case=case),
            c.Resolve(case_id=case.case_id, outcome=k.Outcome.DONE, public_reply="已修"),
            c.Close(case_id=case.case_id, replied_at=NOW),
        )
    carry(center, peer)
    center.store.write(lambda tx: tx.execute(t.work.delete()))
    damage(center, made[0])
    later = NOW + timedelta(days=1)
    for _ in range(2):
        erase_old(center.blobs, center.context, ms(later), 1, later)
    assert codes(center) == [("desk", "record-unreadable")]
    with center.store.reading() as tx:
        assert cases.read(tx, [made[1].case_id])[made[1].case_id].case.text == "（已删除 / erased）"
    center.close()
    peer.close()


def test_the_store_of_a_poisoned_center_opens_again(tmp_path: Path) -> None:
    """A fresh process reads all but the damaged case."""
    center = BareCenter(MEDIA, tmp_path)
    peer, case, other = Peer(center), a_case(PARTY), a_case(PARTY)
    peer.offers(case)
    peer.offers(other)
    damage(center, case, "not JSON")
    center.close()
    center.store = Store(f"sqlite:///{tmp_path}/{MEDIA}.db")
    schema.upgrade(center.store)
    assert [one.record.case.case_id for one in claimed(center)] == [other.case_id]
    center.close()

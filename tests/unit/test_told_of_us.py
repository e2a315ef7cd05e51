"""What one peer tells of us, or of others: it pushes us into no era that others refuse, and nobody waits for ghosts."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from bus import recovery
from bus.contract import messages as k
from bus.contract.case import Case
from bus.contract.codec import encode
from bus.contract.envelope import Message, compose
from bus.contract.epochs import EPOCH, MAX_EPOCHS_AHEAD
from bus.contract.ids import new_id
from bus.custody import commands as c
from bus.operations import replay
from bus.operations.discard import discard
from bus.recovery import requester
from bus.recovery.requester import MOST_ERAS_LOST
from bus.security.keyed_security import KeyedSecurity
from bus.store import cases, outbox, parked
from bus.store import recovery as store_recovery
from bus.store import tables as t
from tests.harness.signing_county import notarised
from tests.harness.step import NOW, BareCenter, a_case, carry, opened

MEDIA, PARTY, CIVIL = "media_center-150402", "party_service-150402006", "civilization_center-150402"
MANY = tuple(f"ghost{number}-150402" for number in range(200))
GHOSTS = MANY[:190]


@pytest.fixture
def media(tmp_path: Path) -> Iterator[BareCenter]:
    """The media center, put back to a backup: it asks the party service and the civilization center."""
    center = BareCenter(MEDIA, tmp_path)
    recovery.begin(center.store, center.context, [PARTY, CIVIL], NOW)
    center.relay()
    yield center
    center.close()


def recovering(center: BareCenter) -> UUID:
    """The recovery that goes on."""
    with center.store.reading() as tx:
        return UUID(store_recovery.epoch(tx).recovery)


def tells(center: BareCenter, peer: str = PARTY, era: int | None = None, **said: Any) -> dict[str, int]:
    """A peer tells a page; how that ended."""
    now_in = recovery.status(center.store).era if era is None else era
    told = k.LogTold(**{"recovery": recovering(center), "era": now_in, "cursor": "0", **said})
    return ended(center.receive(encode(compose(told, source=peer, recipient=center.context.me, now=NOW))))


def ended(counts: dict[str, int]) -> dict[str, int]:
    """How messages ended, without what did not happen."""
    return {outcome: count for outcome, count in counts.items() if count}


def codes(center: BareCenter) -> list[tuple[str, str, int]]:
    """What is parked, and how often."""
    with center.store.reading() as tx:
        return [(row["place"], row["code"], row["times"]) for row in parked.listed(tx)]


# -- eras ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("era", [2**31 - 1, 150, MOST_ERAS_LOST + 1])
def test_a_wild_era_that_a_peer_claims_is_refused_and_moves_ours_nowhere(media: BareCenter, era: int) -> None:
    """It is parked with a code, its teller reads it too, and we speak in the era that we began."""
    for _ in range(3):
        assert tells(media, era=era, used=True) == {"refused": 1}
    assert recovery.status(media.store).era == 1
    assert codes(media) == [("wire", "wild-era", 3)]
    assert {opened(one).data.code for one in media.relay() if one.kind == "error"} == {"wild-era"}
    recovery.excuse(media.store, PARTY, NOW)
    tells(media, CIVIL)
    media.relay()
    assert not recovery.status(media.store).going_on


def test_a_peer_that_claims_one_era_after_the_other_stops_where_all_others_still_hear_us(media: BareCenter) -> None:
    """Each claim is a little higher; in the end it is refused, far below what an honest peer refuses."""
    outcomes: list[str] = []
    while "refused" not in outcomes:
        outcomes += tells(media, era=recovery.status(media.store).era + 9, used=True)
    assert MOST_ERAS_LOST / 2 < recovery.status(media.store).era <= MOST_ERAS_LOST
    assert recovery.status(media.store).era < MAX_EPOCHS_AHEAD


@pytest.mark.parametrize("era", [2147483648, 2**31 - 1, 151])
def test_a_center_that_was_pushed_into_a_wild_era_speaks_again_after_its_start(media: BareCenter, era: int) -> None:
    """What v0.1.0 has believed while it recovers: the recovery begins anew, in an era that everybody hears."""
    media.store.write(lambda tx: tx.execute(update(t.recoveries).values(era=era)))
    media.store.write(lambda tx: requester.begin_anew_if_wild(tx, media.context, NOW))
    assert recovery.status(media.store).era == 1
    assert [(one.kind, opened(one).sequence) for one in media.relay()] == [("log.asked", EPOCH)] * 2
    media.store.write(lambda tx: requester.begin_anew_if_wild(tx, media.context, NOW))
    assert recovery.status(media.store).peers == {PARTY: "asked", CIVIL: "asked"}


def test_a_center_that_speaks_in_a_wild_era_is_heard_again_after_the_operators_word(tmp_path: Path) -> None:
    """Its recovery has ended in era 151, and its neighbour takes nothing from it: `bus recover` heals it."""
    media, civil = BareCenter(MEDIA, tmp_path), BareCenter(CIVIL, tmp_path)
    case = a_case(MEDIA)
    media.execute(c.Register(case=case), c.Offer(case_id=case.case_id, to=(CIVIL,)))
    carry(media, civil)
    row = {"id": str(new_id()), "era": 151, "began_ms": 1, "ended_ms": 2}
    media.store.write(lambda tx: tx.execute(insert(t.recoveries).values(row)))
    media.store.write(lambda tx: store_recovery.lift_sent(tx, 151 * EPOCH))
    media.execute(c.Urge(case_id=case.case_id, text="请快"))
    assert civil.receive(*[one.body for one in media.relay()]) == {"parked": 1}
    recovery.begin(media.store, media.context, [], NOW)
    for _ in range(4):
        media.later(1500)
        carry(media, civil)
    assert recovery.status(media.store).going_on is False
    with civil.store.reading() as tx:
        assert cases.read(tx, [case.case_id])[case.case_id].urges == 1
        assert outbox.figures(tx)["waiting"] == 0
    media.close()
    civil.close()


# -- pages -----------------------------------------------------------------------------------------------------------


def test_a_message_that_is_told_without_end_is_refused(media: BareCenter) -> None:
    """Longer than any message may be: its teller stays asked, until the operator excuses it."""
    part = base64.b64encode(b"x" * 140_000).decode()
    entry = k.LogEntry(way=k.Way.SAID, body=part, more=True)
    assert tells(media, next="a1:1", entries=(entry,)) == {"told": 1}
    assert tells(media, cursor="a1:1", next="a1:2", entries=(entry,)) == {"refused": 1}
    assert recovery.status(media.store).peers[PARTY] == "asked"


def said(case: Case, data: k.CaseKind, peer: str = PARTY) -> Message[Any]:
    """A message of the peer, in its first place."""
    return compose(data, source=peer, recipient=MEDIA, now=NOW, subject=case.case_id, sequence=1)


def entry_of(message: Message[Any]) -> k.LogEntry:
    """As it is told: and we are to have applied it."""
    return k.LogEntry(way=k.Way.SAID, body=base64.b64encode(encode(message)).decode(), verdict=k.Verdict.APPLIED)


def test_a_case_that_cannot_be_rebuilt_is_refused_and_the_others_come_back(media: BareCenter) -> None:
    """One was held by more centers than a record has room for, as its teller says: it harms no other."""
    wrong, right = a_case(CIVIL), a_case(PARTY)
    told = [
        said(wrong, k.Offered(version=1, offer_id=new_id(), case=wrong, path=MANY)),
        said(right, k.Offered(version=1, offer_id=new_id(), case=right, path=(PARTY,))),
    ]
    tells(media, entries=tuple(map(entry_of, told)))
    tells(media, CIVIL)
    media.relay()
    assert not recovery.status(media.store).going_on
    with media.store.reading() as tx:
        assert set(cases.ids(tx)) == {right.case_id}
    assert codes(media) == [("wire", "out-of-bounds", 1)]


# -- members ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def county(tmp_path: Path) -> Iterator[dict[str, BareCenter]]:
    """Three centers that sign, all in the directory."""
    made = {
        name: BareCenter(name, tmp_path, security=security)
        for name, security in notarised([MEDIA, PARTY, CIVIL]).items()
    }
    yield made
    for center in made.values():
        center.close()


def signed(county: dict[str, BareCenter], message: Message[Any], to: str = MEDIA) -> dict[str, int]:
    """The party service signs it; what became of it."""
    security = county[PARTY].context.security
    assert isinstance(security, KeyedSecurity)
    return ended(county[to].receive(security.protect(encode(message), to, NOW)))


def test_the_recovery_waits_for_no_center_that_the_directory_does_not_list(county: dict[str, BareCenter]) -> None:
    """A peer names 190 invented centers beside a real one: only that one is asked."""
    media = county[MEDIA]
    recovery.begin(media.store, media.context, [PARTY], NOW)
    told = k.LogTold(recovery=recovering(media), era=1, cursor="0", centers=(*GHOSTS, CIVIL))
    assert signed(county, compose(told, source=PARTY, recipient=MEDIA, now=NOW)) == {"told": 1}
    assert recovery.status(media.store).peers == {PARTY: "told", CIVIL: "asked"}


def test_an_offer_that_names_a_center_outside_the_directory_is_refused(county: dict[str, BareCenter]) -> None:
    """190 invented centers in its path: nothing is ever said to them."""
    case = a_case(PARTY)
    offered = k.Offered(version=1, offer_id=new_id(), case=case, path=(PARTY, *GHOSTS))
    assert signed(county, said(case, offered)) == {"refused": 1}
    assert codes(county[MEDIA]) == [("wire", "unknown-center", 1)]
    case = a_case(PARTY)
    assert signed(county, said(case, k.Offered(version=1, offer_id=new_id(), case=case, path=(PARTY,)))) == {
        "applied": 1
    }


@pytest.mark.parametrize("what", ["origin", "holder"])
def test_a_case_that_nobody_began_or_nobody_holds_is_refused(county: dict[str, BareCenter], what: str) -> None:
    """News must go to the origin, and the holder must answer: neither may be nobody."""
    case = a_case(GHOSTS[0] if what == "origin" else PARTY)
    holder = PARTY if what == "origin" else GHOSTS[0]
    ruled = k.Ruled(version=1000, ruling=k.Ruling.IMPOSED, holder=holder, text="裁定", case=case, path=(PARTY,))
    assert signed(county, said(case, ruled)) == {"refused": 1}


def test_names_that_an_honest_center_has_believed_before_are_left_out(county: dict[str, BareCenter]) -> None:
    """A neighbour of v0.1.0 took such an offer and tells of its acceptance: it is believed, without the names."""
    media, case = county[MEDIA], a_case(MEDIA)
    media.execute(c.Register(case=case), c.Offer(case_id=case.case_id, to=(PARTY,)))
    with media.store.reading() as tx:
        offer = cases.read(tx, [case.case_id])[case.case_id].offer_out
    assert offer is not None
    taken = k.Accepted(version=2, offer_id=offer.offer_id, path=(MEDIA, *GHOSTS, PARTY))
    assert signed(county, said(case, taken)) == {"applied": 1}
    with media.store.reading() as tx:
        record = cases.read(tx, [case.case_id])[case.case_id]
        lanes = set(tx.execute(select(t.outbox.c.recipient)).scalars())
    assert (record.holder, record.path) == (PARTY, (MEDIA, PARTY))
    assert lanes == {PARTY}


def test_while_a_county_goes_over_to_signatures_nobody_is_a_stranger() -> None:
    """Not every center is listed yet."""
    assert notarised([MEDIA], required=False)[MEDIA].is_member(CIVIL)
    assert not notarised([MEDIA])[MEDIA].is_member(CIVIL)


def test_a_page_that_was_refused_can_be_replayed_and_stays_parked(media: BareCenter) -> None:
    """Nothing of it was kept but why; there is nothing to apply, and the operator is told so and can give it up."""
    tells(media, era=2**31 - 1, used=True)
    with media.store.reading() as tx:
        (row,) = parked.listed(tx)
    done = replay.replay(media.store, media.context, row["id"], NOW)
    assert done == replay.Replayed(replay.Outcome.STILL_PARKED, "wild-era")
    discard(media.store, media.context, row["id"], "a-lie", NOW)
    assert codes(media) == []

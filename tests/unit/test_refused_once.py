"""What was refused once is let in by no other door: neither a replay nor waiting for its turn makes it good."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bus.contract import signed_document
from bus.contract.codec import decode, encode
from bus.contract.envelope import Message, compose
from bus.contract.messages import Urged
from bus.custody.commands import Offer, Register, Urge
from bus.operations import replay as acts
from bus.operations.replay import Outcome, Replayed
from bus.security.keyed_security import Constant, KeyedSecurity
from bus.store import inbox, parked
from bus.store import tables as t
from bus.store.parked import parked_row
from tests.harness.signing_county import GOVERNMENT, MEDIA, PARTY, Signing
from tests.harness.step import NOW, BareCenter, a_case


@pytest.fixture
def county(tmp_path: Path) -> Iterator[Signing]:
    """Two centers that sign, and the keys of a third."""
    made = Signing(tmp_path)
    yield made
    made.close()


def _refused(county: Signing) -> bytes:
    """An offer that the party's center has refused by a fault of its own: its place in the lane is taken."""
    travelled = county.offered()
    county.dq.receive(travelled, sender=MEDIA)
    with county.dq.store.engine.begin() as tx:
        tx.execute(update(t.applied).values(verdict="refused", code="internal"))
        for table in (t.cases, t.case_count, t.work, t.receipts):
            tx.execute(table.delete())
    return travelled


def _park(county: Signing, body: bytes, peer: str | None = MEDIA) -> None:
    row = parked_row(parked.WIRE, county.dq.context, body, None, "internal", "", NOW)
    county.dq.store.write(lambda tx: parked.park(tx, [row._replace(peer=peer)]))


def _replayed(county: Signing) -> Replayed:
    return acts.replay(county.dq.store, county.dq.context, 1, NOW)


def _document(travelled: bytes) -> bytes:
    return signed_document.split_message(travelled)[1]


def _revoked(county: Signing, travelled: bytes) -> bytes:
    county.shelf.revoke(county.notaries[MEDIA].keyring.keys[0].public.kid)
    return travelled


FORGERIES: dict[str, tuple[Callable[[Signing, bytes], bytes], str]] = {
    "without a signature": (lambda _, travelled: _document(travelled), "unsigned"),
    "by a thief with a revoked key": (_revoked, "revoked-key"),
    "by another center": (
        lambda c, travelled: c.notaries[GOVERNMENT].signed(_document(travelled), NOW),
        "wrong-signer",
    ),
    "by a key of nobody": (lambda _, travelled: travelled.replace(b"e", b"f", 1), "unsigned"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_replay_at_a_refused_place_asks_who_has_signed(name: str, county: Signing) -> None:
    """A forgery of a message that was refused stays parked, however often an operator replays it."""
    forge, code = FORGERIES[name]
    forged = forge(county, _refused(county))
    assert county.dq.receive(forged, sender=MEDIA) == {"parked": 1}
    assert county.parked() == [code]
    done = _replayed(county)
    assert (done, county.known()) == (Replayed(Outcome.STILL_PARKED, code), 0)


def test_a_replay_at_a_refused_place_asks_who_has_brought_it(county: Signing) -> None:
    """The signature is right, and the broker says that another center has sent it."""
    _park(county, _refused(county), peer=GOVERNMENT)
    assert (_replayed(county), county.known()) == (Replayed(Outcome.STILL_PARKED, "wrong-sender"), 0)


def test_a_replay_at_a_refused_place_asks_for_the_very_bytes(county: Signing) -> None:
    """Rightly signed under the same id, another document is not the one that was refused."""
    travelled = _refused(county)
    other = county.notaries[MEDIA].signed(_document(travelled).replace("井盖丢失".encode(), "井盖松动".encode()), NOW)
    assert decode(other).id == decode(travelled).id
    _park(county, other)
    assert (_replayed(county), county.known()) == (Replayed(Outcome.STILL_PARKED, "other-bytes"), 0)


def test_a_replay_asks_where_it_belongs(county: Signing) -> None:
    """What was signed for another center is not applied here, though its place was refused here before."""
    message = decode(_refused(county))
    other = compose(message.data, source=MEDIA, recipient=GOVERNMENT, now=NOW, subject=message.subject, sequence=1)
    named = encode(other).replace(str(other.id).encode(), str(message.id).encode())
    _park(county, county.notaries[MEDIA].signed(named, NOW))
    county.dq.store.write(lambda tx: tx.execute(t.applied.update().values(digest=None)))
    assert (_replayed(county), county.known()) == (Replayed(Outcome.STILL_PARKED, "wrong-recipient"), 0)


def test_an_honest_message_is_applied_by_a_replay_also_after_its_key_was_rotated(county: Signing) -> None:
    """It was signed by a key that counted when it came: a key that is only old since takes nothing back."""
    travelled = _refused(county)
    _park(county, travelled)
    kid = county.notaries[MEDIA].keyring.keys[0].public.kid
    stale = county.shelf.known.listed[kid].model_copy(update={"until": NOW})
    county.shelf.known = county.shelf.known.with_keys([stale], NOW)
    assert (_replayed(county).outcome, county.known()) == (Outcome.APPLIED, 1)


# -- held back, and the key revoked meanwhile -----------------------------------------------------------------------


def _three(county: Signing) -> list[bytes]:
    """An offer and two reminders of the same lane, as they travel."""
    case = a_case(MEDIA)
    county.rm.execute(
        Register(case=case),
        Offer(case_id=case.case_id, to=(PARTY,)),
        Urge(case_id=case.case_id, text="一"),
        Urge(case_id=case.case_id, text="二"),
    )
    return [county.notaries[PARTY].unseal(parcel.body) for parcel in county.rm.relay()]


def _renew_key(county: Signing) -> None:
    """The media center has a new key, and its old one is revoked."""
    before = county.notaries[MEDIA].keyring
    renewed = before.with_new_key(NOW)
    county.shelf.list(renewed)
    county.shelf.revoke(before.keys[0].public.kid)
    county.rm.context = replace(county.rm.context, security=KeyedSecurity(Constant(renewed), county.shelf))


def _applied(center: BareCenter) -> int:
    with center.store.reading() as tx:
        return len(inbox.applied_messages(tx))


def _held(center: BareCenter) -> int:
    with center.store.reading() as tx:
        return inbox.figures(tx)["held"]


def _sent_anew(county: Signing) -> list[bytes]:
    county.rm.later(700)
    return [parcel.body for parcel in county.rm.relay() if parcel.kind != "error"]


def test_what_was_held_back_is_not_applied_when_its_key_was_revoked_meanwhile(county: Signing) -> None:
    """Its turn comes: it is parked as it would be if it came now, its sender hears of it, and its place stays free."""
    first, second, third = _three(county)
    assert county.dq.receive(second, third, sender=MEDIA) == {"held": 2}
    _renew_key(county)
    (again, *_) = _sent_anew(county)
    assert decode(county.notaries[PARTY].unseal(again)).id == decode(first).id
    assert county.dq.receive(again, sender=MEDIA) == {"applied": 1, "parked": 1}
    assert (county.parked(), _applied(county.dq), _held(county.dq)) == (["revoked-key"], 1, 1)
    assert sorted(parcel.kind for parcel in county.dq.relay()) == ["error", "receipt"]


def test_an_honest_sender_goes_on_where_a_held_message_was_refused(county: Signing) -> None:
    """It sends again, signed anew, and the lane goes on in its order; nothing of it is applied twice or left behind."""
    _, second, third = _three(county)
    county.dq.receive(second, third, sender=MEDIA)
    _renew_key(county)
    for _ in range(3):
        county.dq.receive(*_sent_anew(county), sender=MEDIA)
        for answer in county.dq.relay():
            county.rm.receive(answer.body, sender=PARTY)
    assert (_applied(county.dq), _held(county.dq)) == (3, 0)
    with county.rm.store.reading() as tx:
        assert tx.execute(select(t.outbox.c.id)).all() == []


def test_a_thief_cannot_lay_a_message_aside_for_later(county: Signing) -> None:
    """Signed with a stolen key and held back, it never counts; the true message at its place does."""
    first, second, _ = _three(county)
    theirs: Message[Urged] = decode(second)
    stolen = compose(
        theirs.data.model_copy(update={"text": "不必处理"}),
        source=MEDIA, recipient=PARTY, now=NOW, subject=theirs.subject, sequence=2,
    )  # fmt: skip
    county.dq.receive(county.notaries[MEDIA].signed(encode(stolen), NOW), sender=MEDIA)
    _renew_key(county)
    for _ in range(2):
        county.dq.receive(*_sent_anew(county), sender=MEDIA)
    with county.dq.store.reading() as tx:
        applied = set(inbox.applied_messages(tx))
    assert str(stolen.id) not in applied
    assert {str(decode(first).id), str(theirs.id)} <= applied
    assert county.parked() == ["revoked-key"]


def test_what_was_held_back_by_a_key_that_was_only_rotated_is_applied(county: Signing) -> None:
    """It counted when it came, and nobody has taken the key back."""
    first, second, _ = _three(county)
    county.dq.receive(second, sender=MEDIA)
    kid = county.notaries[MEDIA].keyring.keys[0].public.kid
    old = county.shelf.known.listed[kid]
    county.rm.later(60)
    county.shelf.known = county.shelf.known.with_keys([old.model_copy(update={"until": county.rm.now})], NOW)
    assert county.dq.receive(first, sender=MEDIA) == {"applied": 2}

"""Sealed messages through the steps: who can read them, and what becomes of those that cannot be opened."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bus.contract import signed_document
from bus.operations import replay as acts
from bus.operations.backlog import backlog
from bus.pipeline.no_key import NoKey
from bus.security import seal
from bus.security.errors import Untrusted
from bus.security.keyed_security import Constant, KeyedSecurity
from bus.store import archive, outbox, parked
from tests.harness.signing_county import GOVERNMENT, MEDIA, PARTY, Signing
from tests.harness.step import NOW, carry

RESIDENT = ("张秀英", "13904760001", "井盖")


def _unlisted(county: Signing, name: str) -> None:
    """The operator lists nothing of this center any more."""
    known = county.shelf.known
    county.shelf.known = replace(known, listed={k: v for k, v in known.listed.items() if v.center != name})


@pytest.fixture
def county(tmp_path: Path) -> Iterator[Signing]:
    """The centers, with a store each."""
    made = Signing(tmp_path)
    yield made
    made.close()


def test_who_carries_a_message_reads_nothing_of_it(county: Signing) -> None:
    """Neither the resident nor the matter, nor the case's number: the label alone."""
    (offer,) = county.sent()
    county.dq.receive(offer.body, sender=MEDIA)
    for parcel in (offer, *county.dq.relay()):
        assert parcel.body.startswith(b"sealed ")
        assert not [word for word in (*RESIDENT, "subject", "case") if word.encode() in parcel.body]


def test_only_its_recipient_opens_it_and_keeps_it_as_it_was_signed(county: Signing) -> None:
    """The archive holds the signature above the document; the seal was for the road alone."""
    (offer,) = county.sent()
    with pytest.raises(Untrusted) as refused:
        county.notaries[GOVERNMENT].unseal(offer.body)
    assert refused.value.code == "sealed-for-another"
    assert county.dq.receive(offer.body, sender=MEDIA) == {"applied": 1}
    with county.dq.store.reading() as tx:
        (kept,) = archive.since(tx, MEDIA, 0, 10)
    assert kept.body == county.notaries[PARTY].unseal(offer.body)
    assert county.notaries[GOVERNMENT].signer(kept.body, NOW) == MEDIA


def test_one_message_is_sealed_anew_each_time_it_leaves(county: Signing) -> None:
    """And is the same to its recipient: a repeat."""
    (offer,) = county.sent()
    county.rm.later(700)
    (again,) = county.rm.relay()
    assert again.body != offer.body
    assert county.dq.receive(offer.body, sender=MEDIA) == {"applied": 1}
    assert county.dq.receive(again.body, sender=MEDIA) == {"repeated": 1}


def _resealed(inside: Callable[[Signing, bytes], bytes]) -> Callable[[Signing, bytes], bytes]:
    """Anybody can seal for the recipient; what he seals is another matter."""

    def forge(county: Signing, travelled: bytes) -> bytes:
        security = county.notaries[PARTY]
        return seal.sealed(inside(county, security.unseal(travelled)), security.keyring.keys[0].public)

    return forge


def _flipped(travelled: bytes) -> bytes:
    return travelled[:-1] + bytes([travelled[-1] ^ 1])


ATTACKS: dict[str, tuple[Callable[[Signing, bytes], bytes], str]] = {
    "unsigned under the seal": (_resealed(lambda _, signed: signed_document.split_message(signed)[1]), "unsigned"),
    "a thief's signature under the seal": (
        _resealed(lambda c, signed: c.notaries[GOVERNMENT].signed(signed_document.split_message(signed)[1], NOW)),
        "wrong-signer",
    ),
    "another document under the seal": (
        _resealed(lambda _, signed: signed.replace(b'"sequence":1', b'"sequence":2')), "bad-signature"
    ),
    "sealed twice": (
        _resealed(lambda c, signed: seal.sealed(signed, c.notaries[PARTY].keyring.keys[0].public)), "unsigned"
    ),
    "a bit flipped": (lambda _, travelled: _flipped(travelled), "broken-seal"),
    "cut short": (lambda _, travelled: travelled[:200], "broken-seal"),
    "nothing behind the line": (lambda _, travelled: travelled.partition(signed_document.BETWEEN)[0], "broken-seal"),
    "another line above it": (lambda _, travelled: travelled.replace(b"sealed ", b"sealed  "), "sealed-for-another"),
    "another's key named": (
        lambda c, travelled: travelled.replace(
            c.notaries[PARTY].keyring.keys[0].public.kid.encode(),
            c.notaries[GOVERNMENT].keyring.keys[0].public.kid.encode(),
        ),
        "sealed-for-another",
    ),
    "a line without end": (lambda _, travelled: b"sealed " + b"x" * 100_000, "sealed-for-another"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_what_is_sealed_and_wrong_is_parked_and_changes_nothing(name: str, county: Signing) -> None:
    """A seal proves nothing: what is under it is checked as ever, and the true message is applied afterwards."""
    attack, code = ATTACKS[name]
    (offer,) = county.sent()
    assert county.dq.receive(attack(county, offer.body), sender=MEDIA) == {"parked": 1}
    assert (county.stuck(), county.known()) == ([(code, 1)], 0)
    assert [parcel.kind for parcel in county.dq.relay()] == ["error"]
    assert county.dq.receive(offer.body, sender=MEDIA) == {"applied": 1}


def test_what_cannot_be_opened_is_shown_once_however_often_it_comes(county: Signing) -> None:
    """Sealed, the same message has other bytes each time: an operator sees one row for the key, and how often."""
    county.sent(PARTY)
    county.dq.context = replace(
        county.dq.context, security=KeyedSecurity(county.notaries[GOVERNMENT].keyring_source, county.shelf)
    )
    for seconds in (700, 1400, 2800):
        county.rm.later(seconds)
        (again,) = county.rm.relay()
        assert county.dq.receive(again.body, sender=MEDIA) == {"parked": 1}
    assert county.stuck() == [("sealed-for-another", 3)]
    with county.dq.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert acts.replay(county.dq.store, county.dq.context, row["id"], NOW).outcome is acts.Outcome.STILL_PARKED


def test_an_old_key_still_opens_what_was_sealed_for_it(county: Signing) -> None:
    """Rotation loses nothing that was under way."""
    (offer,) = county.sent()
    renewed = county.notaries[PARTY].keyring.with_new_key(NOW)
    county.shelf.list(renewed)
    county.dq.context = replace(county.dq.context, security=KeyedSecurity(Constant(renewed), county.shelf))
    assert county.dq.receive(offer.body, sender=MEDIA) == {"applied": 1}
    county.rm.later(700)
    (again,) = county.rm.relay()
    assert again.body.startswith(b"sealed " + renewed.keys[-1].public.kid.encode())
    assert county.dq.receive(again.body, sender=MEDIA) == {"repeated": 1}


def test_what_is_for_a_center_without_a_key_waits_and_holds_up_nobody(county: Signing) -> None:
    """It is never sent open; an operator sees why it waits; it leaves when the center has published a key."""
    keyring = county.notaries[PARTY].keyring
    _unlisted(county, PARTY)
    assert county.sent(PARTY) == []
    assert [parcel.recipient for parcel in county.sent(GOVERNMENT)] == [GOVERNMENT]
    with county.rm.store.reading() as tx:
        waiting = {row["peer"]: row["code"] for row in backlog(tx, MEDIA, county.rm.now, 0)}
    assert waiting[PARTY] == NoKey.NO_KEY.value
    county.shelf.list(keyring)
    county.rm.later(700)
    carry(county.rm, county.dq)
    with county.rm.store.reading() as tx:
        assert outbox.figures(tx)["waiting"] == 1, "what is for the center that does not run"
    assert county.known() == 1


def test_while_a_county_goes_over_nothing_is_sealed(county: Signing) -> None:
    """A center that is listed already may not have its keys in use yet."""
    county.rm.context = replace(county.rm.context, security=replace(county.notaries[MEDIA], required=False))
    (offer,) = county.sent()
    assert county.notaries[GOVERNMENT].signer(offer.body, NOW) == MEDIA

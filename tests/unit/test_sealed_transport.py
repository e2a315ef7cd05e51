"""Sealed messages through the steps: who can read them, and what becomes of those that cannot be opened."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bus.contract import signed_document
from bus.operations import replay as acts
from bus.operations.backlog import stuck
from bus.security import seal
from bus.security.errors import Distrusted
from bus.security.keyed_security import Fixed, KeyNotary
from bus.store import archive, outbox, parked
from bus.transports.port import Fate
from tests.unit.signing_county import DQ, RM, ZW, Signing
from tests.unit.steps import NOW, carry

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
    county.dq.accept(offer.body, sender=RM)
    for parcel in (offer, *county.dq.relay()):
        assert parcel.body.startswith(b"sealed ")
        assert not [word for word in (*RESIDENT, "subject", "case") if word.encode() in parcel.body]


def test_only_its_recipient_opens_it_and_keeps_it_as_it_was_signed(county: Signing) -> None:
    """The archive holds the signature above the document; the seal was for the road alone."""
    (offer,) = county.sent()
    with pytest.raises(Distrusted) as refused:
        county.notaries[ZW].opened(offer.body)
    assert refused.value.code == "sealed-for-another"
    assert county.dq.accept(offer.body, sender=RM) == {"applied": 1}
    with county.dq.store.reading() as tx:
        (kept,) = archive.since(tx, RM, 0, 10)
    assert kept.body == county.notaries[DQ].opened(offer.body)
    assert county.notaries[ZW].signer(kept.body, NOW) == RM


def test_one_message_is_sealed_anew_each_time_it_leaves(county: Signing) -> None:
    """And is the same to its recipient: a repeat."""
    (offer,) = county.sent()
    county.rm.later(700)
    (again,) = county.rm.relay()
    assert again.body != offer.body
    assert county.dq.accept(offer.body, sender=RM) == {"applied": 1}
    assert county.dq.accept(again.body, sender=RM) == {"repeated": 1}


def _resealed(inside: Callable[[Signing, bytes], bytes]) -> Callable[[Signing, bytes], bytes]:
    """Anybody can seal for the recipient; what he seals is another matter."""

    def forge(county: Signing, travelled: bytes) -> bytes:
        notary = county.notaries[DQ]
        return seal.sealed(inside(county, notary.opened(travelled)), notary.keyring.keys[0].public)

    return forge


def _flipped(travelled: bytes) -> bytes:
    return travelled[:-1] + bytes([travelled[-1] ^ 1])


ATTACKS: dict[str, tuple[Callable[[Signing, bytes], bytes], str]] = {
    "unsigned under the seal": (_resealed(lambda _, signed: signed_document.message(signed)[1]), "unsigned"),
    "a thief's signature under the seal": (
        _resealed(lambda c, signed: c.notaries[ZW].signed(signed_document.message(signed)[1], NOW)), "wrong-signer"
    ),
    "another document under the seal": (
        _resealed(lambda _, signed: signed.replace(b'"sequence":1', b'"sequence":2')), "bad-signature"
    ),
    "sealed twice": (
        _resealed(lambda c, signed: seal.sealed(signed, c.notaries[DQ].keyring.keys[0].public)), "unsigned"
    ),
    "a bit flipped": (lambda _, travelled: _flipped(travelled), "broken-seal"),
    "cut short": (lambda _, travelled: travelled[:200], "broken-seal"),
    "nothing behind the line": (lambda _, travelled: travelled.partition(signed_document.BETWEEN)[0], "broken-seal"),
    "another line above it": (lambda _, travelled: travelled.replace(b"sealed ", b"sealed  "), "sealed-for-another"),
    "another's key named": (
        lambda c, travelled: travelled.replace(
            c.notaries[DQ].keyring.keys[0].public.kid.encode(), c.notaries[ZW].keyring.keys[0].public.kid.encode()
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
    assert county.dq.accept(attack(county, offer.body), sender=RM) == {"parked": 1}
    assert (county.stuck(), county.known()) == ([(code, 1)], 0)
    assert [parcel.kind for parcel in county.dq.relay()] == ["error"]
    assert county.dq.accept(offer.body, sender=RM) == {"applied": 1}


def test_what_cannot_be_opened_is_shown_once_however_often_it_comes(county: Signing) -> None:
    """Sealed, the same message has other bytes each time: an operator sees one row for the key, and how often."""
    county.sent(DQ)
    county.dq.rules = replace(county.dq.rules, notary=KeyNotary(county.notaries[ZW].ring, county.shelf))
    for seconds in (700, 1400, 2800):
        county.rm.later(seconds)
        (again,) = county.rm.relay()
        assert county.dq.accept(again.body, sender=RM) == {"parked": 1}
    assert county.stuck() == [("sealed-for-another", 3)]
    with county.dq.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert acts.replay(county.dq.store, county.dq.rules, row["id"], NOW).outcome is acts.Outcome.STILL_PARKED


def test_an_old_key_still_opens_what_was_sealed_for_it(county: Signing) -> None:
    """Rotation loses nothing that was under way."""
    (offer,) = county.sent()
    renewed = county.notaries[DQ].keyring.with_new_key(NOW)
    county.shelf.list(renewed)
    county.dq.rules = replace(county.dq.rules, notary=KeyNotary(Fixed(renewed), county.shelf))
    assert county.dq.accept(offer.body, sender=RM) == {"applied": 1}
    county.rm.later(700)
    (again,) = county.rm.relay()
    assert again.body.startswith(b"sealed " + renewed.keys[-1].public.kid.encode())
    assert county.dq.accept(again.body, sender=RM) == {"repeated": 1}


def test_what_is_for_a_center_without_a_key_waits_and_holds_up_nobody(county: Signing) -> None:
    """It is never sent open; an operator sees why it waits; it leaves when the center has published a key."""
    keyring = county.notaries[DQ].keyring
    _unlisted(county, DQ)
    assert county.sent(DQ) == []
    assert [parcel.recipient for parcel in county.sent(ZW)] == [ZW]
    with county.rm.store.reading() as tx:
        waiting = {row["peer"]: row["code"] for row in stuck(tx, RM, county.rm.now, 0)}
    assert waiting[DQ] == Fate.KEYLESS.value
    county.shelf.list(keyring)
    county.rm.later(700)
    carry(county.rm, county.dq)
    with county.rm.store.reading() as tx:
        assert outbox.figures(tx)["waiting"] == 1, "what is for the center that does not run"
    assert county.known() == 1


def test_while_a_county_goes_over_nothing_is_sealed(county: Signing) -> None:
    """A center that is listed already may not have its keys in use yet."""
    county.rm.rules = replace(county.rm.rules, notary=replace(county.notaries[RM], required=False))
    (offer,) = county.sent()
    assert county.notaries[ZW].signer(offer.body, NOW) == RM

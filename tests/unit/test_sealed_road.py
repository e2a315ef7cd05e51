"""Sealed messages through the steps: who can read them, and what becomes of those that cannot be opened."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bus import replay as acts
from bus.commands import Offer, Register
from bus.port import Fate, Parcel
from bus.store import archive, cases, outbox, parked
from bus.stuck import stuck
from bus.trust import seal, sheet
from bus.trust.key_notary import Fixed, KeyNotary
from bus.trust.trouble import Distrusted
from tests.unit.signing import Shelf, notarised
from tests.unit.steps import NOW, Bare, a_case, carry

RM, DQ, ZW = "media_center-150402", "party_service-150402006", "government_service-150402"
RESIDENT = ("张秀英", "13904760001", "井盖")


class County:
    """Two centers that sign and seal, and a third one that would like to read what is not for it."""

    def __init__(self, folder: Path) -> None:
        self.notaries = notarised([RM, DQ, ZW])
        self.rm, self.dq = (Bare(name, folder, notary=self.notaries[name]) for name in (RM, DQ))

    @property
    def shelf(self) -> Shelf:
        """What the operator has listed."""
        return cast(Shelf, self.notaries[RM].book)

    def unlisted(self, name: str) -> None:
        """The operator lists nothing of this center any more."""
        known = self.shelf.known
        self.shelf.known = replace(known, listed={k: v for k, v in known.listed.items() if v.center != name})

    def offered(self, *to: str) -> list[Parcel]:
        """An offer, as it travels."""
        case = a_case(RM, title="井盖丢失", text="张秀英 13904760001")
        self.rm.do(Register(case=case), Offer(case_id=case.case_id, to=to or (DQ,)))
        return self.rm.relay()

    def parked(self) -> list[tuple[str, int]]:
        """What is parked at the recipient, and how often it came."""
        with self.dq.store.reading() as tx:
            return [(row["code"], row["times"]) for row in parked.listed(tx)]

    def known(self) -> int:
        """How many cases the recipient knows."""
        with self.dq.store.reading() as tx:
            return sum(cases.count_by_status(tx).values())


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    """The centers, with a store each."""
    made = County(tmp_path)
    yield made
    made.rm.close()
    made.dq.close()


def test_who_carries_a_message_reads_nothing_of_it(county: County) -> None:
    """Neither the resident nor the matter, nor the case's number: the label alone."""
    (offer,) = county.offered()
    county.dq.accept(offer.body, sender=RM)
    for parcel in (offer, *county.dq.relay()):
        assert parcel.body.startswith(b"sealed ")
        assert not [word for word in (*RESIDENT, "subject", "case") if word.encode() in parcel.body]


def test_only_its_recipient_opens_it_and_keeps_it_as_it_was_signed(county: County) -> None:
    """The archive holds the signature above the document; the seal was for the road alone."""
    (offer,) = county.offered()
    with pytest.raises(Distrusted) as refused:
        county.notaries[ZW].opened(offer.body)
    assert refused.value.code == "sealed-for-another"
    assert county.dq.accept(offer.body, sender=RM) == {"applied": 1}
    with county.dq.store.reading() as tx:
        (kept,) = archive.since(tx, RM, 0, 10)
    assert kept.body == county.notaries[DQ].opened(offer.body)
    assert county.notaries[ZW].signer(kept.body, NOW) == RM


def test_one_message_is_sealed_anew_each_time_it_leaves(county: County) -> None:
    """And is the same to its recipient: a repeat."""
    (offer,) = county.offered()
    county.rm.later(700)
    (again,) = county.rm.relay()
    assert again.body != offer.body
    assert county.dq.accept(offer.body, sender=RM) == {"applied": 1}
    assert county.dq.accept(again.body, sender=RM) == {"repeated": 1}


def _resealed(inside: Callable[[County, bytes], bytes]) -> Callable[[County, bytes], bytes]:
    """Anybody can seal for the recipient; what he seals is another matter."""

    def forge(county: County, travelled: bytes) -> bytes:
        notary = county.notaries[DQ]
        return seal.sealed(inside(county, notary.opened(travelled)), notary.keyring.keys[0].public)

    return forge


def _flipped(travelled: bytes) -> bytes:
    return travelled[:-1] + bytes([travelled[-1] ^ 1])


ATTACKS: dict[str, tuple[Callable[[County, bytes], bytes], str]] = {
    "unsigned under the seal": (_resealed(lambda _, signed: sheet.message(signed)[1]), "unsigned"),
    "a thief's signature under the seal": (
        _resealed(lambda c, signed: c.notaries[ZW].signed(sheet.message(signed)[1], NOW)), "wrong-signer"
    ),
    "another document under the seal": (
        _resealed(lambda _, signed: signed.replace(b'"sequence":1', b'"sequence":2')), "bad-signature"
    ),
    "sealed twice": (
        _resealed(lambda c, signed: seal.sealed(signed, c.notaries[DQ].keyring.keys[0].public)), "unsigned"
    ),
    "a bit flipped": (lambda _, travelled: _flipped(travelled), "broken-seal"),
    "cut short": (lambda _, travelled: travelled[:200], "broken-seal"),
    "nothing behind the line": (lambda _, travelled: travelled.partition(sheet.BETWEEN)[0], "broken-seal"),
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
def test_what_is_sealed_and_wrong_is_parked_and_changes_nothing(name: str, county: County) -> None:
    """A seal proves nothing: what is under it is checked as ever, and the true message is applied afterwards."""
    attack, code = ATTACKS[name]
    (offer,) = county.offered()
    assert county.dq.accept(attack(county, offer.body), sender=RM) == {"parked": 1}
    assert (county.parked(), county.known()) == ([(code, 1)], 0)
    assert [parcel.kind for parcel in county.dq.relay()] == ["error"]
    assert county.dq.accept(offer.body, sender=RM) == {"applied": 1}


def test_what_cannot_be_opened_is_shown_once_however_often_it_comes(county: County) -> None:
    """Sealed, the same message has other bytes each time: an operator sees one row for the key, and how often."""
    county.offered(DQ)
    county.dq.rules = replace(county.dq.rules, notary=KeyNotary(county.notaries[ZW].ring, county.shelf))
    for seconds in (700, 1400, 2800):
        county.rm.later(seconds)
        (again,) = county.rm.relay()
        assert county.dq.accept(again.body, sender=RM) == {"parked": 1}
    assert county.parked() == [("sealed-for-another", 3)]
    with county.dq.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert acts.replay(county.dq.store, county.dq.rules, row["id"], NOW).outcome is acts.Outcome.STILL_PARKED


def test_an_old_key_still_opens_what_was_sealed_for_it(county: County) -> None:
    """Rotation loses nothing that was under way."""
    (offer,) = county.offered()
    renewed = county.notaries[DQ].keyring.with_new_key(NOW)
    county.shelf.list(renewed)
    county.dq.rules = replace(county.dq.rules, notary=KeyNotary(Fixed(renewed), county.shelf))
    assert county.dq.accept(offer.body, sender=RM) == {"applied": 1}
    county.rm.later(700)
    (again,) = county.rm.relay()
    assert again.body.startswith(b"sealed " + renewed.keys[-1].public.kid.encode())
    assert county.dq.accept(again.body, sender=RM) == {"repeated": 1}


def test_what_is_for_a_center_without_a_key_waits_and_holds_up_nobody(county: County) -> None:
    """It is never sent open; an operator sees why it waits; it leaves when the center has published a key."""
    keyring = county.notaries[DQ].keyring
    county.unlisted(DQ)
    assert county.offered(DQ) == []
    assert [parcel.recipient for parcel in county.offered(ZW)] == [ZW]
    with county.rm.store.reading() as tx:
        waiting = {row["peer"]: row["code"] for row in stuck(tx, RM, county.rm.now, 0)}
    assert waiting[DQ] == Fate.KEYLESS.value
    county.shelf.list(keyring)
    county.rm.later(700)
    carry(county.rm, county.dq)
    with county.rm.store.reading() as tx:
        assert outbox.figures(tx)["waiting"] == 1, "what is for the center that does not run"
    assert county.known() == 1


def test_while_a_county_goes_over_nothing_is_sealed(county: County) -> None:
    """A center that is listed already may not have its keys in use yet."""
    county.rm.rules = replace(county.rm.rules, notary=replace(county.notaries[RM], required=False))
    (offer,) = county.offered()
    assert county.notaries[ZW].signer(offer.body, NOW) == RM

"""Signed messages through the steps: who is believed, what is parked, and that nothing is lost over it."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bus.contract import signed_document
from bus.contract.codec import decode, encode
from bus.contract.envelope import compose
from bus.contract.messages import LogEntry, Receipt, ReceiptItem, Verdict, Way
from bus.custody.commands import Accept, Offer, Register
from bus.operations import replay as acts
from bus.operations.replay import Outcome
from bus.recovery import requester
from bus.security import key_request
from bus.security.cipher_suite import APPLICATION
from bus.security.errors import KeyUnusable
from bus.security.keyed_security import Constant, KeyedSecurity
from bus.security.message_security import Unsecured
from bus.store import archive, cases, outbox
from bus.store import tables as t
from tests.harness.signing_county import GOVERNMENT, MEDIA, PARTY, Signing
from tests.harness.step import NOW, a_case, carry


@pytest.fixture
def county(tmp_path: Path) -> Iterator[Signing]:
    """The two, with a store each."""
    made = Signing(tmp_path)
    yield made
    made.close()


def test_a_signed_case_goes_over_and_its_signature_is_kept(county: Signing) -> None:
    """The offer is applied, it is archived as it was signed, and receipts and answers are signed as well."""
    travelled = county.offered()
    assert county.dq.receive(travelled, sender=MEDIA) == {"applied": 1}
    with county.dq.store.reading() as tx:
        kept = tx.execute(select(t.archive.c.body).where(t.archive.c.way == archive.HEARD)).scalar_one()
    assert kept == travelled
    assert county.notaries[GOVERNMENT].signer(kept, NOW) == MEDIA
    (receipt,) = county.dq.relay()
    assert county.notaries[GOVERNMENT].signer(county.notaries[MEDIA].unseal(receipt.body), NOW) == PARTY
    assert county.rm.receive(receipt.body) == {"receipted": 1}


def test_a_county_that_signs_hands_over_as_ever(county: Signing) -> None:
    """To and fro until nothing moves; nothing is owed and nothing is parked."""
    case_id = decode(county.offered()).subject
    assert case_id is not None
    county.rm.later(700)  # the offer goes once more
    carry(county.rm, county.dq)
    county.dq.execute(Accept(case_id=case_id))
    carry(county.rm, county.dq)
    for center in (county.rm, county.dq):
        with center.store.reading() as tx:
            assert outbox.figures(tx)["waiting"] == 0
            assert cases.read(tx, [case_id])[case_id].holder == PARTY
    assert county.parked() == []


def _by(name: str) -> Callable[[Signing, bytes], bytes]:
    """The same document with another center's signature."""
    return lambda county, travelled: county.notaries[name].signed(signed_document.split_message(travelled)[1], NOW)


def _document(change: Callable[[bytes], bytes]) -> Callable[[Signing, bytes], bytes]:
    """Under the true signature, another document."""

    def forge(_: Signing, travelled: bytes) -> bytes:
        signature, body = signed_document.split_message(travelled)
        return signed_document.join(change(body), [signature or ""])

    return forge


ATTACKS: dict[str, tuple[Callable[[Signing, bytes], bytes], str]] = {
    "stripped": (lambda _, travelled: signed_document.split_message(travelled)[1], "unsigned"),
    "doubled": (lambda c, travelled: c.notaries[MEDIA].signed(travelled, NOW), "not-json"),
    "two signatures": (lambda _, w: w.partition(b"\n")[0] + b"\n" + w, "bad-signature"),
    "signed by another center": (_by(GOVERNMENT), "wrong-signer"),
    "signed by the recipient": (_by(PARTY), "wrong-signer"),
    "swapped body": (_document(lambda body: body.replace(b'"sequence":1', b'"sequence":2')), "bad-signature"),
    "a byte more": (_document(lambda body: body + b" "), "bad-signature"),
    "another audience": (_document(lambda body: body.replace(PARTY.encode(), GOVERNMENT.encode())), "bad-signature"),
    "another sender": (_document(lambda body: body.replace(MEDIA.encode(), GOVERNMENT.encode())), "bad-signature"),
    "an empty signature": (
        lambda _, travelled: signed_document.join(signed_document.split_message(travelled)[1], [""]),
        "unsigned",
    ),
    "an application's signature": (
        lambda c, w: signed_document.join(
            signed_document.split_message(w)[1],
            [c.notaries[MEDIA].keyring.keys[0].signed(signed_document.split_message(w)[1], APPLICATION)],
        ),
        "bad-signature",
    ),
    "a signature too long to be one": (lambda _, w: b"e" * 5000 + w, "unsigned"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_forged_message_is_parked_and_changes_nothing(name: str, county: Signing) -> None:
    """An operator sees it, whoever the broker says has sent it hears of it; no case is made, nothing is receipted."""
    attack, code = ATTACKS[name]
    assert county.dq.receive(attack(county, county.offered()), sender=MEDIA) == {"parked": 1}
    assert (county.parked(), county.known()) == ([code], 0)
    assert [parcel.kind for parcel in county.dq.relay()] == ["error"]


def test_the_true_message_is_applied_after_its_forgery(county: Signing) -> None:
    """A forgery takes no place in the lane."""
    travelled = county.offered()
    county.dq.receive(_by(GOVERNMENT)(county, travelled), sender=MEDIA)
    assert county.dq.receive(travelled, sender=MEDIA) == {"applied": 1}
    assert county.known() == 1


def test_what_was_captured_changes_nothing_when_it_is_sent_again(county: Signing) -> None:
    """A replay is a repeat: it is receipted as before."""
    travelled = county.offered()
    county.dq.receive(travelled, sender=MEDIA)
    assert county.dq.receive(travelled, sender=MEDIA) == {"repeated": 1}


def test_a_message_meant_for_another_center_is_not_taken(county: Signing) -> None:
    """Truly signed, and brought to the wrong door."""
    message = decode(county.offered())
    other = compose(message.data, source=MEDIA, recipient=GOVERNMENT, now=NOW, subject=message.subject, sequence=1)
    assert county.dq.receive(county.notaries[MEDIA].signed(encode(other), NOW), sender=MEDIA) == {"parked": 1}
    assert county.parked() == ["wrong-recipient"]


def test_a_receipt_of_another_center_ends_nothing(county: Signing) -> None:
    """A third one truly signs that it has applied what was never for it: its sender goes on sending."""
    offer = decode(county.offered())
    item = ReceiptItem(message_id=offer.id, verdict=Verdict.APPLIED)
    receipt = encode(compose(Receipt(items=(item,)), source=GOVERNMENT, recipient=MEDIA, now=NOW))
    county.rm.receive(county.notaries[GOVERNMENT].signed(receipt, NOW), sender=GOVERNMENT)
    with county.rm.store.reading() as tx:
        assert outbox.figures(tx)["waiting"] == 1
    county.rm.later(700)
    assert [parcel.recipient for parcel in county.rm.relay()] == [PARTY]


def test_keys_rotate_in_mid_traffic_and_nothing_is_lost(county: Signing) -> None:
    """What waits is signed with the new key as it leaves; what is under way counts while the old key does."""
    travelled, security = county.offered(), county.notaries[MEDIA]
    renewed = security.keyring.with_new_key(NOW)
    county.shelf.list(renewed)
    county.rm.context = replace(county.rm.context, security=KeyedSecurity(Constant(renewed), county.shelf))
    county.rm.later(700)
    (again,) = county.rm.relay()
    signed_anew = county.notaries[PARTY].unseal(again.body)
    assert signed_document.split_message(signed_anew) != signed_document.split_message(travelled)
    assert signed_document.split_message(signed_anew)[1] == signed_document.split_message(travelled)[1]
    county.shelf.revoke(security.keyring.keys[0].public.kid)
    assert county.dq.receive(travelled, sender=MEDIA) == {"parked": 1}
    assert county.parked() == ["revoked-key"]
    assert county.dq.receive(again.body, sender=MEDIA) == {"applied": 1}


def test_a_center_without_a_key_that_counts_keeps_what_it_says(county: Signing) -> None:
    """It says why, and sends as soon as its key is listed."""
    case = a_case(MEDIA)
    county.rm.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,)))
    first = county.notaries[MEDIA].keyring
    county.shelf.revoke(first.keys[0].public.kid)
    with pytest.raises(KeyUnusable, match="bus keys publish"):
        county.rm.relay()
    renewed = first.with_new_key(NOW)
    county.shelf.list(renewed)
    county.rm.context = replace(county.rm.context, security=KeyedSecurity(Constant(renewed), county.shelf))
    county.rm.later(60)
    (parcel,) = county.rm.relay()
    assert county.dq.receive(parcel.body, sender=MEDIA) == {"applied": 1}


def test_a_replay_by_the_operator_asks_for_the_signature_again(county: Signing) -> None:
    """What was parked for want of a key is applied once the key is listed, and not before."""
    travelled, known = county.offered(), county.shelf.known
    county.shelf.known = replace(known, listed={k: v for k, v in known.listed.items() if v.center != MEDIA})
    county.dq.receive(travelled, sender=MEDIA)
    assert county.parked() == ["unknown-key"]
    assert acts.replay(county.dq.store, county.dq.context, 1, NOW).outcome is Outcome.STILL_PARKED
    assert county.known() == 0
    county.shelf.known = known
    assert acts.replay(county.dq.store, county.dq.context, 1, NOW).outcome is Outcome.APPLIED
    assert (county.known(), county.parked()) == (1, [])


def test_while_a_county_goes_over_to_signatures_both_are_taken(county: Signing) -> None:
    """Not signed is taken then, wrongly signed never."""
    going_over = replace(county.notaries[PARTY], required=False)
    county.dq.context = replace(county.dq.context, security=going_over)
    travelled = county.offered()
    assert county.dq.receive(_by(GOVERNMENT)(county, travelled), sender=MEDIA) == {"parked": 1}
    assert county.dq.receive(signed_document.split_message(travelled)[1], sender=MEDIA) == {"applied": 1}


def test_a_center_that_asks_for_no_signature_still_reads_signed_messages(county: Signing) -> None:
    """So that centers may begin to sign one after the other."""
    county.dq.context = replace(county.dq.context, security=Unsecured())
    assert county.dq.receive(county.offered(), sender=MEDIA) == {"applied": 1}


def _told_as_ours(county: Signing, body: bytes) -> int:
    """How much of it a restored center believes to be its own word."""
    entry = LogEntry(way=Way.HEARD, body=base64.b64encode(body).decode(), verdict=Verdict.APPLIED)
    whole, _ = requester._assembled([entry], b"")
    return len(list(requester._honest(whole, PARTY, county.rm.context)))


def test_a_peer_cannot_put_words_into_a_restored_centers_mouth(county: Signing) -> None:
    """What it shows as said by us must bear our signature, which may be stale by now and not revoked."""
    travelled = county.offered()
    assert _told_as_ours(county, travelled) == 1
    assert _told_as_ours(county, signed_document.split_message(travelled)[1]) == 0
    assert _told_as_ours(county, _by(PARTY)(county, travelled)) == 0
    assert _told_as_ours(county, _document(lambda body: body + b" ")(county, travelled)) == 0
    renewed = county.notaries[MEDIA].keyring.with_new_key(NOW - 2 * key_request.OVERLAP)
    county.shelf.list(renewed, NOW - 2 * key_request.OVERLAP + timedelta(1))
    assert _told_as_ours(county, travelled) == 1
    county.shelf.revoke(renewed.keys[0].public.kid)
    assert _told_as_ours(county, travelled) == 0

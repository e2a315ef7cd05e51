"""What a receipt vouches for: one document, byte for byte, shown later by the recipient's own signature."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bus.contract import signed_document
from bus.contract.codec import decode, digest, encode
from bus.contract.envelope import Message, compose
from bus.contract.messages import Receipt
from bus.custody.commands import Offer, Register
from bus.operations import replay as acts
from bus.operations.discard import discard
from bus.security.message_security import Unsecured
from bus.store import archive, outbox, parked
from bus.store import tables as t
from tests.harness.signing_county import notarised
from tests.harness.step import NOW, BareCenter, a_case

MEDIA, PARTY = "media_center-150402", "party_service-150402006"
Pair = tuple[BareCenter, BareCenter]


@pytest.fixture(params=["signed", "plain"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """Two centers, with keys and without."""
    notaries = notarised([MEDIA, PARTY]) if request.param == "signed" else dict.fromkeys((MEDIA, PARTY), Unsecured())
    media, party = (BareCenter(name, tmp_path, security=notaries[name]) for name in (MEDIA, PARTY))
    yield media, party
    media.close()
    party.close()


def _offered(media: BareCenter) -> bytes:
    case = a_case(MEDIA)
    media.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,)))
    return media.relay()[0].body


def _receipt(pair: Pair) -> Message[Receipt]:
    media, party = pair
    (parcel,) = party.relay()
    message: Message[Receipt] = decode(media.context.security.unseal(parcel.body))
    assert isinstance(message.data, Receipt)
    return message


def _brought(pair: Pair, message: Message[Any]) -> dict[str, int]:
    media, party = pair
    return media.receive(party.context.security.protect(encode(message), MEDIA, NOW))


def _with_digest(receipt: Message[Receipt], exactly: str | None) -> Message[Any]:
    (item,) = receipt.data.items
    data = Receipt(items=(item.model_copy(update={"digest": exactly}),))
    return compose(data, source=PARTY, recipient=MEDIA, now=NOW)


def _waiting(media: BareCenter) -> int:
    with media.store.reading() as tx:
        return outbox.figures(tx)["waiting"]


def test_a_receipt_names_the_document_and_not_its_signature(pair: Pair) -> None:
    """The digest is that of the JSON document, the same whoever has signed it, and both ends keep it."""
    media, party = pair
    travelled = _offered(media)
    party.receive(travelled)
    document = signed_document.split_message(party.context.security.unseal(travelled))[1]
    receipt = _receipt(pair)
    (item,) = receipt.data.items
    assert item.digest == digest(document).hex()
    assert _brought(pair, receipt) == {"receipted": 1}
    for center in pair:
        with center.store.reading() as tx:
            (row,) = tx.execute(select(t.archive.c.digest)).all()
        assert row.digest == digest(document)


def test_a_receipt_for_other_bytes_ends_nothing(pair: Pair) -> None:
    """An operator is shown it, once however often it comes; the message is sent again until the receipt is right."""
    media, party = pair
    party.receive(_offered(media))
    receipt = _receipt(pair)
    for _ in range(3):
        assert _brought(pair, _with_digest(receipt, "0" * 64)) == {"other-bytes": 1}
    with media.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert (row["place"], row["code"], row["times"], row["peer"]) == ("peer", "other-bytes", 3, PARTY)
    assert _waiting(media) == 1
    assert _brought(pair, receipt) == {"receipted": 1}
    assert _waiting(media) == 0


def test_a_receipt_that_does_not_say_for_which_bytes_is_taken(pair: Pair) -> None:
    """A center of an older version knows nothing of digests."""
    media, party = pair
    party.receive(_offered(media))
    assert _brought(pair, _with_digest(_receipt(pair), None)) == {"receipted": 1}


def _said_and_receipted(pair: Pair, *, exactly: bool) -> dict[str, int]:
    """One more message, and the receipt for it."""
    media, party = pair
    party.receive(_offered(media))
    receipt = _receipt(pair)
    return _brought(pair, receipt if exactly else _with_digest(receipt, None))


def test_a_peer_that_stops_to_say_for_which_bytes_is_told_of(pair: Pair) -> None:
    """Its receipts still end our messages; an operator sees one row, however many come, and may put it away."""
    media, _ = pair
    assert _said_and_receipted(pair, exactly=True) == {"receipted": 1}
    for _ in range(3):
        assert _said_and_receipted(pair, exactly=False) == {"receipted": 1, "digest-missing": 1}
    assert _waiting(media) == 0
    with media.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert (row["place"], row["code"], row["times"], row["peer"]) == ("peer", "digest-missing", 3, PARTY)
    done = acts.replay(media.store, media.context, row["id"], NOW)
    assert done == acts.Replayed(acts.Outcome.STILL_PARKED, "no-message")
    discard(media.store, media.context, row["id"], "seen", NOW)
    with media.store.reading() as tx:
        assert parked.listed(tx) == []


def test_a_peer_that_never_said_for_which_bytes_is_not_told_of(pair: Pair) -> None:
    """Nor is one told of for a receipt that ends nothing of ours."""
    media, party = pair
    for _ in range(2):
        assert _said_and_receipted(pair, exactly=False) == {"receipted": 1}
    party.receive(_offered(media))
    receipt = _receipt(pair)
    assert _brought(pair, receipt) == {"receipted": 1}
    assert "digest-missing" not in _brought(pair, _with_digest(receipt, None))


def test_a_repeat_is_vouched_for_as_the_first_was(pair: Pair) -> None:
    """The same digest, from what the inbox remembers."""
    media, party = pair
    travelled = _offered(media)
    party.receive(travelled)
    first = _receipt(pair).data.items
    assert party.receive(travelled) == {"repeated": 1}
    assert _receipt(pair).data.items == first


def _altered(media: BareCenter, party: BareCenter, travelled: bytes, change: Callable[[bytes], bytes]) -> bytes:
    document = signed_document.split_message(party.context.security.unseal(travelled))[1]
    return media.context.security.protect(change(document), PARTY, NOW)


def test_another_document_under_the_same_id_is_answered_for_the_first(pair: Pair) -> None:
    """Whoever spells a message anew, or says something else under its id, is told for which document the receipt is:
    the one that was applied. Nothing else of his is vouched for."""
    media, party = pair
    travelled = _offered(media)
    party.receive(travelled)
    first = _receipt(pair).data.items
    other = _altered(media, party, travelled, lambda body: json.dumps(json.loads(body)).encode())
    assert party.receive(other) == {"repeated": 1}
    assert _receipt(pair).data.items == first


def test_a_signed_receipt_is_kept_to_be_shown(tmp_path: Path) -> None:
    """From a case's message one comes to the receipt that its recipient has signed, and from there to the digest."""
    notaries = notarised([MEDIA, PARTY])
    media, party = (BareCenter(name, tmp_path, security=notaries[name]) for name in (MEDIA, PARTY))
    party.receive(_offered(media))
    receipt = party.relay()[0].body
    for _ in range(3):  # it may come again, and is kept once
        media.receive(receipt)
    with media.store.reading() as tx:
        assert len(tx.execute(select(t.receipts_heard)).all()) == 1
        said = tx.execute(select(t.archive)).one()
        kept = tx.execute(select(t.receipts_heard).where(t.receipts_heard.c.id == said.receipt)).one()
    assert notaries[MEDIA].signer(kept.body, NOW) == PARTY
    (item,) = decode(kept.body).data.items
    assert (str(item.message_id), item.digest) == (said.message_id, digest(said.body).hex())
    assert media.store.write(lambda tx: archive.prune(tx, 10**15, 10)) == 1
    with media.store.reading() as tx:
        assert tx.execute(select(t.receipts_heard)).all() == []
    media.close()
    party.close()


def test_an_unsigned_receipt_is_not_kept(tmp_path: Path) -> None:
    """It would prove nothing."""
    media, party = (BareCenter(name, tmp_path) for name in (MEDIA, PARTY))
    party.receive(_offered(media))
    media.receive(party.relay()[0].body)
    with media.store.reading() as tx:
        assert tx.execute(select(t.receipts_heard)).all() == []
        assert tx.execute(select(t.archive.c.receipt)).scalar_one() is None
    media.close()
    party.close()


def test_rows_of_a_version_without_digests_are_receipted_as_ever(pair: Pair) -> None:
    """What was said before the upgrade has none, and any receipt ends it."""
    media, party = pair
    party.receive(_offered(media))
    media.store.write(lambda tx: tx.execute(t.outbox.update().values(digest=None)))
    party.store.write(lambda tx: tx.execute(t.applied.update().values(digest=None)))
    assert _brought(pair, replace_digest(_receipt(pair))) == {"receipted": 1}


def replace_digest(receipt: Message[Receipt]) -> Message[Any]:
    """With another digest than the message's."""
    return _with_digest(receipt, "1" * 64)

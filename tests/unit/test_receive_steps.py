"""Each step of receive alone, over one record; and the record as the steps before it would have left it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from bus.context import CenterContext
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.epochs import MAX_AHEAD
from bus.contract.messages import Receipt, ReceiptItem, Verdict
from bus.custody.commands import Offer, Register
from bus.pipeline.inbound import Inbound, Outcome, Reading
from bus.pipeline.receive import place, read
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.applied import Applied
from bus.pipeline.receiving.apply import apply
from bus.pipeline.receiving.decode import decode_message
from bus.pipeline.receiving.open import unseal
from bus.pipeline.receiving.order import Turn, hold_back, next_held, order, repeat
from bus.pipeline.receiving.receipt import receipt
from bus.pipeline.receiving.verify import verify
from bus.security.errors import Untrusted
from bus.security.message_security import Unsecured
from bus.store import Tx, inbox
from bus.store.unit_of_work import UnitOfWork
from bus.transports.port import Delivery
from tests.harness.step import NOW, BareCenter, a_case

MEDIA, PARTY = "media_center-150402", "party_service-150402006"
T = TypeVar("T")


class Refusing(Unsecured):
    """Opens nothing, and trusts nobody."""

    def unseal(self, body: bytes) -> bytes:
        """See ``MessageSecurity``."""
        raise Untrusted("broken-seal", b"shown")

    def signer(self, body: bytes, now: object) -> str:
        """See ``MessageSecurity``."""
        raise Untrusted("unknown-key")


@pytest.fixture
def party(tmp_path: Path) -> Iterator[BareCenter]:
    """The center that receives."""
    center = BareCenter(PARTY, tmp_path)
    yield center
    center.close()


@pytest.fixture
def offer(tmp_path: Path) -> bytes:
    """An offer to it, as it comes by the transport."""
    media, case = BareCenter(MEDIA, tmp_path), a_case(MEDIA)
    media.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,)))
    (parcel,) = media.relay()
    media.close()
    return parcel.body


def _in_batch(center: BareCenter, use: Callable[[ReceiveBatch], T], *ready: Inbound) -> T:
    """Use a batch that has read what ``ready`` is about."""

    def change(tx: Tx) -> T:
        batch = ReceiveBatch(UnitOfWork(tx, center.context, NOW))
        batch.load(ready)
        return use(batch)

    return center.store.write(change)


def _read(center: BareCenter, body: bytes) -> Inbound:
    return read(Delivery(body, MEDIA, None), center.context, NOW)


@pytest.mark.parametrize(("step", "code", "kept"), [(unseal, "broken-seal", b"shown"), (verify, "unknown-key", b"raw")])
def test_what_cannot_be_opened_or_trusted_goes_no_further(step: Callable[..., bool], code: str, kept: bytes) -> None:
    """Steps 1 and 2: nothing of it is read, and an operator sees the reason."""
    one = Inbound(b"raw", MEDIA)
    assert step(one, CenterContext(PARTY, security=Refusing()), NOW) is False
    assert (one.reading, one.code, one.body) == (Reading.STRANGE, code, kept)


def test_what_can_be_opened_and_trusted_goes_on(party: BareCenter) -> None:
    """Steps 1 and 2 leave the reading to the next."""
    one = Inbound(b"raw", MEDIA)
    assert unseal(one, party.context, NOW)
    assert verify(one, party.context, NOW)
    assert (one.reading, one.body) == (Reading.UNREAD, b"raw")


def test_decode_finds_the_place_of_a_message(party: BareCenter, offer: bytes) -> None:
    """Step 3: a message about a case has a lane; one for somebody else, and what is no message, has none."""
    one, other, noise = (
        Inbound(offer, MEDIA),
        Inbound(offer.replace(PARTY.encode(), b"elsewhere-150402")),
        Inbound(b"x"),
    )
    assert decode_message(one, party.context, NOW)
    assert (one.reading, one.lane) == (Reading.IN_LANE, (MEDIA, str(one.message.subject)))
    assert not decode_message(other, party.context, NOW)
    assert not decode_message(noise, party.context, NOW)
    assert (other.code, noise.code) == ("wrong-recipient", "not-json")


def test_decode_knows_messages_about_messages(party: BareCenter) -> None:
    """Step 3: a receipt stands in no lane."""
    items = (ReceiptItem(message_id=a_case(MEDIA).case_id, verdict=Verdict.APPLIED),)
    one = Inbound(encode(compose(Receipt(items=items), source=MEDIA, recipient=PARTY, now=NOW, sequence=0)), MEDIA)
    assert decode_message(one, party.context, NOW)
    assert one.reading is Reading.CONTROL


@pytest.mark.parametrize(
    ("sequence", "turn"),
    [(1, Turn.NOW), (2, Turn.TOO_EARLY), (MAX_AHEAD, Turn.TOO_EARLY), (MAX_AHEAD + 1, Turn.TOO_FAR)],
)
def test_order_tells_whose_turn_it_is(party: BareCenter, offer: bytes, sequence: int, turn: Turn) -> None:
    """Step 4: by how far the lane is, and by nothing else."""
    one = _read(party, offer.replace(b'"sequence":1', f'"sequence":{sequence}'.encode()))
    assert _in_batch(party, lambda batch: order(batch, one), one) is turn


def test_a_taken_place_gives_the_same_answer(party: BareCenter, offer: bytes) -> None:
    """Step 4: what was dealt with before is receipted again, and nothing else happens."""
    party.receive(offer)
    one = _read(party, offer)

    def again(batch: ReceiveBatch) -> tuple[Turn, list[str], dict[str, int]]:
        turn = order(batch, one)
        repeat(batch, one)
        return turn, [row.verdict for row in batch.receipts], dict(batch.counts)

    assert _in_batch(party, again, one) == (Turn.TAKEN, ["applied"], {Outcome.REPEATED: 1})


def test_what_is_held_back_comes_when_its_turn_has_come(party: BareCenter, offer: bytes) -> None:
    """Step 4: it is kept without a receipt, and read anew when the gap is closed."""
    early = _read(party, offer.replace(b'"sequence":1', b'"sequence":2'))

    def hold(batch: ReceiveBatch) -> tuple[int, Inbound | None, Inbound | None]:
        hold_back(batch, early)
        waits = next_held(batch, early.lane)
        batch.marks[early.lane] = 1
        return len(batch.receipts), waits, next_held(batch, early.lane)

    receipts, waits, comes = _in_batch(party, hold, early)
    assert (receipts, waits) == (0, None)
    assert comes is not None
    assert comes.body == early.body


def test_apply_gives_it_to_custody_and_says_what_became_of_it(party: BareCenter, offer: bytes) -> None:
    """Step 5: applied; and a body that this center cannot read is refused with its code."""
    one, unread = _read(party, offer), _read(party, offer)
    unread.fault = "invalid"
    assert _in_batch(party, lambda batch: apply(batch, one), one) == Applied(Verdict.APPLIED)
    refused = _in_batch(party, lambda batch: apply(batch, unread), unread)
    assert refused is not None
    assert (refused.verdict, refused.code) == (Verdict.REFUSED, "invalid")


def test_receipt_takes_the_place_and_owes_an_answer(party: BareCenter, offer: bytes) -> None:
    """Step 6: the lane goes on, the message is kept, its sender is told, and an operator sees a refusal."""
    one = _read(party, offer)

    def receipted(batch: ReceiveBatch) -> ReceiveBatch:
        receipt(batch, one, Applied(Verdict.REFUSED, "not-yours", "ask"))
        return batch

    batch = _in_batch(party, receipted, one)
    assert batch.marks == {one.lane: 1}
    assert [(row.peer, row.verdict, row.code) for row in batch.receipts] == [(MEDIA, "refused", "not-yours")]
    assert [row.position for row in batch.applied] == [one.position]
    assert [row.message_id for row in batch.archived] == [one.message_id]
    assert [(item.code, item.hint) for item in batch.park] == [("not-yours", "ask")]


def test_the_steps_together_put_one_message_into_its_case(party: BareCenter, offer: bytes) -> None:
    """Read, then placed: the table of contents, for one delivery."""
    one = _read(party, offer)

    def whole(batch: ReceiveBatch) -> dict[str, int]:
        place(batch, one)
        batch.write_lanes()
        batch.write_rest()
        return dict(batch.counts)

    assert _in_batch(party, whole, one) == {Outcome.APPLIED: 1}
    with party.store.reading() as tx:
        assert inbox.applied_marks(tx, [one.lane]) == {one.lane: 1}

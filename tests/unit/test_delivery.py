"""Relay and accept: at least once below, exactly once in effect, whatever the road does."""

import json
from pathlib import Path

import pytest

from bus import recovery
from bus.contract import messages as k
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.ids import new_id
from bus.custody import Record
from bus.custody import commands as c
from bus.pipeline.receive import receive
from bus.pipeline.relay import claim, record, send
from bus.store import cases, inbox, outbox, parked
from bus.transports.port import Delivery, SendResult
from tests.harness.step import MEDIA, NOW, PARTY, BareCenter, a_case, carry, opened


def _offer(media: BareCenter) -> c.Register:
    registered = c.Register(case=a_case(MEDIA))
    media.execute(registered, c.Offer(case_id=registered.case_id, to=(PARTY,)))
    return registered


def _record(center: BareCenter, command: c.Register) -> Record:
    return center.store.write(lambda tx: cases.load(tx, [command.case_id]))[command.case_id]


def _figures(center: BareCenter) -> tuple[int, int, int]:
    with center.store.reading() as tx:
        aside = parked.figures(tx)
        return outbox.figures(tx)["waiting"], inbox.figures(tx)["held"], sum(aside[p] for p in ("wire", "desk", "peer"))


def test_a_case_goes_over_and_both_sides_agree(media: BareCenter, party: BareCenter) -> None:
    """Offer, accept and resolution travel, every message is receipted, nothing is left on the way."""
    case = _offer(media)
    carry(media, party)
    party.execute(c.Accept(case_id=case.case_id))
    party.execute(c.Resolve(case_id=case.case_id, outcome=k.Outcome.DONE, public_reply="已修好"))
    carry(media, party)
    assert (_record(media, case).holder, _record(media, case).version) == (PARTY, 2)
    assert _record(media, case).status == _record(party, case).status == "resolved"
    assert _figures(media) == _figures(party) == (0, 0, 0)


def test_a_repeat_changes_nothing_and_is_receipted_again(media: BareCenter, party: BareCenter) -> None:
    """The same message twice in one window and again later is applied once; each time a receipt is owed."""
    case = _offer(media)
    (parcel,) = media.relay()
    assert party.receive(parcel.body, parcel.body) == {"applied": 1, "repeated": 1}
    before = _record(party, case)
    assert party.receive(parcel.body) == {"repeated": 1}
    assert _record(party, case) == before
    receipts = [opened(p).data for p in party.relay()]
    assert sum(len(r.items) for r in receipts) == 3


def test_a_message_stays_in_the_outbox_until_its_receipt_comes(media: BareCenter, party: BareCenter) -> None:
    """A confirm of the road is not enough: without a receipt the message is sent again after its pause."""
    _offer(media)
    first = media.relay()
    assert media.relay() == []
    media.later(60)
    again = media.relay()
    assert [p.body for p in again] == [p.body for p in first]
    party.receive(again[0].body)
    media.receive(*[p.body for p in party.relay()])
    media.later(3600)
    assert media.relay() == []


@pytest.mark.parametrize("result", [SendResult.UNROUTABLE, SendResult.NACKED, SendResult.UNKNOWN])
def test_whatever_the_road_says_the_message_is_kept_and_sent_again(media: BareCenter, result: SendResult) -> None:
    """Nobody there, refused, or no word: the message waits and goes out once the road takes it."""
    _offer(media)
    media.transport.result = result
    assert media.relay() == []
    media.transport.result = SendResult.CONFIRMED
    media.later(30)
    assert len(media.relay()) == 1


@pytest.mark.parametrize("result", [SendResult.NACKED, SendResult.UNKNOWN])
def test_a_receipt_is_owed_until_the_road_has_taken_it(
    media: BareCenter, party: BareCenter, result: SendResult
) -> None:
    """Refused by the broker, or lost on its way: it is sent again by itself, for its recipient may not ask anew."""
    _offer(media)
    for parcel in media.relay():
        party.receive(parcel.body)
    party.transport.result = result
    assert party.relay() == []
    with party.store.reading() as tx:
        assert outbox.figures(tx)["receipts_owed"] == 1
    party.transport.result = SendResult.CONFIRMED
    party.later(31)
    (receipt,) = party.relay()
    assert media.receive(receipt.body) == {"receipted": 1}
    with party.store.reading() as tx:
        assert outbox.figures(tx)["receipts_owed"] == 0


def test_messages_in_any_order_are_applied_in_their_order(media: BareCenter, party: BareCenter) -> None:
    """What comes too early is held back until the earlier one comes, also over several windows."""
    case = _offer(media)
    carry(media, party)
    party.execute(c.Accept(case_id=case.case_id))
    party.execute(c.Report(case_id=case.case_id, stage="visited", text="已到现场"))
    party.execute(c.Resolve(case_id=case.case_id, outcome=k.Outcome.DONE, public_reply="已修好"))
    accepted, progressed, resolved = (p.body for p in party.relay())
    assert media.receive(resolved) == {"held": 1}
    assert media.receive(progressed, resolved) == {"held": 2} or _figures(media)[1] == 2
    assert media.receive(accepted)["applied"] == 3
    assert _record(media, case).status == "resolved"
    assert _figures(media)[1] == 0


def test_a_held_message_is_not_receipted_before_it_is_applied(media: BareCenter, party: BareCenter) -> None:
    """A receipt means durably applied; a message that only waits for an earlier one gets none."""
    case = _offer(media)
    carry(media, party)
    party.execute(c.Accept(case_id=case.case_id))
    party.execute(c.Report(case_id=case.case_id, stage="visited", text="已到现场"))
    _, progressed = (p.body for p in party.relay())
    media.receive(progressed)
    assert media.relay() == []


def test_ten_bad_messages_harm_no_neighbour(media: BareCenter, party: BareCenter) -> None:
    """Broken bytes are parked with a reason, and the good message among them is applied."""
    case = _offer(media)
    (parcel,) = media.relay()
    bad = [b"", b"\x00", b"{}", b"[]", b"{" * 500, b'{"a":1,"a":2}', b"\xff\xfe", b"null", b'"x"', b"1" * 300_000]
    counts = party.receive(*bad[:5], parcel.body, *bad[5:], sender=MEDIA)
    assert counts == {"parked": 10, "applied": 1}
    assert _record(party, case).offer_in is not None
    failures = [opened(p).data for p in party.relay() if p.kind == "error"]
    assert len(failures) == 10


def test_the_same_poison_again_is_counted_not_doubled(party: BareCenter) -> None:
    """A poison message that the road repeats fills no store."""
    for _ in range(3):
        party.receive(b"\x00poison")
    with party.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert row["times"] == 3


def _nonsense(body: bytes) -> bytes:
    document = json.loads(body)
    document["data"]["mode"] = "nonsense"
    return json.dumps(document).encode()


def test_a_wrong_body_in_a_right_envelope_is_refused_and_answered(media: BareCenter, party: BareCenter) -> None:
    """The sender hears of it by receipt, both operators see it, and the next message of the case goes on."""
    case = _offer(media)
    media.spoil(_nonsense)
    (parcel,) = media.relay()
    assert party.receive(parcel.body) == {"refused": 1}
    assert media.receive(*[p.body for p in party.relay()]) == {"receipted": 1, "refused-by-peer": 1}
    assert _figures(media)[2] == _figures(party)[2] == 1
    media.execute(c.Urge(case_id=case.case_id, text="请尽快"))
    assert party.receive(*[p.body for p in media.relay()]) == {"early": 1}  # its place in the lane was reached


def test_a_refusal_that_overtakes_the_relays_own_note_stands(media: BareCenter, party: BareCenter) -> None:
    """The recipient's no is here before the relay writes down that the broker has taken the message."""
    _offer(media)
    media.spoil(_nonsense)
    sent = send(media.transport, media.context, claim(media.store, media.context, NOW), NOW)
    party.receive(media.transport.parcels[0].body)
    media.receive(*[parcel.body for parcel in party.relay()])
    record(media.store, sent, NOW)
    with media.store.reading() as tx:
        (row,) = outbox.waiting(tx, [media.transport.parcels[0].message_id])
    assert (row.state, row.trouble) == ("refused", "invalid")


def test_a_message_for_another_center_or_from_a_false_sender_is_parked(media: BareCenter, party: BareCenter) -> None:
    """What the road attests and what the envelope says must agree."""
    _offer(media)
    (parcel,) = media.relay()
    assert party.receive(parcel.body, sender="media_center-150404") == {"parked": 1}
    assert media.receive(parcel.body) == {"parked": 1}
    assert party.receive(parcel.body, sender=MEDIA) == {"applied": 1}


def test_another_message_at_a_place_that_was_taken_is_refused_never_swallowed(
    media: BareCenter, party: BareCenter
) -> None:
    """A sender whose store was set back hears of it, instead of a receipt for what was never applied."""
    case = _offer(media)
    carry(media, party)
    other = compose(
        k.Urged(version=1, text="快"), source=MEDIA, recipient=PARTY, now=NOW, subject=case.case_id, sequence=1
    )
    assert party.receive(encode(other)) == {"refused": 1}
    (receipt,) = (opened(p).data for p in party.relay())
    assert receipt.items[0].code == "sequence-reused"


def test_a_fault_in_our_own_code_parks_one_message_and_spares_the_rest(
    media: BareCenter, party: BareCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug that one message wakes is named without the message's content, and the others are applied."""
    good, bad = _offer(media), _offer(media)
    bodies = [p.body for p in media.relay()]
    from bus.store import unit_of_work  # noqa: PLC0415 - to plant the fault where it is looked up

    plain = unit_of_work.hear_message  # type: ignore[attr-defined]  # the very name to plant the fault on

    def faulty(
        record: object, data: object, source: str, me: str, subject: object, *more: object, **named: object
    ) -> object:
        if subject == bad.case_id:
            raise ZeroDivisionError
        return plain(record, data, source, me, subject, *more, **named)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(unit_of_work, "hear_message", faulty)
    assert party.receive(*bodies) == {"applied": 1, "refused": 1}
    assert _record(party, good).offer_in is not None
    with party.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert (row["code"], row["hint"]) == ("internal", "ZeroDivisionError")


def test_a_receipt_from_a_stranger_ends_nothing(media: BareCenter, party: BareCenter, tmp_path: Path) -> None:
    """Only the recipient itself can say that a message was applied."""
    _offer(media)
    (parcel,) = media.relay()
    item = k.ReceiptItem(message_id=opened(parcel).id, verdict=k.Verdict.APPLIED)
    stranger = compose(k.Receipt(items=(item,)), source="media_center-150404", recipient=MEDIA, now=NOW)
    assert media.receive(encode(stranger)) == {"receipted": 0} or _figures(media)[0] == 1
    assert _figures(media)[0] == 1


def test_an_error_from_a_peer_is_seen_by_the_operator(media: BareCenter, party: BareCenter) -> None:
    """What a peer could not read at all stands among the parked things of its sender."""
    party.receive(b"{}", sender=MEDIA)
    media.receive(*[p.body for p in party.relay()])
    with media.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert (row["place"], row["peer"]) == ("peer", PARTY)


def test_a_message_that_cannot_be_written_down_is_parked_and_its_neighbours_are_applied(
    media: BareCenter, party: BareCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault at the writing of one message does not stop the window for ever; its sender keeps the message."""
    good, bad = _offer(media), _offer(media)
    bodies = [p.body for p in media.relay()]
    plain = cases.keep

    def faulty(tx: object, records: object, now_ms: int) -> None:
        kept = list(records)  # type: ignore[call-overload]  # an iterable of records
        if any(record.case.case_id == bad.case_id for record in kept):
            raise OverflowError
        plain(tx, kept, now_ms)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(cases, "keep", faulty)
    assert party.receive(*bodies) == {"applied": 1, "parked": 1}
    assert _record(party, good).offer_in is not None
    assert [len(opened(p).data.items) for p in party.relay() if p.kind == "receipt"] == [1]


def test_word_of_a_case_that_is_not_known_yet_waits_unreceipted_until_it_is(
    media: BareCenter, party: BareCenter
) -> None:
    """A third center may speak before the message that brings the case; its word is parked, sent again and applied."""
    case = _offer(media)
    (offered,) = media.relay()
    ahead = compose(
        k.Closed(version=1, round=1, replied_at=NOW),
        source=MEDIA,
        recipient=PARTY,
        now=NOW,
        subject=case.case_id,
        sequence=1,
    )
    other = encode(ahead.model_copy(update={"source": "civilization_center-150402"}))
    assert party.receive(other, other) == {"early": 2}
    assert _figures(party)[2] == 1
    assert [p for p in party.relay() if p.kind == "receipt"] == []
    party.receive(offered.body)
    assert party.receive(other) == {"refused": 1}  # known now: and that center is not the origin
    with party.store.reading() as tx:
        assert [row["code"] for row in parked.listed(tx)] == ["not-origin"]


def test_a_damaged_body_is_not_believed_and_comes_again(media: BareCenter, party: BareCenter) -> None:
    """A body that is not what its label says tells nothing, though it can be read; the message comes again whole."""
    case = _offer(media)
    (parcel,) = media.relay()
    altered = parcel.body.replace("楼道灯不亮".encode(), "楼道灯很亮".encode())
    assert altered != parcel.body
    assert dict(receive(party.store, party.context, [Delivery(altered, MEDIA, None, parcel.digest)], NOW)) == {
        "damaged": 1
    }
    assert _figures(party) == (0, 0, 0)
    media.later(20)
    carry(media, party)
    assert _record(party, case).case.title == "楼道灯不亮"


@pytest.mark.parametrize("sequence", [1_005_000, 5 * 10**8, 2**31 - 1])
def test_a_wild_sequence_does_not_silence_its_sender(media: BareCenter, party: BareCenter, sequence: int) -> None:
    """A place that no restored center would use begins no era: it is parked, and what its sender says next is heard."""
    _offer(media)
    (parcel,) = media.relay()
    wild = json.loads(parcel.body) | {"sequence": sequence, "id": str(new_id())}
    assert party.receive(json.dumps(wild).encode()) == {"parked": 1}
    assert party.receive(parcel.body) == {"applied": 1}


def test_what_arrives_with_the_question_that_ends_its_era_is_not_held_back(
    media: BareCenter, party: BareCenter
) -> None:
    """A message of the lost time that shares its window with the question of the restored center waits for nothing."""
    case = _offer(media)
    media.execute(c.Withdraw(case_id=case.case_id))
    _, withdrawal = media.relay()
    recovery.begin(media.store, media.context, [PARTY], media.now)
    (question,) = media.relay()
    party.receive(withdrawal.body, question.body)
    assert _figures(party)[1] == 0, "held back for a message that will never come"

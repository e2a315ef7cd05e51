"""Relay and accept: at least once below, exactly once in effect, whatever the road does."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus import recovery
from bus.contract import messages as k
from bus.contract.envelope import compose, encode
from bus.contract.ids import new_id
from bus.custody import Record
from bus.custody import commands as c
from bus.pipeline.receive import accept
from bus.pipeline.relay import claim, send, write_down
from bus.store import cases, inbox, outbox, parked
from bus.transports.port import Delivery, Fate
from tests.unit.steps import NOW, Bare, a_case, carry, opened

RM, DQ = "media_center-150402", "party_service-150402006"


@pytest.fixture
def rm(tmp_path: Path) -> Iterator[Bare]:
    """The media center."""
    center = Bare(RM, tmp_path)
    yield center
    center.close()


@pytest.fixture
def dq(tmp_path: Path) -> Iterator[Bare]:
    """The party service of the street."""
    center = Bare(DQ, tmp_path)
    yield center
    center.close()


def _offer(rm: Bare) -> c.Register:
    registered = c.Register(case=a_case(RM))
    rm.do(registered, c.Offer(case_id=registered.case_id, to=(DQ,)))
    return registered


def _record(center: Bare, command: c.Register) -> Record:
    return center.store.write(lambda tx: cases.load(tx, [command.case_id]))[command.case_id]


def _figures(center: Bare) -> tuple[int, int, int]:
    with center.store.reading() as tx:
        aside = parked.figures(tx)
        return outbox.figures(tx)["waiting"], inbox.figures(tx)["held"], sum(aside[p] for p in ("wire", "desk", "peer"))


def test_a_case_goes_over_and_both_sides_agree(rm: Bare, dq: Bare) -> None:
    """Offer, accept and resolution travel, every message is receipted, nothing is left on the way."""
    case = _offer(rm)
    carry(rm, dq)
    dq.do(c.Accept(case_id=case.case_id))
    dq.do(c.Resolve(case_id=case.case_id, outcome=k.Outcome.DONE, public_reply="已修好"))
    carry(rm, dq)
    assert (_record(rm, case).holder, _record(rm, case).version) == (DQ, 2)
    assert _record(rm, case).status == _record(dq, case).status == "resolved"
    assert _figures(rm) == _figures(dq) == (0, 0, 0)


def test_a_repeat_changes_nothing_and_is_receipted_again(rm: Bare, dq: Bare) -> None:
    """The same message twice in one window and again later is applied once; each time a receipt is owed."""
    case = _offer(rm)
    (parcel,) = rm.relay()
    assert dq.accept(parcel.body, parcel.body) == {"applied": 1, "repeated": 1}
    before = _record(dq, case)
    assert dq.accept(parcel.body) == {"repeated": 1}
    assert _record(dq, case) == before
    receipts = [opened(p).data for p in dq.relay()]
    assert sum(len(r.items) for r in receipts) == 3


def test_a_message_stays_in_the_outbox_until_its_receipt_comes(rm: Bare, dq: Bare) -> None:
    """A confirm of the road is not enough: without a receipt the message is sent again after its pause."""
    _offer(rm)
    first = rm.relay()
    assert rm.relay() == []
    rm.later(60)
    again = rm.relay()
    assert [p.body for p in again] == [p.body for p in first]
    dq.accept(again[0].body)
    rm.accept(*[p.body for p in dq.relay()])
    rm.later(3600)
    assert rm.relay() == []


@pytest.mark.parametrize("fate", [Fate.NOBODY, Fate.REFUSED, Fate.UNKNOWN])
def test_whatever_the_road_says_the_message_is_kept_and_sent_again(rm: Bare, fate: Fate) -> None:
    """Nobody there, refused, or no word: the message waits and goes out once the road takes it."""
    _offer(rm)
    rm.bag.fate = fate
    assert rm.relay() == []
    rm.bag.fate = Fate.TAKEN
    rm.later(30)
    assert len(rm.relay()) == 1


def test_messages_in_any_order_are_applied_in_their_order(rm: Bare, dq: Bare) -> None:
    """What comes too early is held back until the earlier one comes, also over several windows."""
    case = _offer(rm)
    carry(rm, dq)
    dq.do(c.Accept(case_id=case.case_id))
    dq.do(c.Report(case_id=case.case_id, stage="visited", text="已到现场"))
    dq.do(c.Resolve(case_id=case.case_id, outcome=k.Outcome.DONE, public_reply="已修好"))
    accepted, progressed, resolved = (p.body for p in dq.relay())
    assert rm.accept(resolved) == {"held": 1}
    assert rm.accept(progressed, resolved) == {"held": 2} or _figures(rm)[1] == 2
    assert rm.accept(accepted)["applied"] == 3
    assert _record(rm, case).status == "resolved"
    assert _figures(rm)[1] == 0


def test_a_held_message_is_not_receipted_before_it_is_applied(rm: Bare, dq: Bare) -> None:
    """A receipt means durably applied; a message that only waits for an earlier one gets none."""
    case = _offer(rm)
    carry(rm, dq)
    dq.do(c.Accept(case_id=case.case_id))
    dq.do(c.Report(case_id=case.case_id, stage="visited", text="已到现场"))
    _, progressed = (p.body for p in dq.relay())
    rm.accept(progressed)
    assert rm.relay() == []


def test_ten_bad_messages_harm_no_neighbour(rm: Bare, dq: Bare) -> None:
    """Broken bytes are parked with a reason, and the good message among them is applied."""
    case = _offer(rm)
    (parcel,) = rm.relay()
    bad = [b"", b"\x00", b"{}", b"[]", b"{" * 500, b'{"a":1,"a":2}', b"\xff\xfe", b"null", b'"x"', b"1" * 300_000]
    counts = dq.accept(*bad[:5], parcel.body, *bad[5:], sender=RM)
    assert counts == {"parked": 10, "applied": 1}
    assert _record(dq, case).offer_in is not None
    failures = [opened(p).data for p in dq.relay() if p.kind == "error"]
    assert len(failures) == 10


def test_the_same_poison_again_is_counted_not_doubled(dq: Bare) -> None:
    """A poison message that the road repeats fills no store."""
    for _ in range(3):
        dq.accept(b"\x00poison")
    with dq.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert row["times"] == 3


def _nonsense(body: bytes) -> bytes:
    document = json.loads(body)
    document["data"]["mode"] = "nonsense"
    return json.dumps(document).encode()


def test_a_wrong_body_in_a_right_envelope_is_refused_and_answered(rm: Bare, dq: Bare) -> None:
    """The sender hears of it by receipt, both operators see it, and the next message of the case goes on."""
    case = _offer(rm)
    rm.spoil(_nonsense)
    (parcel,) = rm.relay()
    assert dq.accept(parcel.body) == {"refused": 1}
    assert rm.accept(*[p.body for p in dq.relay()]) == {"receipted": 1, "refused-by-peer": 1}
    assert _figures(rm)[2] == _figures(dq)[2] == 1
    rm.do(c.Urge(case_id=case.case_id, text="请尽快"))
    assert dq.accept(*[p.body for p in rm.relay()]) == {"early": 1}  # its place in the lane was reached


def test_a_refusal_that_overtakes_the_relays_own_note_stands(rm: Bare, dq: Bare) -> None:
    """The recipient's no is here before the relay writes down that the broker has taken the message."""
    _offer(rm)
    rm.spoil(_nonsense)
    sent = send(rm.bag, rm.rules, claim(rm.store, rm.rules, NOW), NOW)
    dq.accept(rm.bag.parcels[0].body)
    rm.accept(*[parcel.body for parcel in dq.relay()])
    write_down(rm.store, sent, NOW)
    with rm.store.reading() as tx:
        (row,) = outbox.waiting(tx, [rm.bag.parcels[0].message_id])
    assert (row["state"], row["trouble"]) == ("refused", "invalid")


def test_a_message_for_another_center_or_from_a_false_sender_is_parked(rm: Bare, dq: Bare) -> None:
    """What the road attests and what the envelope says must agree."""
    _offer(rm)
    (parcel,) = rm.relay()
    assert dq.accept(parcel.body, sender="media_center-150404") == {"parked": 1}
    assert rm.accept(parcel.body) == {"parked": 1}
    assert dq.accept(parcel.body, sender=RM) == {"applied": 1}


def test_another_message_at_a_place_that_was_taken_is_refused_never_swallowed(rm: Bare, dq: Bare) -> None:
    """A sender whose store was set back hears of it, instead of a receipt for what was never applied."""
    case = _offer(rm)
    carry(rm, dq)
    other = compose(k.Urged(version=1, text="快"), source=RM, recipient=DQ, now=NOW, subject=case.case_id, sequence=1)
    assert dq.accept(encode(other)) == {"refused": 1}
    (receipt,) = (opened(p).data for p in dq.relay())
    assert receipt.items[0].code == "sequence-reused"


def test_a_fault_in_our_own_code_parks_one_message_and_spares_the_rest(
    rm: Bare, dq: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug that one message wakes is named without the message's content, and the others are applied."""
    good, bad = _offer(rm), _offer(rm)
    bodies = [p.body for p in rm.relay()]
    from bus.store import unit_of_work  # noqa: PLC0415 - to plant the fault where it is looked up

    plain = unit_of_work.hear_message  # type: ignore[attr-defined]  # the very name to plant the fault on

    def faulty(record: object, data: object, source: str, me: str, subject: object, now: object) -> object:
        if subject == bad.case_id:
            raise ZeroDivisionError
        return plain(record, data, source, me, subject, now)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(unit_of_work, "hear_message", faulty)
    assert dq.accept(*bodies) == {"applied": 1, "refused": 1}
    assert _record(dq, good).offer_in is not None
    with dq.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert (row["code"], row["hint"]) == ("internal", "ZeroDivisionError")


def test_a_receipt_from_a_stranger_ends_nothing(rm: Bare, dq: Bare, tmp_path: Path) -> None:
    """Only the recipient itself can say that a message was applied."""
    _offer(rm)
    (parcel,) = rm.relay()
    item = k.ReceiptItem(message_id=opened(parcel).id, verdict=k.Verdict.APPLIED)
    stranger = compose(k.Receipt(items=(item,)), source="media_center-150404", recipient=RM, now=NOW)
    assert rm.accept(encode(stranger)) == {"receipted": 0} or _figures(rm)[0] == 1
    assert _figures(rm)[0] == 1


def test_an_error_from_a_peer_is_seen_by_the_operator(rm: Bare, dq: Bare) -> None:
    """What a peer could not read at all stands among the parked things of its sender."""
    dq.accept(b"{}", sender=RM)
    rm.accept(*[p.body for p in dq.relay()])
    with rm.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert (row["place"], row["peer"]) == ("peer", DQ)


def test_a_message_that_cannot_be_written_down_is_parked_and_its_neighbours_are_applied(
    rm: Bare, dq: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault at the writing of one message does not stop the window for ever; its sender keeps the message."""
    good, bad = _offer(rm), _offer(rm)
    bodies = [p.body for p in rm.relay()]
    plain = cases.keep

    def faulty(tx: object, records: object, now_ms: int) -> None:
        kept = list(records)  # type: ignore[call-overload]  # an iterable of records
        if any(record.case.case_id == bad.case_id for record in kept):
            raise OverflowError
        plain(tx, kept, now_ms)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(cases, "keep", faulty)
    assert dq.accept(*bodies) == {"applied": 1, "parked": 1}
    assert _record(dq, good).offer_in is not None
    assert [len(opened(p).data.items) for p in dq.relay() if p.kind == "receipt"] == [1]


def test_word_of_a_case_that_is_not_known_yet_waits_unreceipted_until_it_is(rm: Bare, dq: Bare) -> None:
    """A third center may speak before the message that brings the case; its word is parked, sent again and applied."""
    case = _offer(rm)
    (offered,) = rm.relay()
    ahead = compose(
        k.Closed(version=1, round=1, replied_at=NOW), source=RM, recipient=DQ, now=NOW, subject=case.case_id, sequence=1
    )
    other = encode(ahead.model_copy(update={"source": "civilization_center-150402"}))
    assert dq.accept(other, other) == {"early": 2}
    assert _figures(dq)[2] == 1
    assert [p for p in dq.relay() if p.kind == "receipt"] == []
    dq.accept(offered.body)
    assert dq.accept(other) == {"refused": 1}  # known now: and that center is not the origin
    with dq.store.reading() as tx:
        assert [row["code"] for row in parked.listed(tx)] == ["not-origin"]


def test_a_damaged_body_is_not_believed_and_comes_again(rm: Bare, dq: Bare) -> None:
    """A body that is not what its label says tells nothing, though it can be read; the message comes again whole."""
    case = _offer(rm)
    (parcel,) = rm.relay()
    altered = parcel.body.replace("楼道灯不亮".encode(), "楼道灯很亮".encode())
    assert altered != parcel.body
    assert dict(accept(dq.store, dq.rules, [Delivery(altered, RM, None, parcel.digest)], NOW)) == {"damaged": 1}
    assert _figures(dq) == (0, 0, 0)
    rm.later(20)
    carry(rm, dq)
    assert _record(dq, case).case.title == "楼道灯不亮"


@pytest.mark.parametrize("sequence", [1_005_000, 5 * 10**8, 2**31 - 1])
def test_a_wild_sequence_does_not_silence_its_sender(rm: Bare, dq: Bare, sequence: int) -> None:
    """A place that no restored center would use begins no era: it is parked, and what its sender says next is heard."""
    _offer(rm)
    (parcel,) = rm.relay()
    wild = json.loads(parcel.body) | {"sequence": sequence, "id": str(new_id())}
    assert dq.accept(json.dumps(wild).encode()) == {"parked": 1}
    assert dq.accept(parcel.body) == {"applied": 1}


def test_what_arrives_with_the_question_that_ends_its_era_is_not_held_back(rm: Bare, dq: Bare) -> None:
    """A message of the lost time that shares its window with the question of the restored center waits for nothing."""
    case = _offer(rm)
    rm.do(c.Withdraw(case_id=case.case_id))
    _, withdrawal = rm.relay()
    recovery.begin(rm.store, rm.rules, [DQ], rm.now)
    (question,) = rm.relay()
    dq.accept(withdrawal.body, question.body)
    assert _figures(dq)[1] == 0, "held back for a message that will never come"

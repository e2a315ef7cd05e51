"""Defects on the wire that show in one round, found by the center suite and by tests of bare centers."""

import logging
from typing import Any

import pytest
from sqlalchemy import delete, update

import bus.pipeline.control
import bus.pipeline.receive
import bus.pipeline.receive_batch
import bus.pipeline.receiving.decode
import bus.runtime.engine
import bus.store.parked
import bus.store.unit_of_work
from bus.contract import codec
from bus.contract.messages import Verdict
from bus.pipeline.inbound import Inbound, Outcome, Reading
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.order import Turn, order
from bus.pipeline.receiving.receipt import owe
from bus.store import Store, inbox, outbox, owed
from bus.store import tables as t
from bus.store.owed import OwedReceipt
from bus.store.timestamps import ms
from verification.mutants.defect import between_centers, on_the_harness


@between_centers(
    "确认即删发件", "deletes a message at the broker's confirm",
    "tests/unit/test_delivery.py::test_a_message_stays_in_the_outbox_until_its_receipt_comes",
)  # fmt: skip
def relay_deletes_on_confirm(patch: pytest.MonkeyPatch) -> None:
    def forget(tx: Any, rows: Any) -> None:
        tx.execute(delete(t.outbox).where(t.outbox.c.id.in_([row for row, _, trouble in rows if not trouble])))

    patch.setattr(outbox, "sent", forget)


@between_centers(
    "先记已发再发送", "marks a message as sent before it is sent",
    "tests/unit/test_delivery.py::test_whatever_the_road_says_the_message_is_kept_and_sent_again[SendResult.UNKNOWN]",
)  # fmt: skip
def relay_marks_first(patch: pytest.MonkeyPatch) -> None:
    plain = outbox.claim

    def claim(tx: Any, *more: Any, **given: Any) -> Any:
        rows = plain(tx, *more, **given)
        tx.execute(update(t.outbox).where(t.outbox.c.id.in_([r.row for r in rows])).values(state="sent"))
        return rows

    patch.setattr(outbox, "claim", claim)


@between_centers(
    "重复消息再次生效", "applies a repeat again",
    "tests/unit/test_delivery.py::test_a_repeat_changes_nothing_and_is_receipted_again",
)  # fmt: skip
def dedupe_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.receive, "repeat", bus.pipeline.receive.take)


@between_centers(
    "重复消息不回执", "gives a repeat no receipt",
    "tests/unit/test_delivery.py::test_a_repeat_changes_nothing_and_is_receipted_again",
)  # fmt: skip
def repeat_without_receipt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.receive, "repeat", lambda batch, _one: batch.count(Outcome.REPEATED))


@between_centers(
    "不看序号", "applies messages in the order in which they come",
    "tests/unit/test_delivery.py::test_messages_in_any_order_are_applied_in_their_order",
)  # fmt: skip
def sequence_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.receive, "place", bus.pipeline.receive.take)


@between_centers(
    "暂存的消息丢失", "forgets what came early",
    "tests/unit/test_delivery.py::test_messages_in_any_order_are_applied_in_their_order",
)  # fmt: skip
def hold_back_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inbox, "hold", lambda *_: None)


@between_centers(
    "暂存未生效即回执", "receipts what is only held back",
    "tests/unit/test_delivery.py::test_a_held_message_is_not_receipted_before_it_is_applied",
)  # fmt: skip
def held_message_receipted(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.receive.place

    def place(batch: ReceiveBatch, one: Inbound) -> None:
        if order(batch, one) in (Turn.TOO_EARLY, Turn.TOO_FAR):
            owe(batch, one, Verdict.APPLIED, None, None)
        plain(batch, one)

    patch.setattr(bus.pipeline.receive, "place", place)


@between_centers(
    "不核对发件人和收件人", "believes a false sender and a foreign recipient",
    "tests/unit/test_delivery.py::test_a_message_for_another_center_or_from_a_false_sender_is_parked",
)  # fmt: skip
def wrong_sender_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.receiving.decode, "wrong_envelope", lambda *_: "")


@between_centers(
    "相信陌生中心的回执", "ends a message at a stranger's receipt",
    "tests/unit/test_delivery.py::test_a_receipt_from_a_stranger_ends_nothing",
)  # fmt: skip
def receipts_of_strangers_believed(patch: pytest.MonkeyPatch) -> None:
    def receipted(tx: Any, _peer: str, done: Any, _refused: Any) -> int:
        return int(tx.execute(delete(t.outbox).where(t.outbox.c.message_id.in_(done))).rowcount)

    patch.setattr(outbox, "receipted", receipted)


@on_the_harness(
    "拒收的消息回执为已生效", "receipts as applied what it refuses", "check_bad_input.refuses_whom_custody_refuses",
)  # fmt: skip
def unknown_kind_swallowed(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.receive.take

    def take(batch: ReceiveBatch, one: Inbound) -> bool:
        if not one.fault:
            return plain(batch, one)
        batch.marks[one.lane] = one.message.sequence
        owe(batch, one, Verdict.APPLIED, None, None)
        return True

    patch.setattr(bus.pipeline.receive, "take", take)


@on_the_harness(
    "读不懂的消息无声丢弃", "drops unreadable bodies in silence", "check_bad_input.parks_broken_messages",
)  # fmt: skip
def unreadable_bodies_swallowed(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.receive._only

    def only(arrived: list[Inbound], reading: Reading) -> list[Inbound]:
        return [] if reading is Reading.STRANGE else plain(arrived, reading)

    patch.setattr(bus.pipeline.receive, "_only", only)


@on_the_harness(
    "消息正文写入日志", "logs bodies of messages", "check_privacy.keeps_the_resident_to_itself",
)  # fmt: skip
def bodies_logged(patch: pytest.MonkeyPatch) -> None:
    plain = codec.decode

    def decode(raw: bytes) -> Any:
        logging.getLogger("bus.pipeline.receive").warning("%s", raw.decode(errors="replace"))
        return plain(raw)

    patch.setattr(bus.pipeline.receiving.decode, "decode", decode)


@on_the_harness(
    "搁置提示里带出正文", "writes a body into the hint for the operator", "check_privacy.keeps_the_resident_to_itself",
)  # fmt: skip
def body_in_a_hint(patch: pytest.MonkeyPatch) -> None:
    plain = bus.store.parked.parked_row

    def row(place: str, rules: Any, body: bytes, message: Any, code: str, _hint: str, now: Any) -> Any:
        return plain(place, rules, body, message, code, body.decode(errors="replace")[-300:], now)

    for module in (bus.pipeline.receive, bus.pipeline.receive_batch, bus.pipeline.control):
        patch.setattr(module, "parked_row", row)


@between_centers(
    "先确认收件后提交（单步）", "settles before the commit, seen in one round",
    "tests/conformance/test_transactions.py::test_stores_before_it_settles",
)  # fmt: skip
def settled_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    def receive(engine: Any, timeout: float) -> int:
        deliveries = engine.transport.receive(500, timeout)
        engine.transport.settle(deliveries)
        bus.pipeline.receive.receive(engine.store, engine.context, deliveries, engine.clock())
        return len(deliveries)

    patch.setattr(bus.runtime.engine.Engine, "receive", receive)


@between_centers(
    "先回执后提交（单步）", "receipts before the commit, seen in one round",
    "tests/conformance/test_transactions.py::test_receipts_only_what_is_stored",
)  # fmt: skip
def receipt_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.receive._receive_batch

    def window(store: Store, rules: Any, deliveries: Any, now: Any) -> Any:
        arrived = [bus.pipeline.receive.read(one, rules, now) for one in deliveries if not one.damaged]
        of_cases = [one for one in arrived if one.reading is Reading.IN_LANE]
        verdict = Verdict.APPLIED.value
        rows = [OwedReceipt(one.message.source, one.message_id, verdict, None, ms(now)) for one in of_cases]
        store.write(lambda tx: owed.owe_receipts(tx, rows))
        return plain(store, rules, deliveries, now)

    patch.setattr(bus.pipeline.receive, "_receive_batch", window)


@between_centers(
    "发件另用一个事务", "writes the outbox in a second transaction",
    "tests/conformance/test_transactions.py::test_case_and_message_stand_or_fall_together",
)  # fmt: skip
def second_transaction_for_the_outbox(patch: pytest.MonkeyPatch) -> None:
    later: list[Any] = []
    plain_write, plain_outbox = Store.write, bus.store.unit_of_work.UnitOfWork._write_outbox

    def put_off(uow: bus.store.unit_of_work.UnitOfWork) -> int:
        later.append(uow)
        return 0

    def write(store: Store, change: Any) -> Any:
        result = plain_write(store, change)
        for page in later:

            def second(tx: Any, page: Any = page) -> int:
                page.tx = tx
                return plain_outbox(page)

            plain_write(store, second)
        later.clear()
        return result

    patch.setattr(bus.store.unit_of_work.UnitOfWork, "_write_outbox", put_off)
    patch.setattr(Store, "write", write)

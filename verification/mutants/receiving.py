"""Defects where messages arrive: receive, receipts, order, and settlement."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete

import bus.pipeline.receive
import bus.recovery
from bus.context import CenterContext
from bus.contract.messages import Verdict
from bus.pipeline.inbound import Inbound, Outcome, Reading
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.order import Turn, order
from bus.pipeline.receiving.order import repeat as repeat_again
from bus.pipeline.receiving.receipt import owe
from bus.runtime.engine import BATCH_LIMIT, Engine
from bus.store import Store, Tx, inbox, owed, recovery
from bus.store import tables as t
from bus.store.owed import OwedReceipt
from bus.store.timestamps import ms
from bus.transports.port import Delivery
from verification.mutants.defect import fair, simulated
from verification.simulation.fault_profile import FaultProfile
from verification.simulation.virtual_transport import VirtualNetwork


@simulated("先确认收件后提交", "settles before the commit", "settled after the commit")
def ack_before_commit(patch: pytest.MonkeyPatch) -> None:
    def receive(engine: Engine, timeout: float) -> int:
        deliveries = engine.transport.receive(BATCH_LIMIT, timeout)
        engine.transport.settle(deliveries)
        if deliveries:
            bus.pipeline.receive.receive(engine.store, engine.context, deliveries, engine.clock())
        return len(deliveries)

    patch.setattr(Engine, "receive", receive)


@simulated("提交失败的来件被丢下", "drops the deliveries of a failed commit, unsettled", "what arrived is settled")
def failed_window_dropped(patch: pytest.MonkeyPatch) -> None:
    plain = Engine.receive

    def receive(engine: Engine, timeout: float) -> int:
        engine.unsettled = []
        return plain(engine, timeout)

    patch.setattr(Engine, "receive", receive)


def old_backup(profile: FaultProfile) -> FaultProfile:
    """A store is restored from an old backup."""
    return replace(fair(profile), restores=1)


@simulated("不去重", "applies what was applied before", "applied-once", "lanes-in-order", "parked only by crossings")
def dedupe_by_nothing(patch: pytest.MonkeyPatch) -> None:
    def repeat(batch: ReceiveBatch, one: Inbound) -> None:
        bus.pipeline.receive.take(batch, one)

    patch.setattr(bus.pipeline.receive, "repeat", repeat)
    _remembers_the_newest(patch)


def _remembers_the_newest(patch: pytest.MonkeyPatch) -> None:
    plain = inbox.remember

    def remember(tx: Tx, rows: Sequence[inbox.AppliedRow]) -> None:
        for row in rows:
            known = t.applied.c
            lane = (known.peer == row.peer) & (known.case_id == row.case_id)
            tx.execute(delete(t.applied).where(lane & (known.sequence == row.sequence)))
            plain(tx, [row])

    patch.setattr(inbox, "remember", remember)


@simulated(
    "凭 redelivered 标志去重",
    "dedupes by the broker's redelivered flag",
    "applied-once",
    "lanes-in-order",
    "parked only by crossings",
)
def dedupe_by_redelivered_flag(patch: pytest.MonkeyPatch) -> None:
    flagged: set[bytes] = set()
    plain_back, plain_repeat = VirtualNetwork.put_back, repeat_again

    def put_back(network: VirtualNetwork, center: str, deliveries: Sequence[Delivery]) -> None:
        flagged.update(delivery.body for delivery in deliveries)
        plain_back(network, center, deliveries)

    def repeat(batch: ReceiveBatch, one: Inbound) -> None:
        if one.body in flagged:
            plain_repeat(batch, one)
        else:
            bus.pipeline.receive.take(batch, one)

    patch.setattr(VirtualNetwork, "put_back", put_back)
    patch.setattr(bus.pipeline.receive, "repeat", repeat)
    _remembers_the_newest(patch)


@simulated("先回执后提交", "receipts before the commit", "said-is-kept")
def receipt_before_commit(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.receive._receive_batch

    def window(store: Store, rules: Any, deliveries: Sequence[Delivery], now: datetime) -> Any:
        arrived = [bus.pipeline.receive.read(one, rules, now) for one in deliveries if not one.damaged]
        of_cases = [one for one in arrived if one.reading is Reading.IN_LANE]
        verdict = Verdict.APPLIED.value
        rows = [OwedReceipt(one.message.source, one.message_id, verdict, None, ms(now)) for one in of_cases]
        store.write(lambda tx: owed.owe_receipts(tx, rows))
        return plain(store, rules, deliveries, now)

    patch.setattr(bus.pipeline.receive, "_receive_batch", window)


@simulated("暂存未生效即回执", "receipts what is only held back", "said-is-kept")
def receipt_for_held(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.receive.place

    def place(batch: ReceiveBatch, one: Inbound) -> None:
        if order(batch, one) in (Turn.TOO_EARLY, Turn.TOO_FAR):
            owe(batch, one, Verdict.APPLIED, None, None)
        plain(batch, one)

    patch.setattr(bus.pipeline.receive, "place", place)


@simulated("重复来件不再回执", "does not receipt a repeat", "nothing-left", "comes to rest")
def repeat_not_receipted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.receive, "repeat", lambda batch, _one: batch.count(Outcome.REPEATED))


@simulated("忽略缺口，不等前件", "ignores a gap: applies what comes early", "lanes-in-order")
def gap_ignored(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.receive.place

    def place(batch: ReceiveBatch, one: Inbound) -> None:
        if order(batch, one) in (Turn.TOO_EARLY, Turn.TOO_FAR):
            bus.pipeline.receive.take(batch, one)
        else:
            plain(batch, one)

    patch.setattr(bus.pipeline.receive, "place", place)


@simulated("拒收的来文无声丢弃", "drops a refused message in silence", "trouble-is-seen")
def refused_is_dropped(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.receive.take

    def take(batch: ReceiveBatch, one: Inbound) -> bool:
        before, taken = len(batch.park), plain(batch, one)
        if taken:
            del batch.park[before:]
        return taken

    patch.setattr(bus.pipeline.receive, "take", take)


@simulated(
    "相信损坏的正文", "believes a damaged body", "bytes-unaltered", "matter-unaltered", "parked only by crossings"
)
def damaged_body_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Delivery, "damaged", property(lambda _: False))


@simulated(
    "恢复备份却不声明",
    "goes on after an old backup as if nothing had been lost",
    "parked only by crossings",
    profile=old_backup,
)
def backup_put_back_in_silence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.recovery, "begin", lambda *_: None)


def old_backups(profile: FaultProfile) -> FaultProfile:
    """A store is restored twice: half of the second backups were made during the first recovery."""
    return replace(fair(profile), restores=2)


@simulated(
    "恢复未完时的备份，再恢复仍用原纪元",
    "put back to a backup made during a recovery, goes on with that recovery",
    "parked only by crossings",
    profile=old_backups,
)
def recovery_of_the_backup_goes_on(patch: pytest.MonkeyPatch) -> None:
    plain = bus.recovery.begin

    def begin(store: Store, context: CenterContext, peers: Sequence[str], now: datetime) -> object:
        if bus.recovery.going_on(store):
            return store.write(lambda tx: recovery.ask(tx, peers, ms(now)))
        return plain(store, context, peers, now)

    patch.setattr(bus.recovery, "begin", begin)

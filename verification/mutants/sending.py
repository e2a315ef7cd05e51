"""Defects where messages leave: the outbox, the relay, and the meaning of a send result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete, select, update

import bus.pipeline.control
import bus.pipeline.receive
import bus.pipeline.relay
import bus.recovery
import bus.store.unit_of_work
from bus.context import CenterContext
from bus.contract.epochs import epoch_start
from bus.runtime.engine import Engine
from bus.store import Store, Tx, lanes, outbox, parked
from bus.store import tables as t
from bus.transports.port import Parcel, SendResult
from verification.mutants.defect import fair, simulated
from verification.simulation.fault_profile import FaultProfile


@simulated("超时当作失败", "takes a timeout for a refusal", "refused-was-refused")
def timeout_is_failure(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.relay._record

    def write_down(tx: Tx, sent: bus.pipeline.relay.SentBatch, now_ms: int) -> None:
        plain(tx, sent, now_ms)
        lost = [m.row for m, result in zip(sent.messages, sent.results, strict=False) if result is SendResult.UNKNOWN]
        rows = outbox.waiting(tx, [m.message_id for m in sent.messages if m.row in lost])
        tx.execute(update(t.outbox).where(t.outbox.c.id.in_(lost)).values(state=outbox.REFUSED, trouble="timeout"))
        _park_as_refused(tx, rows, now_ms)

    patch.setattr(bus.pipeline.relay, "_record", write_down)


def _park_as_refused(tx: Tx, rows: Sequence[outbox.OutboxRow], now_ms: int) -> None:
    now = datetime.fromtimestamp(now_ms / 1000).astimezone()
    for row in rows:
        context = CenterContext(row.recipient)
        parked.park(tx, [parked.refused_row(row, context, "timeout", now)])


def _deleted_after(patch: pytest.MonkeyPatch, *fates: SendResult) -> None:
    said = {"" if result is SendResult.CONFIRMED else result.value for result in fates}
    plain = outbox.sent

    def sent(tx: Tx, rows: Any) -> None:
        rows = list(rows)
        plain(tx, rows)
        tx.execute(delete(t.outbox).where(t.outbox.c.id.in_([row for row, _, trouble in rows if trouble in said])))

    patch.setattr(outbox, "sent", sent)


@simulated("确认即删，不等回执", "ends a message at the broker's confirm, without a receipt", "said-is-kept")
def confirm_is_enough(patch: pytest.MonkeyPatch) -> None:
    _deleted_after(patch, SendResult.CONFIRMED)


@simulated("超时当作已送达", "takes a timeout for delivered", "said-is-kept")
def timeout_is_success(patch: pytest.MonkeyPatch) -> None:
    _deleted_after(patch, SendResult.UNKNOWN)


@simulated(
    "先记已发再发送，崩溃后不再补发",
    "marks as sent before sending, and nothing frees it",
    "nothing-left",
    "comes to rest",
)
def lost_timer_on_restart(patch: pytest.MonkeyPatch) -> None:
    plain_claim, plain_sent = outbox.claim, outbox.sent

    def claim(
        tx: Tx, now_ms: int, limit: int, lease_ms: int, *, some_paused: bool = False
    ) -> list[outbox.ClaimedMessage]:
        rows = plain_claim(tx, now_ms, limit, lease_ms, some_paused=some_paused)
        tx.execute(update(t.outbox).where(t.outbox.c.id.in_([row.row for row in rows])).values(state="sending"))
        return rows

    def sent(tx: Tx, rows: Any) -> None:
        rows = list(rows)
        plain_sent(tx, rows)
        back = t.outbox.c.id.in_([row for row, _, _ in rows]) & (t.outbox.c.state == "sending")
        tx.execute(update(t.outbox).where(back).values(state=outbox.WAITING))

    patch.setattr(outbox, "claim", claim)
    patch.setattr(outbox, "sent", sent)


@simulated(
    "按 id > 上次 取件", "claims by id greater than the last", "nothing-left", "comes to rest", "every-case-answered"
)
def claim_by_id(patch: pytest.MonkeyPatch) -> None:
    def claim(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[outbox.ClaimedMessage]:
        o, last = t.outbox.c, t.counters.c
        seen = tx.execute(select(last.value).where(last.name == "relay")).scalar() or 0
        columns = (o.id, o.message_id, o.recipient, o.kind, o.body, o.attempts)
        again = (o.attempts > 0) & (o.next_ms <= now_ms)
        due = select(*columns).where(o.state == outbox.WAITING, (o.id > seen) | again).order_by(o.id).limit(limit)
        rows = [outbox.ClaimedMessage(*row) for row in tx.execute(due)]
        tx.execute(delete(t.counters).where(last.name == "relay"))
        furthest = max([seen, *(row.row for row in rows)])
        tx.execute(t.counters.insert().values(name="relay", value=furthest))
        return rows

    patch.setattr(outbox, "claim", claim)


def inboxes_away(profile: FaultProfile) -> FaultProfile:
    """An inbox is missing for a moment now and then."""
    return replace(fair(profile), nobody=0.1)


@simulated("收件方不存在当作已送达", "takes a returned message for delivered", "said-is-kept", profile=inboxes_away)
def nobody_is_delivered(patch: pytest.MonkeyPatch) -> None:
    _deleted_after(patch, SendResult.UNROUTABLE)


@simulated(
    "发件记录在提交之后另存",
    "lays the outbox in a second transaction, after the commit",
    "said-is-kept",
    "outbox-as-in-journal",
)
def outbox_after_commit(patch: pytest.MonkeyPatch) -> None:
    plain_write, plain_lay = Store.write, outbox.enqueue
    later: list[Any] = []

    def write(store: Store, change: Callable[[Tx], Any]) -> Any:
        later.clear()
        done = plain_write(store, change)
        if later:
            rows = list(later)
            later.clear()
            plain_write(store, lambda tx: plain_lay(tx, rows))
        return done

    patch.setattr(outbox, "enqueue", lambda _tx, rows: later.extend(rows))
    patch.setattr(Store, "write", write)


@simulated("崩溃后重发换新编号", "gives a message a new id at every attempt", "applied-was-said", "said-is-kept")
def new_id_at_every_attempt(patch: pytest.MonkeyPatch) -> None:
    from bus.contract.ids import new_id  # noqa: PLC0415 - dealt anew by each simulation

    plain = bus.pipeline.relay.send

    def reworded(parcel: Parcel) -> Parcel:
        other = str(new_id())
        return Parcel(
            other, parcel.recipient, parcel.kind, parcel.body.replace(parcel.message_id.encode(), other.encode(), 1)
        )

    class Renaming:
        def __init__(self, transport: Any) -> None:
            self._transport = transport

        def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
            fates: list[SendResult] = self._transport.send([reworded(one) for one in parcels], timeout)
            return fates

    def send(transport: Any, *more: Any) -> Any:
        return plain(Renaming(transport), *more)  # type: ignore[arg-type]  # all that a relay wants of it

    patch.setattr(bus.pipeline.relay, "send", send)


@simulated("编号只记在内存", "counts the places of a lane in memory only", "outbox-as-in-journal", "said-is-kept")
def sequences_in_memory(patch: pytest.MonkeyPatch) -> None:
    memory: dict[tuple[str, str, str], int] = {}
    plain_start = Engine.begin

    def begin(engine: Engine) -> None:
        for place in [place for place in memory if place[0] == str(engine.store.url)]:
            del memory[place]
        plain_start(engine)

    def next_sequences(tx: Tx, wanted: Mapping[tuple[str, str], int], era: int) -> dict[tuple[str, str], int]:
        before = {lane: memory.get((str(tx.engine.url), *lane), epoch_start(0)) for lane in wanted}
        for lane, count in wanted.items():
            memory[str(tx.engine.url), *lane] = before[lane] + count
        lanes.set_lanes(tx, "sent", {lane: before[lane] + count for lane, count in wanted.items()}, era)
        return before

    patch.setattr(Engine, "begin", begin)
    patch.setattr(lanes, "next_sequences", next_sequences)

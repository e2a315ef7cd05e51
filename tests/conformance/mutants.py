"""Faults to plant, one function each, in an adapter or in the bus; and for each the check that must turn red."""

import dataclasses
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update

import bus.http.app
import bus.http.forms
import bus.pipeline.control
import bus.pipeline.handle
import bus.pipeline.intake
import bus.pipeline.read_deliveries
import bus.pipeline.receive
import bus.pipeline.relay
import bus.runtime.engine
import bus.runtime.process
import bus.sdk.backend
import bus.store.parked
import bus.store.unit_of_work
from bus.contract import codec
from bus.contract.messages import Verdict
from bus.custody import commands as c
from bus.pipeline.handle import HandlerOutcome
from bus.pipeline.receive_batch import ReceiveBatch
from bus.sdk.center import Center, Reject, RetryLater
from bus.store import Store, StoreUnavailable, cases, inbox, intakes, outbox, parked
from bus.store import tables as t
from bus.testing import check_backend, check_bad_input, check_privacy, check_samples
from bus.testing.adapter_harness import AdapterHarness
from bus.transports.port import Delivery, SendResult
from tests.unit import test_delivery as delivery
from tests.unit import test_intake_and_handle as desk
from tests.unit.steps import BareCenter, a_case

Plant = Callable[[pytest.MonkeyPatch], Callable[[Center[Any]], Center[Any]] | None]
Catch = Callable[[Path, Callable[[Center[Any]], Center[Any]] | None], None]
MEDIA, PARTY = "media_center-150402", "party_service-150402006"


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault, and who catches it."""

    plant: Plant
    by: str
    catch: Catch


PLANTED: list[Planted] = []


def _on_the_bench(check: Callable[..., None], *more: object) -> Catch:
    def catch(folder: Path, plant: Callable[[Center[Any]], Center[Any]] | None) -> None:
        harness = AdapterHarness("adapters.media_center", folder, plant=plant, patience=1.5).start()
        try:
            check(harness, *more)
        finally:
            harness.stop()

    return catch


@contextmanager
def _bare(folder: Path, *names: str) -> Iterator[list[BareCenter]]:
    centers = [BareCenter(name, folder) for name in names]
    try:
        yield centers
    finally:
        for center in centers:
            center.close()


def _between_two(check: Callable[..., None], *more: object) -> Catch:
    def catch(folder: Path, _plant: object) -> None:
        with _bare(folder, MEDIA, PARTY) as (media, party):
            given = {"media": media, "party": party, "tmp_path": folder}
            names = check.__code__.co_varnames[: check.__code__.co_argcount]
            check(*[given[name] for name in names if name in given], *more)

    return catch


def caught_by(check: Callable[..., None], catch: Catch) -> Callable[[Plant], Plant]:
    """The decorated function plants a fault that ``check`` must see."""

    def keep(plant: Plant) -> Plant:
        PLANTED.append(Planted(plant, check.__name__, catch))
        return plant

    return keep


def by_suite(check: Callable[..., None], *more: object) -> Callable[[Plant], Plant]:
    """Caught by the center suite."""
    return caught_by(check, _on_the_bench(check, *more))


def by_delivery(check: Callable[..., None], *more: object) -> Callable[[Plant], Plant]:
    """Caught by the checks of delivery, intake and work, which know no transport."""
    return caught_by(check, _between_two(check, *more))


def _forms(change: Callable[[list[Any]], list[Any]]) -> Callable[[Center[Any]], Center[Any]]:
    def plant(center: Center[Any]) -> Center[Any]:
        def faulty(form: Any) -> Any:
            return dataclasses.replace(form, handler=lambda d, b: change(list(form.handler(d, b))))

        return Center(
            center.kind, center.connect, {n: faulty(f) for n, f in center.forms.items()}, dict(center.handlers)
        )

    return plant


def _handlers(change: Callable[[Any, Any, Any], Any]) -> Callable[[Center[Any]], Center[Any]]:
    """``change(handler, desk, said)`` stands in for every handler."""

    def plant(center: Center[Any]) -> Center[Any]:
        def faulty(plain: Any) -> Any:
            return lambda d, said: change(plain, d, said)

        return Center(
            center.kind, center.connect, dict(center.forms), {n: faulty(h) for n, h in center.handlers.items()}
        )

    return plant


def _recase(item: Any, **change: Any) -> Any:
    return c.Register(case=item.case.model_copy(update=change)) if isinstance(item, c.Register) else item


# -- in an adapter ---------------------------------------------------------------------------------------------------


@by_suite(check_samples.turns_forms_into_commands)
def swapped_fields(_: pytest.MonkeyPatch) -> Any:
    return _forms(
        lambda items: [
            _recase(i, title=i.case.category, category=i.case.channel) if isinstance(i, c.Register) else i
            for i in items
        ]
    )


@by_suite(check_samples.turns_forms_into_commands)
def anonymity_ignored(_: pytest.MonkeyPatch) -> Any:
    def named(item: Any) -> Any:
        person = getattr(getattr(item, "case", None), "resident", None)
        return item if person is None else _recase(item, resident=person.model_copy(update={"anonymous": False}))

    return _forms(lambda items: [named(i) for i in items])


@by_suite(check_samples.turns_forms_into_commands)
def every_form_dropped(_: pytest.MonkeyPatch) -> Any:
    return _forms(lambda _items: [])


@by_suite(check_samples.has_the_effect_of_every_kind)
def every_message_dropped(_: pytest.MonkeyPatch) -> Any:
    return _handlers(lambda _plain, _desk, _said: [])


@by_suite(check_samples.has_the_effect_of_every_kind)
def one_kind_dropped(_: pytest.MonkeyPatch) -> Any:
    return _handlers(lambda plain, d, said: [] if said.data.kind == "case.urged" else plain(d, said))


@by_suite(check_samples.has_the_effect_of_every_kind)
def closed_without_a_reply(_: pytest.MonkeyPatch) -> Any:
    def close(plain: Any, d: Any, said: Any) -> Any:
        if said.data.kind != "case.resolved":
            return plain(d, said)
        return [c.Close(case_id=d.record.case.case_id, replied_at=d.now)]

    return _handlers(close)


@by_suite(check_backend.survives_every_answer_of_its_vendor, ["effect, then 503"])
def random_idempotency_key(_: pytest.MonkeyPatch) -> Any:
    return _handlers(lambda plain, d, said: plain(dataclasses.replace(d, key=f"{d.key}:{uuid4()}"), said))


@by_suite(check_samples.has_the_effect_of_every_kind)
def effect_twice(_: pytest.MonkeyPatch) -> Any:
    def twice(plain: Any, d: Any, said: Any) -> Any:
        list(plain(dataclasses.replace(d, key=f"{d.key}:again"), said))
        return plain(d, said)

    return _handlers(twice)


@by_suite(check_backend.waits_for_a_vendor_that_is_away)
def handler_swallows_not_now(_: pytest.MonkeyPatch) -> Any:
    def swallow(plain: Any, d: Any, said: Any) -> Any:
        try:
            return list(plain(d, said))
        except RetryLater:
            return []

    return _handlers(swallow)


@by_suite(check_privacy.keeps_the_resident_to_itself)
def resident_in_a_reason(_: pytest.MonkeyPatch) -> Any:
    def tell(plain: Any, d: Any, said: Any) -> Any:
        try:
            return list(plain(d, said))
        except Reject:
            raise Reject(str(getattr(getattr(said.data, "case", None), "text", "none"))) from None

    return _handlers(tell)


@by_suite(check_samples.declares_what_it_does)
def declared_handler_missing(_: pytest.MonkeyPatch) -> Any:
    def plant(center: Center[Any]) -> Center[Any]:
        fewer = {name: handler for name, handler in center.handlers.items() if name != "case.rated"}
        return Center(center.kind, center.connect, dict(center.forms), fewer)

    return plant


# -- at the door -----------------------------------------------------------------------------------------------------


@by_suite(check_bad_input.believes_only_signed_forms)
def signature_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.http.app, "verify", lambda *_: None)
    patch.setattr(bus.http.forms, "verify", lambda *_: None)


@by_suite(check_samples.answers_a_repeated_form_alike)
def intake_forgets_its_forms(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.intake, "_repeated", lambda *_: None)
    patch.setattr(intakes, "note", lambda *_: None)


@by_suite(check_privacy.keeps_the_resident_to_itself)
def values_in_error_answers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        bus.http.forms,
        "faults_of",
        lambda error: [{"field": "x", "problem": str(i.get("input"))} for i in error.errors()],
    )


@by_suite(check_bad_input.refuses_broken_forms)
def door_falls_over(patch: pytest.MonkeyPatch) -> None:
    def fallen_over(_body: bytes) -> None:
        raise ZeroDivisionError

    patch.setattr(bus.http.forms, "read_json", fallen_over)


@by_delivery(desk.test_a_command_that_custody_refuses_parks_the_task)
def half_an_answer_carried_out(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def careless(_page: bus.store.unit_of_work.UnitOfWork) -> Iterator[None]:
        yield

    patch.setattr(bus.store.unit_of_work.UnitOfWork, "savepoint", careless)


# -- on the road -----------------------------------------------------------------------------------------------------


@by_delivery(delivery.test_a_message_stays_in_the_outbox_until_its_receipt_comes)
def relay_deletes_on_confirm(patch: pytest.MonkeyPatch) -> None:
    def forget(tx: Any, rows: Any) -> None:
        tx.execute(delete(t.outbox).where(t.outbox.c.id.in_([row for row, _, trouble in rows if not trouble])))

    patch.setattr(outbox, "sent", forget)


@by_delivery(delivery.test_whatever_the_road_says_the_message_is_kept_and_sent_again, SendResult.UNKNOWN)
def relay_marks_first(patch: pytest.MonkeyPatch) -> None:
    plain = outbox.claim

    def claim(tx: Any, *more: Any) -> Any:
        rows = plain(tx, *more)
        tx.execute(update(t.outbox).where(t.outbox.c.id.in_([r.row for r in rows])).values(state="sent"))
        return rows

    patch.setattr(outbox, "claim", claim)


@by_delivery(delivery.test_a_repeat_changes_nothing_and_is_receipted_again)
def dedupe_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        bus.pipeline.receive, "_repeat", lambda page, tray, one, _known: bus.pipeline.receive._apply(page, tray, one)
    )


@by_delivery(delivery.test_a_repeat_changes_nothing_and_is_receipted_again)
def repeat_not_receipted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.receive, "_repeat", lambda page, tray, one, known: tray.counts.update(["repeated"]))


@by_delivery(delivery.test_messages_in_any_order_are_applied_in_their_order)
def sequence_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        bus.pipeline.receive, "_place", lambda page, tray, one, _known: bus.pipeline.receive._apply(page, tray, one)
    )


@by_delivery(delivery.test_messages_in_any_order_are_applied_in_their_order)
def hold_back_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inbox, "hold", lambda *_: None)


@by_delivery(delivery.test_a_held_message_is_not_receipted_before_it_is_applied)
def held_message_receipted(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.receive._place

    def place(page: Any, tray: Any, one: Any, known: Any) -> None:
        if one.message.sequence > tray.marks[one.lane] + 1:
            bus.pipeline.receive._owe(tray, one, Verdict.APPLIED, None, None, page.now)
        plain(page, tray, one, known)

    patch.setattr(bus.pipeline.receive, "_place", place)


@by_delivery(delivery.test_a_message_for_another_center_or_from_a_false_sender_is_parked)
def wrong_sender_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.read_deliveries, "wrong_envelope", lambda *_: "")


@by_delivery(delivery.test_a_receipt_from_a_stranger_ends_nothing)
def receipts_of_strangers_believed(patch: pytest.MonkeyPatch) -> None:
    def receipted(tx: Any, _peer: str, done: Any, _refused: Any) -> int:
        return int(tx.execute(delete(t.outbox).where(t.outbox.c.message_id.in_(done))).rowcount)

    patch.setattr(outbox, "receipted", receipted)


@by_suite(check_bad_input.refuses_whom_custody_refuses)
def unknown_kind_swallowed(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.receive._apply

    def apply(page: Any, tray: Any, one: Any) -> None:
        if not one.fault:
            plain(page, tray, one)
            return
        tray.marks[one.lane] = one.message.sequence
        bus.pipeline.receive._owe(tray, one, Verdict.APPLIED, None, None, page.now)

    patch.setattr(bus.pipeline.receive, "_apply", apply)


@by_suite(check_bad_input.parks_broken_messages)
def unreadable_bodies_swallowed(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.read_deliveries.read_deliveries
    patch.setattr(bus.pipeline.receive, "read_deliveries", lambda *window: (*plain(*window)[:2], []))


@by_suite(check_privacy.keeps_the_resident_to_itself)
def bodies_logged(patch: pytest.MonkeyPatch) -> None:
    plain = codec.decode

    def decode(raw: bytes) -> Any:
        logging.getLogger("bus.pipeline.receive").warning("%s", raw.decode(errors="replace"))
        return plain(raw)

    patch.setattr(bus.pipeline.read_deliveries, "decode", decode)


@by_suite(check_privacy.keeps_the_resident_to_itself)
def body_in_a_hint(patch: pytest.MonkeyPatch) -> None:
    plain = bus.store.parked.parked_row

    def row(place: str, rules: Any, body: bytes, message: Any, code: str, _hint: str, now: Any) -> Any:
        return plain(place, rules, body, message, code, body.decode(errors="replace")[-300:], now)

    for module in (bus.pipeline.receive, bus.pipeline.control):
        patch.setattr(module, "parked_row", row)


def stores_before_it_settles(folder: Path, _plant: object) -> None:
    """When the store fails, nothing is settled, and nothing is receipted: the road still has it."""
    harness = AdapterHarness("adapters.media_center", folder)
    settled: list[Delivery] = []
    harness.start()
    try:
        process = harness.process
        process._leaving.set()
        for thread in process._threads[:4]:
            thread.join(10)
        transport: Any = process.transport
        transport.receive = lambda *_: [Delivery(b"{}", None, None)]
        transport.settle = settled.extend

        def full(_change: object) -> None:
            raise StoreUnavailable("disk full", passing=True)

        writing, process.store.write = process.store.write, full  # type: ignore[method-assign,assignment]  # to plant it
        with pytest.raises(StoreUnavailable):
            process._receive()
        process.store.write = writing  # type: ignore[method-assign]  # and to mend it
        assert settled == [], "settled before the commit"
    finally:
        harness.stop()


@caught_by(stores_before_it_settles, stores_before_it_settles)
def settled_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    def receive(engine: Any, timeout: float) -> int:
        deliveries = engine.transport.receive(500, timeout)
        engine.transport.settle(deliveries)
        bus.pipeline.receive.receive(engine.store, engine.context, deliveries, engine.clock())
        return len(deliveries)

    patch.setattr(bus.runtime.engine.Engine, "receive", receive)


def receipts_only_what_is_stored(folder: Path, _plant: object) -> None:
    """When the commit fails, no receipt has left the transaction alone."""
    with _bare(folder, MEDIA, PARTY) as (media, party), pytest.MonkeyPatch.context() as patch:
        case = c.Register(case=a_case(MEDIA))
        media.execute(case, c.Offer(case_id=case.case_id, to=(PARTY,)))
        (parcel,) = media.relay()

        def full(*_: object) -> None:
            raise StoreUnavailable("disk full", passing=True)

        patch.setattr(cases, "keep", full)
        with pytest.raises(StoreUnavailable):
            party.receive(parcel.body)
        assert party.relay() == [], "receipted before the commit"


@caught_by(receipts_only_what_is_stored, receipts_only_what_is_stored)
def receipt_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.receive._receive_batch

    def window(store: Store, rules: Any, deliveries: Any, now: Any) -> Any:
        arrived = bus.pipeline.read_deliveries.read_deliveries(deliveries, rules, now)[0]
        batch = ReceiveBatch()
        for one in arrived:
            bus.pipeline.receive._owe(batch, one, Verdict.APPLIED, None, None, now)
        store.write(lambda tx: outbox.owe_receipts(tx, batch.receipts))
        return plain(store, rules, deliveries, now)

    patch.setattr(bus.pipeline.receive, "_receive_batch", window)


def case_and_message_stand_or_fall_together(folder: Path, _plant: object) -> None:
    """When the message cannot be written, the change of the case that it tells of is not written either."""
    with _bare(folder, MEDIA) as (media,), pytest.MonkeyPatch.context() as patch:
        case = c.Register(case=a_case(MEDIA))

        def full(*_: object) -> None:
            raise StoreUnavailable("disk full", passing=True)

        patch.setattr(outbox, "enqueue", full)
        with pytest.raises(StoreUnavailable):
            media.execute(case, c.Offer(case_id=case.case_id, to=(PARTY,)))
        with media.store.reading() as tx:
            assert not list(tx.execute(select(t.cases.c.case_id))), "the case changed without its message"


@caught_by(case_and_message_stand_or_fall_together, case_and_message_stand_or_fall_together)
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


# -- at the desk -----------------------------------------------------------------------------------------------------


def _turned(one: HandlerOutcome, into: HandlerOutcome) -> Callable[[Any], Any]:
    """What came of a task, told as something else."""
    return lambda result: dataclasses.replace(result, outcome=into) if result.outcome is one else result


def _performed(change: Callable[[Any], Any]) -> Callable[..., Any]:
    plain = bus.pipeline.handle.perform
    return lambda *given: change(plain(*given))


@by_suite(check_backend.waits_for_a_vendor_that_is_away)
def not_now_taken_for_done(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        bus.runtime.engine,
        "perform",
        _performed(
            lambda one: (
                dataclasses.replace(one, outcome=HandlerOutcome.DONE) if one.outcome == HandlerOutcome.NOT_NOW else one
            )
        ),
    )


@by_suite(check_backend.survives_every_answer_of_its_vendor, ["500"])
def not_now_taken_for_never(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        bus.runtime.engine,
        "perform",
        _performed(
            lambda one: (
                dataclasses.replace(one, outcome=HandlerOutcome.NOT_EVER)
                if one.outcome == HandlerOutcome.NOT_NOW
                else one
            )
        ),
    )


@by_suite(check_backend.survives_every_answer_of_its_vendor, ["400"])
def never_taken_for_done(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        bus.runtime.engine,
        "perform",
        _performed(
            lambda one: (
                dataclasses.replace(one, outcome=HandlerOutcome.DONE) if one.outcome == HandlerOutcome.NOT_EVER else one
            )
        ),
    )


@by_suite(check_backend.survives_every_answer_of_its_vendor, ["garbage"])
def garbage_taken_for_success(patch: pytest.MonkeyPatch) -> None:
    plain = bus.sdk.backend._understood

    def understood(status: int, *answer: Any) -> Any:
        try:
            return plain(status, *answer)
        except RetryLater:
            if status == 200:
                return {"id": "made-up"}
            raise

    patch.setattr(bus.sdk.backend, "_understood", understood)


@by_suite(check_backend.survives_every_answer_of_its_vendor, ["500"])
def vendor_500_taken_for_never(patch: pytest.MonkeyPatch) -> None:
    plain = bus.sdk.backend._understood

    def understood(status: int, *answer: Any) -> Any:
        if status == 500:
            raise Reject("vendor-500")
        return plain(status, *answer)

    patch.setattr(bus.sdk.backend, "_understood", understood)


@by_suite(check_backend.survives_every_answer_of_its_vendor, ["401"])
def vendor_401_taken_for_never(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.sdk.backend, "DENIED", frozenset())


@by_suite(check_backend.survives_every_answer_of_its_vendor, ["404"])
def parked_without_a_reason(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.handle._park
    patch.setattr(bus.pipeline.handle, "_park", lambda tx, page, one, _code: plain(tx, page, one, ""))


@by_suite(check_backend.survives_every_answer_of_its_vendor, ["409"])
def never_is_dropped_not_parked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        bus.pipeline.handle, "_park", lambda tx, page, one, _code: inbox.finish_work(tx, [one.claimed.task.row])
    )


@by_suite(check_backend.keeps_the_order_of_a_case)
def work_not_in_order(patch: pytest.MonkeyPatch) -> None:
    def claim_work(tx: Any, now_ms: int, _limit: int, lease_ms: int) -> list[inbox.Task]:
        w = t.work.c
        query = select(w.id, w.message_id, w.case_id, w.source, w.kind, w.body, w.attempts)
        due = query.where(w.state == inbox.WAITING, w.next_ms <= now_ms).order_by(w.id.desc()).limit(1)
        tasks = [inbox.Task(*row) for row in tx.execute(due)]
        ids = [task.row for task in tasks]
        tx.execute(update(t.work).where(w.id.in_(ids)).values(next_ms=now_ms + lease_ms))
        return tasks

    patch.setattr(inbox, "claim_work", claim_work)


@by_suite(check_privacy.tells_how_it_is)
def figures_stand_still(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parked, "figures", lambda _tx: {"wire": 0, "desk": 0, "peer": 0, "oldest_ms": 0})

"""Accept: from the road to the in-tray. A whole window of deliveries becomes one transaction; only then is it settled.

Whatever comes ends as applied, held back until an earlier one comes, answered with a refusal, or parked; nothing is
dropped, and ten bad messages harm none of their neighbours.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from bus.context import Rules
from bus.contract.envelope import Message, Undecodable, decode, digest, kind_of
from bus.contract.epochs import FURTHEST_AHEAD, before_first, era_of
from bus.contract.messages import Failure, LogAsked, LogTold, Receipt, Verdict
from bus.custody import Refusal
from bus.pipeline.control import Control, strange_rows, take
from bus.pipeline.receive_batch import Arrived, Tray
from bus.recovery.responder import enter_eras
from bus.security.errors import Distrusted
from bus.store import archive, inbox, outbox, parked
from bus.store.database import Store, StoreTrouble, Tx
from bus.store.parked import SET_BACK, parked_row
from bus.store.timestamps import ms
from bus.store.unit_of_work import Page
from bus.transports.port import Delivery

UNKNOWN = "unknown-case"


def accept(store: Store, rules: Rules, deliveries: Sequence[Delivery], now: datetime) -> Counter[str]:
    """Apply these deliveries in one transaction; the caller settles them afterwards. Returns how many ended how.

    Raises ``StoreTrouble`` when the store cannot be written; then nothing was applied and nothing may be settled."""
    try:
        return _accept_window(store, rules, deliveries, now)
    except StoreTrouble as trouble:
        if trouble.passing:
            raise
        if len(deliveries) == 1:
            return _park_poison(store, rules, deliveries[0], now)
    except Exception:
        if len(deliveries) == 1:
            return _park_poison(store, rules, deliveries[0], now)
    alone = [accept(store, rules, [delivery], now) for delivery in deliveries]
    return sum(alone, Counter())


def _park_poison(store: Store, rules: Rules, delivery: Delivery, now: datetime) -> Counter[str]:
    """What cannot even be written down is kept as bytes, without a receipt: its sender still has it."""
    body = delivery.body
    with suppress(Distrusted):
        body = rules.notary.opened(body)  # sealed, it would have other bytes each time it comes

    def change(tx: Tx) -> None:
        row = parked_row(parked.WIRE, rules, body, None, "poison", "it cannot be applied here", now)
        parked.park(tx, [row | {"peer": delivery.sender}])

    store.write(change)
    return Counter(parked=1)


def _accept_window(store: Store, rules: Rules, deliveries: Sequence[Delivery], now: datetime) -> Counter[str]:
    # a damaged body tells nothing, not even whose it is; it stays in its sender's outbox, and comes again
    whole = [delivery for delivery in deliveries if not delivery.damaged]
    arrived, control, strange = _read(whole, rules, now)

    def change(tx: Tx) -> Counter[str]:
        tray = Tray(counts=Counter(["damaged"] * (len(deliveries) - len(whole))))
        for row, error in (strange_rows(rules, *one, now) for one in strange):
            tray.counts["parked"] += 1
            tray.park.append(row)
            tray.errors += error
        everything = [*(message for message, _ in control), *(one.message for one in arrived)]
        tray.eras = enter_eras(tx, everything)
        counts, rows = take(tx, rules, [one for one in control if not _is_old(tray, one[0])], now)
        tray.counts += counts
        tray.park += rows
        if any(isinstance(message.data, LogAsked) for message, _ in control):
            tray.eras = enter_eras(tx, everything)  # a question in this very window may have begun one
        page = Page(tx, rules, now)
        if page.era.recovery is None:
            _apply_all(page, tray, arrived)
        else:  # no receipt: it comes again when we know our cases again
            tray.counts["recovering"] += len(arrived)
        parked.park(tx, tray.park)
        outbox.owe_errors(tx, tray.errors)
        return tray.counts

    return store.write(change)


def _read(
    deliveries: Sequence[Delivery], rules: Rules, now: datetime
) -> tuple[list[Arrived], list[tuple[Message[Control], bytes]], list[tuple[bytes, str | None, str, str]]]:
    arrived: list[Arrived] = []
    control: list[tuple[Message[Control], bytes]] = []
    strange: list[tuple[bytes, str | None, str, str]] = []
    for delivery in deliveries:
        fault, body = "", delivery.body
        try:
            body = rules.notary.opened(body)
            signer = rules.notary.signer(body, now)
            message = decode(body)
        except Distrusted as nobody:  # before anything of it was read
            strange.append((nobody.shown or body, delivery.sender, nobody.code, ""))
            continue
        except Undecodable as error:
            if error.envelope is None:
                strange.append((body, delivery.sender, error.code, error.where))
                continue
            message, fault = error.envelope, error.code
        wrong = _wrong_envelope(message, delivery.sender, signer, rules)
        if wrong:
            strange.append((body, delivery.sender, wrong, ""))
        elif fault == "" and isinstance(message.data, Receipt | Failure | LogAsked | LogTold):
            control.append((message, body))
        elif message.subject is None or message.sequence == 0:
            strange.append((body, delivery.sender, fault or "no-place-in-a-lane", ""))
        else:
            arrived.append(Arrived(body, message, fault))
    return arrived, control, strange


def _wrong_envelope(message: Message[Any], sender: str | None, signer: str | None, rules: Rules) -> str:
    if message.recipient != rules.me:
        return "wrong-recipient"
    if sender is not None and sender != message.source:
        return "wrong-sender"
    if signer is not None and signer != message.source:
        return "wrong-signer"
    if message.source == rules.me:
        return "from-ourselves"
    return ""


def _is_old(tray: Tray, message: Message[Any]) -> bool:
    """Word from before its sender's store was put back: nothing that others have built on since."""
    old = era_of(message.sequence) < tray.eras.get(message.source, 0) and not isinstance(message.data, LogAsked)
    tray.counts["fenced"] += old
    return old


def _apply_all(page: Page, tray: Tray, arrived: list[Arrived]) -> None:
    tx = page.tx
    page.load({_case(a) for a in arrived})
    tray.marks = {
        lane: max(mark, before_first(tray.eras.get(lane[0], 0)))
        for lane, mark in inbox.applied_marks(tx, {a.lane for a in arrived}).items()
    }
    start = dict(tray.marks)
    tray.held = inbox.held(tx, tray.marks)
    known = inbox.remembered(tx, {a.place for a in arrived if a.message.sequence <= tray.marks[a.lane]})
    for one in sorted(arrived, key=lambda a: a.message.sequence):
        _place(page, tray, one, known)
    page.write()
    moved = {lane: mark for lane, mark in tray.marks.items() if mark != start[lane]}
    outbox.set_lanes(tx, "applied", moved, page.era.number)
    inbox.remember(tx, tray.applied)
    inbox.hold(tx, tray.hold)
    inbox.release(tx, tray.released)
    archive.keep(tx, tray.kept)
    outbox.owe_receipts(tx, tray.receipts)
    parked.take_known(tx, UNKNOWN, [row["message_id"] for row in tray.applied])


def _case(one: Arrived) -> UUID:
    case_id: UUID = one.message.subject  # type: ignore[assignment]  # _read lets none through without a case
    return case_id


def _place(page: Page, tray: Tray, one: Arrived, known: dict[tuple[str, str, int], Any]) -> None:
    """Put a message where its sequence says: applied now, repeated, or held back."""
    mark, sequence = tray.marks[one.lane], one.message.sequence
    if sequence <= mark:
        _repeat(page, tray, one, known)
    elif sequence > mark + FURTHEST_AHEAD:
        tray.counts["parked"] += 1
        tray.park.append(parked_row(parked.WIRE, page.rules, one.body, one.message, "too-far-ahead", "", page.now))
    elif sequence > mark + 1:
        tray.counts["held"] += 1
        if sequence not in tray.held.setdefault(one.lane, {}):
            tray.held[one.lane][sequence] = one.body
            tray.hold.append(
                {
                    "peer": one.lane[0],
                    "case_id": one.lane[1],
                    "sequence": sequence,
                    "body": one.body,
                    "at_ms": page.now_ms,
                }
            )
    elif _apply(page, tray, one):
        _release(page, tray, one.lane)


def _repeat(page: Page, tray: Tray, one: Arrived, known: dict[tuple[str, str, int], Any]) -> None:
    """It was dealt with before: the same answer again, and nothing changes."""
    before = known.get(one.place) or next((r for r in tray.applied if _is_place(r, one.place)), None)
    if before is not None and before["message_id"] == one.message_id:
        tray.counts["repeated"] += 1
        _owe(tray, one, Verdict(before["verdict"]), before["code"], before["digest"], page.now)
        return
    if era_of(one.message.sequence) < tray.eras.get(one.message.source, 0):  # said before its sender was put back
        tray.counts["fenced"] += 1
        page.note(_case(one), "fenced", one.message.type, one.message.source, one.message.id)
        return
    # another message at a place that was taken: the sender's store was set back, and it does not know
    tray.counts["refused"] += 1
    _owe(tray, one, Verdict.REFUSED, "sequence-reused", digest(one.body), page.now)
    tray.park.append(parked_row(parked.WIRE, page.rules, one.body, one.message, "sequence-reused", SET_BACK, page.now))


def _is_place(row: dict[str, Any], place: tuple[str, str, int]) -> bool:
    return (row["peer"], row["case_id"], row["sequence"]) == place


def _release(page: Page, tray: Tray, lane: inbox.Lane) -> None:
    """Apply what was held back behind the message that has just been applied."""
    waiting = tray.held.get(lane, {})
    while (sequence := tray.marks[lane] + 1) in waiting:
        body = waiting[sequence]
        try:
            one = Arrived(body, decode(body))
        except Undecodable as error:
            if error.envelope is None:  # it was readable when it was held back
                raise
            one = Arrived(body, error.envelope, error.code)
        if not _apply(page, tray, one):
            return
        del waiting[sequence]
        tray.released.append((*lane, sequence))
        tray.hold = [row for row in tray.hold if not _is_place(row, (*lane, sequence))]


def _apply(page: Page, tray: Tray, one: Arrived) -> bool:
    """Give one message to custody; its place in the lane is then taken and it is receipted, whatever became of it.

    False for the one exception: a message about a case that is not known here yet. Whoever spoke has it from a third
    center (a ruling that is still on its way to us), so it is parked without a receipt, and comes again."""
    verdict, code, hint = Verdict.APPLIED, "", ""
    try:
        if one.fault:
            raise Refusal(one.fault, "the sender and this center do not agree on the contract")  # noqa: TRY301 - one way out for every refusal
        with page.attempt():
            if page.hear(one.message, one.body).superseded:
                verdict = Verdict.SUPERSEDED
    except Refusal as refusal:
        if refusal.code == UNKNOWN:
            tray.counts["early"] += 1
            tray.park.append(
                parked_row(parked.WIRE, page.rules, one.body, one.message, UNKNOWN, refusal.cure, page.now)
            )
            return False
        verdict, code, hint = Verdict.REFUSED, refusal.code, refusal.cure
    except Exception as bug:
        verdict, code, hint = Verdict.REFUSED, "internal", type(bug).__name__
    tray.marks[one.lane] = one.message.sequence
    tray.counts[verdict.value] += 1
    exactly = digest(one.body)
    _owe(tray, one, verdict, code or None, exactly, page.now)
    remembered = {
        "peer": one.lane[0],
        "case_id": one.lane[1],
        "sequence": one.message.sequence,
        "message_id": one.message_id,
        "verdict": verdict.value,
        "code": code or None,
        "at_ms": page.now_ms,
        "digest": exactly,
    }
    tray.applied.append(remembered)
    kind = kind_of(one.message)
    tray.kept.append(remembered | {"way": archive.HEARD, "kind": kind, "body": one.body})
    if verdict is Verdict.REFUSED:
        page.note(_case(one), "refused", one.message.type, one.message.source, one.message.id, code)
        tray.park.append(parked_row(parked.WIRE, page.rules, one.body, one.message, code, hint, page.now))
    return True


def _owe(tray: Tray, one: Arrived, verdict: Verdict, code: str | None, exactly: bytes | None, now: datetime) -> None:
    tray.receipts.append(
        {
            "peer": one.message.source,
            "message_id": one.message_id,
            "verdict": verdict.value,
            "code": code,
            "digest": exactly,
            "next_ms": ms(now),
        }
    )

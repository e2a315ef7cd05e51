"""A center's store with many cases, as its console meets it: three in a hundred open, with journal, parked items and
messages that wait for receipts."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from bus.contract.case import Case, Person, Place, Source
from bus.contract.codec import digest
from bus.contract.messages import Offered, Outcome
from bus.custody import Record, Status
from bus.custody.record import Result
from bus.store import Store, Tx, case_count, cases, outbox, parked
from bus.store.outbox import WAITING, OutboxRow
from bus.store.rows import JournalLine, LinkRow
from bus.store.timestamps import ms

CENTER, PEERS = "media_center-150402", tuple(f"party_service-150402{number:03}" for number in range(1, 31))
CATEGORIES = ("housing.heating", "road", "water", "noise")
CODES = ("internal", "unknown-kind", "too-large")
NOW = datetime.now(UTC)
AT_ONCE = 5000
SET_ASIDE = 20_000
"""Parked items, and as many messages without a receipt."""
OPEN = 0.03


def case_id(number: int) -> UUID:
    """The id of one of the cases."""
    return UUID(int=(0x019A_0000_0000_7000_8000 << 48) + number)


def keep_cases(store: Store, count: int) -> None:
    """Keep so many cases of a year, the newest last; what is open is among them all."""
    luck = random.Random(20)  # noqa: S311 - cases, not secrets
    for numbers in _windows(count):
        store.write(partial(_keep, [_record(number, count, luck) for number in numbers]))
    for numbers in _windows(min(SET_ASIDE, count)):
        store.write(partial(_set_aside, numbers))


def _windows(count: int) -> Iterator[range]:
    for first in range(0, count, AT_ONCE):
        yield range(first, min(count, first + AT_ONCE))


def _record(number: int, count: int, luck: random.Random) -> Record:
    opened = NOW - timedelta(days=365) * ((count - number) / count)
    place = Place(division=f"150402{luck.randrange(1, 31):03}", text="红山区某小区")
    case = Case(
        case_id=case_id(number), number=f"RX-{number:08}", origin=CENTER, title="楼道灯不亮",
        text="三单元楼道灯坏了一周，晚上老人出行不便，请尽快处理。", category=luck.choice(CATEGORIES), place=place,
        channel="app", source=Source(system="app", record=f"m-{number}"), received_at=opened,
        resident=Person(name="某某", phone="000-0000"), due=opened + timedelta(days=7),
    )  # fmt: skip
    holder = luck.choice((CENTER, *PEERS))
    path = tuple(dict.fromkeys((CENTER, holder)))
    record = Record(me=CENTER, case=case, holder=holder, version=len(path), path=path, due=case.due, since=opened)
    if luck.random() < OPEN:
        return record
    done = opened + timedelta(hours=luck.randrange(1, 200))
    result = Result(by=holder, outcome=Outcome.DONE, public_reply="已更换灯具。")
    return record.with_(status=Status.CLOSED, result=result, resolved_at=done, closed_at=done + timedelta(hours=2))


def _keep(records: list[Record], tx: Tx) -> None:
    cases.keep(tx, records, ms(NOW))
    case_count.add(tx, len(records))
    cases.link(tx, [LinkRow("app", one.case.source.record, str(one.case.case_id)) for one in records])
    cases.note(tx, [line for one in records for line in _journal(one)])


def _journal(record: Record) -> Iterator[JournalLine]:
    steps = (
        ("did", "register", ""),
        ("said", "case.offered", record.holder),
        ("heard", "case.accepted", record.holder),
    )
    for way, kind, peer in steps:
        at_ms = ms(record.case.received_at)
        yield JournalLine(str(record.case.case_id), at_ms, way, kind, peer, None, record.holder, record.version)


def _set_aside(numbers: range, tx: Tx) -> None:
    now_ms, items, rows = ms(NOW), [], []
    for number in numbers:
        peer, about, body = PEERS[number % len(PEERS)], str(case_id(number)), f"{number}".encode()
        items.append(
            parked.row(
                "wire",
                CODES[number % 3],
                "",
                known_by=body,
                owner=CENTER,
                now_ms=now_ms - number,
                peer=peer,
                case_id=about,
            )
        )
        since_ms, again_ms = now_ms - number * 60, now_ms + 86_400_000
        kept = (body, digest(body), WAITING, 1, again_ms, since_ms)
        rows.append(OutboxRow(str(UUID(int=number + 1)), peer, about, 1, Offered.kind, *kept))
    parked.park(tx, items)
    outbox.enqueue(tx, rows)

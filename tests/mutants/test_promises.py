"""What broker and database must do for us, tried on the real ones: each of these turns red for a planted defect."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bus.store import Store, outbox, schema
from bus.testing.transport_fixture import collect, leave, parcel, ready, take
from bus.transports.port import SendResult
from bus.transports.topology.apply import apply, plan
from bus.transports.topology.plan import QueueLimits, inbox_queue
from tests.broker.faults import PATIENCE, eventually, memory_alarm
from tests.conformance.transport_fixtures import CENTERS, RabbitFixture
from tests.conftest import Vhost
from verification.services import RabbitNode

A, B, _ = CENTERS


@pytest.fixture
def fixture(rabbit: RabbitNode, vhost: Vhost) -> Iterator[RabbitFixture]:
    """Three centers on a real broker."""
    stands = RabbitFixture(rabbit, vhost)
    yield stands
    stands.close()


def _waiting(fixture: RabbitFixture, center: str) -> int:
    """How much is in the inbox, handed out or not; -1 as long as the broker has not counted."""
    with fixture.api() as api:
        told = api.get(f"queues/{fixture.vhost.name}/{inbox_queue(center)}").json()
    return int(told.get("messages", -1))


def test_acks_are_heard_while_publishing_is_blocked(fixture: RabbitFixture) -> None:
    """A center that the broker forbids to publish goes on settling what it has received."""
    a, b = ready(fixture, A), ready(fixture, B)
    assert b.send([parcel(A, f"{n}".encode()) for n in range(20)], PATIENCE) == [SendResult.CONFIRMED] * 20
    came = take(fixture, a, 20)
    with memory_alarm(fixture.node):
        assert a.send([parcel(B)], 1) == [SendResult.UNKNOWN]
        eventually(lambda: a.state().blocked, "blocked")
        a.settle(came)
        eventually(lambda: _waiting(fixture, A) == 0, "the inbox is empty")
    leave(fixture, a, b)


def test_a_full_inbox_keeps_what_it_has(fixture: RabbitFixture) -> None:
    """What was taken is not pushed out by what comes after it: the newest is refused, and waits in its outbox."""
    with fixture.admin() as admin:
        apply(admin, plan(CENTERS, bounds=QueueLimits(inbox_bytes=20_000), auditor=None))
    a = ready(fixture, A)
    bodies = [f"{n:1000}".encode() for n in range(200)]
    fates = [a.send([parcel(B, body)], PATIENCE)[0] for body in bodies]
    assert SendResult.NACKED in fates
    b = ready(fixture, B)
    taken = {body for body, result in zip(bodies, fates, strict=True) if result is SendResult.CONFIRMED}
    assert {delivery.body for delivery in collect(fixture, b, len(taken))} == taken
    leave(fixture, a, b)


def _owed(number: int) -> outbox.OutboxRow:
    place = (str(uuid4()), number, "case.urged")
    return outbox.OutboxRow(str(uuid4()), B, *place, b"{}", None, outbox.WAITING, 0, 1, 1)


class _Slow:
    """Stands in for a statement, and waits before it for whoever else is as far."""

    def __init__(self, plain: Any) -> None:
        self._plain, self._meeting = plain, threading.Barrier(2)

    def run(self, *given: Any, **values: Any) -> Any:
        """Both have read before one of them writes, if the store allows that."""
        with suppress(threading.BrokenBarrierError):
            self._meeting.wait(1)
        return self._plain.run(*given, **values)


def test_two_writers_never_claim_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes of a center on one SQLite file: what one has read in order to claim it, the other cannot read."""
    stores = [Store(f"sqlite:///{tmp_path}/s.db") for _ in range(2)]
    schema.upgrade(stores[0])
    stores[0].write(lambda tx: outbox.enqueue(tx, [_owed(number) for number in range(10)]))
    monkeypatch.setattr(outbox, "_LEASE", _Slow(outbox._LEASE))
    claimed: list[list[int]] = []

    def claim(store: Store) -> None:
        claimed.append([one.row for one in store.write(lambda tx: outbox.claim(tx, 10, 5, 60_000))])

    threads = [threading.Thread(target=claim, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(row for rows in claimed for row in rows) == list(range(1, 11))
    for store in stores:
        store.close()


def test_what_commits_late_is_claimed(database_url: str) -> None:
    """A row with a smaller id than one that has left already is claimed when its transaction commits at last."""
    store = Store(database_url)
    schema.upgrade(store)
    early, late = _owed(1), _owed(2)
    with store.engine.begin() as slow:
        outbox.enqueue(slow, [early])
        store.write(lambda tx: outbox.enqueue(tx, [late]))
        first = store.write(lambda tx: outbox.claim(tx, 10, 10, 60_000))
    second = store.write(lambda tx: outbox.claim(tx, 10, 10, 60_000))
    store.close()
    assert [[one.message_id for one in claimed] for claimed in (first, second)] == [
        [late.message_id],
        [early.message_id],
    ]

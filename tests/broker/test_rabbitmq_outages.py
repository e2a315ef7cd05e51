"""Nothing that was taken is lost, whatever happens to the broker and to the way there."""

import threading
import time

import pytest

from bus.demo.local_county import free_port
from bus.testing.transport_fixture import BackgroundCall, collect, leave, parcel, ready
from bus.transports.port import Parcel, SendResult
from tests.broker.faults import PATIENCE, Proxy, eventually, frozen
from tests.conformance.transport_fixtures import CENTERS, RabbitFixture
from verification.faults.proxied_connection import Way

A, B, _ = CENTERS
GREEDY = b"\x01\x00\x01" + (100_000).to_bytes(4, "big")
"""The header of a method frame on channel 1 that promises more than will come, and less than is refused as too much."""


def test_connections_reset_while_publishing(fixture: RabbitFixture) -> None:
    """Through many resets in mid-publish every parcel that was taken, and in the end every parcel, has arrived."""
    proxy = Proxy(fixture.node.port)
    a, b = fixture.open(A, url=proxy.url(fixture.url(A))), ready(fixture, B)
    eventually(lambda: a.state().connected, "connected")
    open_parcels = {f"{n}".encode(): parcel(B, f"{n}".encode() + b" " * 1000) for n in range(5000)}
    unknown, stop = 0, threading.Event()

    def keep_cutting() -> None:
        while not stop.wait(0.15):
            proxy.reset()

    cutter = threading.Thread(target=keep_cutting)
    cutter.start()
    deadline = time.monotonic() + PATIENCE
    while open_parcels and time.monotonic() < deadline:
        if a.state().reconnects > 10:
            stop.set()  # harm enough
        batch = list(open_parcels.values())[:500]
        fates = a.send(batch, 2)
        unknown += fates.count(SendResult.UNKNOWN)
        for one, result in zip(batch, fates, strict=True):
            if result is SendResult.CONFIRMED:
                del open_parcels[one.body.strip()]
    stop.set()
    cutter.join()
    assert not open_parcels
    assert unknown > 0, "no send was hit: the test proves nothing"
    assert a.state().reconnects > 2
    assert len({delivery.body for delivery in collect(fixture, b, 5000)}) == 5000
    leave(fixture, a, b)
    proxy.close()


def test_broker_killed_and_started_again(fixture: RabbitFixture) -> None:
    """The power of the broker goes: what was taken is there afterwards, and both sides resume by themselves."""
    a, b = ready(fixture, A), ready(fixture, B)
    leave(fixture, b)
    assert a.send([parcel(B, f"{n}".encode()) for n in range(1000)], PATIENCE) == [SendResult.CONFIRMED] * 1000
    fixture.settle_in()
    fixture.node.kill9()
    try:
        assert a.send([parcel(B)] * 10, 1) == [SendResult.UNKNOWN] * 10
        eventually(lambda: not a.state().connected, "the loss is noticed")
        assert "is it up" in a.state().trouble
        b = fixture.open(B)
        assert b.receive(10, 1) == []
    finally:
        fixture.node.start()
    eventually(lambda: a.state().connected and b.state().consuming, "both are back")
    assert {delivery.body for delivery in collect(fixture, b, 1000)} == {f"{n}".encode() for n in range(1000)}
    assert a.send([parcel(B, b"resumed")], PATIENCE) == [SendResult.CONFIRMED]
    assert {delivery.body for delivery in collect(fixture, b, 1)} == {b"resumed"}
    eventually(lambda: not a.state().trouble and not b.state().trouble, "the trouble is over")
    leave(fixture, a, b)


def test_broker_frozen(fixture: RabbitFixture) -> None:
    """A frozen broker makes ``send`` say unknown by its timeout, is seen by the watchdog, and heals when it thaws."""
    a, b = fixture.open(A, confirm_timeout=1.0), ready(fixture, B)
    eventually(lambda: a.state().connected and a.state().consuming, "connected")
    assert a.send([parcel(B, b"before")], PATIENCE) == [SendResult.CONFIRMED]
    with frozen(fixture.node):
        late = BackgroundCall(lambda: a.send([parcel(B, b"frozen")] * 1200, 0.5)).result(fixture)
        assert late == [SendResult.UNKNOWN] * 1200
        eventually(lambda: "(no confirm)" in a.state().trouble, "the watchdog has cut the line")
        again = BackgroundCall(lambda: a.send([parcel(B, b"frozen")] * 1200, 0.5)).result(fixture)
        assert again == [SendResult.UNKNOWN] * 1200
        assert a.state().unconfirmed == 0
    eventually(lambda: a.send([parcel(B, b"thawed")], 5) == [SendResult.CONFIRMED], "taken again")
    eventually(lambda: not a.state().trouble, "the trouble is over")
    assert a.state().reconnects >= 1

    def thawed_arrives() -> bool:
        deliveries = b.receive(500, 1)
        b.settle(deliveries)
        return b"thawed" in {delivery.body for delivery in deliveries}

    eventually(thawed_arrives, "it arrives")
    leave(fixture, a, b)


def test_close_does_not_wait_for_a_frozen_broker(fixture: RabbitFixture) -> None:
    """``close`` comes back though the broker never says goodbye, and whoever waits in ``send`` comes back too."""
    a = ready(fixture, A)
    with frozen(fixture.node):
        waiting = BackgroundCall(lambda: a.send([parcel(B)], 10 * PATIENCE))
        eventually(lambda: a.state().unconfirmed == 1, "sent")
        BackgroundCall(lambda: a.close(0.5)).result(fixture)
        assert waiting.result(fixture) == [SendResult.UNKNOWN]
    names = {thread.name for thread in threading.enumerate()}
    assert not {name for name in names if A in name}, "a thread is left"


def test_close_waits_for_confirms(fixture: RabbitFixture) -> None:
    """What was being sent when ``close`` came is confirmed before the line is left."""
    a, b = ready(fixture, A), ready(fixture, B)
    batch = [Parcel(f"{n}", B, "case.offered", f"{n}".encode()) for n in range(2000)]
    sending = BackgroundCall(lambda: a.send(batch, PATIENCE))
    eventually(lambda: a.state().unconfirmed > 0, "sending")
    leave(fixture, a)
    assert sending.result(fixture) == [SendResult.CONFIRMED] * 2000
    assert len(collect(fixture, b, 2000)) == 2000
    leave(fixture, b)


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_line_on_which_one_side_waits_for_bytes_that_never_come(fixture: RabbitFixture, way: Way) -> None:
    """A header whose length was garbled makes one side swallow all frames after it, heartbeats too: that is noticed."""
    proxy = Proxy(fixture.node.port)
    a, b = ready(fixture, A), fixture.open(B, url=proxy.url(fixture.url(B)), prefetch=10)
    assert a.send([parcel(B, f"{n}".encode()) for n in range(10)], PATIENCE) == [SendResult.CONFIRMED] * 10
    assert len(collect(fixture, b, 10)) == 10
    proxy.slip_in(way, GREEDY)
    assert a.send([parcel(B, f"{n}".encode()) for n in range(10, 100)], PATIENCE) == [SendResult.CONFIRMED] * 90
    seen: set[bytes] = set()

    def all_have_come() -> bool:
        deliveries = b.receive(500, 0.5)
        b.settle(deliveries)
        seen.update(delivery.body for delivery in deliveries)
        return seen >= {f"{n}".encode() for n in range(10, 100)}

    eventually(all_have_come, "the rest arrives")
    eventually(lambda: b.send([parcel(A, b"out")], 5) == [SendResult.CONFIRMED], "and the line for sending too")
    leave(fixture, a, b)
    proxy.close()


def test_a_node_that_is_gone_is_passed_over_for_the_next(fixture: RabbitFixture) -> None:
    """Of two nodes in the URL the first has died; parcels go over the second, and so after it is lost and back."""
    proxy = Proxy(fixture.node.port)
    gone = free_port()
    url = proxy.url(fixture.url(A)).replace(f":{proxy.port}/", f":{gone},127.0.0.1:{proxy.port}/")
    a, b = fixture.open(A, url=url), ready(fixture, B)
    eventually(lambda: a.state().connected, "connected")
    assert a.send([parcel(B, b"1")], PATIENCE) == [SendResult.CONFIRMED]
    proxy.reset()
    eventually(lambda: a.state().connected and a.state().reconnects > 0, "connected again")
    eventually(lambda: a.send([parcel(B, b"2")], PATIENCE) == [SendResult.CONFIRMED], "taken again")
    assert {delivery.body for delivery in collect(fixture, b, 2)} == {b"1", b"2"}
    leave(fixture, a, b)
    proxy.close()

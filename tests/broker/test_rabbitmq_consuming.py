"""How the RabbitMQ transport receives: it always comes back, and acks exactly what was settled."""

import time
from collections import OrderedDict
from collections.abc import Iterable

import pytest

from bus.testing.transport_fixture import collect, leave, nothing_comes, parcel, ready, take
from bus.transports.port import SendResult
from bus.transports.rabbitmq import consumer
from bus.transports.topology.plan import Queue, inbox_queue
from tests.broker.faults import PATIENCE, Proxy, eventually
from tests.conformance.transport_fixtures import CENTERS, RabbitFixture

A, B, C = CENTERS


def test_queue_deleted_under_the_consumer(fixture: RabbitFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker's cancel itself is seen, without waiting for the next knock, told with its cure, and healed as soon as
    the queue is there again."""
    monkeypatch.setattr(consumer, "KNOCK", 3600)
    a, b = ready(fixture, A), ready(fixture, B)
    with fixture.admin() as admin:
        admin.delete_queue(inbox_queue(B))
        eventually(lambda: not b.state().consuming and b.state().trouble, "the trouble is told")
        eventually(lambda: f"queue {inbox_queue(B)} is missing" in b.state().trouble, "the cure is told")
        assert "bus topology apply" in b.state().trouble
        assert b.state().connected
        admin.put_queue(inbox_queue(B), Queue(inbox_queue(B), "quorum").body())
        admin.put_binding("cases", inbox_queue(B), to_exchange=False, key=f"{B}.#")
    eventually(lambda: b.state().consuming, "consuming again")
    assert b.state().trouble == ""
    eventually(lambda: a.send([parcel(B, b"again")], PATIENCE) == [SendResult.CONFIRMED], "taken")
    assert {delivery.body for delivery in collect(fixture, b, 1)} == {b"again"}
    leave(fixture, a, b)


def test_right_to_read_is_missing(fixture: RabbitFixture) -> None:
    """Without the right to its inbox a center hears the cure, can still send, and heals when the right is given."""
    with fixture.admin() as admin:
        admin.put_permissions(B, "^$", rf"^out\.{B}$", "^$")
        b = fixture.open(B)
        eventually(lambda: "no right to read queue" in b.state().trouble, "the trouble is told")
        assert "bus topology apply" in b.state().trouble
        assert b.send([parcel(A)], PATIENCE) == [SendResult.CONFIRMED]
        admin.put_permissions(B, "^$", rf"^out\.{B}$", rf"^inbox\.{B}$")
    eventually(lambda: b.state().consuming and not b.state().trouble, "healed")
    leave(fixture, b)


def test_unsettled_comes_again_after_reconnect(fixture: RabbitFixture) -> None:
    """After a cut all that is unsettled comes again, once, whether it had been handed out or was still waiting inside;
    and settling a delivery of the cut connection settles nothing."""
    proxy = Proxy(fixture.node.port)
    a, b = ready(fixture, A), fixture.open(B, url=proxy.url(fixture.url(B)))
    eventually(lambda: b.state().consuming, "consuming")
    bodies = {f"{n}".encode() for n in range(5)}
    assert a.send([parcel(B, body) for body in bodies], PATIENCE) == [SendResult.CONFIRMED] * 5
    old = take(fixture, b, 3)
    time.sleep(0.5)  # the other two have come as far as the transport
    assert proxy.reset() == 2
    eventually(lambda: b.state().reconnects == 2 and b.state().consuming, "both lines are back")
    assert {delivery.body for delivery in take(fixture, b, 5)} == bodies
    nothing_comes(b)
    b.settle(old)
    fixture.kill(b)
    b = fixture.open(B)
    assert {delivery.body for delivery in collect(fixture, b, 5)} == bodies
    nothing_comes(b)
    leave(fixture, a, b)
    proxy.close()


def test_a_queue_that_takes_our_window_for_full(fixture: RabbitFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """When acks are lost between broker and queue, as after a partition, the queue hands out nothing more though all is
    settled and more is ready: that is noticed, and the rest arrives."""
    monkeypatch.setattr(consumer, "KNOCK", 0.5)
    acked = consumer.acks

    def lost(unsettled: OrderedDict[int, None], numbers: Iterable[int]) -> list[tuple[int, bool]]:
        sent = acked(unsettled, numbers)
        return sent if b.state().reconnects else []

    monkeypatch.setattr(consumer, "acks", lost)
    a, b = ready(fixture, A), fixture.open(B, prefetch=5)
    assert a.send([parcel(B, f"{n}".encode()) for n in range(20)], PATIENCE) == [SendResult.CONFIRMED] * 20
    assert {delivery.body for delivery in collect(fixture, b, 20)} == {f"{n}".encode() for n in range(20)}
    assert b.state().reconnects == 1
    leave(fixture, a, b)


def test_an_inbox_that_waits_for_us_is_no_reason_to_leave(
    fixture: RabbitFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is we who do not settle, a full window and more behind it are no trouble of the broker's."""
    monkeypatch.setattr(consumer, "KNOCK", 0.2)
    a, b = ready(fixture, A), fixture.open(B, prefetch=5)
    assert a.send([parcel(B, f"{n}".encode()) for n in range(20)], PATIENCE) == [SendResult.CONFIRMED] * 20
    held = take(fixture, b, 5)
    time.sleep(2)
    assert b.state().reconnects == 0
    b.settle(held)
    assert len(collect(fixture, b, 15)) == 15
    leave(fixture, a, b)


@pytest.mark.parametrize("settled", [(0, 1, 2), (2, 0), (9,), (1, 2, 3, 7), (0, 2, 4, 6, 8), tuple(range(10))])
def test_acks_reach_no_further_than_settled(fixture: RabbitFixture, settled: tuple[int, ...]) -> None:
    """Whichever deliveries are settled, exactly the others come again."""
    a, b = ready(fixture, A), ready(fixture, B)
    assert a.send([parcel(B, f"{n}".encode()) for n in range(10)], PATIENCE) == [SendResult.CONFIRMED] * 10
    came = take(fixture, b, 10)
    b.settle([came[n] for n in settled])
    leave(fixture, b)
    b = ready(fixture, B)
    left = {f"{n}".encode() for n in range(10) if n not in settled}
    assert {delivery.body for delivery in collect(fixture, b, len(left))} == left
    nothing_comes(b)
    leave(fixture, a, b)


def test_no_more_than_the_prefetch_window_is_held(fixture: RabbitFixture) -> None:
    """Unsettled deliveries are bounded; settling makes room for the next."""
    a, b = ready(fixture, A), fixture.open(B, prefetch=10)
    assert a.send([parcel(B, f"{n}".encode()) for n in range(30)], PATIENCE) == [SendResult.CONFIRMED] * 30
    came = take(fixture, b, 10)
    nothing_comes(b)
    b.settle(came[3:7])
    more = take(fixture, b, 4)
    nothing_comes(b)
    b.settle(came + more)
    assert len(collect(fixture, b, 16)) == 16
    leave(fixture, a, b)

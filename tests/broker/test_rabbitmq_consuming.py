"""How the RabbitMQ transport receives: it always comes back, and acks exactly what was settled."""

import time
from collections import OrderedDict
from collections.abc import Iterable

import pytest

from bus.testing.transport_fixture import collect, leave, nothing_comes, parcel, ready, take
from bus.transports.port import Fate
from bus.transports.rabbitmq import consumer
from bus.transports.topology.plan import Queue, inbox_queue
from tests.broker.faults import PATIENCE, Proxy, eventually
from tests.conformance.transport_fixtures import CENTERS, RabbitGround

A, B, C = CENTERS


def test_queue_deleted_under_the_consumer(ground: RabbitGround, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker's cancel itself is seen, without waiting for the next knock, told with its cure, and healed as soon as
    the queue is there again."""
    monkeypatch.setattr(consumer, "KNOCK", 3600)
    a, b = ready(ground, A), ready(ground, B)
    with ground.admin() as admin:
        admin.delete_queue(inbox_queue(B))
        eventually(lambda: not b.state().consuming and b.state().trouble, "the trouble is told")
        eventually(lambda: f"queue {inbox_queue(B)} is missing" in b.state().trouble, "the cure is told")
        assert "bus topology apply" in b.state().trouble
        assert b.state().connected
        admin.put_queue(inbox_queue(B), Queue(inbox_queue(B), "quorum").body())
        admin.put_binding("cases", inbox_queue(B), to_exchange=False, key=f"{B}.#")
    eventually(lambda: b.state().consuming, "consuming again")
    assert b.state().trouble == ""
    eventually(lambda: a.send([parcel(B, b"again")], PATIENCE) == [Fate.TAKEN], "taken")
    assert {delivery.body for delivery in collect(ground, b, 1)} == {b"again"}
    leave(ground, a, b)


def test_right_to_read_is_missing(ground: RabbitGround) -> None:
    """Without the right to its inbox a center hears the cure, can still send, and heals when the right is given."""
    with ground.admin() as admin:
        admin.put_permissions(B, "^$", rf"^out\.{B}$", "^$")
        b = ground.open(B)
        eventually(lambda: "no right to read queue" in b.state().trouble, "the trouble is told")
        assert "bus topology apply" in b.state().trouble
        assert b.send([parcel(A)], PATIENCE) == [Fate.TAKEN]
        admin.put_permissions(B, "^$", rf"^out\.{B}$", rf"^inbox\.{B}$")
    eventually(lambda: b.state().consuming and not b.state().trouble, "healed")
    leave(ground, b)


def test_unsettled_comes_again_after_reconnect(ground: RabbitGround) -> None:
    """After a cut all that is unsettled comes again, once, whether it had been handed out or was still waiting inside;
    and settling a delivery of the cut connection settles nothing."""
    proxy = Proxy(ground.node.port)
    a, b = ready(ground, A), ground.open(B, url=proxy.url(ground.url(B)))
    eventually(lambda: b.state().consuming, "consuming")
    bodies = {f"{n}".encode() for n in range(5)}
    assert a.send([parcel(B, body) for body in bodies], PATIENCE) == [Fate.TAKEN] * 5
    old = take(ground, b, 3)
    time.sleep(0.5)  # the other two have come as far as the transport
    assert proxy.reset() == 2
    eventually(lambda: b.state().reconnects == 2 and b.state().consuming, "both lines are back")
    assert {delivery.body for delivery in take(ground, b, 5)} == bodies
    nothing_comes(b)
    b.settle(old)
    ground.kill(b)
    b = ground.open(B)
    assert {delivery.body for delivery in collect(ground, b, 5)} == bodies
    nothing_comes(b)
    leave(ground, a, b)
    proxy.close()


def test_a_queue_that_takes_our_window_for_full(ground: RabbitGround, monkeypatch: pytest.MonkeyPatch) -> None:
    """When acks are lost between broker and queue, as after a partition, the queue hands out nothing more though all is
    settled and more is ready: that is noticed, and the rest arrives."""
    monkeypatch.setattr(consumer, "KNOCK", 0.5)
    acked = consumer.acks

    def lost(unsettled: OrderedDict[int, None], numbers: Iterable[int]) -> list[tuple[int, bool]]:
        sent = acked(unsettled, numbers)
        return sent if b.state().reconnects else []

    monkeypatch.setattr(consumer, "acks", lost)
    a, b = ready(ground, A), ground.open(B, prefetch=5)
    assert a.send([parcel(B, f"{n}".encode()) for n in range(20)], PATIENCE) == [Fate.TAKEN] * 20
    assert {delivery.body for delivery in collect(ground, b, 20)} == {f"{n}".encode() for n in range(20)}
    assert b.state().reconnects == 1
    leave(ground, a, b)


def test_an_inbox_that_waits_for_us_is_no_reason_to_leave(
    ground: RabbitGround, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is we who do not settle, a full window and more behind it are no trouble of the broker's."""
    monkeypatch.setattr(consumer, "KNOCK", 0.2)
    a, b = ready(ground, A), ground.open(B, prefetch=5)
    assert a.send([parcel(B, f"{n}".encode()) for n in range(20)], PATIENCE) == [Fate.TAKEN] * 20
    held = take(ground, b, 5)
    time.sleep(2)
    assert b.state().reconnects == 0
    b.settle(held)
    assert len(collect(ground, b, 15)) == 15
    leave(ground, a, b)


@pytest.mark.parametrize("settled", [(0, 1, 2), (2, 0), (9,), (1, 2, 3, 7), (0, 2, 4, 6, 8), tuple(range(10))])
def test_acks_reach_no_further_than_settled(ground: RabbitGround, settled: tuple[int, ...]) -> None:
    """Whichever deliveries are settled, exactly the others come again."""
    a, b = ready(ground, A), ready(ground, B)
    assert a.send([parcel(B, f"{n}".encode()) for n in range(10)], PATIENCE) == [Fate.TAKEN] * 10
    came = take(ground, b, 10)
    b.settle([came[n] for n in settled])
    leave(ground, b)
    b = ready(ground, B)
    left = {f"{n}".encode() for n in range(10) if n not in settled}
    assert {delivery.body for delivery in collect(ground, b, len(left))} == left
    nothing_comes(b)
    leave(ground, a, b)


def test_no_more_than_the_prefetch_window_is_held(ground: RabbitGround) -> None:
    """Unsettled deliveries are bounded; settling makes room for the next."""
    a, b = ready(ground, A), ground.open(B, prefetch=10)
    assert a.send([parcel(B, f"{n}".encode()) for n in range(30)], PATIENCE) == [Fate.TAKEN] * 30
    came = take(ground, b, 10)
    nothing_comes(b)
    b.settle(came[3:7])
    more = take(ground, b, 4)
    nothing_comes(b)
    b.settle(came + more)
    assert len(collect(ground, b, 16)) == 16
    leave(ground, a, b)

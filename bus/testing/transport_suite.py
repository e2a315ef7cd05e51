"""The conformance suite for transports, as plain checks: shipped for authors of their own transports.

A check takes a ``TransportFixture`` and looks at effects only: what arrives at the other end. Run all of ``CHECKS``:

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_transport(check, my_fixture):
        check(my_fixture)

A declared guarantee is tested. A guarantee that is not declared is tested to be absent: a transport must declare what
it keeps, so that nobody relies on luck.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bus.testing.transport_fixture import (
    QUIET,
    BackgroundCall,
    TransportFixture,
    b_name,
    collect,
    in_time,
    leave,
    nothing_comes,
    parcel,
    ready,
    stand,
    take,
)
from bus.transports.port import Guarantee, SendResult

__all__ = ["CHECKS", "Check", "TransportFixture"]


def arrives_as_it_was_sent(fixture: TransportFixture) -> None:
    """Bodies of any bytes and any size, from nothing to 200 KiB, arrive unchanged."""
    bodies = [
        b"",
        b"\x00",
        b"a\x00b\x00",
        b"\xff\xfe\x80",
        bytes(range(256)),
        "接单".encode(),
        b"\r\n ",
        b"\x00\xf0" * 102_400,
    ]
    a, b = stand(fixture, 2)
    assert a.send([parcel(b_name(fixture), body) for body in bodies], fixture.patience) == [SendResult.CONFIRMED] * len(
        bodies
    )
    assert {delivery.body for delivery in collect(fixture, b, len(bodies))} == set(bodies)
    leave(fixture, a, b)


def keeps_order_on_a_calm_road(fixture: TransportFixture) -> None:
    """One sender's parcels reach one recipient in order, within a batch and across batches."""
    a, b = stand(fixture, 2)
    bodies = [f"{number}".encode() for number in range(300)]
    for start in range(0, 300, 100):
        fates = a.send([parcel(b_name(fixture), body) for body in bodies[start : start + 100]], fixture.patience)
        assert fates == [SendResult.CONFIRMED] * 100
    assert [delivery.body for delivery in collect(fixture, b, 300)] == bodies
    leave(fixture, a, b)


def says_nobody_for_strangers_alone(fixture: TransportFixture) -> None:
    """In a batch of known and unknown recipients each parcel has its own result, in order, and the known ones
    arrive."""
    a, b = stand(fixture, 2)
    names = [b_name(fixture) if number % 3 else fixture.stranger for number in range(30)]
    fates = a.send([parcel(name, f"{number}".encode()) for number, name in enumerate(names)], fixture.patience)
    assert fates == [SendResult.UNROUTABLE if name == fixture.stranger else SendResult.CONFIRMED for name in names]
    assert {delivery.body for delivery in collect(fixture, b, 20)} == {f"{n}".encode() for n in range(30) if n % 3}
    nothing_comes(b)
    leave(fixture, a, b)


def reaches_nobody_by_a_likeness(fixture: TransportFixture) -> None:
    """A name that resembles a center's, or contains a broker's wildcards, is refused and reaches no center."""
    a, b = stand(fixture, 2)
    known = b_name(fixture)
    likenesses = [
        f"{known}.x",
        f"x.{known}",
        f"{known}0",
        known[:-1],
        known.upper(),
        f"{known} ",
        "#",
        "*",
        "",
        "," + known,
    ]
    fates = a.send([parcel(name) for name in likenesses], fixture.patience)
    assert not set(fates) & {SendResult.CONFIRMED, SendResult.UNKNOWN}, fates
    nothing_comes(b)
    leave(fixture, a, b)


def takes_batches_of_any_size(fixture: TransportFixture) -> None:
    """An empty batch returns nothing, and one of 2,000 is sent whole."""
    a, b = stand(fixture, 2)
    assert in_time(fixture, lambda: a.send([], fixture.patience)) == []
    fates = a.send([parcel(b_name(fixture), f"{number}".encode()) for number in range(2000)], fixture.patience)
    assert fates == [SendResult.CONFIRMED] * 2000
    assert len({delivery.body for delivery in collect(fixture, b, 2000)}) == 2000
    leave(fixture, a, b)


def carries_many_senders_at_once(fixture: TransportFixture) -> None:
    """Four threads on two transports send to one recipient at once: all parcels arrive."""
    a, b, c = stand(fixture, 3)

    def send(thread: int) -> list[SendResult]:
        bodies = [f"{thread}/{number}".encode() for number in range(200)]
        sender = (a, c)[thread % 2]
        return [result for body in bodies for result in sender.send([parcel(b_name(fixture), body)], fixture.patience)]

    with ThreadPoolExecutor(4) as pool:
        fates = [result for each in pool.map(send, range(4)) for result in each]
    assert fates == [SendResult.CONFIRMED] * 800
    assert len({delivery.body for delivery in collect(fixture, b, 800)}) == 800
    leave(fixture, a, b, c)


def hands_over_no_more_than_asked(fixture: TransportFixture) -> None:
    """``receive`` keeps its limit, returns empty after its timeout, and returns early with the first delivery."""
    a, b = stand(fixture, 2)
    assert in_time(fixture, lambda: b.receive(10, 0.05)) == []
    assert in_time(fixture, lambda: b.receive(10, 0)) == []
    waiting = BackgroundCall(lambda: b.receive(10, 10 * fixture.patience))
    a.send([parcel(b_name(fixture), b"first")], fixture.patience)
    first = waiting.result(fixture)
    assert [delivery.body for delivery in first] == [b"first"]
    a.send([parcel(b_name(fixture), f"{number}".encode()) for number in range(10)], fixture.patience)
    bodies: list[bytes] = []
    while len(bodies) < 10:
        came = in_time(fixture, lambda: b.receive(3, fixture.patience))
        assert 1 <= len(came) <= 3
        bodies += [delivery.body for delivery in came]
    leave(fixture, a, b)


def waits_for_who_is_away(fixture: TransportFixture) -> None:
    """Parcels to a center that has left are delivered when it comes back."""
    a, b = stand(fixture, 2)
    leave(fixture, b)
    assert a.send([parcel(b_name(fixture), b"meanwhile")], fixture.patience) == [SendResult.CONFIRMED]
    b = ready(fixture, b_name(fixture))
    assert [delivery.body for delivery in collect(fixture, b, 1)] == [b"meanwhile"]
    leave(fixture, a, b)


def forgets_what_was_settled(fixture: TransportFixture) -> None:
    """Settled deliveries do not come again to the next receiver, whether settled singly, out of order, or twice."""
    a, b = stand(fixture, 2)
    a.send([parcel(b_name(fixture), f"{number}".encode()) for number in range(9)], fixture.patience)
    came = take(fixture, b, 9)
    for some in (came[4:6], came[8:], came[:2], came[:2], [], came[2:4], came[6:8]):
        b.settle(some)
    leave(fixture, b)
    b = ready(fixture, b_name(fixture))
    nothing_comes(b)
    leave(fixture, a, b)


def redelivers_as_promised(fixture: TransportFixture) -> None:
    """Unsettled deliveries come again after their receiver was killed, or really do not, as declared; settled ones
    never do."""
    a, b = stand(fixture, 2)
    a.send([parcel(b_name(fixture), body) for body in (b"settled", b"lost?")], fixture.patience)
    came = take(fixture, b, 2)
    b.settle([delivery for delivery in came if delivery.body == b"settled"])
    time.sleep(QUIET)  # a settlement may be in flight when the receiver dies, and then be undone: not tested here
    fixture.kill(b)
    b = ready(fixture, b_name(fixture))
    if Guarantee.REDELIVERS in b.guarantees:
        assert {delivery.body for delivery in collect(fixture, b, 1)} == {b"lost?"}
    nothing_comes(b)
    leave(fixture, a, b)


def is_durable_as_promised(fixture: TransportFixture) -> None:
    """Accepted parcels survive the crash of every process of the transport, or really do not, as declared."""
    a, b = stand(fixture, 2)
    leave(fixture, b)
    assert a.send([parcel(b_name(fixture), b"survivor")], fixture.patience) == [SendResult.CONFIRMED]
    leave(fixture, a)
    fixture.crash()
    b = ready(fixture, b_name(fixture))
    if Guarantee.DURABLE in b.guarantees:
        assert [delivery.body for delivery in collect(fixture, b, 1)] == [b"survivor"]
    nothing_comes(b)
    leave(fixture, b)


def crosses_processes_as_promised(fixture: TransportFixture) -> None:
    """A parcel from another process arrives, or really does not, as declared."""
    b = ready(fixture, b_name(fixture))
    result = fixture.send_elsewhere(fixture.centers[0], parcel(b_name(fixture), b"from afar"))
    if Guarantee.CROSSES_PROCESSES in b.guarantees:
        assert result is SendResult.CONFIRMED
        assert [delivery.body for delivery in collect(fixture, b, 1)] == [b"from afar"]
    nothing_comes(b)
    leave(fixture, b)


def attests_the_sender_as_promised(fixture: TransportFixture) -> None:
    """The sender is named and cannot be forged; a transport that does not check it names no sender."""
    real, b, claimed = fixture.centers[:3]
    a, receiver = ready(fixture, real), ready(fixture, b)
    assert a.send([parcel(b, b"honest")], fixture.patience) == [SendResult.CONFIRMED]
    promised = Guarantee.ATTESTS_SENDER in receiver.guarantees
    assert [delivery.sender for delivery in collect(fixture, receiver, 1)] == [real if promised else None]
    leave(fixture, a)
    if promised:
        liar = fixture.impersonate(real, claimed)
        assert SendResult.CONFIRMED not in liar.send([parcel(b, b"lie")], 5)
        assert claimed not in {delivery.sender for delivery in receiver.receive(1, QUIET)}
        leave(fixture, liar)
    leave(fixture, receiver)


def tells_its_state_truly(fixture: TransportFixture) -> None:
    """The state is connected and consuming while open, nothing is unconfirmed once all is taken, and both end with
    ``close``."""
    a, b = stand(fixture, 2)
    a.send([parcel(b_name(fixture))], fixture.patience)
    for transport in (a, b):
        state = transport.state()
        assert (state.connected, state.consuming, state.blocked) == (True, True, False)
        assert (state.unconfirmed, state.reconnects, state.trouble) == (0, 0, "")
    leave(fixture, a, b)
    assert (a.state().connected, a.state().consuming, a.state().unconfirmed) == (False, False, 0)


def closes_once_and_for_all(fixture: TransportFixture) -> None:
    """``close`` may be repeated, wakes waiting callers, and makes every later call harmless: ``UNKNOWN``, nothing."""
    a, b = stand(fixture, 2)
    a.send([parcel(b_name(fixture))], fixture.patience)
    deliveries = b.receive(1, fixture.patience)
    waiting = BackgroundCall(lambda: b.receive(10, 10 * fixture.patience))
    leave(fixture, b)
    assert waiting.result(fixture) == []
    leave(fixture, b)
    b.settle(deliveries)
    assert in_time(fixture, lambda: b.receive(10, 1)) == []
    assert in_time(fixture, lambda: b.send([parcel(fixture.centers[0])] * 2, 1)) == [SendResult.UNKNOWN] * 2
    leave(fixture, a)


def declares_promises(fixture: TransportFixture) -> None:
    """The guarantees are a frozen set of the port's own enum."""
    a = fixture.open(fixture.centers[0])
    assert isinstance(a.guarantees, frozenset)
    assert a.guarantees <= frozenset(Guarantee)
    leave(fixture, a)


Check = Callable[[TransportFixture], None]
CHECKS: tuple[Check, ...] = (
    declares_promises,
    arrives_as_it_was_sent,
    keeps_order_on_a_calm_road,
    says_nobody_for_strangers_alone,
    reaches_nobody_by_a_likeness,
    takes_batches_of_any_size,
    carries_many_senders_at_once,
    hands_over_no_more_than_asked,
    waits_for_who_is_away,
    forgets_what_was_settled,
    redelivers_as_promised,
    is_durable_as_promised,
    crosses_processes_as_promised,
    attests_the_sender_as_promised,
    tells_its_state_truly,
    closes_once_and_for_all,
)
"""All checks, each of which must pass."""

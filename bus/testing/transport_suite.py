"""What every transport must do, as plain checks: shipped for whoever writes one of their own.

A check takes a ``Ground`` and looks at effects only: what arrives at the other end. Run all of ``CHECKS``:

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_transport(check, my_ground):
        check(my_ground)

A promise that is declared is tested; one that is not declared is tested to be really absent, for whoever keeps a
promise shall say so, and whoever relies on one shall not find it by luck.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bus.testing.transport_fixture import (
    QUIET,
    Errand,
    Ground,
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
from bus.transports.port import Fate, Promise

__all__ = ["CHECKS", "Check", "Ground"]


def arrives_as_it_was_sent(ground: Ground) -> None:
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
    a, b = stand(ground, 2)
    assert a.send([parcel(b_name(ground), body) for body in bodies], ground.patience) == [Fate.TAKEN] * len(bodies)
    assert {delivery.body for delivery in collect(ground, b, len(bodies))} == set(bodies)
    leave(ground, a, b)


def keeps_order_on_a_calm_road(ground: Ground) -> None:
    """Within one batch and from batch to batch, one sender's parcels reach one recipient in order."""
    a, b = stand(ground, 2)
    bodies = [f"{number}".encode() for number in range(300)]
    for start in range(0, 300, 100):
        fates = a.send([parcel(b_name(ground), body) for body in bodies[start : start + 100]], ground.patience)
        assert fates == [Fate.TAKEN] * 100
    assert [delivery.body for delivery in collect(ground, b, 300)] == bodies
    leave(ground, a, b)


def says_nobody_for_strangers_alone(ground: Ground) -> None:
    """In a batch of known and unknown recipients each parcel has its own fate, in order, and the known ones arrive."""
    a, b = stand(ground, 2)
    names = [b_name(ground) if number % 3 else ground.stranger for number in range(30)]
    fates = a.send([parcel(name, f"{number}".encode()) for number, name in enumerate(names)], ground.patience)
    assert fates == [Fate.NOBODY if name == ground.stranger else Fate.TAKEN for name in names]
    assert {delivery.body for delivery in collect(ground, b, 20)} == {f"{n}".encode() for n in range(30) if n % 3}
    nothing_comes(b)
    leave(ground, a, b)


def reaches_nobody_by_a_likeness(ground: Ground) -> None:
    """A name that only looks like a center's, or means it to some broker, is never taken and reaches nobody."""
    a, b = stand(ground, 2)
    known = b_name(ground)
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
    fates = a.send([parcel(name) for name in likenesses], ground.patience)
    assert not set(fates) & {Fate.TAKEN, Fate.UNKNOWN}, fates
    nothing_comes(b)
    leave(ground, a, b)


def takes_batches_of_any_size(ground: Ground) -> None:
    """An empty batch is answered with nothing, and one of 2,000 is carried whole."""
    a, b = stand(ground, 2)
    assert in_time(ground, lambda: a.send([], ground.patience)) == []
    fates = a.send([parcel(b_name(ground), f"{number}".encode()) for number in range(2000)], ground.patience)
    assert fates == [Fate.TAKEN] * 2000
    assert len({delivery.body for delivery in collect(ground, b, 2000)}) == 2000
    leave(ground, a, b)


def carries_many_senders_at_once(ground: Ground) -> None:
    """Four threads on two transports send to one recipient at the same time: all of it arrives."""
    a, b, c = stand(ground, 3)

    def send(thread: int) -> list[Fate]:
        bodies = [f"{thread}/{number}".encode() for number in range(200)]
        sender = (a, c)[thread % 2]
        return [fate for body in bodies for fate in sender.send([parcel(b_name(ground), body)], ground.patience)]

    with ThreadPoolExecutor(4) as pool:
        fates = [fate for each in pool.map(send, range(4)) for fate in each]
    assert fates == [Fate.TAKEN] * 800
    assert len({delivery.body for delivery in collect(ground, b, 800)}) == 800
    leave(ground, a, b, c)


def hands_over_no_more_than_asked(ground: Ground) -> None:
    """``receive`` keeps its limit, comes back empty after its timeout, and comes back early with the first delivery."""
    a, b = stand(ground, 2)
    assert in_time(ground, lambda: b.receive(10, 0.05)) == []
    assert in_time(ground, lambda: b.receive(10, 0)) == []
    waiting = Errand(lambda: b.receive(10, 10 * ground.patience))
    a.send([parcel(b_name(ground), b"first")], ground.patience)
    first = waiting.result(ground)
    assert [delivery.body for delivery in first] == [b"first"]
    a.send([parcel(b_name(ground), f"{number}".encode()) for number in range(10)], ground.patience)
    bodies: list[bytes] = []
    while len(bodies) < 10:
        came = in_time(ground, lambda: b.receive(3, ground.patience))
        assert 1 <= len(came) <= 3
        bodies += [delivery.body for delivery in came]
    leave(ground, a, b)


def waits_for_who_is_away(ground: Ground) -> None:
    """What is sent to a center that has left is there when it comes back."""
    a, b = stand(ground, 2)
    leave(ground, b)
    assert a.send([parcel(b_name(ground), b"meanwhile")], ground.patience) == [Fate.TAKEN]
    b = ready(ground, b_name(ground))
    assert [delivery.body for delivery in collect(ground, b, 1)] == [b"meanwhile"]
    leave(ground, a, b)


def forgets_what_was_settled(ground: Ground) -> None:
    """What was settled does not come again to the next receiver, settled one by one, out of order, or twice."""
    a, b = stand(ground, 2)
    a.send([parcel(b_name(ground), f"{number}".encode()) for number in range(9)], ground.patience)
    came = take(ground, b, 9)
    for some in (came[4:6], came[8:], came[:2], came[:2], [], came[2:4], came[6:8]):
        b.settle(some)
    leave(ground, b)
    b = ready(ground, b_name(ground))
    nothing_comes(b)
    leave(ground, a, b)


def redelivers_as_promised(ground: Ground) -> None:
    """Unsettled deliveries come again after their receiver was killed, or really do not; settled ones never do."""
    a, b = stand(ground, 2)
    a.send([parcel(b_name(ground), body) for body in (b"settled", b"lost?")], ground.patience)
    came = take(ground, b, 2)
    b.settle([delivery for delivery in came if delivery.body == b"settled"])
    time.sleep(QUIET)  # settling may be on its way when the receiver dies, and then be undone: not what is asked here
    ground.kill(b)
    b = ready(ground, b_name(ground))
    if Promise.REDELIVERS in b.promises:
        assert {delivery.body for delivery in collect(ground, b, 1)} == {b"lost?"}
    nothing_comes(b)
    leave(ground, a, b)


def is_durable_as_promised(ground: Ground) -> None:
    """What was taken survives the death of every process of the transport, or really does not."""
    a, b = stand(ground, 2)
    leave(ground, b)
    assert a.send([parcel(b_name(ground), b"survivor")], ground.patience) == [Fate.TAKEN]
    leave(ground, a)
    ground.crash()
    b = ready(ground, b_name(ground))
    if Promise.DURABLE in b.promises:
        assert [delivery.body for delivery in collect(ground, b, 1)] == [b"survivor"]
    nothing_comes(b)
    leave(ground, b)


def crosses_processes_as_promised(ground: Ground) -> None:
    """A parcel sent by another process arrives, or really does not."""
    b = ready(ground, b_name(ground))
    fate = ground.send_elsewhere(ground.centers[0], parcel(b_name(ground), b"from afar"))
    if Promise.CROSSES_PROCESSES in b.promises:
        assert fate is Fate.TAKEN
        assert [delivery.body for delivery in collect(ground, b, 1)] == [b"from afar"]
    nothing_comes(b)
    leave(ground, b)


def attests_the_sender_as_promised(ground: Ground) -> None:
    """The sender is named, and cannot be lied about; a transport that does not check it names nobody."""
    real, b, claimed = ground.centers[:3]
    a, receiver = ready(ground, real), ready(ground, b)
    assert a.send([parcel(b, b"honest")], ground.patience) == [Fate.TAKEN]
    promised = Promise.ATTESTS_SENDER in receiver.promises
    assert [delivery.sender for delivery in collect(ground, receiver, 1)] == [real if promised else None]
    leave(ground, a)
    if promised:
        liar = ground.impersonate(real, claimed)
        assert Fate.TAKEN not in liar.send([parcel(b, b"lie")], 5)
        assert claimed not in {delivery.sender for delivery in receiver.receive(1, QUIET)}
        leave(ground, liar)
    leave(ground, receiver)


def tells_its_state_truly(ground: Ground) -> None:
    """Connected and consuming while open, nothing outstanding when all is taken, and neither after ``close``."""
    a, b = stand(ground, 2)
    a.send([parcel(b_name(ground))], ground.patience)
    for transport in (a, b):
        state = transport.state()
        assert (state.connected, state.consuming, state.blocked) == (True, True, False)
        assert (state.unconfirmed, state.reconnects, state.trouble) == (0, 0, "")
    leave(ground, a, b)
    assert (a.state().connected, a.state().consuming, a.state().unconfirmed) == (False, False, 0)


def closes_once_and_for_all(ground: Ground) -> None:
    """``close`` may be called again, wakes whoever waits, and makes every later call harmless: ``UNKNOWN``, nothing."""
    a, b = stand(ground, 2)
    a.send([parcel(b_name(ground))], ground.patience)
    deliveries = b.receive(1, ground.patience)
    waiting = Errand(lambda: b.receive(10, 10 * ground.patience))
    leave(ground, b)
    assert waiting.result(ground) == []
    leave(ground, b)
    b.settle(deliveries)
    assert in_time(ground, lambda: b.receive(10, 1)) == []
    assert in_time(ground, lambda: b.send([parcel(ground.centers[0])] * 2, 1)) == [Fate.UNKNOWN] * 2
    leave(ground, a)


def declares_promises(ground: Ground) -> None:
    """The promises are a frozen set of the port's own."""
    a = ground.open(ground.centers[0])
    assert isinstance(a.promises, frozenset)
    assert a.promises <= frozenset(Promise)
    leave(ground, a)


Check = Callable[[Ground], None]
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
"""Every one of them must pass."""

"""The pure parts of the RabbitMQ transport: what a confirm, a return and an ack mean, and when to try again."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika.connection import Parameters
from pika.exceptions import ChannelClosedByBroker, StreamLostError

from bus.backoff import ReconnectBackoff
from bus.transports.port import Parcel, SendResult
from bus.transports.rabbitmq.batch import SendBatch
from bus.transports.rabbitmq.connection import BrokerConnection
from bus.transports.rabbitmq.consumer import acks, sender_of
from bus.transports.rabbitmq.errors import NoAnswerError
from bus.transports.rabbitmq.inflight import Inflight, InflightParcel
from bus.transports.rabbitmq.publisher import MAX_BODY, result_when_closed, unsendable
from bus.transports.rabbitmq.transport import each_node

A, B = "media_center-150402", "party_service-150402"


def parcel(number: int, size: int = 1) -> Parcel:
    """One of many."""
    return Parcel(f"{number}", B, "case.offered", b"x" * size)


def filled(count: int) -> tuple[Inflight, SendBatch]:
    """A window with tags 1 to ``count``."""
    batch, window = SendBatch([parcel(number) for number in range(count)]), Inflight(500, 1 << 20)
    for index, one in enumerate(batch.parcels):
        window.add(InflightParcel(batch, index, one, float(index)))
    return window, batch


def indexes(tickets: list[InflightParcel]) -> list[int]:
    """Which parcels these are."""
    return [waiting.index for waiting in tickets]


def test_multiple_confirms_all_up_to_the_tag() -> None:
    """An ack with ``multiple`` speaks of every tag up to its own, and tag 0 of all."""
    window, _ = filled(6)
    assert indexes(window.confirmed(3, multiple=True)) == [0, 1, 2]
    assert window.oldest == 3.0
    assert indexes(window.confirmed(5, multiple=False)) == [4]
    assert indexes(window.confirmed(0, multiple=True)) == [3, 5]
    assert window.oldest is None


def test_nack_wins_over_a_later_ack_of_all() -> None:
    """What was nacked has left the window: an ack-multiple that contradicts it changes nothing."""
    window, _ = filled(3)
    assert indexes(window.confirmed(2, multiple=False)) == [1]
    assert indexes(window.confirmed(3, multiple=True)) == [0, 2]
    assert window.confirmed(2, multiple=False) == []


def test_return_marks_the_first_that_matches() -> None:
    """A return names no tag: of two publishes of one parcel the first not yet returned is meant, nothing else."""
    batch, window = SendBatch([parcel(7), parcel(7), parcel(8)]), Inflight(9, 9)
    tickets = [InflightParcel(batch, index, one, 0.0) for index, one in enumerate(batch.parcels)]
    for waiting in tickets:
        window.add(waiting)
    window.returned("7", "somebody-150402.case.offered")
    assert [waiting.returned for waiting in tickets] == [False, False, False]
    window.returned("7", f"{B}.case.offered")
    assert [waiting.returned for waiting in tickets] == [True, False, False]
    window.returned("7", f"{B}.case.offered")
    assert [waiting.returned for waiting in tickets] == [True, True, False]


def test_window_is_bounded_by_count_and_bytes() -> None:
    """Full by either bound; confirms make room; a parcel larger than the bound still goes alone."""
    window = Inflight(2, 100)
    batch = SendBatch([parcel(1, 60), parcel(2, 30), parcel(3, 1)])
    assert window.admits(parcel(0, 1000))
    window.add(InflightParcel(batch, 0, batch.parcels[0], 0.0))
    assert not window.admits(parcel(0, 41))
    assert window.admits(parcel(0, 40))
    window.add(InflightParcel(batch, 1, batch.parcels[1], 0.0))
    assert not window.admits(parcel(0, 1))
    window.confirmed(1, multiple=False)
    assert window.admits(parcel(0, 70))


def test_first_word_on_a_parcel_stands() -> None:
    """A batch keeps the first fate of each parcel, and what nobody decided is unknown."""
    batch = SendBatch([parcel(1), parcel(2)])
    batch.decide(0, SendResult.NACKED)
    batch.decide(0, SendResult.CONFIRMED)
    assert batch.open == 1
    assert batch.results() == [SendResult.NACKED, SendResult.UNKNOWN]
    batch.decide(1, SendResult.CONFIRMED)
    assert batch.results() == [SendResult.NACKED, SendResult.UNKNOWN]
    assert batch.next() is None, "given up: nothing more goes out"


@given(st.sets(st.integers(1, 40)), st.lists(st.lists(st.integers(1, 45), max_size=12), max_size=8))
def test_acks_speak_of_exactly_what_is_settled(gone: set[int], settlements: list[list[int]]) -> None:
    """Played to a broker that takes ``multiple`` literally, each tag is acked once and none that was not settled."""
    unsettled = OrderedDict.fromkeys(range(1, 41))
    at_broker = set(unsettled)
    for settled in [sorted(gone), *settlements]:
        wanted = at_broker - set(settled)
        for tag, multiple in acks(unsettled, settled):
            spoken_of = {one for one in at_broker if one <= tag} if multiple else {tag}
            assert spoken_of <= at_broker, "a tag that is not out closes the channel"
            at_broker -= spoken_of
        assert at_broker == wanted == set(unsettled)


def test_acks_of_a_whole_window_are_one() -> None:
    """A window settled in one go costs one frame."""
    assert acks(OrderedDict.fromkeys(range(1, 501)), range(1, 501)) == [(500, True)]


@pytest.mark.parametrize(
    ("exchange", "user_id", "sender"),
    [
        (f"out.{A}", None, A),
        (f"out.{A}", A, A),
        (f"out.{A}", B, None),
        ("cases", A, None),
        ("", A, None),
        (f"x.out.{A}", None, None),
        ("out.", None, None),
        (f"out.{A}.x", None, None),
        ("dead", None, None),
    ],
)
def test_sender_is_named_by_the_exchange_alone(exchange: str, user_id: str | None, sender: str | None) -> None:
    """The sender is whose exchange it came through, unless the checked ``user_id`` contradicts."""
    assert sender_of(exchange, user_id) == sender


@pytest.mark.parametrize(
    ("error", "any_confirmed", "result"),
    [
        (ChannelClosedByBroker(403, "ACCESS_REFUSED"), False, SendResult.NACKED),
        (ChannelClosedByBroker(403, "ACCESS_REFUSED"), True, SendResult.UNKNOWN),
        (ChannelClosedByBroker(404, "NOT_FOUND"), False, SendResult.NACKED),
        (ChannelClosedByBroker(406, "PRECONDITION_FAILED - user_id property set to"), False, SendResult.NACKED),
        (ChannelClosedByBroker(406, "PRECONDITION_FAILED - message size is larger"), False, SendResult.UNKNOWN),
        (StreamLostError(), False, SendResult.UNKNOWN),
        (None, False, SendResult.UNKNOWN),
    ],
)
def test_fate_of_what_was_in_flight(error: BaseException | None, any_confirmed: bool, result: SendResult) -> None:
    """Refused only where none of them can have arrived: a right may have been taken away in the middle."""
    assert result_when_closed(error, any_confirmed) is result


def test_unsendable_parcels() -> None:
    """No center by that name: nobody. Beyond AMQP's bounds: refused. Lone surrogates included, nothing raises."""
    assert unsendable(parcel(1)) is None
    assert unsendable(parcel(1, MAX_BODY)) is None
    assert unsendable(parcel(1, MAX_BODY + 1)) is SendResult.NACKED
    assert unsendable(Parcel("1", f"{B}.x", "case.offered", b"")) is SendResult.UNROUTABLE
    assert unsendable(Parcel("i" * 256, B, "case.offered", b"")) is SendResult.NACKED
    assert unsendable(Parcel("\ud800", B, "case.offered", b"")) is SendResult.NACKED
    assert unsendable(Parcel("1", B, "\ud800", b"")) is SendResult.NACKED


class Silent:
    """A loop that runs timers by hand, and a connection that remembers how it was ended."""

    def __init__(self) -> None:
        self.timers: list[Callable[[], None]] = []
        self.ended: list[Exception] = []
        self.is_closed = False

    def call_later(self, _: float, action: Callable[[], None]) -> Callable[[], None]:
        self.timers.append(action)
        return action

    def remove_timeout(self, timer: Callable[[], None]) -> None:
        self.timers.remove(timer)

    def _terminate_stream(self, error: Exception) -> None:
        self.ended.append(error)


def test_line_is_cut_when_the_broker_owes_an_answer() -> None:
    """An answer that comes ends the waiting; one that does not come ends the connection."""
    connection, silent = BrokerConnection("x", [Parameters()], lambda _: None, lambda: None), Silent()
    connection._loop = connection._connection = silent
    connection.expect_answer()
    connection.answered()
    assert silent.timers == []
    connection.expect_answer()
    connection.expect_answer()
    (timer,) = silent.timers
    timer()
    assert [type(error) for error in silent.ended] == [NoAnswerError]


def test_a_line_that_finds_no_descriptor_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """No fault outside a connection's life ends the thread that alone can bring the center back onto the road."""
    tried = threading.Event()

    def none_left() -> None:
        if connection.trouble:
            tried.set()
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("bus.transports.rabbitmq.connection.IOLoop", none_left)
    connection = BrokerConnection("x", [Parameters()], lambda _: None, lambda: None)
    connection.start()
    assert tried.wait(60)
    connection.close()
    connection.join(time.monotonic() + 60)


def test_pauses_grow_to_a_ceiling_and_begin_again() -> None:
    """The first try comes within half a second, none later than five and a bit, and success forgets the trouble."""
    backoff = ReconnectBackoff()
    pauses = [backoff.next_delay() for _ in range(200)]
    assert pauses[0] < 0.5
    assert 5 <= pauses[-1] <= 5.5
    assert pauses[0] < pauses[3] < pauses[10]
    backoff.reset()
    assert backoff.next_delay() < 0.5


def test_every_node_of_a_cluster_has_the_same_login_and_vhost() -> None:
    """Nodes that stand side by side in the URL become one URL each; a single one stays as it is."""
    assert each_node("amqps://u:p%2Cw@one:5671,two:5672/bus?x=1") == [
        "amqps://u:p%2Cw@one:5671/bus?x=1",
        "amqps://u:p%2Cw@two:5672/bus?x=1",
    ]
    assert each_node("amqp://one:5672") == ["amqp://one:5672"]

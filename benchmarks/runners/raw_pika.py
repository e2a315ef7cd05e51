"""Bare messages by pika alone: its asynchronous connection, pipelined confirms, acks by the hundred."""

from typing import Any

from pika import BasicProperties, SelectConnection, URLParameters

from benchmarks.runners.marks import QUEUE, Told, done, tell, told, wait_for_go

WINDOW = 2000
"""Most unconfirmed messages."""
PREFETCH = 1000
ACK_EVERY = 100


class End:
    """One connection with one channel."""

    def __init__(self, given: Told) -> None:
        self.given = given
        self.connection = SelectConnection(URLParameters(given.url), on_open_callback=self._opened)

    def run(self) -> None:
        """Run until all messages are done."""
        self.connection.ioloop.start()

    def _opened(self, connection: Any) -> None:
        connection.channel(on_open_callback=self.channel_open)

    def channel_open(self, channel: Any) -> None:
        """Called when the channel is open."""
        raise NotImplementedError

    def leave(self) -> None:
        """Close the connection."""
        self.connection.add_on_close_callback(lambda *_: self.connection.ioloop.stop())
        self.connection.close()


class Give(End):
    """The giver: publishes within the window of unconfirmed messages."""

    sent = confirmed = 0

    def channel_open(self, channel: Any) -> None:
        """Ask for confirms."""
        self.channel = channel
        self.body = self.given.body.encode()
        self.properties = BasicProperties(delivery_mode=2, content_type="application/json")
        channel.confirm_delivery(self._confirmed, callback=self._begin)

    def _begin(self, _frame: object) -> None:
        wait_for_go()
        tell("begun")
        self.pump()

    def pump(self) -> None:
        """Publish until the window is full."""
        while self.sent < self.given.count and self.sent - self.confirmed < WINDOW:
            self.channel.basic_publish("", QUEUE, self.body, self.properties, mandatory=True)
            self.sent += 1

    def _confirmed(self, frame: Any) -> None:
        assert type(frame.method).__name__ == "Ack"
        tag = frame.method.delivery_tag
        self.confirmed = tag if frame.method.multiple else self.confirmed + 1
        self.again()
        if self.confirmed >= self.given.count:
            tell("ended")
            self.leave()

    def again(self) -> None:
        """Publish on after confirms."""
        self.pump()


class Take(End):
    """The taker: counts the messages."""

    taken = 0

    def channel_open(self, channel: Any) -> None:
        """Consume."""
        channel.basic_qos(prefetch_count=PREFETCH)
        channel.basic_consume(QUEUE, self._delivered, callback=lambda _: wait_for_go())

    def _delivered(self, channel: Any, method: Any, _properties: object, _body: bytes) -> None:
        self.taken += 1
        if self.taken % ACK_EVERY == 0 or self.taken == self.given.count:
            channel.basic_ack(method.delivery_tag, multiple=True)
        if self.taken == self.given.count:
            tell("ended")
            self.leave()


if __name__ == "__main__":
    given = told()
    (Give if given.gives else Take)(given).run()
    done()

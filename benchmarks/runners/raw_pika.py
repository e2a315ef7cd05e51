"""``give`` or ``take`` bare messages by pika alone: its asynchronous connection, confirms in a pipeline, acks by the
hundred."""

import sys
import time
from typing import Any

from pika import BasicProperties, SelectConnection, URLParameters

from benchmarks.runners.marks import tell, wait_for_go

WINDOW = 2000
"""Messages that may be unconfirmed at once."""
PREFETCH = 1000
ACK_EVERY = 100
QUEUE = "bench"


def main() -> None:
    """``raw_pika give|take BROKER COUNT BYTES``"""
    role, url, count, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    end = _Give(url, count, size) if role == "give" else _Take(url, count)
    end.run()
    tell("done", cpu=time.process_time())


class _End:
    def __init__(self, url: str) -> None:
        self.connection = SelectConnection(URLParameters(url), on_open_callback=self._opened)

    def run(self) -> None:
        """Until all is done."""
        self.connection.ioloop.start()

    def _opened(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._channel)

    def _channel(self, channel: Any) -> None:
        raise NotImplementedError

    def _leave(self) -> None:
        self.connection.add_on_close_callback(lambda *_: self.connection.ioloop.stop())
        self.connection.close()


class _Give(_End):
    def __init__(self, url: str, count: int, size: int) -> None:
        super().__init__(url)
        self.left, self.size = count, size
        self.sent = self.confirmed = 0
        self.body = b"x" * size
        self.properties = BasicProperties(delivery_mode=2, content_type="application/json")

    def _channel(self, channel: Any) -> None:
        self.channel = channel
        channel.confirm_delivery(self._confirmed, callback=self._begin)

    def _begin(self, _frame: object) -> None:
        wait_for_go()
        tell("begun")
        self._pump()

    def _pump(self) -> None:
        while self.left and self.sent - self.confirmed < WINDOW:
            self.channel.basic_publish("", QUEUE, self.body, self.properties, mandatory=True)
            self.sent += 1
            self.left -= 1

    def _confirmed(self, frame: Any) -> None:
        assert type(frame.method).__name__ == "Ack"
        tag = frame.method.delivery_tag
        self.confirmed = tag if frame.method.multiple else self.confirmed + 1
        if self.left:
            self._pump()
        elif self.confirmed >= self.sent:
            tell("ended")
            self._leave()


class _Take(_End):
    def __init__(self, url: str, count: int) -> None:
        super().__init__(url)
        self.count, self.taken = count, 0

    def _channel(self, channel: Any) -> None:
        self.channel = channel
        channel.basic_qos(prefetch_count=PREFETCH)
        channel.basic_consume(QUEUE, self._delivered, callback=lambda _: wait_for_go())

    def _delivered(self, channel: Any, method: Any, _properties: object, _body: bytes) -> None:
        self.taken += 1
        if self.taken % ACK_EVERY == 0 or self.taken == self.count:
            channel.basic_ack(method.delivery_tag, multiple=True)
        if self.taken == self.count:
            tell("ended")
            self._leave()


if __name__ == "__main__":
    main()

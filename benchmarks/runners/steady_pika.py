"""Bare messages by pika at a steady rate, each with its moment in its body: the latency of the broker alone."""

import sys
import time
from typing import Any

from benchmarks.runners.marks import QUEUE, Told, done, tell, told, wait_for_go
from benchmarks.runners.raw_pika import End, Give

RATE = float(sys.argv[6])


class Steady(Give):
    """A giver that publishes each message at its moment, none before."""

    started = 0.0

    def pump(self) -> None:
        """Publish all due messages, then pause until the next is due."""
        self.started = self.started or time.monotonic()
        while self.sent < self.given.count and self.started + self.sent / RATE <= time.monotonic():
            stamp = f"{time.monotonic():.9f} ".encode()
            self.channel.basic_publish("", QUEUE, stamp + self.body[len(stamp) :], self.properties, mandatory=True)
            self.sent += 1
        if self.sent < self.given.count:
            pause = max(0.0, self.started + self.sent / RATE - time.monotonic())
            self.connection.ioloop.call_later(pause, self.pump)

    def again(self) -> None:
        """Nothing to do: a confirm does not trigger a publish."""


class Measure(End):
    """A taker that acks each message singly, as it comes."""

    def __init__(self, given: Told) -> None:
        super().__init__(given)
        self.took: list[float] = []

    def channel_open(self, channel: Any) -> None:
        """Consume."""
        channel.basic_qos(prefetch_count=1000)
        channel.basic_consume(QUEUE, self._delivered, callback=lambda _: wait_for_go())

    def _delivered(self, channel: Any, method: Any, _properties: object, body: bytes) -> None:
        self.took.append(time.monotonic() - float(body.partition(b" ")[0]))
        channel.basic_ack(method.delivery_tag)
        if len(self.took) == self.given.count:
            tell("ended", took=self.took)
            self.leave()


if __name__ == "__main__":
    given = told()
    (Steady if given.gives else Measure)(given).run()
    done()

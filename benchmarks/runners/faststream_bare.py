"""Bare messages by FastStream: a thousand publishes in flight, each awaited to its confirm; acks one by one."""

import asyncio
import logging

from faststream import AckPolicy
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue

from benchmarks.runners.marks import QUEUE, Told, done, tell, told, wait_for_go

UNDER_WAY = 1000
PREFETCH = 1000


def broker_of(given: Told) -> RabbitBroker:
    """A broker without a log line for each message."""
    quiet = logging.getLogger("bench.quiet")
    quiet.setLevel(logging.ERROR)
    return RabbitBroker(given.url, logger=quiet, default_channel=Channel(prefetch_count=PREFETCH))


def queue() -> RabbitQueue:
    """The queue made by the coordinator."""
    return RabbitQueue(QUEUE, durable=True, declare=False)


async def give(broker: RabbitBroker, given: Told) -> None:
    """Publish all messages, as fast as confirms come."""
    body, left = given.body, iter(range(given.count))

    async def hand() -> None:
        for _ in left:
            await broker.publish(body, queue=QUEUE, persist=True, mandatory=True)

    wait_for_go()
    tell("begun")
    await asyncio.gather(*(hand() for _ in range(UNDER_WAY)))
    tell("ended")


async def take(broker: RabbitBroker, given: Told) -> None:
    """Count the messages."""
    all_taken, taken = asyncio.Event(), 0

    @broker.subscriber(queue(), ack_policy=AckPolicy.ACK)
    async def deliver(_body: str) -> None:
        nonlocal taken
        taken += 1
        if taken == given.count:
            tell("ended")
            all_taken.set()

    await broker.start()
    wait_for_go()
    await all_taken.wait()


async def main(given: Told) -> None:
    """Run the giver or the taker."""
    broker = broker_of(given)
    async with broker:
        await (give if given.gives else take)(broker, given)


if __name__ == "__main__":
    asyncio.run(main(told()))
    done()

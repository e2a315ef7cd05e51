"""Bare messages by aio-pika: a thousand publishes in flight, each awaited to its confirm; acks by the hundred."""

import asyncio

from aio_pika import DeliveryMode, Message, connect
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from benchmarks.runners.marks import QUEUE, Told, done, tell, told, wait_for_go

UNDER_WAY = 1000
PREFETCH = 1000
ACK_EVERY = 100


async def main(given: Told) -> None:
    """Run the giver or the taker."""
    async with await connect(given.url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        await (_give if given.gives else _take)(channel, given)


async def _give(channel: AbstractChannel, given: Told) -> None:
    exchange, body, left = channel.default_exchange, given.body.encode(), iter(range(given.count))

    async def hand() -> None:
        for _ in left:
            await exchange.publish(Message(body, delivery_mode=DeliveryMode.PERSISTENT), QUEUE, mandatory=True)

    wait_for_go()
    tell("begun")
    await asyncio.gather(*(hand() for _ in range(UNDER_WAY)))
    tell("ended")


async def _take(channel: AbstractChannel, given: Told) -> None:
    await channel.set_qos(prefetch_count=PREFETCH)
    queue = await channel.get_queue(QUEUE, ensure=False)
    all_taken, taken = asyncio.Event(), 0

    async def deliver(message: AbstractIncomingMessage) -> None:
        nonlocal taken
        taken += 1
        if taken % ACK_EVERY == 0 or taken == given.count:
            await message.ack(multiple=True)
        if taken == given.count:
            tell("ended")
            all_taken.set()

    await queue.consume(deliver)
    wait_for_go()
    await all_taken.wait()


if __name__ == "__main__":
    asyncio.run(main(told()))
    done()

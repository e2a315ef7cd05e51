"""FastStream with the guarantees added by hand: commit, publish, confirm, mark; and commit before the ack."""

import asyncio

from faststream import AckPolicy
from faststream.rabbit import RabbitBroker, RabbitMessage

from benchmarks.runners.faststream_bare import UNDER_WAY, broker_of, queue
from benchmarks.runners.keeping import Kept
from benchmarks.runners.marks import QUEUE, Told, done, tell, told, wait_for_go


async def give(broker: RabbitBroker, kept: Kept, given: Told) -> None:
    """Each message is stored before it is sent, and marked when it is confirmed."""
    body, left = given.body, iter(range(given.count))

    async def hand() -> None:
        for _ in left:
            message_id = kept.say(body)
            await broker.publish(body, queue=QUEUE, persist=True, mandatory=True, message_id=message_id)
            kept.sent(message_id)

    wait_for_go()
    tell("begun")
    await asyncio.gather(*(hand() for _ in range(UNDER_WAY)))
    tell("ended")


async def take(broker: RabbitBroker, kept: Kept, given: Told) -> None:
    """Each message is stored before it is acked."""
    all_taken, taken = asyncio.Event(), 0

    @broker.subscriber(queue(), ack_policy=AckPolicy.ACK)
    async def deliver(body: str, message: RabbitMessage) -> None:
        nonlocal taken
        taken += kept.hear(message.message_id, body)
        if taken == given.count:
            tell("ended")
            all_taken.set()

    await broker.start()
    wait_for_go()
    await all_taken.wait()


async def main(given: Told) -> None:
    """Run the giver or the taker."""
    kept, broker = Kept(given.store), broker_of(given)
    async with broker:
        await (give if given.gives else take)(broker, kept, given)


if __name__ == "__main__":
    asyncio.run(main(told()))
    done()

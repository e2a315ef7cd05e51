"""Bare messages by kombu: with confirms each publish waits for its own, there is no other way; acks by the hundred."""

from typing import Any

from kombu import Connection, Consumer, Queue

from benchmarks.runners.marks import QUEUE, Told, done, tell, told, wait_for_go

PREFETCH = 1000
ACK_EVERY = 100


def give(connection: Connection, given: Told) -> None:
    """Publish one after the other."""
    producer, body = connection.Producer(), given.body
    wait_for_go()
    tell("begun")
    for _ in range(given.count):
        producer.publish(body, routing_key=QUEUE, delivery_mode=2, mandatory=True, serializer="raw")
    tell("ended")


def take(connection: Connection, given: Told) -> None:
    """Count the messages."""
    taken = 0

    def deliver(message: Any) -> None:
        nonlocal taken
        taken += 1
        if taken % ACK_EVERY == 0 or taken == given.count:
            message.ack(multiple=True)

    queue = Queue(QUEUE, no_declare=True)
    with Consumer(connection, [queue], on_message=deliver, prefetch_count=PREFETCH):
        wait_for_go()
        while taken < given.count:
            connection.drain_events(timeout=60)
        tell("ended")


if __name__ == "__main__":
    given = told()
    with Connection(given.url, transport_options={"confirm_publish": True}) as connection:
        (give if given.gives else take)(connection, given)
    done()

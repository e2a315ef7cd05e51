"""Bare tasks by dramatiq: its pika broker with confirms, eight worker threads, and quorum queues."""

import os
import threading
from typing import Any

os.environ["dramatiq_queue_prefetch"] = "1000"  # noqa: SIM112 - its own name; read when it is imported

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from benchmarks.runners.marks import QUEUE, done, tell, told, wait_for_go


class Quorum(RabbitmqBroker):
    """A broker with quorum queues: dramatiq's own supports only classic ones."""

    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
        return {**super()._build_queue_arguments(queue_name), "x-queue-type": "quorum"}


given = told()
broker = Quorum(url=given.url, confirm_delivery=True, middleware=[])
dramatiq.set_broker(broker)
taken = 0
counting, all_taken = threading.Lock(), threading.Event()


@dramatiq.actor(queue_name=f"{QUEUE}-tasks")
def deliver(_body: str) -> None:
    """Count the message."""
    global taken  # noqa: PLW0603 - an actor has no other place to count
    with counting:
        taken += 1
        if taken == given.count:
            tell("ended")
            all_taken.set()


def give() -> None:
    """Publish one after the other: each waits for its confirm."""
    body = given.body
    wait_for_go()
    tell("begun")
    for _ in range(given.count):
        deliver.send(body)
    tell("ended")


def take() -> None:
    """Run a worker until all messages have come."""
    worker = dramatiq.Worker(broker, worker_threads=8)
    worker.start()
    wait_for_go()
    all_taken.wait()
    worker.stop()


if __name__ == "__main__":
    (give if given.gives else take)()
    broker.close()
    done()

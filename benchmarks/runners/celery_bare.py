"""Bare tasks by Celery: confirms, late acks, a thousand prefetched, executed in the worker's own thread."""

import threading
from typing import Any

from celery import Celery
from celery.worker import WorkController
from kombu import Queue

from benchmarks.runners.marks import QUEUE, Told, done, tell, told, wait_for_go


def app_of(given: Told) -> Celery:
    """A Celery application with its most durable settings."""
    app = Celery("bench", broker=given.url)
    app.conf.update(
        task_queues=[Queue(f"{QUEUE}-celery", queue_arguments={"x-queue-type": "quorum"})],
        task_default_queue=f"{QUEUE}-celery",
        task_acks_late=True,
        task_ignore_result=True,
        worker_prefetch_multiplier=1000,
        worker_detect_quorum_queues=True,
        broker_transport_options={"confirm_publish": True},
        worker_hijack_root_logger=False,
    )
    return app


def give(task: Any, given: Told) -> None:
    """Publish one after the other: each waits for its confirm."""
    body = given.body
    wait_for_go()
    tell("begun")
    for _ in range(given.count):
        task.delay(body)
    tell("ended")


def take(app: Celery, all_taken: threading.Event) -> None:
    """Run a worker in this process until all tasks have come. It is not stopped: that takes half a minute."""
    worker = WorkController(app=app, pool="solo", concurrency=1, without_gossip=True, without_mingle=True)
    threading.Thread(target=worker.start, daemon=True).start()
    wait_for_go()
    all_taken.wait()


def main(given: Told) -> None:
    """Run the giver or the taker."""
    app, all_taken, taken = app_of(given), threading.Event(), 0

    @app.task(name="deliver")
    def deliver(_body: str) -> None:
        nonlocal taken
        taken += 1
        if taken == given.count:
            tell("ended")
            all_taken.set()

    if given.gives:
        give(deliver, given)
    else:
        take(app, all_taken)


if __name__ == "__main__":
    main(told())
    done()

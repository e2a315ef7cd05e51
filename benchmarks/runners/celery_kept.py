"""Celery with the guarantees added by hand: commit, publish, confirm, mark; and commit before the ack."""

import threading
from typing import Any

from benchmarks.runners.celery_bare import app_of, take
from benchmarks.runners.keeping import Kept
from benchmarks.runners.marks import Told, done, tell, told, wait_for_go


def give(task: Any, kept: Kept, given: Told) -> None:
    """Each task is stored before it is sent, and marked when it is confirmed."""
    body = given.body
    wait_for_go()
    tell("begun")
    for _ in range(given.count):
        message_id = kept.say(body)
        task.apply_async((message_id, body), task_id=message_id)
        kept.sent(message_id)
    tell("ended")


def main(given: Told) -> None:
    """Run the giver or the taker."""
    kept, app, all_taken, taken = Kept(given.store), app_of(given), threading.Event(), 0

    @app.task(name="deliver")
    def deliver(message_id: str, body: str) -> None:
        nonlocal taken
        taken += kept.hear(message_id, body)
        if taken == given.count:
            tell("ended")
            all_taken.set()

    if given.gives:
        give(deliver, kept, given)
    else:
        take(app, all_taken)


if __name__ == "__main__":
    main(told())
    done()

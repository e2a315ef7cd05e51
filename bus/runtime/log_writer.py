"""The log writer: a thread of its own writes the lines, so that logging never waits for a disk, a terminal or a
pipe."""

import os
import queue
import threading
import time
from typing import TextIO

from bus.log import drop, dropped, log

LONGEST_BACKLOG = 5000
"""Lines that may wait to be written; further ones are dropped. Their fields are bounded, so this is a few MiB."""
TELL_EVERY = 1.0
"""Seconds between two lines that report dropped ones."""


def descriptor_of(stream: TextIO | None) -> int:
    """A file descriptor of our own for the stream's target. Without one lines go nowhere: the stream's number may be
    another file's by now, such as the store's."""
    try:
        return os.dup(stream.fileno()) if stream is not None else _nowhere()
    except (OSError, ValueError):
        return _nowhere()


def _nowhere() -> int:
    return os.open(os.devnull, os.O_WRONLY)


class LogWriter:
    """Writes lines into a file descriptor, in order; ``put`` takes them."""

    def __init__(self, descriptor: int, backlog: int = LONGEST_BACKLOG) -> None:
        self._descriptor = descriptor
        self._lines: queue.Queue[bytes] = queue.Queue(backlog)
        self._torn = False
        self._told = dropped()
        self._told_at = 0.0
        threading.Thread(target=self._run, name="log-writer", daemon=True).start()

    def put(self, line: str) -> None:
        """Take one line, without its end. Never blocks; raises ``queue.Full`` when too many wait already."""
        self._lines.put_nowait(line.encode(errors="backslashreplace") + b"\n")

    def flush(self, timeout: float) -> bool:
        """Wait until all lines so far are written or dropped; False when that takes longer than ``timeout`` seconds."""
        with self._lines.all_tasks_done:
            return self._lines.all_tasks_done.wait_for(lambda: not self._lines.unfinished_tasks, timeout)

    def _run(self) -> None:
        while True:
            line = self._lines.get()
            try:
                self._write(line)
            except OSError:
                drop()
            else:
                self._tell()
            self._lines.task_done()

    def _write(self, line: bytes) -> None:
        """Write one whole line. A line cut short by an earlier fault is ended first."""
        left = b"\n" + line if self._torn else line
        while left:
            written = os.write(self._descriptor, left)
            self._torn, left = written < len(left), left[written:]

    def _tell(self) -> None:
        """Report how many lines were dropped, once writing works again."""
        missing, now = dropped() - self._told, time.monotonic()
        if missing and now - self._told_at >= TELL_EVERY:
            self._told, self._told_at = self._told + missing, now
            log().warning("log-dropped", count=missing)

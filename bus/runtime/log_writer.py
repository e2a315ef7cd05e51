"""Writes log lines on a thread of its own: whoever logs waits for no disk, no terminal and no reader of a pipe."""

import os
import queue
import threading
import time
from typing import TextIO

from bus.log import drop, dropped, log

LONGEST_BACKLOG = 5000
"""Lines that may wait to be written; what comes then is dropped. Their fields are bounded, so this is a few MiB."""
TELL_EVERY = 1.0
"""Seconds between two lines that say how many were dropped."""


def descriptor_of(stream: TextIO | None) -> int:
    """A file descriptor of our own for what the stream writes to. Where it has none, lines go nowhere: its number may
    be another file's by now, such as the store's."""
    try:
        return os.dup(stream.fileno()) if stream is not None else _nowhere()
    except (OSError, ValueError):
        return _nowhere()


def _nowhere() -> int:
    return os.open(os.devnull, os.O_WRONLY)


class LogWriter:
    """Lines into a file descriptor, in order. ``put`` takes them."""

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
        """One whole line. What an earlier fault has cut short is ended first, so that a line stays a line."""
        left = b"\n" + line if self._torn else line
        while left:
            written = os.write(self._descriptor, left)
            self._torn, left = written < len(left), left[written:]

    def _tell(self) -> None:
        """It goes again: say how many lines are missing."""
        missing, now = dropped() - self._told, time.monotonic()
        if missing and now - self._told_at >= TELL_EVERY:
            self._told, self._told_at = self._told + missing, now
            log().warning("log-dropped", count=missing)

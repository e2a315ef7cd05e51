"""The end of a process: a signal brings it about, or a thread that cannot go on."""

import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
_BY_THREAD = b"\0"
"""It only wakes: no signal has this number."""


class Ending:
    """What the main thread waits for, once it has started the others.

    It is no ``threading.Event``, for two reasons. Python calls a signal's handler only when the main thread runs again:
    a signal that comes just before the thread begins to sleep wakes nobody. And a handler that sets the event while the
    main thread is about to wait for it, and so holds its lock, waits for itself. Here the system writes the signal's
    number into a socket at once (``signal.set_wakeup_fd``), and the main thread reads it.
    """

    def __init__(self) -> None:
        self._woken, self._waking = socket.socketpair()
        self._woken.setblocking(False)
        self._waking.setblocking(False)
        self._over = False

    def set(self) -> None:
        """End it, from any thread."""
        self._over = True
        with suppress(OSError):  # full: it wakes all the same; closed: it has ended
            self._waking.send(_BY_THREAD)

    def is_set(self) -> bool:
        """Whether it ends."""
        return self._over

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep until it ends, or for so long. For the main thread alone. Returns whether it ends."""
        until = time.monotonic() + seconds if seconds is not None else None
        while not self._over:
            left = max(0.0, until - time.monotonic()) if until is not None else None
            if not select.select([self._woken], [], [], left)[0]:
                break
            self._over |= any(number in SIGNALS for number in self._woken.recv(4096))
        return self._over

    def wakeup_fd(self) -> int:
        """Where the numbers of signals are written."""
        return self._waking.fileno()

    def close(self) -> None:
        """Give the sockets back."""
        self._woken.close()
        self._waking.close()


@contextmanager
def ended_by_signals(at_the_second: Callable[[], object] = lambda: None) -> Iterator[Ending]:
    """Ends by the first SIGTERM or SIGINT; ``at_the_second`` is called for each further one. For the main thread."""
    ending = Ending()
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        if heard:
            at_the_second()
        heard.append(number)

    handlers = {number: signal.signal(number, hear) for number in SIGNALS}
    before = signal.set_wakeup_fd(ending.wakeup_fd(), warn_on_full_buffer=False)
    try:
        yield ending
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        ending.close()

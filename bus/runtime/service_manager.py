"""What this process tells the service manager that runs it, in the words of ``sd_notify(3)``; and how it leaves."""

import os
import socket
from collections.abc import Callable
from contextlib import suppress

TIMEOUT = 1.0
"""Seconds that a service manager may take for a word: it must not hold up the watch."""


class ServiceManager:
    """systemd, or whatever listens at ``NOTIFY_SOCKET``; without one nothing is told."""

    def __init__(self, before_leaving: Callable[[], object]) -> None:
        self._before_leaving = before_leaving

    def tell(self, state: str) -> None:
        """One word, such as ``READY=1``. Never raises: who does not listen is told nothing."""
        address = os.environ.get("NOTIFY_SOCKET", "")
        if not address:
            return
        if address.startswith("@"):  # Linux's abstract names, as systemd writes them
            address = f"\0{address[1:]}"
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(TIMEOUT)
            line.sendto(state.encode(), address)

    def give_up(self) -> None:
        """Leave at once with exit code 70 (``EX_SOFTWARE``); nothing waits for the thread that is stuck."""
        self._before_leaving()
        os._exit(os.EX_SOFTWARE)

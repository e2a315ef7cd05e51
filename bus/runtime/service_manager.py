"""Notifications to the service manager, in the protocol of ``sd_notify(3)``, and the exit for a restart."""

import os
import socket
from collections.abc import Callable
from contextlib import suppress

TIMEOUT = 1.0
"""Seconds that a notification may take: it must not hold up the watch."""


class ServiceManager:
    """systemd, or any listener at ``NOTIFY_SOCKET``; without one nothing is sent."""

    def __init__(self, before_leaving: Callable[[], object]) -> None:
        self._before_leaving = before_leaving

    def tell(self, state: str) -> None:
        """Send one state, such as ``READY=1``. Never raises; without a listener nothing is sent."""
        address = os.environ.get("NOTIFY_SOCKET", "")
        if not address:
            return
        if address.startswith("@"):  # Linux's abstract names, as systemd writes them
            address = f"\0{address[1:]}"
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(TIMEOUT)
            line.sendto(state.encode(), address)

    def give_up(self) -> None:
        """Exit at once with code 70 (``EX_SOFTWARE``); the stuck thread is not waited for."""
        self._before_leaving()
        os._exit(os.EX_SOFTWARE)

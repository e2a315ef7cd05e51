"""A private port mapper for Erlang (epmd): the nodes that share it find each other, and no daemon is left behind."""

import os
import shutil
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from verification.services.allocation import LOOPBACK, ServiceUnavailable, private_folder
from verification.services.process import ServerProcess


def here(command: Sequence[str]) -> list[str]:
    """The way to start a process outside any network namespace."""
    return list(command)


class Epmd:
    """One epmd in the foreground at ``address`` (and, as every epmd, at loopback). ``close`` is idempotent."""

    def __init__(
        self,
        port: int,
        address: str = LOOPBACK,
        *,
        enter: Callable[[Sequence[str]], list[str]] = here,
        parent: Path | None = None,
    ) -> None:
        """``enter`` turns a command into one that runs where the nodes run. Raises ServiceUnavailable without epmd."""
        if shutil.which("epmd") is None:
            raise ServiceUnavailable(
                "缺少 epmd：请 apt-get install rabbitmq-server。\nepmd is missing: apt-get install rabbitmq-server."
            )
        self.port, self.address = port, address
        self._folder = private_folder("epmd", parent)
        self._process = ServerProcess(
            enter(["epmd", "-address", address, "-port", str(port)]),
            env={"PATH": f"{os.defpath}:/usr/sbin:/sbin"},
            folder=self._folder,
        )

    @property
    def pids(self) -> list[int]:
        return self._process.pids

    def start(self, timeout: float = 60) -> None:
        """Start it unless it runs, and wait until it answers; raises ServiceUnavailable after ``timeout`` seconds."""
        self._process.start()
        deadline = time.monotonic() + timeout
        while True:
            try:
                socket.create_connection((self.address, self.port), 0.5).close()
            except OSError as error:
                if time.monotonic() > deadline:
                    words = self._process.last_words()
                    raise ServiceUnavailable(f"epmd 未启动 / epmd did not start: {words}") from error
                time.sleep(0.02)
            else:
                return

    def close(self) -> None:
        self._process.kill9()
        shutil.rmtree(self._folder, ignore_errors=True)

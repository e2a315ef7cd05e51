"""Folders and ports of private servers, and the error of an unavailable server."""

import fcntl
import os
import random
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path

LOOPBACK = "127.0.0.1"
PORTS = range(15_000, 32_000)
"""Below the range from which Linux draws the ports of outgoing connections (32768 and up), so that the port of a killed
server is still free when it is restarted."""


class ServiceUnavailable(RuntimeError):
    """A server that a test needs is unavailable; the text gives the cure in Chinese and English."""


_given: set[int] = set()
"""The ports drawn by this process; it draws none twice."""


def free_ports(count: int) -> list[int]:
    """``count`` different free ports on loopback that no other test process has drawn.

    A server listens seconds after its port was drawn, and dozens start at once: collisions are not rare. So each port
    is claimed until this process ends."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if port in _given or not _is_free(port) or not _claimed(port):
            continue
        _given.add(port)
        found.append(port)
        if len(found) == count:
            return found
    raise ServiceUnavailable(
        f"{PORTS.start} 至 {PORTS.stop} 之间没有足够的空闲端口：请关闭占用端口的进程。\n"
        f"Not enough free ports from {PORTS.start} to {PORTS.stop}: end what occupies them."
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _claimed(port: int) -> bool:
    """One byte of a file in which all test processes of this user set locks: the kernel releases it when the process
    ends."""
    try:
        fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


@cache
def _claims() -> int:
    path = Path(tempfile.gettempdir()) / f"bus-ports-{os.getuid()}"
    # never closed: the locks of a process end with the first descriptor of the file that it closes, fcntl(2)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def private_folder(name: str, parent: Path | None = None, owner: str | None = None) -> Path:
    """A new empty folder that only ``owner`` (a unix user; None: ours) may enter.

    It is in ``parent`` if the owner can reach that and the path has no white space (which breaks RabbitMQ's shell
    scripts), else in the system's folder for temporary files."""
    if parent is not None:
        parent.mkdir(parents=True, exist_ok=True)
        if any(letter.isspace() for letter in str(parent)) or not _reaches(owner, parent):
            parent = None
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
    if owner is not None:
        shutil.chown(folder, owner, owner)
    return folder


def _reaches(user: str | None, folder: Path) -> bool:
    """Whether a unix user can enter a folder: as root we start servers under a user with fewer rights."""
    if user is None:
        return os.access(folder, os.W_OK | os.X_OK)
    return subprocess.run(["test", "-x", folder], check=False, user=user, group=user, extra_groups=[]).returncode == 0

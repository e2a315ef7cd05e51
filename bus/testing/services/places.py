"""Where a private server lives: its folder and its ports, and the error when it cannot live at all."""

import os
import random
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

LOOPBACK = "127.0.0.1"
PORTS = range(15_000, 32_000)
"""Below the range from which Linux draws the ports of outgoing connections (32768 and up), so that the port of a killed
server is still free when it is started again."""


class ServiceUnavailable(RuntimeError):
    """A server that a test needs cannot be had; the text says the cure in Chinese and English."""


def free_ports(count: int) -> list[int]:
    """``count`` different ports on which nothing listens on loopback."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise ServiceUnavailable(
        f"{PORTS.start} 至 {PORTS.stop} 之间没有足够的空闲端口：请关闭占用端口的进程。\n"
        f"Not enough free ports from {PORTS.start} to {PORTS.stop}: end what occupies them."
    )


def private_folder(name: str, parent: Path | None = None, owner: str | None = None) -> Path:
    """A new empty folder that only ``owner`` (a unix user; None: whoever we are) may enter.

    It lies in ``parent`` if the owner can reach that and the path holds no white space (which RabbitMQ's shell scripts
    do not survive), else in the system's folder for temporary files.
    """
    if parent is not None:
        parent.mkdir(parents=True, exist_ok=True)
        if any(letter.isspace() for letter in str(parent)) or not _reaches(owner, parent):
            parent = None
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
    if owner is not None:
        shutil.chown(folder, owner, owner)
    return folder


def _reaches(user: str | None, folder: Path) -> bool:
    """Whether a unix user can enter a folder: as root we start servers as somebody with fewer rights."""
    if user is None:
        return os.access(folder, os.W_OK | os.X_OK)
    return subprocess.run(["test", "-x", folder], check=False, user=user, group=user, extra_groups=[]).returncode == 0

"""A small disk, to be filled to its last byte."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path
from typing import Self

from verification.services.allocation import ServiceUnavailable
from verification.services.privileges import alive, need_program, need_root

OURS = re.compile(r"bus-tmpfs-(\d+)-\w+")
"""Our mount points carry the pid of the process that made them."""
BALLAST = "ballast"
STEP = 64 * 1024


class Tmpfs:
    """A disk of ``size`` bytes in memory, mounted at ``path``. The next one sweeps leftovers of killed processes."""

    def __init__(self, size: int, parent: Path | None = None, *, owner: str | None = None) -> None:
        """``owner`` is the unix user that owns the disk; None: ours. Raises ServiceUnavailable without root."""
        need_root("A small disk (tmpfs)")
        need_program("mount", "mount")
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=f"bus-tmpfs-{os.getpid()}-", dir=parent))
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "bus-tmpfs", str(self.path)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            self.path.rmdir()
            raise ServiceUnavailable(f"tmpfs 挂载失败 / tmpfs could not be mounted: {done.stderr}")
        if owner is not None:
            shutil.chown(self.path, owner, owner)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fill(self, leave: int = 0) -> int:
        """Write until only ``leave`` bytes (rounded to pages) are free. Returns the bytes written."""
        written = 0
        with (self.path / BALLAST).open("ab", buffering=0) as ballast:
            while (room := shutil.disk_usage(self.path).free - leave) > 0:
                try:
                    written += ballast.write(bytes(min(room, STEP)))
                except OSError as error:
                    if error.errno != ENOSPC:
                        raise
                    break
        return written

    def free(self) -> None:
        """Delete the filling; idempotent."""
        (self.path / BALLAST).unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount, even with files open there; idempotent."""
        _unmount(self.path)


def sweep() -> None:
    """Unmount the leftovers of dead processes."""
    for path in _mounted():
        if (owner := OURS.fullmatch(path.name)) and not alive(int(owner[1])):
            _unmount(path)


def _mounted() -> Iterator[Path]:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        device, path, *_ = line.split()
        if device == "bus-tmpfs":
            yield Path(path.encode().decode("unicode_escape"))  # the kernel writes a blank as \040


def _unmount(path: Path) -> None:
    if path in _mounted():
        # lazily: the disk leaves the tree at once, its memory with the last open file
        subprocess.run(["umount", "--lazy", path], check=True, capture_output=True, timeout=120)
    with suppress(FileNotFoundError):
        path.rmdir()

"""A wrong clock for a child process: its time of day is set from here while it runs."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from verification.services.allocation import ServiceUnavailable

LIBRARIES = "*/faketime/libfaketimeMT.so.1"
SLEEP = "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds) and None\n"
"""Python reads this as its ``sitecustomize``: libfaketime 0.9.10 breaks the system call that Python's own sleep uses
since 3.11, which then raises EINVAL (wolfcw/libfaketime#426)."""


class FakeClock:
    """The clock of every process that is started with ``env``. The monotonic clock and files' times stay true."""

    def __init__(self, offset: float = 0, parent: Path | None = None) -> None:
        """``offset`` in seconds from the true time. Raises ServiceUnavailable without libfaketime."""
        self._library = _library()
        self._folder = tempfile.TemporaryDirectory(prefix="bus-clock-", dir=parent)
        self._file = Path(self._folder.name) / "offset"
        Path(self._folder.name).chmod(0o755)  # a child may run as another user
        (Path(self._folder.name) / "sitecustomize.py").write_text(SLEEP)
        self.set_offset(offset)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def env(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """``env`` (None: our own) with the false clock in it, for a child process and all its children."""
        env = dict(os.environ if env is None else env)
        first = {"LD_PRELOAD": str(self._library), "PYTHONPATH": self._folder.name}
        return env | {
            **{name: f"{ours}:{env[name]}" if env.get(name) else ours for name, ours in first.items()},
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            # timeouts use it: a process whose monotonic clock jumps hangs or spins
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set_offset(self, seconds: float) -> None:
        """Set the children's clock to this offset; they see it within about a second."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+.3f}\n")
        fresh.chmod(0o644)
        fresh.replace(self._file)

    def close(self) -> None:
        """Children that still run see the true time again; idempotent."""
        self._folder.cleanup()


def _library() -> Path:
    found = sorted(Path("/usr/lib").glob(LIBRARIES))
    if not found:
        raise ServiceUnavailable(
            "未安装 libfaketime：请运行 make services，或 apt-get install libfaketime。\n"
            "libfaketime is not installed: run make services, or apt-get install libfaketime."
        )
    return found[0]

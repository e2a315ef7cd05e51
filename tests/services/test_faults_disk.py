"""A small disk is full when it was filled, has room when it was freed, and is gone when it was closed."""

import os
import subprocess
import sys
from errno import ENOSPC
from pathlib import Path

import pytest

from verification.faults import Tmpfs
from verification.services import ServiceUnavailable


def _mounts() -> str:
    return Path("/proc/self/mounts").read_text()


def test_a_full_disk_takes_no_byte_and_a_freed_one_does(tmp_path: Path) -> None:
    """ENOSPC while full, but for the room that was left; what lay there before stays."""
    with Tmpfs(2 * 1024 * 1024, tmp_path) as disk:
        (disk.path / "kept").write_bytes(b"kept")
        assert disk.fill() > 1024 * 1024
        with pytest.raises(OSError, match=os.strerror(ENOSPC)):
            (disk.path / "more").write_bytes(bytes(4096))
        disk.free()
        disk.free()
        disk.fill(leave=64 * 1024)
        (disk.path / "more").write_bytes(bytes(32 * 1024))
        assert (disk.path / "kept").read_bytes() == b"kept"


def test_a_closed_disk_is_gone_though_a_file_is_open(tmp_path: Path) -> None:
    """Neither mount nor folder is left, and a second close does nothing."""
    disk = Tmpfs(1024 * 1024, tmp_path)
    with (disk.path / "open").open("wb"):
        disk.close()
    disk.close()
    assert str(disk.path) not in _mounts()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_of_a_killed_process_is_swept_with_the_next_one(tmp_path: Path) -> None:
    """A process that died by SIGKILL leaves its disk mounted; the next one takes it away."""
    program = (
        "import os, pathlib, signal, sys; from verification.faults import Tmpfs\n"
        "print(Tmpfs(65536, pathlib.Path(sys.argv[1])).path, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False)
    left = done.stdout.strip()
    assert left in _mounts()
    with Tmpfs(65536, tmp_path) as disk:
        assert left not in _mounts()
        assert str(disk.path) in _mounts()


def test_without_root_the_error_says_the_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody else may mount: the words name sudo, in Chinese and English."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ServiceUnavailable, match=r"请以 root 运行.*\n.*sudo make test"):
        Tmpfs(65536, tmp_path)

"""Privileges and programs that a fault needs, and the check of whose leftovers may be swept."""

import os
import shutil
from pathlib import Path

from verification.services.allocation import ServiceUnavailable


def need_root(what: str) -> None:
    """Raise ServiceUnavailable unless we are root; ``what`` names what root is needed for, in English."""
    if os.geteuid() != 0:
        raise ServiceUnavailable(
            f"{what} 需要 root 权限：请以 root 运行测试（如 sudo make test）。\n"
            f"{what} needs root: run the tests as root, for example sudo make test."
        )


def need_program(program: str, package: str, target: str = "services") -> str:
    """The path of a program; raises ServiceUnavailable with the Debian package that brings it, and with the target of
    make that installs that."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if found is None:
        raise ServiceUnavailable(
            f"未安装 {program}：请运行 make {target}，或 apt-get install {package}。\n"
            f"{program} is not installed: run make {target}, or apt-get install {package}."
        )
    return found


def alive(pid: int) -> bool:
    """Whether a process runs: the leftovers of a dead one may be swept away."""
    return Path(f"/proc/{pid}").exists()

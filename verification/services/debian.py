"""The Debian packages of private servers and of tests, installed without starting any service."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from verification.services.allocation import ServiceUnavailable
from verification.services.private_postgres import VERSIONS
from verification.services.private_rabbitmq import PROGRAMS

INSTALL = r"""
set -eu
exec 9</var/lib/dpkg
flock -w 600 9
policy=/usr/sbin/policy-rc.d
kept=$policy.kept-by-bus-testing
restore() { if [ -e "$kept" ]; then mv -f "$kept" "$policy"; else rm -f "$policy"; fi; }
trap restore EXIT
trap 'exit 143' HUP INT TERM
if [ -e "$policy" ] && [ ! -e "$kept" ]; then cp -p "$policy" "$kept"; fi
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 "$@" </dev/null; }
install "$@" || { apt-get update -q && install "$@"; }
if [ -d /run/systemd/system ]; then
  for package in "$@"; do systemctl disable --quiet "$package" 2>/dev/null || :; done
fi
"""
"""``policy-rc.d`` answering 101 is Debian's way to say "no service may be started now"; an existing one is restored. A
package that we installed is not started at the next boot either. The first try skips updating the lists."""


LIBRARIES = Path("/usr/lib")
HEADERS = Path("/usr/include")
FONTS = Path("/usr/share/fonts")
OF_ROOT = "/usr/sbin:/sbin"
"""The folders of root's programs, which are not on every user's search path."""


def missing_packages(*, containers: bool = False, releases: bool = False) -> list[str]:
    """The packages whose programs or files are missing.

    ``containers``: whether single servers come in containers; clusters, faults and the model check never do.
    ``releases``: whether RabbitMQ of other Debian releases is wanted in folders."""
    found = {
        "rabbitmq-server": (PROGRAMS / "rabbitmq-server").exists() and _program("epmd"),
        "postgresql": containers or any(VERSIONS.glob("*/bin/initdb")),
        "pgbouncer": _program("pgbouncer"),  # a pooler before PostgreSQL, in session and in transaction mode
        "spin": _program("spin"),  # checks the model of the custody protocol, by a C program that it writes
        "gcc": _program("gcc"),
        "libc6-dev": (HEADERS / "stdio.h").exists(),
        "libfaketime": any(LIBRARIES.glob("*/faketime/libfaketimeMT.so.1")),  # a center with a wrong clock
        "iptables": _program("iptables"),  # partitions
        "iproute2": _program("ip"),
        "curl": _program("curl"),  # runs the pages' commands
        "openssl": _program("openssl"),
        "systemd": _program("systemd-analyze"),  # how far the unit shuts a center in; nothing of it is started
        "chromium": _program("chromium"),  # looks at the console's pages
        "fonts-wqy-microhei": any(FONTS.glob("**/wqy-microhei*")),  # with the signs that stand on them
        "prometheus": _program("promtool"),  # tries the alert rules; its server is never started
        "nginx": _program("nginx"),
        "postgresql-common": _program("pg_ctlcluster"),
        "mmdebstrap": not releases or _program("mmdebstrap"),
    }
    return [package for package, there in found.items() if not there]


def ensure_packages(*, containers: bool = False, releases: bool = False) -> list[str]:
    """Install missing packages, and return their names.

    ``containers``, ``releases``: as for ``missing_packages``.
    Raises ServiceUnavailable, with the cure, where we have no right to install or apt-get fails.
    """
    return install_packages(lambda: missing_packages(containers=containers, releases=releases))


def install_packages(look: Callable[[], list[str]]) -> list[str]:
    """Install what ``look`` finds missing, and return its names. Raises as ``ensure_packages``."""
    missing = look()
    if not missing:
        return []
    cure = f"apt-get install --no-install-recommends {' '.join(missing)}"
    root = _as_root()
    if root is None or shutil.which("apt-get") is None:
        raise ServiceUnavailable(
            f"测试需要 {'、'.join(missing)}，且无权自动安装：请以 root 运行 {cure}。\n"
            f"The tests need {' and '.join(missing)}, which may not be installed from here: as root, run {cure}"
        )
    done = subprocess.run([*root, "/bin/sh", "-c", INSTALL, "install", *missing], check=False, timeout=1800)
    if done.returncode != 0 or look():
        raise ServiceUnavailable(
            f"apt-get 安装失败（见上方输出）：请检查网络与软件源后以 root 运行 {cure}。\n"
            f"apt-get failed, see above: look at the network and the package sources, then run {cure} as root"
        )
    return missing


def _program(name: str) -> bool:
    return shutil.which(name) is not None or shutil.which(name, path=OF_ROOT) is not None


def _as_root() -> Sequence[str] | None:
    """The prefix that runs a command as root; None without the right, or if it would prompt."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None or not Path("/var/lib/dpkg").exists():
        return None
    allowed = subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True, timeout=30)
    return ["sudo", "-n"] if allowed.returncode == 0 else None

"""A machine of its own, for what pages tell people to do as root: own files, users, processes and network.

Its files are those of this machine with a layer over them, in memory; what is written there is seen by nobody else and
goes with the machine. So a page may install, add users and take the ports that it names. Nothing is a container of a
daemon: namespaces and an overlay suffice, and need root.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from verification.services.allocation import ServiceUnavailable
from verification.services.privileges import need_program, need_root

BOOT = r"""
set -eu
layer=$4
mount -t tmpfs -o size=3g,mode=755 machine "$layer"
mkdir "$layer/upper" "$layer/work" "$layer/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" "$layer/root"
cd "$layer/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=755 run run
# what runs us may lie on a disk of its own, which the layer does not show
for needed in $3; do
    [ -e "./$needed" ] || { mkdir -p "./$needed" && mount --rbind "$needed" "./$needed"; }
done
mkdir run/lock run/old
pivot_root . run/old
umount -l /run/old
rmdir /run/old
cd /
rm -rf /etc/bus /opt/four-center-bus* /var/lib/bus /var/backups/bus
rm -f /etc/rabbitmq/rabbitmq.conf /etc/rabbitmq/enabled_plugins
hostname county
ip link set lo up
printf '127.0.0.1 localhost county %s\n::1 localhost\n' "$2" >/etc/hosts
# what is installed stays as it is: a page that asks for it again is not to fetch a newer one
printf 'APT::Get::Upgrade "false";\nAPT::Install-Recommends "false";\n' >/etc/apt/apt.conf.d/90machine
exec "$0" -c "$1"
"""
FIRST = r"""
import os, select, sys
print("up", flush=True)
while not select.select([sys.stdin], [], [], 0.2)[0]:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
"""
"""Process 1: it buries the processes that others have left, and ends with us, and with it all others."""
NEEDED = f"{Path(__file__).parents[2]} {sys.prefix} {sys.base_prefix}"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FETCHES = re.compile(r"(PIP|UV)_\w+|\w+_proxy|\w+_PROXY|(SSL|REQUESTS|CURL)_\w+", re.ASCII)
"""Variables by which this machine's programs find their packages; all others stay outside."""


class Machine:
    """One machine. ``start`` it; ``close`` ends its processes and drops its files."""

    def __init__(self, hosts: Sequence[str] = ()) -> None:
        """``hosts``: names that lead to the machine itself.

        Raises ServiceUnavailable without root or util-linux."""
        need_root("A machine of its own for the commands of a page")
        for program, package in (("unshare", "util-linux"), ("nsenter", "util-linux"), ("ip", "iproute2")):
            need_program(program, package)
        self._hosts = hosts
        self._folder = ""
        self._first: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> Self:
        """Bring it up; raises ServiceUnavailable where the kernel gives no namespaces or no overlay."""
        spaces = ["--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]
        self._folder = tempfile.mkdtemp(prefix="machine-")
        self._first = subprocess.Popen(
            [
                "unshare",
                *spaces,
                "--",
                "/bin/sh",
                "-c",
                BOOT,
                sys.executable,
                FIRST,
                " ".join(self._hosts),
                NEEDED,
                self._folder,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": PATH, "LC_ALL": "C"},
            start_new_session=True,
        )
        assert self._first.stdout is not None
        assert self._first.stderr is not None
        if self._first.stdout.readline() != "up\n":
            why = self._first.stderr.read()
            self.close()
            raise ServiceUnavailable(
                f"无法用命名空间和 overlay 建立独立的机器：请在有此权限的 Linux 上以 root 运行。\n"
                f"No machine of its own from namespaces and an overlay: run as root on a Linux that allows it.\n{why}"
            )
        return self

    def command(self, argv: Sequence[str], *, online: bool = False) -> list[str]:
        """The command that runs ``argv`` on it; ``online``: with the network of this machine, to fetch something."""
        spaces = ["--mount", "--uts", "--ipc", "--pid", *([] if online else ["--net"])]
        return ["nsenter", f"--target={self._pid()}", *spaces, "--", *argv]

    def run(self, script: str, *, online: bool = False, timeout: float = 600) -> str:
        """What a script of the shell says; raises RuntimeError with its words when it fails."""
        done = subprocess.run(
            self.command(["/bin/sh", "-e", "-c", script], online=online),
            env=self.env(online=online),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{script}\n{done.stdout[-6000:]}\n({done.returncode})")
        return done.stdout

    def env(self, *, online: bool = False) -> dict[str, str]:
        """The environment of root's shell there: nothing of ours, but for how packages are fetched."""
        fetching = {name: value for name, value in os.environ.items() if online and FETCHES.fullmatch(name)}
        return {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", "TERM": "dumb", "USER": "root", **fetching}

    def file(self, path: str) -> Path:
        """Where a file of it is reached from here, for reading and writing as root."""
        return Path(f"/proc/{self._pid()}/root{path}")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Put a file there."""
        self.file(path).parent.mkdir(parents=True, exist_ok=True)
        self.file(path).write_text(text, encoding="utf-8")
        self.file(path).chmod(mode)

    def close(self) -> None:
        """End it; done twice it does nothing."""
        if self._first is None:
            return
        first, self._first = self._first, None
        for pipe in (first.stdin, first.stdout, first.stderr):
            assert pipe is not None
            pipe.close()
        first.wait(60)
        Path(self._folder).rmdir()  # what lay there was mounted for the machine's own eyes

    def _pid(self) -> int:
        """Process 1 of the machine, as this machine numbers it."""
        assert self._first is not None, "start the machine first"
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children").read_text()
        return int(children.split()[0])

"""A terminal on a machine: one shell that lives on, so that a later command has what an earlier one has set."""

import re
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Self

from verification.rooms import ROOT
from verification.services.machine import PATH, Machine

STARTED_BY_DEBIAN = {
    "rabbitmq-server": "systemctl start rabbitmq-server",
    "postgresql": "pg_lsclusters -h | while read -r version name _; do pg_ctlcluster $version $name start; done",
    "nginx": "nginx",
}
"""All that is done beside the page: where it installs one of these packages, Debian starts the service. Here it is
installed already (``make services``), and nothing runs on the machine but what is started."""
INSTALLS = re.compile(r"apt-get install (?:-y )?(.*)")
SYSTEMD = '#!/bin/sh\nPYTHONPATH="{root}" exec "{python}" -m verification.systemd {word} "$@"\n'


class CommandFailed(AssertionError):
    """A command of a page has ended with another exit code than 0."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that was done."""

    command: str
    said: str
    seconds: float


class Terminal:
    """Root's shell on a machine."""

    def __init__(self, machine: Machine, *, online: bool = False) -> None:
        """``online``: with the network of this machine, for what is fetched."""
        self._machine = machine
        self._mark = f"done-{secrets.token_hex(8)}"
        self.done: list[Done] = []
        self._shell = subprocess.Popen(
            machine.command(["bash", "--norc", "--noprofile"], online=online),
            env=machine.env(online=online),
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def enter(self, command: str) -> str:
        """Do one command and return what it has said; raises ``CommandFailed``."""
        began = time.monotonic()
        code, said = self._do(command)
        if code == 0 and (found := INSTALLS.search(command)):
            for package in STARTED_BY_DEBIAN.keys() & set(found[1].split()):
                self._machine.run(STARTED_BY_DEBIAN[package])
        self.done.append(Done(command, said, time.monotonic() - began))
        if code != 0:
            raise CommandFailed(f"{command}\n{said[-6000:]}\n({code})")
        return said

    def close(self) -> None:
        """Leave the shell; what it has started in the background stays."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.close()
        self._shell.stdout.close()
        self._shell.wait(30)

    def _do(self, command: str) -> tuple[int, str]:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        # what it starts must not read our next words
        self._shell.stdin.write(f"{{ {command}\n}} </dev/null; printf '\\n%s %s\\n' {self._mark} $?\n")
        self._shell.stdin.flush()
        lines: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(self._mark):
                return int(line.split()[1]), "".join(lines).removesuffix("\n")
            lines.append(line)
        raise CommandFailed(f"{command}\n{''.join(lines)}\nthe shell has ended")


def with_systemd(machine: Machine) -> None:
    """Put ``systemctl`` and ``journalctl`` of ``verification/systemd`` before those of the machine."""
    for word in ("systemctl", "journalctl"):
        text = SYSTEMD.format(root=ROOT, python=sys.executable, word=word)
        machine.write(f"{PATH.partition(':')[0]}/{word}", text, 0o755)

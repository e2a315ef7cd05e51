"""RabbitMQ of another Debian release: its files are in a folder, and nothing of it is installed on this machine."""

import fcntl
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from verification.services.allocation import ServiceUnavailable
from verification.services.privileges import need_program, need_root

CHOICE = "BUS_TEST_RABBITMQ"
RELEASES = ("bookworm", "trixie", "sid")
"""From the oldest RabbitMQ that the bus supports to the newest that Debian has."""
NEWEST = RELEASES[-1]
FOLDERS = Path(__file__).parents[2] / ".local" / "debian"
ENTER = 'mount --bind "$0/etc" /etc && mount --bind "$0/usr" /usr && exec "$@"'
"""The release's programs and libraries cover ours, for this process alone (it has a mount namespace of its own). A
chroot would hide paths that a node is given: its data, a certificate of a test, a disk that a fault fills."""
MIRROR = ("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian")
PROXIES = ("Acquire::http::Proxy", "Acquire::https::Proxy")
INSTALL_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class DebianRelease:
    """A Debian release with RabbitMQ in a folder of this checkout; ``prepare`` makes the folder."""

    name: str
    folder: Path

    @property
    def prepared(self) -> bool:
        """Whether the folder is complete: it gets its name last."""
        return (self.folder / "usr/lib/rabbitmq/bin/rabbitmq-server").exists()

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command that runs ``argv`` on the release's programs, under the same pid."""
        return ["unshare", "--mount", "--", "/bin/sh", "-c", ENTER, str(self.folder), *argv]

    def prepare(self) -> None:
        """Make the folder if it is missing; the remains of an interrupted try are swept first.

        Raises ServiceUnavailable without root or mmdebstrap, or if Debian's packages are unavailable."""
        need_root("RabbitMQ of another Debian release")
        need_program("unshare", "util-linux")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(self.folder.with_suffix(".lock")):
            if self.prepared:
                return
            need_program("mmdebstrap", "mmdebstrap", "brokers")
            half = self.folder.with_suffix(".making")
            for left in (half, self.folder):
                _sweep(left)
            print(f"{self.name}: mmdebstrap → {self.folder}", file=sys.stderr)  # noqa: T201 - it takes minutes
            _make(self.name, half)
            half.rename(self.folder)


def asked_release() -> DebianRelease | None:
    """The release named by BUS_TEST_RABBITMQ; None for this machine's own RabbitMQ. It may not be prepared yet."""
    return release_named(os.environ.get(CHOICE, ""))


def release_named(name: str) -> DebianRelease | None:
    """The release of this name; None for this machine's own and for no name. Raises ServiceUnavailable for unknown
    names."""
    if name not in ("", *RELEASES):
        raise ServiceUnavailable(
            f"{CHOICE}={name} 无效：请设为 {'、'.join(RELEASES)} 之一。\n"
            f"{CHOICE}={name} is unknown: set it to one of {', '.join(RELEASES)}."
        )
    if name in ("", _own_codename()):
        return None
    return DebianRelease(name, FOLDERS / name)


def bootstrap_command(name: str, folder: Path, mirror: str, proxies: Sequence[str] = ()) -> list[str]:
    """The call of mmdebstrap: the release's smallest system with RabbitMQ, without recommended packages.

    Signatures are checked, but not their date: a mirror that lags is good enough for a test."""
    options = ('APT::Install-Recommends "false"', 'Acquire::Check-Valid-Until "false"', *proxies)
    return [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        "--include=rabbitmq-server",
        *(f"--aptopt={option}" for option in options),
        name,
        str(folder),
        mirror,
    ]


def _make(name: str, folder: Path) -> None:
    command = bootstrap_command(name, folder, _mirror(), list(_proxies()))
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise _unavailable(name, f"no end within {INSTALL_SECONDS} s") from error
    if done.returncode != 0:
        raise _unavailable(name, done.stderr[-2000:])
    # Erlang's own resolver and the C library both look here for the host in the node's name
    (folder / "etc/hosts").write_text("127.0.0.1 localhost\n")


def _unavailable(name: str, why: str) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"无法准备 Debian {name}：请检查网络与软件源，再试一次。\n"
        f"Debian {name} cannot be made: look at the network and the package sources, then try again.\n{why}"
    )


def _mirror() -> str:
    """The Debian mirror of this machine's own apt."""
    found = _said(*MIRROR).split()
    if not found:
        raise ServiceUnavailable(
            "本机 apt 未配置 Debian 软件源：请检查 /etc/apt，并运行 apt-get update。\n"
            "This machine's apt knows no source of Debian: look into /etc/apt, and run apt-get update."
        )
    return found[0]


def _proxies() -> Iterator[str]:
    """The proxies of this machine's own apt, as options; mmdebstrap does not read them."""
    for key in PROXIES:
        if value := _said("apt-config", "dump", "--format=%v", key):
            yield f'{key} "{value}"'


def _said(*command: str) -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300).stdout.strip()


def _own_codename() -> str:
    try:
        return platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    except OSError:
        return ""


def _sweep(folder: Path) -> None:
    """Delete a folder, but never through the mounts that a killed mmdebstrap may have left in it."""
    subprocess.run(["rm", "--recursive", "--force", "--one-file-system", folder], check=True, timeout=600)


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Keep two runs from making the same folder."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

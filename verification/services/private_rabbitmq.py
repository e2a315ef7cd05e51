"""A RabbitMQ from the Debian package as a private process: own epmd, own cookie, own ports, own data."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from verification.services.allocation import LOOPBACK, ServiceUnavailable, free_ports, private_folder
from verification.services.debian_release import DebianRelease
from verification.services.epmd import Epmd, here
from verification.services.process import ServerProcess

PROGRAMS = Path("/usr/lib/rabbitmq/bin")
"""Not ``/usr/sbin/rabbitmq-server``: Debian's wrapper insists on its own unix user and on the system's folders."""
PLUGINS = ("rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_auth_mechanism_ssl")
SETTINGS = ("vm_memory_high_watermark.absolute = 1GB", "disk_free_limit.absolute = 100MB")
IDLE = "+sbwt none +sbwtdcpu none +sbwtdio none"
"""Erlang's schedulers spin before they sleep, which takes a small machine's cores from other processes."""


@dataclass(frozen=True, slots=True)
class NodeSeat:
    """The place of a node in a cluster: nodes with one cookie, and port mappers on one port, can find each other."""

    name: str
    """Erlang's name of the node, ``bus1@localhost``, or with an address behind the sign in a network namespace."""
    epmd: Epmd
    address: str = LOOPBACK
    cookie: str = field(default_factory=lambda: secrets.token_hex(20), repr=False)
    enter: Callable[[Sequence[str]], list[str]] = here
    """Turns a command into one that runs where the node runs."""
    schedulers: int = 2


class PrivateRabbit:
    """The processes and files of one private node; ``RabbitNode`` is what tests use."""

    def __init__(
        self,
        ports: Sequence[int],
        settings: Sequence[str],
        *,
        parent: Path | None,
        programs: Path = PROGRAMS,
        seat: NodeSeat | None = None,
        release: DebianRelease | None = None,
    ) -> None:
        """``ports``: AMQP, management, prometheus; ``settings``: lines of rabbitmq.conf besides the listeners, of which
        the last with a key wins; ``seat``: the place in a cluster, whose epmd belongs to the cluster; ``release``:
        another Debian release, prepared, whose RabbitMQ runs instead of this machine's. The port mapper is always this
        machine's: it supports nodes of every version."""
        if not (programs / "rabbitmq-server").exists() or shutil.which("epmd") is None:
            raise ServiceUnavailable(
                "未安装 rabbitmq-server：请运行 make services（需要 root 或免密 sudo），"
                "或 apt-get install rabbitmq-server。\n"
                "rabbitmq-server is not installed: run make services (as root or with passwordless sudo), "
                "or apt-get install rabbitmq-server."
            )
        self.folder = private_folder("rabbitmq", parent)
        self._ports, self._programs, self._release = ports, programs, release
        self._distribution, epmd_port = free_ports(2)
        self._own_epmd: Epmd | None = None
        if seat is None:
            self._own_epmd = Epmd(epmd_port, parent=self.folder)
            # a name of its own per node, so that two nodes on one machine are never confused
            seat = NodeSeat(f"bus{ports[0]}@localhost", self._own_epmd)
        self._seat = seat
        self._write(settings)
        self._server = ServerProcess(self._command("rabbitmq-server"), env=self._env(), folder=self.folder)

    @property
    def running(self) -> bool:
        return self._server.running

    @property
    def pids(self) -> list[int]:
        """The node's processes, and its port mapper's if that is its own."""
        return [*(self._own_epmd.pids if self._own_epmd else []), *self._server.pids]

    def start(self) -> None:
        self._seat.epmd.start()
        self._server.start()

    def terminate(self) -> None:
        self._server.terminate()

    def kill9(self) -> None:
        self._server.kill9()

    def freeze(self) -> None:
        self._server.freeze("beam.smp")

    def thaw(self) -> None:
        self._server.thaw("beam.smp")

    def remove(self) -> None:
        """End everything and delete the data; idempotent."""
        self._server.kill9()
        if self._own_epmd is not None:
            self._own_epmd.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def last_words(self) -> str:
        """The end of the server's output, for the error text."""
        return self._server.last_words()

    def ctl(self, tool: str, *arguments: str, timeout: float) -> str:
        """The output of a RabbitMQ command-line tool for this node; raises RuntimeError if it refuses."""
        command = self._command(tool, *arguments)
        try:
            done = subprocess.run(
                command, env=self._env(), cwd=self.folder, capture_output=True, text=True, check=False, timeout=timeout
            )
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"{tool} {arguments[0]} gave no answer within {timeout:g} s: does the node run?") from (
                error
            )
        if done.returncode != 0:
            raise RuntimeError(f"{tool} {arguments[0]} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
        return done.stdout

    def _command(self, program: str, *arguments: str) -> list[str]:
        command = [str(self._programs / program), *arguments]
        return self._seat.enter(command if self._release is None else self._release.command(command))

    def _write(self, settings: Sequence[str]) -> None:
        amqp, management, prometheus = self._ports
        for name in ("data", "log", "home"):
            (self.folder / name).mkdir()
        cookie = self.folder / "home" / ".erlang.cookie"
        cookie.touch(0o600)
        cookie.write_text(self._seat.cookie)
        cookie.chmod(0o400)
        (self.folder / "enabled_plugins").write_text(f"[{','.join(PLUGINS)}].\n")
        listeners = [
            f"listeners.tcp.1 = {self._seat.address}:{amqp}",
            f"management.tcp.ip = {self._seat.address}",
            f"management.tcp.port = {management}",
            f"prometheus.tcp.ip = {self._seat.address}",
            f"prometheus.tcp.port = {prometheus}",
        ]
        lines = {line.partition("=")[0].strip(): line for line in (*listeners, *SETTINGS, *settings)}
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines.values()) + "\n")

    def _env(self) -> dict[str, str]:
        seat = self._seat
        interface = "-kernel inet_dist_use_interface {" + seat.address.replace(".", ",") + "}"
        env = {
            "PATH": os.defpath + ":/usr/local/bin:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
            "HOME": str(self.folder / "home"),
            "RABBITMQ_NODENAME": seat.name,
            "RABBITMQ_NODE_IP_ADDRESS": seat.address,
            "RABBITMQ_NODE_PORT": str(self._ports[0]),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "node.pid"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            # the system's own rabbitmq-env.conf must not reach a private node
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "ERL_EPMD_ADDRESS": seat.epmd.address,
            "ERL_EPMD_PORT": str(seat.epmd.port),
            # the distribution port listens on every interface unless told
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{interface} +S {seat.schedulers}:{seat.schedulers} {IDLE}",
            "RABBITMQ_CTL_ERL_ARGS": f"{interface} +S 1:1 {IDLE}",
            "ERL_CRASH_DUMP": "/dev/null",
        }
        if "." in seat.name.partition("@")[2]:
            env["RABBITMQ_USE_LONGNAME"] = "true"
        return env

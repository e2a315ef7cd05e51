"""A RabbitMQ from the Debian package as a private process: own epmd, own cookie, own ports, own data."""

import os
import secrets
import shutil
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from bus.testing.services.places import LOOPBACK, ServiceUnavailable, free_ports, private_folder
from bus.testing.services.process import ServerProcess

PROGRAMS = Path("/usr/lib/rabbitmq/bin")
"""Not ``/usr/sbin/rabbitmq-server``: Debian's wrapper insists on its own unix user and on the system's folders."""
PLUGINS = ("rabbitmq_management", "rabbitmq_prometheus")


class PrivateRabbit:
    """The processes and files of one private node; ``RabbitNode`` is what tests use."""

    def __init__(
        self, ports: Sequence[int], settings: Sequence[str], *, parent: Path | None, programs: Path = PROGRAMS
    ) -> None:
        """``ports``: AMQP, management, prometheus; ``settings``: lines of rabbitmq.conf besides the listeners."""
        if not (programs / "rabbitmq-server").exists() or shutil.which("epmd") is None:
            raise ServiceUnavailable(
                "未安装 rabbitmq-server：请运行 make services（需要 root 或免密 sudo），"
                "或 apt-get install rabbitmq-server。\n"
                "rabbitmq-server is not installed: run make services (as root or with passwordless sudo), "
                "or apt-get install rabbitmq-server."
            )
        self.folder = private_folder("rabbitmq", parent)
        self._ports = ports
        self._distribution, self._epmd_port = free_ports(2)
        self._write(settings)
        self._epmd = ServerProcess(
            ["epmd", "-address", LOOPBACK, "-port", str(self._epmd_port)], env=self._env(), folder=self.folder
        )
        self._server = ServerProcess([str(programs / "rabbitmq-server")], env=self._env(), folder=self.folder)

    @property
    def running(self) -> bool:
        return self._server.running

    @property
    def pids(self) -> list[int]:
        return [*self._epmd.pids, *self._server.pids]

    def start(self) -> None:
        self._epmd.start()
        self._await_epmd()
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
        """End everything and delete the data."""
        self._server.kill9()
        self._epmd.kill9()
        shutil.rmtree(self.folder)

    def last_words(self) -> str:
        """The end of what the server wrote, for the error text."""
        return self._server.last_words()

    def _await_epmd(self, timeout: float = 10) -> None:
        deadline = time.monotonic() + timeout
        while True:
            try:
                socket.create_connection((LOOPBACK, self._epmd_port), 0.5).close()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise ServiceUnavailable(f"epmd 未启动 / epmd did not start: {self._epmd.last_words()}") from error
                time.sleep(0.02)
            else:
                return

    def _write(self, settings: Sequence[str]) -> None:
        amqp, management, prometheus = self._ports
        for name in ("data", "log", "home"):
            (self.folder / name).mkdir()
        cookie = self.folder / "home" / ".erlang.cookie"
        cookie.touch(0o600)
        cookie.write_text(secrets.token_hex(20))
        cookie.chmod(0o400)
        (self.folder / "enabled_plugins").write_text(f"[{','.join(PLUGINS)}].\n")
        lines = [
            f"listeners.tcp.1 = {LOOPBACK}:{amqp}",
            f"management.tcp.ip = {LOOPBACK}",
            f"management.tcp.port = {management}",
            f"prometheus.tcp.ip = {LOOPBACK}",
            f"prometheus.tcp.port = {prometheus}",
            "vm_memory_high_watermark.absolute = 1GB",
            "disk_free_limit.absolute = 100MB",
            *settings,
        ]
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")

    def _env(self) -> dict[str, str]:
        amqp = self._ports[0]
        here = "{" + LOOPBACK.replace(".", ",") + "}"
        return {
            "PATH": os.defpath + ":/usr/local/bin:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
            "HOME": str(self.folder / "home"),
            # a name of its own per node, so that two nodes on one machine never take each other for themselves
            "RABBITMQ_NODENAME": f"bus{amqp}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": str(amqp),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "node.pid"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            # the system's own rabbitmq-env.conf must not reach a private node
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self._epmd_port),
            # the distribution port listens on every interface unless told; two schedulers suffice for tests
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-kernel inet_dist_use_interface {here} +S 2:2",
            "ERL_CRASH_DUMP": "/dev/null",
        }

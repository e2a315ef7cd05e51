"""A private RabbitMQ for tests: a container if a Docker daemon answers, else a process of the Debian package."""

import os
import secrets
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import quote

import httpx

from verification.services.allocation import LOOPBACK, ServiceUnavailable, free_ports
from verification.services.container import Container, containers_wanted
from verification.services.debian_release import asked_release
from verification.services.private_rabbitmq import NodeSeat, PrivateRabbit

IMAGE = os.environ.get("BUS_TEST_RABBITMQ_IMAGE", "docker.io/library/rabbitmq:4.1-management")


class Server(Protocol):
    """The interface between a node and its container or process."""

    @property
    def running(self) -> bool: ...
    @property
    def pids(self) -> list[int]: ...
    def start(self) -> None: ...
    def terminate(self) -> None: ...
    def kill9(self) -> None: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...
    def remove(self) -> None: ...
    def last_words(self) -> str: ...


class RabbitServer(Server, Protocol):
    """A RabbitMQ server, with its command-line tools."""

    def ctl(self, tool: str, *arguments: str, timeout: float) -> str: ...


class RabbitNode:
    """One node with its own administrator, on loopback unless its seat is elsewhere; data live until ``stop``.

    Not thread-safe. Several nodes may run at once. After ``kill9`` call ``start`` to restart it with its data; a killed
    RabbitMQ may undo a declaration younger than about two seconds."""

    def __init__(
        self,
        parent: Path | None = None,
        *,
        settings: Sequence[str] = (),
        seat: NodeSeat | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        """``parent`` is where the data folder is made; None: among the system's temporary files. ``settings`` are lines
        of rabbitmq.conf (``disk_free_limit.absolute = 5MB``) over our own. ``seat`` is the place in a cluster and
        ``login`` the name and password of the cluster's administrator.

        With settings or a seat, or if BUS_TEST_RABBITMQ names another Debian release, the node is a process of the
        Debian package, even if Docker answers. Raises ServiceUnavailable if there is neither Docker nor the Debian
        package, and for an unknown release."""
        self.user, self.password = login or ("admin", secrets.token_hex(16))
        self.host = LOOPBACK if seat is None else seat.address
        self.name = "" if seat is None else seat.name
        self._amqp, self._management, self._prometheus = ports = free_ports(3)
        self.server: RabbitServer
        release = asked_release()
        if release is None and containers_wanted() and seat is None and not settings:
            self.server = Container(
                IMAGE,
                env={"RABBITMQ_DEFAULT_USER": self.user, "RABBITMQ_DEFAULT_PASS": self.password},
                ports={5672: self._amqp, 15672: self._management, 15692: self._prometheus},
            )
        else:
            admin = [f"default_user = {self.user}", f"default_pass = {self.password}", "loopback_users = none"]
            if release is not None:
                release.prepare()
            self.server = PrivateRabbit(ports, [*admin, *settings], parent=parent, seat=seat, release=release)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return self._amqp

    @property
    def management_url(self) -> str:
        """The URL of the management plugin; the API is below ``/api``."""
        return f"http://{self.host}:{self._management}"

    @property
    def prometheus_url(self) -> str:
        return f"http://{self.host}:{self._prometheus}/metrics"

    def amqp_url(self, user: str | None = None, password: str | None = None, vhost: str = "/") -> str:
        """An AMQP URL; by default the administrator's."""
        user, password = user or self.user, self.password if password is None else password
        return (
            f"amqp://{quote(user, safe='')}:{quote(password, safe='')}@{self.host}:{self._amqp}/{quote(vhost, safe='')}"
        )

    def api(self) -> httpx.Client:
        """A client of the management API as administrator, at ``<management_url>/api/``. Close it after use.

        It ignores the machine's proxy settings: the node is on loopback.
        """
        return httpx.Client(
            base_url=f"{self.management_url}/api/", auth=(self.user, self.password), timeout=60, trust_env=False
        )

    def version(self) -> str:
        """The version of the running RabbitMQ."""
        with self.api() as api:
            return str(api.get("overview").raise_for_status().json()["rabbitmq_version"])

    def start(self, timeout: float = 600) -> Self:
        """Start, or restart with the same data and ports, and wait until ``ready``.

        Raises ServiceUnavailable if the node ends or is not ready within ``timeout`` seconds."""
        self.launch()
        return self.await_ready(timeout)

    def launch(self) -> None:
        """Start without waiting: the nodes of a cluster that was down as a whole wait for each other."""
        self.server.start()

    def await_ready(self, timeout: float = 600) -> Self:
        """Wait until ``ready``; otherwise as ``start``."""
        deadline = time.monotonic() + timeout
        while not self.ready():
            if not self.server.running or time.monotonic() > deadline:
                words = self.server.last_words()
                self.server.kill9()
                raise ServiceUnavailable(f"RabbitMQ 未能就绪 / RabbitMQ is not ready within {timeout:g} s:\n{words}")
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        """End the node at once, and delete its data."""
        self.server.remove()

    def shut_down(self) -> None:
        """Stop in good order; the data stay for ``start``. Raises TimeoutError if it does not end."""
        self.server.terminate()

    def restart(self) -> Self:
        """Stop in good order, and start with the same data."""
        self.shut_down()
        return self.start()

    def kill9(self) -> None:
        """SIGKILL to all processes of the node, as in a power cut; the data stay as they are."""
        self.server.kill9()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, and no request is answered. End it with ``resume``."""
        self.server.freeze()

    def resume(self) -> None:
        self.server.thaw()

    def ctl(self, *arguments: str, tool: str = "rabbitmqctl", timeout: float = 300) -> str:
        """The output of rabbitmqctl (or ``tool``: rabbitmq-queues, rabbitmq-diagnostics …) for this node.

        Raises RuntimeError with its output if it refuses or gives no answer within ``timeout`` seconds."""
        return self.server.ctl(tool, *arguments, timeout=timeout)

    def ready(self) -> bool:
        """Whether a message makes the round trip now: declared, published with a confirm, fetched, deleted again.

        An open port proves nothing: it opens before the node has loaded its users and elected its queue leaders.
        """
        try:
            return self._speaks_amqp() and self._round_trip()
        except (OSError, httpx.HTTPError):
            return False

    def _speaks_amqp(self) -> bool:
        """AMQP 0-9-1: the server answers the protocol header with a method frame, ``connection.start``."""
        with socket.create_connection((self.host, self._amqp), 2) as line:
            line.sendall(b"AMQP\x00\x00\x09\x01")
            return line.recv(1) == b"\x01"

    def _round_trip(self) -> bool:
        queue = f"queues/%2F/ready-{secrets.token_hex(6)}"
        label, body = queue.rpartition("/")[2], secrets.token_hex(8)
        parcel = {"properties": {}, "routing_key": label, "payload": body, "payload_encoding": "string"}
        with self.api() as api:
            declared = api.put(queue, json={"durable": True, "arguments": {"x-queue-type": "quorum"}})
            if not declared.is_success:
                return False
            # the plugin publishes mandatory with a confirm, and answers only after the broker's confirm
            published = api.post("exchanges/%2F/amq.default/publish", json=parcel)
            fetch = {"count": 1, "ackmode": "ack_requeue_false", "encoding": "auto"}
            fetched = api.post(f"{queue}/get", json=fetch)
            api.delete(queue)
        routed = published.is_success and published.json()["routed"]
        return bool(routed and fetched.is_success and [one["payload"] for one in fetched.json()] == [body])

"""A private RabbitMQ cluster for tests: several nodes with one cookie, whose queues are kept on a majority of them."""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import quote

import httpx

from verification.services.allocation import LOOPBACK, ServiceUnavailable, free_ports
from verification.services.epmd import Epmd
from verification.services.network import Namespace, Network
from verification.services.private_rabbitmq import NodeSeat
from verification.services.rabbitmq import RabbitNode

EPMD_PORT = 14_369
"""Inside network namespaces every node has a port mapper of its own, on this port."""


class RabbitCluster:
    """Nodes that form one cluster. Each is a ``RabbitNode``: kill, pause, shut down and start them one by one.

    On loopback they share a port mapper. With a ``Network`` each is in a namespace of its own, so that the links
    between any two of them, and from the host to any of them, can be cut. Not thread-safe. Data live until ``stop``."""

    def __init__(
        self,
        parent: Path | None = None,
        *,
        size: int = 3,
        network: Network | None = None,
        partition_handling: str = "pause_minority",
        settings: Sequence[str] = (),
    ) -> None:
        """``parent`` as for ``RabbitNode``; ``partition_handling`` is ``cluster_partition_handling`` of rabbitmq.conf;
        ``settings`` are further lines of it, such as ``net_ticktime = 10`` (seconds until a silent node counts as
        down).

        Raises ServiceUnavailable if the Debian package is missing."""
        self.user, self.password = "admin", secrets.token_hex(16)
        self._mappers: list[Epmd] = []
        self._namespaces = [network.namespace(f"node{n}") for n in range(1, size + 1)] if network else []
        seats = list(self._seats(size, parent))
        lines = [
            f"cluster_partition_handling = {partition_handling}",
            "cluster_formation.peer_discovery_backend = classic_config",
            *(f"cluster_formation.classic_config.nodes.{n} = {seat.name}" for n, seat in enumerate(seats, 1)),
            "cluster_name = county",
            *settings,
        ]
        login = (self.user, self.password)
        self.nodes = [RabbitNode(parent, settings=lines, seat=seat, login=login) for seat in seats]

    def _seats(self, size: int, parent: Path | None) -> Iterator[NodeSeat]:
        cookie = secrets.token_hex(20)
        if self._namespaces:
            for number, place in enumerate(self._namespaces, 1):
                mapper = Epmd(EPMD_PORT, place.address, enter=place.command, parent=parent)
                self._mappers.append(mapper)
                yield NodeSeat(f"bus{number}@{place.address}", mapper, place.address, cookie, place.command, 1)
        else:
            (port,) = free_ports(1)
            self._mappers.append(Epmd(port, parent=parent))
            for number in range(1, size + 1):
                yield NodeSeat(f"bus{number}x{port}@localhost", self._mappers[0], LOOPBACK, cookie, schedulers=1)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, timeout: float = 900) -> Self:
        """Start every node that is down, all at once, and wait until the cluster is ``whole``.

        Raises ServiceUnavailable after ``timeout`` seconds, or if a node ends by itself."""
        deadline = time.monotonic() + timeout
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.await_ready(max(1.0, deadline - time.monotonic()))
        return self.await_whole(max(1.0, deadline - time.monotonic()))

    def stop(self) -> None:
        """End all nodes at once, and delete their data; idempotent."""
        for node in self.nodes:
            node.stop()
        for mapper in self._mappers:
            mapper.close()

    def amqp_urls(self, user: str | None = None, password: str | None = None, vhost: str = "/") -> list[str]:
        """An AMQP URL for each node, in the order of ``nodes``; by default the administrator's."""
        return [node.amqp_url(user, password, vhost) for node in self.nodes]

    @property
    def management_url(self) -> str:
        """The management URL of a node that answers; raises ServiceUnavailable if none does."""
        return self.answering().management_url

    def answering(self) -> RabbitNode:
        """The first node whose management API answers; raises ServiceUnavailable if none does."""
        for node in self.nodes:
            if _ask(node, "whoami") is not None:
                return node
        raise ServiceUnavailable("集群没有节点应答：请先 start()。\nNo node of the cluster answers: start() it first.")

    def api(self) -> httpx.Client:
        """A client of the management API of a node that answers. Close it after use."""
        return self.answering().api()

    def running(self) -> list[RabbitNode]:
        """The nodes whose processes run, paused or not."""
        return [node for node in self.nodes if node.server.running]

    def namespace_of(self, node: RabbitNode) -> Namespace:
        """The namespace of a node, to cut its links; raises LookupError for a cluster on loopback."""
        return self._namespaces[self.nodes.index(node)]

    def leader_of(self, queue: str, vhost: str = "/") -> RabbitNode:
        """The node that leads a quorum queue; raises LookupError while no answering node knows one."""
        path = f"queues/{quote(vhost, safe='')}/{quote(queue, safe='')}"
        for node in self.nodes:
            answer = _ask(node, path)
            leader = answer and answer.json().get("leader")
            for one in self.nodes:
                if one.name == leader and one.server.running:
                    return one
        raise LookupError(f"no leader of {queue} is known now: wait for the election, or declare it as a quorum queue")

    def whole(self) -> bool:
        """Whether every node answers and sees all others running, with no partition."""
        names = {node.name for node in self.nodes}
        for node in self.nodes:
            answer = _ask(node, "nodes?columns=name,running,partitions")
            seen = [] if answer is None else answer.json()
            if {one["name"] for one in seen if one.get("running") and not one.get("partitions")} != names:
                return False
        return True

    def await_whole(self, timeout: float = 600) -> Self:
        """Wait until the cluster is ``whole``; raises ServiceUnavailable after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while not self.whole():
            if time.monotonic() > deadline:
                words = "\n".join(f"{node.name}: {node.server.last_words()[-500:]}" for node in self.nodes)
                raise ServiceUnavailable(f"集群未能就绪 / the cluster is not whole within {timeout:g} s:\n{words}")
            time.sleep(0.2)
        return self

    def rolling_restart(self, timeout: float = 600) -> None:
        """Restart one node after the other as an operator does: none stops before the queues can spare it.

        ``timeout`` in seconds, for each node; raises RuntimeError or ServiceUnavailable when it passes."""
        for node in self.nodes:
            seconds = f"{timeout:g}"
            node.ctl("await_online_quorum_plus_one", "-t", seconds, tool="rabbitmq-upgrade", timeout=timeout + 10)
            node.shut_down()
            node.start(timeout)
            self.await_whole(timeout)

    @contextmanager
    def down(self, node: RabbitNode) -> Iterator[RabbitNode]:
        """Kill a node (SIGKILL), and restart it at the end."""
        node.kill9()
        try:
            yield node
        finally:
            node.start()
            self.await_whole()


def _ask(node: RabbitNode, path: str) -> httpx.Response | None:
    """The answer of a node's management API; None if it refuses or is silent for two seconds."""
    if not node.server.running:
        return None
    try:
        with node.api() as api:
            answer = api.get(path, timeout=2)
    except httpx.HTTPError:
        return None
    return answer if answer.is_success else None

"""The broker of a chaos run: one node or a cluster of three, with the real topology and a login for each center."""

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from bus.transports.topology.apply import apply, inbox_queue, plan
from bus.transports.topology.management_api import ManagementApi, ManagementApiRefused
from verification.chaos.journal import Journal, read_journal
from verification.checker.canaries import Canary
from verification.faults import TcpProxy
from verification.services import RabbitCluster, RabbitNode, create_vhost


@dataclass(slots=True)
class BrokerLinks:
    """A virtual host for one run, on a broker that other runs may use before and after it."""

    broker: RabbitNode | RabbitCluster
    centers: Sequence[str]
    vhost: str = field(default_factory=lambda: f"chaos-{secrets.token_hex(5)}")
    passwords: dict[str, str] = field(default_factory=dict)
    proxies: dict[str, list[TcpProxy]] = field(default_factory=dict)
    """Center → the fault proxies between it and the broker's nodes, if wanted."""

    @property
    def nodes(self) -> list[RabbitNode]:
        """The broker's nodes: one, or all of the cluster."""
        return self.broker.nodes if isinstance(self.broker, RabbitCluster) else [self.broker]

    def open(self) -> None:
        """Create the virtual host, its topology and the logins."""
        create_vhost(self.broker, self.vhost)
        self.passwords = {center: secrets.token_hex(8) for center in self.centers}
        self.cure_for_certain()
        time.sleep(2.5)  # a declaration younger than about two seconds may be undone when the node is killed

    def cure(self) -> None:
        """Repair the topology as an operator does: `bus topology apply`. Raises AdminRefused if the broker is away."""
        user, password = self.broker.user, self.broker.password
        with ManagementApi(self.broker.management_url, user, password, self.vhost, timeout=20) as admin:
            apply(admin, plan(self.centers), self.passwords)

    def cure_for_certain(self, timeout: float = 300) -> None:
        """Call ``cure`` until the broker accepts it."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.cure()
            except ManagementApiRefused:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return

    def urls(self, *, proxied: bool = False) -> dict[str, str]:
        """Center → its broker URL, with all nodes of a cluster in it; each center tries another node first."""
        found = {}
        for number, center in enumerate(self.centers):
            first = number % len(self.nodes)
            order = self.nodes[first:] + self.nodes[:first]
            places = [f"{node.host}:{node.port}" for node in order]
            if proxied:
                self.proxies[center] = [TcpProxy(node.host, node.port, seed=number) for node in order]
                places = [f"127.0.0.1:{proxy.port}" for proxy in self.proxies[center]]
            found[center] = f"amqp://{center}:{self.passwords[center]}@{','.join(places)}/{self.vhost}"
        return found

    def leader(self, center: str) -> RabbitNode:
        """The node that leads the center's inbox."""
        if isinstance(self.broker, RabbitCluster):
            return self.broker.leader_of(inbox_queue(center), self.vhost)
        return self.broker

    def depth(self) -> int:
        """Messages in the inboxes, delivered or not; -1 while the broker does not answer."""
        try:
            with self.broker.api() as api:
                answer = api.get(
                    f"queues/{self.vhost}", params={"disable_stats": "true", "enable_queue_totals": "true"}
                )
                answer.raise_for_status()
                return sum(queue.get("messages", 0) for queue in answer.json() if queue["name"].startswith("inbox."))
        except (httpx.HTTPError, RuntimeError):
            return -1

    def journal(self, people: Sequence[Canary] = ()) -> Journal:
        """The audit of the journal stream. ``people``: the canaries that must not be found in its bodies."""
        node = self.broker.answering() if isinstance(self.broker, RabbitCluster) else self.broker
        return read_journal(node.amqp_url(vhost=self.vhost), people)

    def close(self) -> None:
        """Delete the vhost; close the proxies."""
        for proxies in self.proxies.values():
            for proxy in proxies:
                proxy.close()
        with suppress(httpx.HTTPError), self.broker.api() as api:
            api.delete(f"vhosts/{self.vhost}")

"""The grounds our own transports are tested on."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx

from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport
from bus.transports.port import Parcel, SendResult, Transport
from bus.transports.rabbitmq.errors import NoAnswerError
from bus.transports.rabbitmq.transport import RabbitTransport
from bus.transports.topology.apply import apply, plan
from bus.transports.topology.management_api import ManagementApi

CENTERS = ("media_center-150402", "party_service-150402", "grid_center-150402006")
STRANGER = "unheard_of-150402"


def run_sender(program: str, parcel: Parcel, *arguments: str) -> SendResult:
    """Run a sender in a process of its own; it prints the fate as its last line."""
    command = [sys.executable, "-c", program, *arguments, parcel.message_id, parcel.recipient, parcel.kind]
    done = subprocess.run(command, input=parcel.body, capture_output=True, timeout=300, check=True)
    return SendResult(done.stdout.decode().splitlines()[-1])


class EmbeddedFixture:
    """One process, one road; ``make`` lets a test put a planted fault in the transport's place."""

    centers, stranger = CENTERS, STRANGER

    def __init__(
        self, make: Callable[[str, EmbeddedBroker], Transport] = EmbeddedTransport, patience: float = 120
    ) -> None:
        self.patience = patience
        self._make = make
        self._road = EmbeddedBroker(CENTERS)

    def open(self, center: str) -> Transport:
        transport = self._make(center, self._road)
        transport.open()
        return transport

    def kill(self, transport: Transport) -> None:
        """In one process a receiver that died is one that nobody uses any more."""

    def crash(self) -> None:
        """The road lives in this process only: its death is the road's."""
        self.close()
        self._road = EmbeddedBroker(CENTERS)

    def send_elsewhere(self, sender: str, parcel: Parcel) -> SendResult | None:
        program = (
            "import sys; from bus.transports.port import Parcel; from bus.transports.embedded import *\n"
            "me, *label = sys.argv[1:]\n"
            "transport = EmbeddedTransport(me, EmbeddedBroker([label[1]])); transport.open()\n"
            "print(transport.send([Parcel(*label, sys.stdin.buffer.read())], 1)[0].value)"
        )
        return run_sender(program, parcel, sender)

    def impersonate(self, real: str, claimed: str) -> Transport:
        return self.open(claimed)

    def close(self) -> None:
        self._road.close()


class RabbitFixture:
    """A vhost of a real broker with the topology an operator makes; users are the whole broker's: ``close`` them."""

    centers, stranger, patience = CENTERS, STRANGER, 120.0

    def __init__(self, node: Any, vhost: Any) -> None:
        self.node, self.vhost = node, vhost
        self.secrets = {center: f"password of {center}" for center in CENTERS}
        with self.admin() as admin:
            apply(admin, plan(CENTERS, auditor=None), self.secrets)
        self._declared = time.monotonic()
        self._opened: list[RabbitTransport] = []

    def admin(self) -> ManagementApi:
        return ManagementApi(self.node.management_url, self.node.user, self.node.password, self.vhost.name)

    def url(self, center: str) -> str:
        return str(self.vhost.amqp_url(center, self.secrets[center]))

    def open(self, center: str, url: str | None = None, **options: Any) -> RabbitTransport:
        transport = RabbitTransport(center, url or self.url(center), **options)
        self._opened.append(transport)
        transport.open()
        return transport

    def kill(self, transport: Transport) -> None:
        """Cut both connections as a dead process would, and keep them from coming back."""
        assert isinstance(transport, RabbitTransport)
        for connection in transport._connections:
            connection._closing.set()
            connection.call(lambda line=connection: line.cut(NoAnswerError("killed by a test")))  # type: ignore[misc] # bound now
            connection.join(time.monotonic() + 10)

    def crash(self) -> None:
        """SIGKILL and start. A declaration younger than two seconds may be undone by it: that is not what is asked."""
        self.settle_in()
        self.node.kill9()
        self.node.start()

    def settle_in(self) -> None:
        """Wait until the topology is old enough to survive a kill."""
        time.sleep(max(0.0, self._declared + 2.5 - time.monotonic()))

    def send_elsewhere(self, sender: str, parcel: Parcel) -> SendResult | None:
        program = (
            "import sys; from bus.transports.port import Parcel; from bus.transports.rabbitmq.transport import *\n"
            "url, me, *label = sys.argv[1:]; transport = RabbitTransport(me, url); transport.open()\n"
            "fate = transport.send([Parcel(*label, sys.stdin.buffer.read())], 30)[0]; transport.close(5)\n"
            "print(fate.value)"
        )
        return run_sender(program, parcel, self.url(sender), sender)

    def impersonate(self, real: str, claimed: str) -> RabbitTransport:
        return self.open(claimed, self.url(real))

    def close(self) -> None:
        for transport in self._opened:
            transport.close(1)
        with self.admin() as admin:
            for center in CENTERS:
                admin.delete_user(center)

    def api(self) -> httpx.Client:
        client: httpx.Client = self.node.api()
        return client

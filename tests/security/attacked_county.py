"""Two centers of a county that signs, over a real broker, and the two who attack them: whoever has the broker's
administration, and whoever has stolen another center's login and key.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from sqlalchemy import func, select

from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.demo.local_county import LocalCounty
from bus.operations.backlog import backlog
from bus.security.keyring import Keyring, read_keyring
from bus.store import tables as t
from bus.transports.topology.apply import apply, plan
from bus.transports.topology.management_api import ManagementApi
from bus.transports.topology.plan import inbox_queue, out_exchange, routing_key
from tests.harness.step import NOW
from verification.services import RabbitNode, create_vhost, delete_vhost

MEDIA, PARTY, THIEF = "media_center-150402", "party_service-150402", "government_service-150402"
STORED = (t.cases, t.applied, t.work, t.held)
"""What would hold a case, or be about to."""


@contextmanager
def road(rabbit: RabbitNode, centers: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """A vhost of its own with the real topology: the URL of a login that may do everything, and each center's."""
    vhost = f"war-{secrets.token_hex(6)}"
    passwords = {center: secrets.token_hex(8) for center in centers}
    create_vhost(rabbit, vhost)
    with ManagementApi(rabbit.management_url, rabbit.user, rabbit.password, vhost) as admin:
        apply(admin, plan(centers), passwords)
    urls = {center: rabbit.amqp_url(center, passwords[center], vhost) for center in centers}
    try:
        yield rabbit.amqp_url(vhost=vhost), urls
    finally:
        delete_vhost(rabbit, vhost)
        with rabbit.api() as api:
            for center in centers:
                api.delete(f"users/{center}")


@dataclass
class Battlefield:
    """The centers at work, and what the attackers have."""

    town: LocalCounty
    admin: BlockingChannel
    """A login that may do everything on the broker."""
    thief: BlockingChannel
    """The login of ``THIEF``."""

    def keys(self, center: str) -> Keyring:
        """A center's keys, as they lie in its file."""
        return read_keyring(Path(self.town.folder, "keys", f"{center}.keys.json"))

    def message(self, data: Any, source: str = MEDIA, recipient: str = PARTY, sequence: int = 1, **more: Any) -> bytes:
        """A right document."""
        return encode(compose(data, source=source, recipient=recipient, now=NOW, sequence=sequence, **more))

    def as_broker(self, body: bytes, recipient: str = PARTY, exchange: str = "") -> None:
        """The broker's administrator lays it into the inbox, or sends it through a center's exchange."""
        key = routing_key(recipient, "case.offered") if exchange else inbox_queue(recipient)
        self.admin.basic_publish(exchange, key, body, pika.BasicProperties(delivery_mode=2))

    def as_thief(self, body: bytes, recipient: str = PARTY, headers: dict[str, Any] | None = None) -> None:
        """Through the exchange that belongs to the stolen login."""
        properties = pika.BasicProperties(delivery_mode=2, headers=headers)
        self.thief.basic_publish(out_exchange(THIEF), routing_key(recipient, "case.offered"), body, properties)

    def through(self, center: str) -> str:
        """The exchange of a center, into which the broker's administrator may write too."""
        return out_exchange(center)

    def stored(self, center: str = PARTY) -> tuple[int, ...]:
        """How much a center knows and has to do."""
        with self.town.store(center).reading() as tx:
            return tuple(tx.execute(select(func.count()).select_from(table)).scalar_one() for table in STORED)

    def stuck(self, center: str = PARTY) -> list[tuple[str, str]]:
        """What an operator is shown: place and code of everything parked."""
        with self.town.store(center).reading() as tx:
            return [(row["place"], row["code"]) for row in backlog(tx, center, NOW, 10**9)]

    def stuck_after(self, attack: Callable[[], None]) -> list[tuple[str, str]]:
        """What is newly parked at the recipient when the attack has arrived."""
        before = len(self.stuck())
        attack()
        self.until("the attack is parked", lambda: len(self.stuck()) > before)
        return self.stuck()[before:]

    def until(self, what: str, condition: Callable[[], Any]) -> None:
        """Wait for it."""
        self.town.until(what, condition, 120)

    def still(self, seconds: float = 1.0) -> None:
        """Long enough for anything to have an effect that would have one."""
        time.sleep(seconds)

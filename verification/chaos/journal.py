"""The audit of the journal stream: repeated messages, data outside the bodies, and residents' data in them."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import pika
from pika.exceptions import AMQPError

from bus.transports.topology.plan import JOURNAL
from verification.checker.canaries import Canary
from verification.checker.leak_scan import Leak, scan

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Journal:
    """The findings in a stream."""

    repeats: int
    """Messages of cases that the broker has routed more than once, each repeat counted; -1: the stream could not be
    read."""
    outside: bytes = b""
    """Routing keys, properties and headers: everything of the messages but their bodies."""
    inside: tuple[Leak, ...] = ()
    """Residents' marks in the bodies, which are encrypted."""


def read_journal(url: str, people: Sequence[Canary] = (), timeout: float = 1) -> Journal:
    """Read the whole stream. ``people``: the canaries to search for; ``timeout``: seconds of silence that mark the
    end."""
    try:
        connection = pika.BlockingConnection(pika.URLParameters(url))
    except (AMQPError, OSError):
        return Journal(-1)
    try:
        return _read(connection, people, timeout)
    except (AMQPError, OSError):
        return Journal(-1)
    finally:
        with suppress(AMQPError, OSError):  # also if the stream could not be read: its sockets must be closed
            connection.close()


def _read(connection: pika.BlockingConnection, people: Sequence[Canary], timeout: float) -> Journal:
    seen: Counter[str] = Counter()
    outside: set[str] = set()
    bodies: list[bytes] = []
    found: dict[Leak, None] = {}

    def look() -> None:
        found.update(dict.fromkeys(scan(people, [("bodies of the journal", b"\n".join(bodies))]) if people else ()))
        bodies.clear()

    channel = connection.channel()
    channel.basic_qos(prefetch_count=AT_ONCE)
    first = {"x-stream-offset": "first"}
    for method, properties, body in channel.consume(JOURNAL, arguments=first, inactivity_timeout=timeout):
        if method is None:
            break
        if ".case." in method.routing_key:
            seen[properties.message_id] += 1
        outside.add(f"{method.routing_key} {properties.type} {properties.headers} {properties.app_id}")
        bodies.append(body)
        if method.delivery_tag % (AT_ONCE // 2) == 0:
            look()
            channel.basic_ack(method.delivery_tag, multiple=True)
    look()
    return Journal(sum(seen.values()) - len(seen), "\n".join(outside).encode(), tuple(found))

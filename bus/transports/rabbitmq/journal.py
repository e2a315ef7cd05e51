"""The labels of the journal stream: of each message who said it, to whom, of which kind; never its body."""

import ssl
from collections.abc import Iterator
from contextlib import suppress

import pika
from pika.exceptions import AMQPError

from bus.contract.carried import CarriedMessage
from bus.transports.rabbitmq.connection import silence_pika
from bus.transports.rabbitmq.consumer import sender_of
from bus.transports.rabbitmq.transport import connection_parameters
from bus.transports.topology.plan import JOURNAL

AT_ONCE = 500
"""Labels that are handed over together."""


class JournalUnreadable(Exception):
    """The broker does not answer, or this login may not read the journal."""


def carried(
    url: str, name: str, tls: ssl.SSLContext | None, after: int | None, quiet: float
) -> Iterator[list[CarriedMessage]]:
    """The labels behind an offset, or all that the stream still has, in its order and in groups. It ends after
    ``quiet`` seconds without one. Raises ``JournalUnreadable``."""
    silence_pika()
    try:
        connection = _connected(url, name, tls)
    except (AMQPError, OSError, ValueError) as error:
        raise JournalUnreadable(type(error).__name__) from None
    try:
        yield from _read(connection, after, quiet)
    except (AMQPError, OSError) as error:
        raise JournalUnreadable(type(error).__name__) from None
    finally:
        with suppress(AMQPError, OSError):
            connection.close()


def _connected(url: str, name: str, tls: ssl.SSLContext | None) -> pika.BlockingConnection:
    """A connection to the first node that answers."""
    return pika.BlockingConnection(connection_parameters(url, f"{name} journal", tls))


def _read(connection: pika.BlockingConnection, after: int | None, quiet: float) -> Iterator[list[CarriedMessage]]:
    channel = connection.channel()
    channel.basic_qos(prefetch_count=AT_ONCE)
    start = {"x-stream-offset": "first" if after is None else after + 1}
    found: list[CarriedMessage] = []
    for method, properties, _body in channel.consume(JOURNAL, arguments=start, inactivity_timeout=quiet):
        if method is None:
            break
        offset = properties.headers["x-stream-offset"]
        if after is None or offset > after:  # a broker hands over a whole chunk, also what lies before the offset
            found.append(_entry(offset, method, properties))
        if len(found) >= AT_ONCE or method.delivery_tag % (AT_ONCE // 2) == 0:
            yield found
            found = []
            channel.basic_ack(method.delivery_tag, multiple=True)
    if found:
        yield found


def _entry(offset: int, method: pika.spec.Basic.Deliver, properties: pika.BasicProperties) -> CarriedMessage:
    recipient, _, kind = method.routing_key.partition(".")
    sender = sender_of(method.exchange, properties.user_id) or ""
    return CarriedMessage(offset, properties.message_id or "", sender, recipient, kind)

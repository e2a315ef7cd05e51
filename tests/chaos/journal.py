"""Counting what came more than once over the broker, from the journal's stream, as an auditor would read it."""

from collections import Counter
from contextlib import suppress

import pika
from pika.exceptions import AMQPError

from bus.transports.layout import JOURNAL

AT_ONCE = 1000


def repeats(url: str, timeout: float = 1) -> int:
    """Messages of cases that the broker has routed more than once, each repeat counted; -1 where it cannot be read.

    ``timeout``: seconds of silence after which the stream is read to its end."""
    seen: Counter[str] = Counter()
    try:
        connection = pika.BlockingConnection(pika.URLParameters(url))
        with connection.channel() as channel:
            channel.basic_qos(prefetch_count=AT_ONCE)
            offset = {"x-stream-offset": "first"}
            for method, properties, _ in channel.consume(JOURNAL, arguments=offset, inactivity_timeout=timeout):
                if method is None:
                    break
                if ".case." in method.routing_key:
                    seen[properties.message_id] += 1
                if method.delivery_tag % (AT_ONCE // 2) == 0:
                    channel.basic_ack(method.delivery_tag, multiple=True)
        with suppress(AMQPError):
            connection.close()
    except (AMQPError, OSError):
        return -1
    return sum(seen.values()) - len(seen)

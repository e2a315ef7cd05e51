"""The transport over RabbitMQ: batches outside, two connections with their I/O threads inside.

A center publishes to its own exchange and reads its own inbox; it declares nothing. Publishing and consuming have
separate connections, because a broker that blocks a publishing connection does not read acks on it either.
"""

import ssl
import threading
import time
from collections.abc import Sequence
from urllib.parse import unquote

from pika import SSLOptions, URLParameters
from pika.credentials import ExternalCredentials

from bus.transports.port import Delivery, Guarantee, Parcel, SendResult, TransportState
from bus.transports.rabbitmq.connection import ANSWER_TIMEOUT, silence_pika
from bus.transports.rabbitmq.consumer import Consumer
from bus.transports.rabbitmq.publisher import Publisher
from bus.transports.topology.plan import check_center_name

HEARTBEAT = 10
"""Seconds. A frozen broker is noticed after two or three heartbeats; publishing notices earlier, by its confirms."""
BLOCKED_TIMEOUT = 300
"""Seconds that a broker may block publishing before another connection is tried."""


def login_of(url: str) -> str:
    """The login in the URL: ``user``, or ``user:password``; empty without."""
    return url.partition("://")[2].rpartition("@")[0]


PLAIN = ("@", "/", "#", "?", " ")
"""Characters that end a part of a URL: in a password they must be percent-encoded."""


def each_node(url: str) -> list[str]:
    """A URL for each node of a cluster, listed side by side: ``amqps://user:password@one:5671,two:5671/vhost``."""
    start, at, rest = url.partition("://")[2].rpartition("@")
    nodes, slash, path = rest.partition("/")
    before = url.partition("://")[0] + "://" + start + at
    return [before + node + slash + path for node in nodes.split(",")]


def connection_parameters(url: str, name: str, tls: ssl.SSLContext | None) -> list[URLParameters]:
    """The connection parameters of each node. Raises ``ValueError`` without the URL, which holds the password."""
    return [_parameters(node, name, tls) for node in each_node(url)]


def _parameters(url: str, name: str, tls: ssl.SSLContext | None) -> URLParameters:
    """The connection parameters of one node. Raises ``ValueError`` without the URL, which holds the password."""
    login = login_of(url)
    if any(sign in login for sign in PLAIN):
        raise ValueError(
            "口令须按百分号编码：@ 写作 %40，/ 写作 %2F，# 写作 %23，? 写作 %3F"
            " / the password must be percent-encoded: @ is %40, / is %2F, # is %23, ? is %3F"
        )
    by_certificate = bool(login) and ":" not in login
    try:
        parameters = URLParameters(url.replace(f"{login}@", "", 1) if by_certificate else url)
    except (ValueError, TypeError):
        raise ValueError(
            "the broker's URL cannot be read: amqps://user:password@host:5671/vhost is needed, "
            "with special characters in it percent-encoded"
        ) from None
    if tls is not None and parameters.ssl_options is not None:
        parameters.ssl_options = SSLOptions(tls, parameters.host)
    if by_certificate:
        parameters.credentials = ExternalCredentials()
    parameters.heartbeat = HEARTBEAT
    parameters.blocked_connection_timeout = BLOCKED_TIMEOUT
    parameters.socket_timeout = ANSWER_TIMEOUT / 2
    parameters.stack_timeout = ANSWER_TIMEOUT
    parameters.connection_attempts = 1  # reconnecting is the task of our own connection, with its own backoff
    parameters.tcp_options = {"TCP_USER_TIMEOUT": int(ANSWER_TIMEOUT * 1000)}
    parameters.client_properties = {"connection_name": name}
    return parameters


class RabbitTransport:
    """The ``Transport`` of one center. Up to ``prefetch`` deliveries are held in memory until they are settled."""

    guarantees = frozenset(Guarantee)

    def __init__(
        self,
        center: str,
        url: str,
        *,
        prefetch: int = 500,
        window: int = 500,
        window_bytes: int = 8 << 20,
        confirm_timeout: float = ANSWER_TIMEOUT,
        user_id: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``url``: ``amqp://`` or ``amqps://`` with user, password and vhost, and one node or several (``each_node``).
        ``tls``: for a county's own authority, or a client certificate, which logs in a user without a password.
        ``window`` (parcels) and ``window_bytes``: the most that may be unconfirmed. ``confirm_timeout``: seconds after
        which an unconfirmed parcel causes a reconnect. ``user_id``: the property that the broker compares with the
        login; by default the login itself when it is the center's name, else none. Raises ``ValueError`` for an invalid
        center name, or a URL that cannot be read."""
        self.center = check_center_name(center)
        outgoing = connection_parameters(url, f"{center} publish", tls)
        login = unquote(login_of(url).partition(":")[0])
        self._publisher = Publisher(
            center,
            outgoing,
            user_id=user_id or (center if login == center else None),
            window=window,
            window_bytes=window_bytes,
            confirm_timeout=confirm_timeout,
        )
        self._consumer = Consumer(center, connection_parameters(url, f"{center} consume", tls), prefetch=prefetch)
        self._connections = (self._publisher.connection, self._consumer.connection)
        self._lock = threading.Lock()
        self._open = self._closed = False

    def open(self) -> None:
        """See the port. A second call changes nothing; after ``close`` it is too late."""
        with self._lock:
            if self._open or self._closed:
                return
            self._open = True
        silence_pika()
        for connection in self._connections:
            connection.start()

    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        """See the port."""
        return self._publisher.send(parcels, timeout)

    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        """See the port."""
        return self._consumer.receive(limit, timeout)

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """See the port."""
        self._consumer.settle(deliveries)

    def state(self) -> TransportState:
        """See the port."""
        troubles = dict.fromkeys(half.trouble for half in (self._publisher, self._consumer) if half.trouble)
        return TransportState(
            connected=all(connection.connected for connection in self._connections),
            reconnects=sum(max(0, connection.made - 1) for connection in self._connections),
            unconfirmed=self._publisher.unconfirmed,
            consuming=self._consumer.consuming,
            blocked=self._publisher.connection.blocked,
            trouble="; ".join(troubles),
        )

    def close(self, timeout: float) -> None:
        """See the port."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        deadline = time.monotonic() + timeout
        self._consumer.close()
        self._publisher.close(deadline)
        goodbye = max(deadline, time.monotonic() + 1.0)  # a close takes two round trips: allow a second even when late
        for connection in self._connections:
            connection.close()
        for connection in self._connections:
            connection.join(goodbye)

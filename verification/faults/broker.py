"""Faults of a broker, as an operator or a full machine causes them; taken back at the end."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from verification.services.rabbitmq import RabbitNode

MEMORY = "1GB"
DISK = "100MB"
"""The setting of our private nodes; a node with other ``settings`` is not restored."""

ALL_DISKS = str(10**18)
"""Bytes, more than any machine has: RabbitMQ 3.10 knows no unit above GB."""
USUAL_TIMEOUT, USUAL_TICK, TICK = 1800.0, 60.0, 0.5
"""Seconds: RabbitMQ's own consumer timeout, how often it checks, and how often it checks in a test."""


@contextmanager
def memory_alarm(node: RabbitNode) -> Iterator[None]:
    """The broker believes its memory full, and takes no more messages. In a cluster it blocks every node."""
    node.ctl("set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        yield
    finally:
        node.ctl("set_vm_memory_high_watermark", "absolute", MEMORY)


@contextmanager
def disk_alarm(node: RabbitNode) -> Iterator[None]:
    """The broker believes its disk full, and takes no more messages. In a cluster it blocks every node."""
    node.ctl("set_disk_free_limit", ALL_DISKS)
    try:
        yield
    finally:
        node.ctl("set_disk_free_limit", DISK)


@contextmanager
def credentials_revoked(node: RabbitNode, user: str, vhost: str = "/") -> Iterator[None]:
    """A user's password is changed, its rights in ``vhost`` are revoked, its connections closed; all restored at the
    end."""
    account, rights = f"users/{_word(user)}", f"permissions/{_word(vhost)}/{_word(user)}"
    with node.api() as api:
        kept: dict[str, Any] = api.get(account).raise_for_status().json()
        allowed: dict[str, Any] = api.get(rights).raise_for_status().json()
        api.put(account, json={"password": secrets.token_hex(16), "tags": kept["tags"]}).raise_for_status()
        api.delete(rights).raise_for_status()
    try:
        close_connections(node, user)
        yield
    finally:
        names = ("password_hash", "hashing_algorithm", "tags")
        with node.api() as api:
            api.put(account, json={name: kept[name] for name in names}).raise_for_status()
            patterns = {name: allowed[name] for name in ("configure", "write", "read")}
            api.put(rights, json=patterns).raise_for_status()


def close_connections(node: RabbitNode, user: str | None = None) -> None:
    """The broker closes all its connections, or those of one user, with an AMQP connection.close (320)."""
    if user is None:
        node.ctl("close_all_connections", "--global", "closed by a test")
    else:
        node.ctl("close_all_user_connections", user, "closed by a test")


def delete_queue(node: RabbitNode, queue: str, vhost: str = "/") -> None:
    """Delete a queue with its messages. Its consumers get a basic.cancel."""
    with node.api() as api:
        api.delete(f"queues/{_word(vhost)}/{_word(queue)}").raise_for_status()


def purge_queue(node: RabbitNode, queue: str, vhost: str = "/") -> None:
    """Delete all waiting messages of a queue; those delivered to a consumer stay."""
    with node.api() as api:
        api.delete(f"queues/{_word(vhost)}/{_word(queue)}/contents").raise_for_status()


@contextmanager
def consumer_timeout(node: RabbitNode, seconds: float) -> Iterator[None]:
    """A channel is closed (406) if its consumer leaves a message unacknowledged for so long; usually 30 minutes.

    Channels take the limit when they are opened, so connections are closed at the beginning and at the end."""
    _set_limit(node, seconds, TICK)
    try:
        close_connections(node)
        yield
    finally:
        _set_limit(node, USUAL_TIMEOUT, USUAL_TICK)
        close_connections(node)


def _set_limit(node: RabbitNode, timeout: float, tick: float) -> None:
    limits = {"consumer_timeout": timeout, "channel_tick_interval": tick}
    orders = [f"application:set_env(rabbit, {name}, {int(seconds * 1000)})" for name, seconds in limits.items()]
    node.ctl("eval", f"{', '.join(orders)}.")


def _word(name: str) -> str:
    return quote(name, safe="")

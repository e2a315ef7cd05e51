"""A virtual host of a test's own on a broker that other tests use beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from verification.services.allocation import ServiceUnavailable

PATIENCE = 300.0
"""Seconds in which the broker must have made or deleted it. Both wait for the disk of every node, and beside many
tests one request may take longer than its client waits. Both may be asked again: the second answer is the first's."""


class Broker(Protocol):
    """A node or a cluster."""

    @property
    def user(self) -> str: ...
    def api(self) -> httpx.Client: ...


def create_vhost(broker: Broker, name: str) -> None:
    """Create it, empty; the broker's administrator may do everything in it.

    Raises httpx.HTTPError if the broker refuses or, as ServiceUnavailable too, if it does not answer in time."""
    _put(broker, f"vhosts/{name}", None)
    _put(broker, f"permissions/{name}/{broker.user}", {"configure": ".*", "write": ".*", "read": ".*"})


def delete_vhost(broker: Broker, name: str) -> None:
    """Delete it with all its queues; it may be gone already. Raises as ``create_vhost``."""
    for attempt in _until_answered():
        with attempt, broker.api() as api:
            answer = api.delete(f"vhosts/{name}")
            if answer.status_code != httpx.codes.NOT_FOUND:
                answer.raise_for_status()


@contextmanager
def fresh_vhost(broker: Broker, name: str) -> Iterator[str]:
    """The name of a virtual host that is created now and deleted afterwards."""
    create_vhost(broker, name)
    try:
        yield name
    finally:
        delete_vhost(broker, name)


def _put(broker: Broker, path: str, body: dict[str, str] | None) -> None:
    for attempt in _until_answered():
        with attempt, broker.api() as api:
            api.put(path, json=body).raise_for_status()


def _until_answered() -> Retrying:
    return Retrying(
        retry=retry_if_exception_type((httpx.TransportError, ServiceUnavailable)),
        stop=stop_after_delay(PATIENCE),
        wait=wait_fixed(0.5),
        reraise=True,
    )

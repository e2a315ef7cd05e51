"""The broker of a benchmark: a private node, with a virtual host for each measurement."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.runners.marks import QUEUE
from bus.transports.topology.apply import apply, plan
from bus.transports.topology.management_api import ManagementApi
from verification.services import RabbitNode, fresh_vhost

WHERE = "/var/tmp"  # noqa: S108 - a folder of an unguessable name is made in it
"""A real disk: on a temporary file system in memory, a commit would cost nothing."""


@dataclass(slots=True)
class Ground:
    """A running broker node."""

    node: RabbitNode

    @contextmanager
    def bare(self) -> Iterator[str]:
        """A virtual host with an empty quorum queue. Returns the URL of an administrator without limits."""
        with self._vhost() as vhost:
            with self.node.api() as api:
                queue = {"durable": True, "arguments": {"x-queue-type": "quorum"}}
                api.put(f"queues/{vhost}/{QUEUE}", json=queue).raise_for_status()
            yield self.node.amqp_url(vhost=vhost)

    @contextmanager
    def county(self, centers: Sequence[str]) -> Iterator[dict[str, str]]:
        """A virtual host with a county's topology; center → its own URL."""
        passwords = {center: secrets.token_hex(8) for center in centers}
        with self._vhost() as vhost:
            user, password = self.node.user, self.node.password
            with ManagementApi(self.node.management_url, user, password, vhost, timeout=20) as admin:
                apply(admin, plan(centers), passwords)
            yield {center: self.node.amqp_url(center, passwords[center], vhost) for center in centers}

    def _vhost(self) -> AbstractContextManager[str]:
        return fresh_vhost(self.node, f"bench-{secrets.token_hex(4)}")


@contextmanager
def ground() -> Iterator[Ground]:
    """A private node, removed afterwards."""
    with RabbitNode() as node:
        yield Ground(node)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder on a real disk, removed afterwards."""
    path = Path(tempfile.mkdtemp(prefix="bench-", dir=WHERE))
    try:
        yield path
    finally:
        shutil.rmtree(path)

"""The broker of a benchmark: a private node with our topology for two centers, and a bare quorum queue beside it."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from benchmarks.runners.marks import QUEUE
from benchmarks.runners.ours import GIVER, TAKER
from bus.testing.services import RabbitNode
from bus.transports.admin import Admin
from bus.transports.topology import apply, plan


@dataclass(slots=True)
class Ground:
    """A node that runs."""

    node: RabbitNode
    passwords: dict[str, str]

    def url(self, center: str) -> str:
        """Where a center finds the broker."""
        return self.node.amqp_url(center, self.passwords[center])

    @property
    def bare_url(self) -> str:
        """Where bare messages find it: as its administrator, without a limit of any kind."""
        return self.node.amqp_url()

    def fresh(self) -> None:
        """Nothing lies in any queue, and the bare queue is new."""
        with self.node.api() as api:
            for queue in api.get("queues/%2F").json():
                name = quote(queue["name"], safe="")
                if queue["name"].startswith(QUEUE) and queue["name"] not in self._ours():
                    api.delete(f"queues/%2F/{name}").raise_for_status()
                else:
                    api.delete(f"queues/%2F/{name}/contents").raise_for_status()
            bare = {"durable": True, "arguments": {"x-queue-type": "quorum"}}
            api.put(f"queues/%2F/{QUEUE}", json=bare).raise_for_status()

    def _ours(self) -> set[str]:
        return {queue.name for queue in plan([GIVER, TAKER]).queues}


@contextmanager
def ground() -> Iterator[Ground]:
    """A node of its own, which is gone afterwards."""
    with RabbitNode() as node:
        passwords = {GIVER: secrets.token_hex(8), TAKER: secrets.token_hex(8)}
        with Admin(node.management_url, node.user, node.password, "/", timeout=20) as admin:
            apply(admin, plan([GIVER, TAKER]), passwords)
        yield Ground(node, passwords)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder on a real disk: where temporary files lie in memory, a commit would cost nothing."""
    path = Path(tempfile.mkdtemp(prefix="bench-", dir="/var/tmp"))
    try:
        yield path
    finally:
        shutil.rmtree(path)

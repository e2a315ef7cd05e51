"""The setup of one run: everything that its faults need exists before the centers start."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from verification.chaos.centers import HERE
from verification.chaos.county import ChaosCounty, names
from verification.chaos.faults import Fault, Needs
from verification.chaos.transport import BrokerLinks
from verification.faults import FakeClock, Network, Tmpfs
from verification.mixed.release import previous, unpack
from verification.plug_ins import install_example
from verification.services import PostgresNode, RabbitCluster, RabbitNode

SMALL_DISK = 256 << 20
"""Bytes: room for minutes of full load, and quickly filled."""
SERVICES = HERE / ".local" / "services"


@dataclass(slots=True)
class Servers:
    """Brokers and databases, started once and used by all runs of a process. A context manager."""

    _stack: ExitStack = field(default_factory=ExitStack)
    _node: RabbitNode | None = None
    _cluster: RabbitCluster | None = None
    _postgres: PostgresNode | None = None
    _trees: dict[str, Path] = field(default_factory=dict)
    network: Network | None = None

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def node(self) -> RabbitNode:
        """A broker of one node."""
        if self._node is None:
            self._node = self._stack.enter_context(RabbitNode(SERVICES))
        return self._node

    def cluster(self) -> RabbitCluster:
        """A broker of three nodes, each in a network namespace of its own."""
        if self._cluster is None:
            self.network = self._stack.enter_context(Network())
            self._cluster = self._stack.enter_context(RabbitCluster(SERVICES, network=self.network))
        return self._cluster

    def postgres(self) -> PostgresNode:
        """A PostgreSQL."""
        if self._postgres is None:
            self._postgres = self._stack.enter_context(PostgresNode(SERVICES))
        return self._postgres

    def previous_code(self) -> Path:
        """The source tree of the previous release. Raises LookupError if the history does not reach so far."""
        return self.code(previous().commit)

    def code(self, ref: str) -> Path:
        """The source tree of a version; the empty ref is the working tree."""
        if not ref:
            return HERE
        if ref not in self._trees:
            tree = self._trees[ref] = Path(tempfile.mkdtemp(prefix="version-"))
            self._stack.callback(shutil.rmtree, tree, ignore_errors=True)
            if not unpack(ref, tree):
                raise LookupError(f"no version {ref}: is this a shallow clone? git fetch --unshallow --tags")
        return self._trees[ref]


@dataclass(slots=True)
class Stage:
    """An open county, and its environment."""

    county: ChaosCounty
    links: BrokerLinks
    network: Network | None
    postgres: PostgresNode | None
    clocks: Mapping[str, FakeClock]
    disks: Mapping[str, Tmpfs]


@contextmanager
def stage(
    servers: Servers,
    group: Sequence[Fault],
    *,
    broker: str,
    store: str,
    division: str,
    targets: Mapping[str, list[str]],
    version: str = "",
    fifth: bool = False,
) -> Iterator[Stage]:
    """Open a county for the faults of ``group``; ``targets``: fault → the centers it may strike."""
    needs = frozenset().union(*(fault.needs for fault in group))
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        centers = names(division, fifth=fifth)
        # an older program tells nothing, and its county has no keys
        ledgers = [] if version or Needs.OLD_CODE in needs else [f"ledger-{division}"]
        links = BrokerLinks(
            servers.cluster() if broker == "cluster" or Needs.CLUSTER in needs else servers.node(),
            [*centers, *ledgers],
        )
        stack.callback(links.close)
        links.open()
        on_postgres = (store != "sqlite" or Needs.POSTGRES in needs) and Needs.SQLITE not in needs
        clocks, disks, stores, codes = {}, {}, {}, {}
        environments: dict[str, dict[str, str]] = {}
        if fifth:
            environments[centers[-1]] = {"PYTHONPATH": str(install_example(folder / "site"))}
        if on_postgres:
            # mixed: two of the centers use PostgreSQL
            stores = _databases(servers.postgres(), centers[2:] if store == "mixed" else [*centers, *ledgers], stack)
        for fault in group:
            struck = targets[fault.name]
            if Needs.SMALL_DISK in fault.needs:
                disk = disks[struck[0]] = stack.enter_context(Tmpfs(SMALL_DISK))
                stores[struck[0]] = f"sqlite:///{disk.path}/store.db"
            if Needs.CLOCK in fault.needs:
                clock = clocks[struck[0]] = stack.enter_context(FakeClock())
                environments[struck[0]] = {**environments.get(struck[0], {}), **clock.env()}
            if Needs.OLD_CODE in fault.needs:
                codes[struck[0]] = servers.previous_code()
        county = ChaosCounty(
            folder, links.urls(proxied=Needs.PROXY in needs), stores, environments, servers.code(version), codes
        )
        stack.callback(county.close)
        county.open()
        postgres = servers.postgres() if on_postgres else None
        yield Stage(county, links, servers.network, postgres, clocks, disks)


def _databases(postgres: PostgresNode, centers: Sequence[str], stack: ExitStack) -> dict[str, str]:
    made = {}
    for center in centers:
        name = f"chaos_{secrets.token_hex(5)}"
        made[center] = postgres.create_database(name)
        stack.callback(postgres.drop_database, name)
    return made

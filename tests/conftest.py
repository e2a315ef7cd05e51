"""The servers that tests ask for by name, started once per run, and what marks the tests that need them."""

import os
import secrets
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from bus.contract import ids
from verification.services import PostgresNode, RabbitNode, fresh_vhost

pytest_plugins = ["tests.guard", "tests.harness.fixtures", "tests.harness.fifth_center"]

NEEDS = {"rabbit": "broker", "vhost": "broker", "postgres": "database", "database_url": "database"}


def pytest_configure() -> None:
    os.environ["LC_ALL"] = "C.UTF-8"  # whatever language the machine speaks: commands that are not told speak Chinese
    # `timeout 120 pytest …` ends with SIGTERM: fixtures shall still tidy up
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("ended by SIGTERM", returncode=143))


LONGEST = (
    "simulation",
    "chaos",
    "drills",
    "journeys",
    "test_figures_in_full.py",
    "test_claims.py",
    "test_types.py",
    "test_custody_machine.py",
    "services",
    "model",
)
"""The longest files, and the folders of such, the longest first."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a server carries the server's marker, before ``-m`` selects. The longest files begin, so
    that no process ends with one of them while the others are idle."""
    items.sort(key=lambda item: next((n for n, name in enumerate(LONGEST) if name in item.path.parts), len(LONGEST)))
    for item in items:
        for name in getattr(item, "fixturenames", ()):
            if name in NEEDS:
                item.add_marker(NEEDS[name])


@pytest.fixture(scope="module", autouse=True)
def ids_by_time() -> Iterator[None]:
    """After each file ids come again as in a center: a simulated county that keeps its own would disturb other files,
    and only those that happen to come after it in the same process."""
    before = ids._deal
    yield
    assert ids._deal is before, "a simulated county is left open"


@pytest.fixture(scope="session")
def rabbit(
    request: pytest.FixtureRequest, record_testsuite_property: Callable[[str, object], None]
) -> Iterator[RabbitNode]:
    """A private RabbitMQ for the whole run. A test that kills or pauses it brings it back before it ends."""
    node = RabbitNode(request.config.rootpath / ".local" / "services")
    try:
        node.start()
        record_testsuite_property("rabbitmq", node.version())
        yield node
    finally:
        node.stop()


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[PostgresNode]:
    """A private PostgreSQL for the whole run. A test that kills or pauses it brings it back before it ends."""
    node = PostgresNode(request.config.rootpath / ".local" / "services")
    try:
        yield node.start()
    finally:
        node.stop()


@dataclass(frozen=True, slots=True)
class Vhost:
    """A virtual host of one test's own; the node's administrator may do everything in it."""

    name: str
    node: RabbitNode

    @property
    def user(self) -> str:
        return self.node.user

    @property
    def password(self) -> str:
        return self.node.password

    @property
    def management_url(self) -> str:
        return self.node.management_url

    def amqp_url(self, user: str | None = None, password: str | None = None) -> str:
        """The URL of this virtual host; without a user as administrator."""
        return self.node.amqp_url(user, password, self.name)


@pytest.fixture
def vhost(rabbit: RabbitNode) -> Iterator[Vhost]:
    """A fresh virtual host with nothing in it, deleted after the test."""
    name = f"test-{secrets.token_hex(6)}"
    with fresh_vhost(rabbit, name):
        yield Vhost(name, rabbit)


@pytest.fixture
def database_url(postgres: PostgresNode) -> Iterator[str]:
    """The URL, for SQLAlchemy, of a fresh PostgreSQL database, dropped after the test."""
    name = f"test_{secrets.token_hex(6)}"
    try:
        yield postgres.create_database(name)
    finally:
        postgres.drop_database(name)

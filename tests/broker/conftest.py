"""A broker with three centers on it, ready for harm."""

from collections.abc import Iterator

import pytest

from tests.conformance.transport_fixtures import RabbitFixture
from tests.conftest import Vhost
from verification.services import RabbitNode


@pytest.fixture
def fixture(rabbit: RabbitNode, vhost: Vhost) -> Iterator[RabbitFixture]:
    """Topology, users and rights as an operator makes them; gone after the test."""
    fixture = RabbitFixture(rabbit, vhost)
    yield fixture
    fixture.close()

"""A broker with three centers on it, ready for harm."""

from collections.abc import Iterator

import pytest

from bus.testing.services import RabbitNode
from tests.conformance.grounds import RabbitGround
from tests.conftest import Vhost


@pytest.fixture
def ground(rabbit: RabbitNode, vhost: Vhost) -> Iterator[RabbitGround]:
    """Topology, users and rights as an operator makes them; gone after the test."""
    ground = RabbitGround(rabbit, vhost)
    yield ground
    ground.close()

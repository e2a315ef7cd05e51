"""Our transports pass the suite that is shipped for everybody's, and transports with planted faults do not."""

from collections.abc import Iterator

import pytest

from bus.testing.transport_suite import CHECKS, Check
from tests.conformance.bad_transports import BAD, Planted
from tests.conformance.transport_fixtures import EmbeddedGround, RabbitGround
from tests.conftest import Vhost
from verification.services import RabbitNode


@pytest.fixture
def embedded() -> Iterator[EmbeddedGround]:
    ground = EmbeddedGround()
    yield ground
    ground.close()


@pytest.fixture
def rabbitmq(rabbit: RabbitNode, vhost: Vhost) -> Iterator[RabbitGround]:
    ground = RabbitGround(rabbit, vhost)
    yield ground
    ground.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_embedded(check: Check, embedded: EmbeddedGround) -> None:
    """The embedded transport does what every transport must."""
    check(embedded)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_rabbitmq(check: Check, rabbitmq: RabbitGround) -> None:
    """The RabbitMQ transport does what every transport must, and keeps all four promises."""
    check(rabbitmq)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.make.__name__)
def test_suite_is_red(bad: Planted) -> None:
    """Each planted fault turns the check red that was made for it."""
    ground = EmbeddedGround(bad.make, patience=2)
    try:
        with pytest.raises(AssertionError):
            bad.check(ground)
    finally:
        ground.close()


def test_every_check_has_its_planted_fault() -> None:
    """A check that no fault turns red proves nothing."""
    assert {bad.check for bad in BAD} == set(CHECKS)

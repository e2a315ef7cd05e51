"""Our transports pass the suite that is shipped for everybody's, and transports with planted faults do not."""

from collections.abc import Iterator

import pytest

from bus.testing.transport_suite import CHECKS, Check
from tests.conformance.bad_transports import BAD, Planted
from tests.conformance.transport_fixtures import EmbeddedFixture, RabbitFixture
from tests.conftest import Vhost
from verification.services import RabbitNode


@pytest.fixture
def embedded() -> Iterator[EmbeddedFixture]:
    fixture = EmbeddedFixture()
    yield fixture
    fixture.close()


@pytest.fixture
def rabbitmq(rabbit: RabbitNode, vhost: Vhost) -> Iterator[RabbitFixture]:
    fixture = RabbitFixture(rabbit, vhost)
    yield fixture
    fixture.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_embedded(check: Check, embedded: EmbeddedFixture) -> None:
    """The embedded transport does what every transport must."""
    check(embedded)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_rabbitmq(check: Check, rabbitmq: RabbitFixture) -> None:
    """The RabbitMQ transport does what every transport must, and keeps all four promises."""
    check(rabbitmq)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.make.__name__)
def test_suite_is_red(bad: Planted) -> None:
    """Each planted fault turns the check red that was made for it."""
    fixture = EmbeddedFixture(bad.make, patience=2)
    try:
        with pytest.raises(AssertionError):
            bad.check(fixture)
    finally:
        fixture.close()


def test_every_check_has_its_planted_fault() -> None:
    """A check that no fault turns red proves nothing."""
    assert {bad.check for bad in BAD} == set(CHECKS)

"""Towns for journeys: the same centers on the embedded road and over a real RabbitMQ."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bus.demo.local_county import LocalCounty
from bus.transports.topology.apply import apply, plan
from bus.transports.topology.management_api import ManagementApi
from tests.conftest import Vhost

MakeTown = Callable[..., LocalCounty]


def brokers(vhost: Vhost, centers: Sequence[str]) -> dict[str, str]:
    """Put up the topology for these centers and give each its own login."""
    passwords = {center: secrets.token_hex(8) for center in centers}
    with ManagementApi(vhost.management_url, vhost.user, vhost.password, vhost.name) as admin:
        apply(admin, plan(centers), passwords)
    return {center: vhost.amqp_url(center, password) for center, password in passwords.items()}


@pytest.fixture
def make_town(tmp_path: Path) -> Iterator[MakeTown]:
    """Opens towns and closes them after the test."""
    towns: list[LocalCounty] = []

    def make(centers: Sequence[str], **more: Any) -> LocalCounty:
        county = LocalCounty(tmp_path / f"town{len(towns)}", centers, **more)
        towns.append(county)
        county.open()
        return county

    yield make
    for county in towns:
        county.close()


@pytest.fixture(params=["embedded", "rabbitmq"])
def on_each_road(request: pytest.FixtureRequest) -> Callable[[Sequence[str]], dict[str, str]]:
    """Broker URLs for some centers: none for the embedded road, logins of their own on RabbitMQ."""
    if request.param == "embedded":
        return lambda _centers: {}
    vhost: Vhost = request.getfixturevalue("vhost")
    return lambda centers: brokers(vhost, centers)

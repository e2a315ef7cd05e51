"""The roads of the journeys: the same centers on the embedded one and over a real RabbitMQ."""

from collections.abc import Callable, Sequence

import pytest

from tests.conftest import Vhost
from tests.harness.county import logins


@pytest.fixture(params=["embedded", "rabbitmq"])
def on_each_road(request: pytest.FixtureRequest) -> Callable[[Sequence[str]], dict[str, str]]:
    """Broker URLs for some centers: none for the embedded road, logins of their own on RabbitMQ."""
    if request.param == "embedded":
        return lambda _centers: {}
    vhost: Vhost = request.getfixturevalue("vhost")
    return lambda centers: logins(vhost, centers)

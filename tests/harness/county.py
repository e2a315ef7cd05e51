"""A county: centers at work, each with its vendor's system, on the embedded road or over a real RabbitMQ."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bus.demo.local_county import LocalCounty
from bus.transports.topology.apply import apply, plan
from bus.transports.topology.management_api import ManagementApi
from tests.conftest import Vhost


class Counties:
    """Opens counties, each in a folder of its own, and closes them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: list[LocalCounty] = []

    def __call__(self, centers: Sequence[str], **more: Any) -> LocalCounty:
        """A county of these centers, at work."""
        county = LocalCounty(self._folder / f"county{len(self._open)}", centers, **more)
        self._open.append(county)
        county.open()
        return county

    def close(self) -> None:
        """End all of them."""
        for county in self._open:
            county.close()


def logins(vhost: Vhost, centers: Sequence[str]) -> dict[str, str]:
    """Put up the topology for these centers, and give each its own login: the URL of each."""
    passwords = {center: secrets.token_hex(8) for center in centers}
    with ManagementApi(vhost.management_url, vhost.user, vhost.password, vhost.name) as admin:
        apply(admin, plan(centers), passwords)
    return {center: vhost.amqp_url(center, password) for center, password in passwords.items()}

"""The topology of one county in its virtual host of a RabbitMQ, with a login for each center."""

import json
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from tempfile import NamedTemporaryFile

from bus.transports.topology.apply import apply, plan
from bus.transports.topology.management_api import ManagementApi
from verification.mixed.dialect import as_toml
from verification.mixed.release import Installed, clean_environment
from verification.services import RabbitNode


def logins(rabbit: RabbitNode, name: str, centers: Sequence[str], first: Installed | None = None) -> dict[str, str]:
    """Apply the county's topology, as the operator of the present program does; ``first``: the old program has applied
    it already. Returns each center's URL."""
    passwords = {center: secrets.token_hex(8) for center in centers}
    if first is not None:
        _by_old(first, rabbit, name, passwords)
    with ManagementApi(rabbit.management_url, rabbit.user, rabbit.password, name) as admin:
        apply(admin, plan(centers), passwords)
    return {center: rabbit.amqp_url(center, password, name) for center, password in passwords.items()}


def _by_old(first: Installed, rabbit: RabbitNode, name: str, passwords: Mapping[str, str]) -> None:
    county = {
        "centers": list(passwords),
        "management_url": rabbit.management_url,
        "management_user": rabbit.user,
        "vhost": name,
    }
    told = {"BUS_MANAGEMENT_PASSWORD": rabbit.password, "BUS_CENTER_PASSWORDS": json.dumps(dict(passwords))}
    with NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write(as_toml(county))
        file.flush()
        command = [str(first.bus), "topology", "apply", "--file", file.name]
        subprocess.run(command, check=True, env=clean_environment() | told, capture_output=True)

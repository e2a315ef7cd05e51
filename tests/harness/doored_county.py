"""A county whose centers run with their HTTP doors, and one that a console's key knocks at without HTTP."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from bus.console.doors import Doors
from bus.demo.county_keys import county_keys
from bus.log import set_up
from bus.operations import door
from bus.runtime.process import CenterProcess
from bus.security import directory
from bus.security.keyring import Keyring, new_keyring, read_keyring
from bus.security.staff import Role
from bus.security.staff_listing import LONGEST, staff_listed
from bus.settings import load
from bus.store import Store, parked
from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport
from tests.harness.duty import CANARY, Duty
from tests.harness.signing_county import GOVERNMENT, MEDIA, PARTY
from tests.unit.test_cli_run import SECRET

CONSOLE = "staff-console"
CENTERS = (MEDIA, PARTY, GOVERNMENT)


@dataclass
class DooredCounty:
    """Running centers, each with the address of its door, and the console's key."""

    key: Keyring
    processes: dict[str, CenterProcess] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def park(self, center: str, code: str, peer: str = MEDIA) -> str:
        """Something is stuck at this center: bytes with a resident's name in them."""
        return park(self.processes[center].store, center, code, peer)


def park(store: Store, center: str, code: str, peer: str) -> str:
    """Park bytes with a resident's name in them. Returns the item's number."""
    body = json.dumps({"data": {"title": CANARY, "text": CANARY, "code": code}}).encode()
    row = parked.row(parked.WIRE, code, "", known_by=body, owner=center, now_ms=1, peer=peer, body=body)

    def change(tx: Any) -> str:
        parked.park(tx, [row])
        return str(parked.newest(tx))

    return store.write(change)


@contextmanager
def doored_county(folder: Path, role: Role = Role.ADMINISTRATOR) -> Iterator[DooredCounty]:
    """Three centers at work, each with its own HTTP server; ``role``: of the console's key."""
    now, keys = datetime.now(UTC), folder / "keys"
    trust = county_keys(keys, dict.fromkeys(CENTERS))
    operator = read_keyring(keys / "operator.keys.json").keys[-1]
    known = directory.read((keys / "county.directory").read_bytes(), operator.public)
    ring = new_keyring(CONSOLE, now)
    known = staff_listed(known, ring.keys[-1].public, role, now + LONGEST, now)
    (keys / "county.directory").write_bytes(directory.written(known, operator))
    set_up(MEDIA, StringIO())
    county, broker = DooredCounty(ring), EmbeddedBroker()
    with ExitStack() as stack:
        for center in CENTERS:
            settings = load(
                None, center=center, store=f"sqlite:///{folder}/{center}.db", data=folder / center,
                intake_secret=SECRET,
                backend={"url": "http://127.0.0.1:9"}, http={"port": 0}, trust=trust[center],
            )  # fmt: skip
            process = CenterProcess(settings, EmbeddedTransport(center, broker))
            county.addresses[center] = process.start()
            county.processes[center] = process
            stack.callback(process.stop)
        yield county


def listed_console(duty: Duty, role: Role) -> Keyring:
    """A console's key that this center's directory lists, from now on."""
    now = datetime.now(UTC)
    ring = new_keyring(CONSOLE, now)
    key = ring.keys[-1].public
    duty.shelf.known = staff_listed(duty.shelf.known, key, role, now + LONGEST, now)
    return ring


def at_hand(duty: Duty, ring: Keyring, *, more: tuple[str, ...] = ()) -> Doors:
    """The door of this center, without HTTP between; ``more``: centers that are never reached."""

    def post(_center: str, raw: bytes) -> tuple[int, Mapping[str, Any]]:
        answer = door.answer(duty.store, duty.center.context, raw, datetime.now(UTC))
        return answer.status, json.loads(json.dumps(answer.body, default=str))

    return Doors(ring.keys[-1], (duty.center.context.me, *more), post, lambda: datetime.now(UTC))

"""The stage of a drill: a county of real centers on a private RabbitMQ, and the console of one of them as a process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from bus.console import people
from bus.store import Store, schema
from bus.store import tables as t
from bus.transports.topology.apply import out_exchange
from tests.harness.consoled import PASSWORD, PEOPLE
from verification.chaos.centers import HERE, CenterProcess, bury, leashed
from verification.chaos.county import ChaosCounty
from verification.chaos.drain import waiting
from verification.chaos.evidence import collect
from verification.chaos.http import IntakeClient
from verification.chaos.load import Load
from verification.chaos.settings_file import BUS, settings_file
from verification.chaos.transport import BrokerLinks
from verification.chaos.vendors import REFUSE, Lines
from verification.checker import Snapshot, When, check, wrong
from verification.checker.canaries import canaries
from verification.services import RabbitCluster, RabbitNode
from verification.services.allocation import free_ports

OURS, THEIRS = "media_center-150402", "party_service-150402"
"""The center whose console is looked at, and its neighbour."""
FORMS_A_SECOND = 1.0
PATIENCE = 300.0
"""Seconds until something counts as not happening; waited out only where it does not."""


@dataclass
class Stage:
    """A county at work, and the console of ``OURS``."""

    county: ChaosCounty
    links: BrokerLinks
    url: str
    """Where the console is served."""
    county_file: Path
    forgotten: dict[str, list[Snapshot]] = field(default_factory=dict)
    """Center → what its store said before an old backup took its place."""
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def ours(self) -> CenterProcess:
        """The center whose console is looked at."""
        return self.county.centers[OURS]

    @property
    def theirs(self) -> CenterProcess:
        """Its neighbour."""
        return self.county.centers[THEIRS]

    def broker_operator(self, *words: str) -> None:
        """Run ``bus WORDS --file COUNTY`` as the broker's operator does. Raises RuntimeError where it fails."""
        bus(*words, "--file", str(self.county_file), **self.secrets)

    @property
    def secrets(self) -> dict[str, str]:
        """What only the broker's operator has in the environment."""
        return {"BUS_MANAGEMENT_PASSWORD": self.links.broker.password}

    @contextmanager
    def residents(self, rate: float = FORMS_A_SECOND) -> Iterator[Load]:
        """Residents hand in forms meanwhile, the first at once. At the end each has its answer, and nothing waits."""
        load = self.county.load(canaries(time.time_ns() % 1000), rate, time.time_ns() % 10**6)
        load.start()
        try:
            yield load
            load.stop(PATIENCE)
        finally:
            load.stop(0)
        self.texts |= load.texts()
        assert (load.refused, load.unknown) == (0, 0)
        assert len({case for _, case in load.recent}) == load.taken > 0
        until(lambda: not self.unanswered(load), lambda: f"answers to {self.unanswered(load)}")

    def own_system_answers(self, center: str, status: int) -> None:
        """The own system of a center refuses all calls with this status; 0: it takes them."""
        url = f"{self.county.centers[center].settings['backend']['url']}{REFUSE}"
        httpx.post(url, json={"status": status}, timeout=60, trust_env=False).raise_for_status()

    def hand_in(self, center: str, form: str, body: dict[str, Any]) -> list[str]:
        """One form of a center's own people, which must be taken. The cases that it has opened or is about."""
        door = IntakeClient(self.county.door(center), self.county.secrets[center])
        told = door.submit(form, body)
        door.close()
        assert told.status == 202, told
        told_of = Lines(self.county.folder / "told.jsonl")
        told_of.write(
            center=center, form=form, id=body.get("event_id") or body["message_id"], status=told.status,
            answer=told.body, at=time.time(),
        )  # fmt: skip
        told_of.close()
        return [str(case["case_id"]) for case in told.body.get("cases", ())]

    @contextmanager
    def own_systems_frozen(self) -> Iterator[None]:
        """The own systems of all centers answer nothing for a while."""
        assert self.county.vendors is not None
        os.kill(self.county.vendors.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.county.vendors.pid, signal.SIGCONT)

    def poison(self, sender: str, recipient: str) -> None:
        """Bytes that are no message reach a center."""
        parcel = {
            "properties": {"delivery_mode": 2}, "routing_key": f"{recipient}.case.offered", "payload": "{" * 500,
            "payload_encoding": "string",
        }  # fmt: skip
        with self.links.broker.api() as api:
            api.post(f"exchanges/{self.links.vhost}/{out_exchange(sender)}/publish", json=parcel).raise_for_status()

    def unanswered(self, load: Load) -> list[str]:
        """The cases that are not closed where they were registered, and what waits in a store."""
        waits = [f"{name}: {number} wait" for name in self.county.centers if (number := waiting(self.store_url(name)))]
        for name in self.county.centers:
            with closing(self.county.store(name)) as store, store.reading() as tx:
                c = t.cases.c
                closed = {str(one) for one in tx.execute(select(c.case_id).where(c.status == "closed")).scalars()}
            waits += [case for at, case in load.recent if at == name and case not in closed]
        return waits

    def store_url(self, name: str) -> str:
        """The URL of a center's store."""
        return self.county.store_url(name)

    def judge(self) -> list[str]:
        """Stop all, and judge the stores: what was lost, done twice or left over."""
        self.county.leave()
        found = wrong(check(collect(self.county, self.forgotten, self.texts), When.DRAINED), {"restored"})
        deaths = [death for one in self.county.participants.values() for death in one.deaths]
        return [*deaths, *(f"{one.rule} {one.center} {one.case}: {one.detail}" for one in found)]


def bus(*words: str, **secrets: str) -> None:
    """Run ``bus WORDS`` as the documents have it. Raises RuntimeError with what it has said where it fails."""
    done = subprocess.run(
        [sys.executable, "-c", BUS, *words], check=False, cwd=HERE, env=os.environ | secrets, capture_output=True,
        text=True, timeout=PATIENCE,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"bus {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")


def until(condition: Any, what: Any) -> None:
    """Wait until ``condition`` gives something true. Raises AssertionError with ``what()``."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not seen: {what()}"
        time.sleep(0.3)


@contextmanager
def stage(
    broker: RabbitNode | RabbitCluster,
    folder: Path,
    *,
    stores: Mapping[str, str] | None = None,
    environments: Mapping[str, Mapping[str, str]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Iterator[Stage]:
    """Open the county and the console. ``more``: further settings of each center."""
    with ExitStack() as stack:
        links = BrokerLinks(broker, [OURS, THEIRS])
        stack.callback(links.close)
        links.open()
        county = ChaosCounty(folder, links.urls(), stores or {}, environments or {}, more=more or {})
        stack.callback(county.close)
        county.open()
        found = Stage(county, links, "", _county_file(folder, links))
        found.url = stack.enter_context(_console(found, folder))
        yield found


def _county_file(folder: Path, links: BrokerLinks) -> Path:
    """The county's file, and its passwords beside it, as the broker's operator has them."""
    passwords, path = folder / "passwords.json", folder / "county.toml"
    for one in (passwords, path):
        one.touch(0o600)
    passwords.write_text(json.dumps({**links.passwords, "auditor": "correct-Horse-battery-7-staple"}))
    lines = {
        "centers": [*links.centers],
        "management_url": links.broker.management_url,
        "management_user": links.broker.user,
        "vhost": links.vhost,
        "passwords_file": str(passwords),
    }
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()))
    return path


@contextmanager
def _console(on: Stage, folder: Path) -> Iterator[str]:
    """``bus console run`` beside ``OURS``, with a person of each role."""
    own, (port,) = f"sqlite:///{folder / 'console.db'}", free_ports(1)
    with closing(Store(own)) as store:
        schema.upgrade(store)
        for name, role in PEOPLE.items():
            people.keep(store, name, role, PASSWORD, datetime.now(UTC))
    words = [
        "console", "run", "--config", str(settings_file(folder, on.ours.settings)), "--county", str(on.county_file),
        "--port", str(port), "--store", own,
    ]  # fmt: skip
    with (folder / "console.log").open("ab") as log:
        process = leashed([sys.executable, "-c", BUS, *words], HERE, os.environ | on.secrets, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _lives(url), lambda: (folder / "console.log").read_text(errors="replace")[-1000:])
        yield url
    finally:
        process.terminate()
        bury(process, 20)


def _lives(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/health/live", trust_env=False, timeout=5).is_success
    return False

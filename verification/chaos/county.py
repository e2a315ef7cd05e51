"""The county of a chaos run: four center processes, the ledger's, the simulators', the load; broker and stores are
given."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bus.contract.facts import is_ledger
from bus.demo.county_keys import county_keys, store_keys
from bus.runtime.bootstrap import store_at
from bus.security.keyring import OwnKey
from bus.settings import fresh_secret
from bus.store.database import Store
from verification.chaos.centers import HERE, CenterProcess, Watch, bury, leashed
from verification.chaos.load import FORMS, Load
from verification.chaos.persons import list_persons
from verification.chaos.vendors import BackendPlan
from verification.checker.canaries import Canary
from verification.plug_ins import FIFTH
from verification.services.allocation import free_ports


def names(division: str, *, fifth: bool = False) -> list[str]:
    """The centers of one county, one of each kind that the load supports; with the ``fifth`` kind or without."""
    return [f"{kind}-{division}" for kind in FORMS if fifth or kind != FIFTH]


@dataclass(slots=True)
class ChaosCounty:
    """A chaos county: ``open`` it, let ``load`` run, inject faults through ``centers`` and ``vendors``, ``close``
    it."""

    folder: Path
    brokers: Mapping[str, str]
    """Participant → broker URL with its own login. Where a ledger is among them, every center tells it."""
    stores: Mapping[str, str] = field(default_factory=dict)
    """Participant → store URL; SQLite in the folder by default."""
    environments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    code: Path = HERE
    """The source tree that the centers run."""
    codes: Mapping[str, Path] = field(default_factory=dict)
    """Center → the source tree of another version that it runs first."""
    more: Mapping[str, Any] = field(default_factory=dict)
    centers: dict[str, CenterProcess] = field(default_factory=dict)
    ledger: CenterProcess | None = None
    persons: Mapping[str, OwnKey] = field(default_factory=dict)
    """Who is on duty, with the keys that the county's directory lists; nobody in a county without keys."""
    secrets: dict[str, str] = field(default_factory=dict)
    vendors: "subprocess.Popen[bytes] | None" = None
    _keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _at_rest: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _watch: Watch | None = None

    def open(self) -> None:
        """Start the simulators, then the centers; returns when their intakes answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ports = free_ports(2 * len(self.brokers))
        doors = {name: ports.pop() for name in self.brokers}
        if self.code == HERE and not self.codes:  # the previous version cannot read signed or encrypted messages
            urls = {name: f"http://127.0.0.1:{door}" for name, door in doors.items()}
            self._keys = county_keys(self.folder / "keys", urls)
            self._at_rest = store_keys(self.folder / "keys", urls)
            self.persons = list_persons(self.folder / "keys")
        desks = []
        for name, door in doors.items():
            if is_ledger(name):
                self.ledger = CenterProcess(
                    name, self._of_ledger(name, door), self.folder, self.code, self._outside(name)
                )
                continue
            vendor = ports.pop()
            self.secrets[name] = fresh_secret()
            desks.append(BackendPlan(name, vendor, f"http://127.0.0.1:{door}", self.secrets[name]))
            self.centers[name] = CenterProcess(
                name,
                self._settings(name, door, vendor),
                self.folder,
                self.codes.get(name, self.code),
                self._outside(name),
            )
        self._start_vendors(desks)
        for one in self.participants.values():
            one.start()
        for one in self.participants.values():
            one.await_door()
        self._watch = Watch(self.participants)

    @property
    def participants(self) -> dict[str, CenterProcess]:
        """The centers, and the ledger."""
        return self.centers | ({self.ledger.name: self.ledger} if self.ledger is not None else {})

    def _of_ledger(self, name: str, door: int) -> dict[str, Any]:
        return {
            "center": name,
            "store": self.store_url(name),
            "broker": self.brokers[name],
            "data": str(self.folder / name),
            "http": {"port": door},
            "trust": self._keys[name],
            "at_rest": self._at_rest[name],
        }

    def _outside(self, name: str) -> dict[str, str]:
        return {"TMPDIR": str(self._temporary()), **self.environments.get(name, {})}

    def _settings(self, name: str, door: int, vendor: int) -> dict[str, Any]:
        ledger = next(filter(is_ledger, self.brokers), None)
        return {
            **({"facts": {"ledger": ledger}} if ledger is not None else {}),
            "center": name,
            "store": self.store_url(name),
            "broker": self.brokers[name],
            "data": str(self.folder / name),
            "intake_secret": self.secrets[name],
            "backend": {"url": f"http://127.0.0.1:{vendor}"},
            "http": {"port": door, "public_url": f"http://127.0.0.1:{door}"},
            **({"trust": self._keys[name], "at_rest": self._at_rest[name]} if self._keys else {}),
            **self.more,
        }

    @property
    def seals(self) -> bool:
        """Whether its centers have keys, so that messages and stores are encrypted, in transit and on disk."""
        return bool(self._keys)

    def store_url(self, name: str) -> str:
        """The URL of a participant's store."""
        return self.stores.get(name, f"sqlite:///{self.folder / name}.db")

    def store(self, name: str) -> Store:
        """A participant's store, for reading; the caller closes it."""
        return store_at(self.store_url(name), self._at_rest.get(name, {}).get("key"))

    def _temporary(self) -> Path:
        """The folder of the centers' temporary files, so that they can be scanned."""
        folder = self.folder / "tmp"
        folder.mkdir(exist_ok=True)
        return folder

    def door(self, name: str) -> str:
        """The URL of a participant's door."""
        return f"http://127.0.0.1:{self.participants[name].settings['http']['port']}"

    def _start_vendors(self, desks: Sequence[BackendPlan]) -> None:
        plan = self.folder / "vendors.plan.json"
        plan.write_text(
            json.dumps(
                {
                    "folder": str(self.folder),
                    "desks": [
                        {"center": d.center, "port": d.port, "intake_url": d.intake_url, "secret": d.secret}
                        for d in desks
                    ],
                }
            )
        )
        plan.chmod(0o600)
        command = [sys.executable, "-m", "verification.chaos.vendors", str(plan)]
        self.vendors = leashed(command, HERE, os.environ, stdout=subprocess.PIPE)
        if self.vendors.stdout is None or self.vendors.stdout.readline() != b"ready\n":
            raise RuntimeError("the vendors' systems did not start")

    def load(self, residents: Sequence[Canary], rate: float, seed: int) -> Load:
        """The load for this county; not started."""
        doors = {name: (self.door(name), self.secrets[name]) for name in self.centers}
        return Load(doors, residents, self.folder, rate, seed)

    def leave(self) -> None:
        """Stop centers and ledger in good order; simulators and files stay."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        for one in self.participants.values():
            one.thaw()
            one.ask()
        for one in self.participants.values():
            one.end()

    def close(self) -> None:
        """End everything that was started."""
        self.leave()
        if self.vendors is not None:
            self.vendors.send_signal(signal.SIGCONT)
            self.vendors.terminate()
            bury(self.vendors, 10)

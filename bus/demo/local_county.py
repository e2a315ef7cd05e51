"""A local county for trying the bus: centers, each with a simulator of its own system, and people who use those
systems.

The centers run in this process, or in a child process that can be killed. The simulators always run in this process,
because a real vendor's system is separate too. Everything between them is real: HTTP, signatures, stores on disk, the
transport.
"""

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TextIO
from uuid import UUID

import httpx

from bus.custody import Record, Status
from bus.demo.county_keys import keys_of_county
from bus.demo.county_process import CountyPlan, CountyProcess, Program
from bus.log import set_up
from bus.runtime.bootstrap import store_at
from bus.sdk import discovery
from bus.sdk.simulator import BackendSimulator
from bus.settings import fresh_secret
from bus.store import cases, inbox, waiting
from bus.store.database import Store

COUNTY = "county"
"""The name of the process that all centers share."""


_drawn: set[int] = set()


def free_port() -> int:
    """A free port on loopback, given once in this process. It lies below the range of outgoing connections (32768 and
    up): a center starts seconds after the draw, and later perhaps again."""
    while True:
        port = secrets.choice(range(15_000, 32_000))
        with socket.socket() as probe:
            if port not in _drawn and probe.connect_ex(("127.0.0.1", port)):
                _drawn.add(port)
                return port


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit of a whole county: its stores and its centers' own systems."""

    cases: int
    answered: int
    lost: int
    """Cases without a holder, or whose centers disagree on the holder."""
    twice: int
    """Effects or messages that were applied more than once."""
    parked: int
    waiting: int
    """Messages and tasks that are still pending."""


def _people() -> httpx.Client:
    """The client of residents and staff: made once, since each makes a TLS context; each call has its connection."""
    return httpx.Client(timeout=10, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


@dataclass(slots=True)
class LocalCounty:
    """A county: ``open`` it, act through ``backend``, wait with ``until``, check with ``audit``, ``close`` it."""

    folder: Path
    centers: Sequence[str]
    routes: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    """Per center: its routes, as the settings take them."""
    arbiter: str | None = None
    brokers: Mapping[str, str] = field(default_factory=dict)
    """Per center: the broker's URL; a center without one uses the embedded transport."""
    stores: Mapping[str, str] = field(default_factory=dict)
    """Per center: a database URL other than SQLite in the folder."""
    processes: Literal["here", "one", "each"] = "here"
    """Where the centers run: in this process, all in one child process, or each in a process of its own."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further settings for every center."""
    shared: Mapping[str, str] = field(default_factory=dict)
    """Per center: a process that it shares with others; without an entry it has its own."""
    programs: dict[str, Program] = field(default_factory=dict)
    """Per process: the program of its next start, if not this one."""
    make_keys: Callable[[Path, Mapping[str, str | None]], tuple[Mapping[str, Any], Mapping[str, Any]]] | None = None
    """Makes all keys and the directory in a folder, for each center's URL; None: as this release does."""
    ledger: str | None = None
    """The county's ledger, which every center tells; None: there is none."""
    backends: dict[str, BackendSimulator] = field(default_factory=dict)
    backend_urls: dict[str, str] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    process: CountyProcess | None = None
    children: "dict[str, subprocess.Popen[str]]" = field(default_factory=dict)
    _plans: dict[str, CountyPlan] = field(default_factory=dict)
    _keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _at_rest: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _ready: set[str] = field(default_factory=set)
    _log: TextIO | None = None
    _stores: dict[str, Store] = field(default_factory=dict)
    _http: httpx.Client = field(default_factory=_people)

    def open(self) -> None:
        """Start the simulators, then the centers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ports = {name: free_port() for name in self._participants()}
        self.urls |= {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        make_keys = self.make_keys or partial(keys_of_county, arbiter=self.arbiter)
        self._keys, self._at_rest = make_keys(self.folder / "keys", dict(self.urls))
        settings = []
        for name, port in ports.items():
            if name == self.ledger:
                settings.append(self._of_ledger(name, port))
                continue
            secret = fresh_secret()
            named = str(self.more.get("adapter", ""))
            simulator = discovery.find(name.partition("-")[0], named).simulator()
            self.backends[name] = simulator(name, self.urls[name], secret)
            self.backend_urls[name] = self.backends[name].start()
            settings.append(self._settings(name, secret, port))
        if self.processes == "each":
            together: dict[str, list[dict[str, Any]]] = {}
            for one in settings:
                together.setdefault(self.shared.get(one["center"], one["center"]), []).append(one)
            self._plans = {
                name: CountyPlan(tuple(ones), str(self.folder / f"{name}.jsonl")) for name, ones in together.items()
            }
        else:
            self._plans = {COUNTY: CountyPlan(tuple(settings), str(self.folder / "county.jsonl"))}
        self.start_centers()

    def _participants(self) -> list[str]:
        """The centers, and the ledger."""
        return [*self.centers, *([self.ledger] if self.ledger is not None else [])]

    def _of_ledger(self, name: str, port: int) -> dict[str, Any]:
        return {
            "center": name,
            "store": self.store_url(name),
            "broker": self.brokers.get(name, ""),
            "data": str(self.folder / name),
            "http": {"port": port},
            "trust": self._keys[name],
            "at_rest": self._at_rest[name],
        }

    def _settings(self, name: str, secret: str, port: int) -> dict[str, Any]:
        facts = {"facts": {"ledger": self.ledger}} if self.ledger is not None else {}
        return {
            **facts,
            "center": name,
            "store": self.store_url(name),
            "broker": self.brokers.get(name, ""),
            "data": str(self.folder / name),
            "intake_secret": secret,
            "backend": {"url": self.backend_urls[name]},
            "http": {"port": port, "public_url": self.urls[name]},
            "routes": [dict(route) for route in self.routes.get(name, ())],
            "arbiter": self.arbiter,
            "trust": self._keys[name],
            "at_rest": self._at_rest[name],
            **self.more,
        }

    def store_url(self, name: str) -> str:
        """The database URL of the center's store."""
        return self.stores.get(name, f"sqlite:///{self.folder / name}.db")

    def start_centers(self) -> None:
        """Start the centers that are not running, on the same stores and ports as before."""
        if self.processes == "here":
            self._start_here()
            return
        for name in self._plans:
            if name not in self.children:
                path = self.folder / f"{name}.plan.json"
                self.plan_of(name).save(path)
                self.children[name] = self.programs.get(name, Program()).start(path)
        for name, child in self.children.items():
            if name not in self._ready:
                if child.stdout is None or child.stdout.readline() != "ready\n":
                    raise RuntimeError(f"{name} did not start; see {self._plans[name].log_file}")
                self._ready.add(name)

    def settings_of(self, center: str) -> dict[str, Any]:
        """The settings of one center, as they would stand in its file."""
        return next(one for plan in self._plans.values() for one in plan.centers if one["center"] == center)

    def plan_of(self, process: str) -> CountyPlan:
        """The plan of a process, in the settings of its program."""
        return self.programs.get(process, Program()).plan(self._plans[process])

    def _start_here(self) -> None:
        self._log = Path(self._plans[COUNTY].log_file).open("a", encoding="utf-8")  # noqa: SIM115 - until close
        set_up("county", self._log)
        self.process = CountyProcess(self._plans[COUNTY])
        self.process.start()

    def kill(self, process: str = COUNTY) -> None:
        """Kill a county process at once, as a power cut would."""
        self.children[process].kill()
        self._reap(process)

    def stop(self, process: str) -> None:
        """Stop a county process in good order."""
        self.children[process].terminate()
        self._reap(process)

    def _reap(self, process: str) -> None:
        child = self.children.pop(process)
        self._ready.discard(process)
        child.wait(30)
        if child.stdout is not None:
            child.stdout.close()

    def close(self) -> None:
        """Stop the centers, then the simulators."""
        for child in self.children.values():
            child.terminate()
        for process in list(self.children):
            self._reap(process)
        if self.process is not None:
            self.process.stop()
            self.process = None
        if self._log is not None:
            set_up("town", sys.stderr)
            self._log.close()
        for vendor in self.backends.values():
            vendor.stop()
        self._http.close()
        for eye in self._stores.values():
            eye.close()
        self._stores.clear()

    # -- people ------------------------------------------------------------------------------------------------------

    def backend(self, center: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - their JSON
        """Use a center's own system as its staff or a resident would: POST with a body, GET without."""
        url = self.backend_urls[center] + path
        answer = self._http.get(url) if body is None else self._http.post(url, json=dict(body))
        answer.raise_for_status()
        return answer.json()

    def until(self, what: str, condition: Callable[[], Any], timeout: float = 120) -> Any:  # noqa: ANN401 - whatever it gives
        """Wait until ``condition`` returns something true, and return that. Raises TimeoutError, which names
        ``what``."""
        deadline, pause = time.monotonic() + timeout, 0.02
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(pause)
            pause = min(pause * 1.3, 0.3)
        raise TimeoutError(f"not seen within {timeout:.0f} s: {what}")

    # -- looking -----------------------------------------------------------------------------------------------------

    def store(self, center: str) -> Store:
        """The center's store, for reading. It is read as it is, also where an older release runs the center. The
        stories and the checker select their columns by name; v0.1.0 had all of them, and migrations only add. A query
        that needs a newer column must read an upgraded copy."""
        if center not in self._stores:
            self._stores[center] = store_at(self.store_url(center), self._at_rest[center]["key"])
        return self._stores[center]

    def close_store(self, center: str) -> None:
        """Close the center's store, because its file is about to be replaced."""
        if center in self._stores:
            self._stores.pop(center).close()

    def records(self, center: str) -> dict[UUID, Record]:
        """All records of the center."""
        with self.store(center).reading() as tx:
            return cases.read(tx, cases.ids(tx))

    def record(self, center: str, case_id: UUID) -> Record | None:
        """The center's record of one case."""
        with self.store(center).reading() as tx:
            return cases.read(tx, [case_id]).get(case_id)

    def audit(self) -> Audit:
        """Count over all stores and all simulators."""
        by_case: dict[UUID, list[Record]] = {}
        for center in self.centers:
            for case_id, record in self.records(center).items():
                by_case.setdefault(case_id, []).append(record)
        answered = sum(
            any(r.me == r.case.origin and r.status is Status.CLOSED for r in known) for known in by_case.values()
        )
        return Audit(
            cases=len(by_case),
            answered=answered,
            lost=sum(not one_custodian(known) for known in by_case.values()),
            twice=self._twice(),
            parked=sum(counts.parked for counts in self._counts()),
            waiting=self._waiting(),
        )

    def _counts(self) -> Iterator[waiting.Counts]:
        for center in self.centers:
            with self.store(center).reading() as tx:
                yield waiting.counts(tx)

    def _twice(self) -> int:
        """Messages applied twice in a store, and keys with two effects in a simulator."""
        twice = 0
        for center in self.centers:
            with self.store(center).reading() as tx:
                ids = inbox.applied_messages(tx)
            keys = [effect["key"] for effect in self.backends[center].effects]
            twice += len(ids) - len(set(ids)) + len(keys) - len(set(keys))
        return twice

    def drained(self) -> bool:
        """Whether no message or task is pending."""
        return self._waiting() == 0

    def _waiting(self) -> int:
        return sum(counts.outbox + counts.work + counts.held for counts in self._counts())


def one_custodian(known: Sequence[Record]) -> bool:
    """Whether the records of one case, from all centers, agree on exactly one custodian that knows its custody."""
    newest = max(record.version for record in known)
    holders = {record.holder for record in known if record.version == newest}
    return len(holders) == 1 and any(record.me in holders and record.version == newest for record in known)

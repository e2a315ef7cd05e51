"""The test harness of one adapter: its center runs for real, with its simulator and scripted peers.

HTTP, signatures, store and loops are real; only the transport is embedded. A new harness is ready within a second.
"""

import dataclasses
import hashlib
import io
import json
import logging
import time
import warnings
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel
from sqlalchemy import delete, func, select
from standardwebhooks import Webhook

from bus.backoff import Backoff
from bus.contract.case import Case, Person, Place, Source
from bus.contract.ids import new_id
from bus.custody import Record
from bus.log import reset, set_up
from bus.pipeline.handle import RetryPolicy
from bus.runtime.process import CenterProcess
from bus.sdk import discovery
from bus.sdk.center import Center, Form, MessageHandler
from bus.sdk.simulator import BackendSimulator
from bus.settings import fresh_secret, load
from bus.store import cases, parked
from bus.store import tables as t
from bus.store.rows import LinkRow
from bus.testing.fake_peers import FakePeers
from bus.testing.given_records import beside
from bus.testing.samples import Json, Samples, samples_of
from bus.testing.sound_samples import SoundSamples
from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport

TIMEOUT = 0.4
"""Seconds that the center waits for its own system."""
QUICK = RetryPolicy(attempts=40, backoff=Backoff(0.02, 1), failures_before_probing=10_000)
"""A retry policy with short pauses. It never probes, so that many kinds may meet a fault at once."""


class AdapterHarness:
    """The harness: ``start`` it, test, ``stop`` it. ``plant`` may change the center before it runs, to see the suite
    fail."""

    def __init__(
        self,
        package: str,
        folder: Path,
        *,
        plant: Callable[[Center[Any]], Center[Any]] | None = None,
        patience: float = 60,
    ) -> None:
        self.samples: Samples = samples_of(package)
        self.sound = SoundSamples(self.samples)
        self.folder, self.patience = folder, patience
        named = self.samples.centers()
        self.me = next((n for n in named if n.startswith(f"{self.samples.kind}-")), f"{self.samples.kind}-150402")
        self.beside = beside(self.me)
        self.others = [n for n in dict.fromkeys((*self.beside, *named)) if n != self.me]
        self.secret = fresh_secret()
        self.logged = io.StringIO()
        self.commands: list[tuple[str, list[Json]]] = []
        """What every form and message that was handled became: (the form's name or the message's id, commands)."""
        self._plant = plant or (lambda center: center)
        self._library_log = logging.StreamHandler(self.logged)

    # -- life --------------------------------------------------------------------------------------------------------

    def start(self) -> "AdapterHarness":
        """Start the transport, the peers, the simulator and the center."""
        self.folder.mkdir(parents=True, exist_ok=True)
        set_up(self.me, self.logged, logging.DEBUG)
        logging.getLogger().addHandler(self._library_log)
        self.road = EmbeddedBroker([self.me, *self.others])
        self.peers = FakePeers(self.road, self.me, self.others)
        simulator = discovery.find(self.samples.kind, self.samples.package).simulator()
        self.backend: BackendSimulator = simulator(self.me, "", self.secret)
        self.backend_url = self.backend.start()
        self.process = CenterProcess(self._settings(), EmbeddedTransport(self.me, self.road))
        self.polls = list(self.process.center.asked.values())
        """What its system is asked for; on the harness only when a check asks."""
        self.process.center = self.process.engine.center = self._watched(self._plant(self.process.center))
        self.process.engine.breaker.policy = QUICK
        self.url = self.process.start()
        self.backend.intake_url = self.url
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        self._backend_http = httpx.Client(base_url=self.backend_url, timeout=60, trust_env=False)
        for photo in self.samples.photos:
            self.put(photo).raise_for_status()
        return self

    def _settings(self) -> Any:  # noqa: ANN401 - handed straight to Running
        routes = []
        for sample in self.samples.ins:
            for where, to in sample.given.get("routes", {}).items():
                category, _, division = where.partition("/")
                routes.append({"to": to, "category": category, "division": division})
        return load(
            None,
            center=self.me,
            adapter=self.samples.package,
            store=f"sqlite:///{self.folder / 'store.db'}",
            data=str(self.folder / "data"),
            intake_secret=self.secret,
            backend={"url": self.backend_url, "timeout": TIMEOUT},
            http={"port": 0},
            routes=routes,
            arbiter=self.beside.arbiter,
        )

    def _watched(self, center: Center[Any]) -> Center[Any]:
        """A copy of the center whose handlers record the commands that they return."""

        def keep(name: str, answer: Iterable[BaseModel]) -> list[Any]:
            items = list(answer)
            self.commands.append((name, [{"kind": type(i).__name__, **i.model_dump(mode="json")} for i in items]))
            return items

        def form(one: Form) -> Form:
            plain = one.handler
            return dataclasses.replace(one, handler=lambda context, body: keep(one.name, plain(context, body)))

        def message(plain: MessageHandler) -> MessageHandler:
            return lambda context, said: keep(str(said.id), plain(context, said))

        forms = {name: form(one) for name, one in center.forms.items()}
        handlers = {name: message(one) for name, one in center.handlers.items()}
        return Center(center.kind, center.connect, forms, handlers)

    @property
    def running(self) -> CenterProcess:
        """The old name of ``process``; it is removed in 0.3."""
        told = "AdapterHarness.running is now AdapterHarness.process; the old name goes with 0.3"
        warnings.warn(told, DeprecationWarning, stacklevel=2)
        return self.process

    def stop(self) -> None:
        """Stop everything, in whatever state it is."""
        try:
            self.http.close()
            self._backend_http.close()
            self.process.stop()
            self.backend.stop()
            self.peers.close()
            self.road.close()
        finally:
            logging.getLogger().removeHandler(self._library_log)
            reset()

    def fresh(self) -> None:
        """Reset to the start; uploaded attachments stay."""
        self.backend.heal()
        self.until(lambda: self.count(t.work, t.work.c.state == "waiting") == 0, "an idle desk", fail=False)
        self.peers.forget()

        def wipe(tx: Any) -> None:  # noqa: ANN401 - a connection
            for table in t.metadata.tables.values():
                if table.name != "attachments":
                    tx.execute(delete(table))

        self.process.store.write(wipe)
        self.process.engine.breaker.failures = 0
        self.commands.clear()

    # -- the vendor's side of the door -------------------------------------------------------------------------------

    def post(
        self, form: str, body: Json | bytes, *, secret: str | None = None, at: float | None = None, sign: bool = True
    ) -> httpx.Response:
        """Send a form to the intake: signed like the vendor's, or in another way."""
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        signed = self.signature(raw.decode("latin-1") if not _is_utf8(raw) else raw.decode(), secret, at)
        headers = {"content-type": "application/json", **(signed if sign else {})}
        return self.http.post(f"/intake/{form}", content=raw, headers=headers)

    def put(self, content: bytes, *, sign: bool = True) -> httpx.Response:
        """Upload an attachment."""
        headers = self.signature(hashlib.sha256(content).hexdigest()) if sign else {}
        return self.http.put("/attachments", content=content, headers=headers)

    def signature(self, content: str, secret: str | None = None, at: float | None = None) -> dict[str, str]:
        """The signature headers of Standard Webhooks."""
        message_id, moment = f"msg_{new_id().hex}", datetime.fromtimestamp(at or time.time(), UTC)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(message_id, moment, content),
        }

    def records(self) -> list[Json]:
        """The simulator's records, as its own page shows them."""
        found = self._backend_http.get("/records").json()
        return list(found.values()) if isinstance(found, dict) else list(found)

    def effects(self, key: str) -> list[Json]:
        """The effects in the simulator under idempotency keys that contain ``key``."""
        return [effect for effect in list(self.backend.effects) if key in effect["key"]]

    # -- looking -----------------------------------------------------------------------------------------------------

    def until(self, condition: Callable[[], Any], what: str, *, fail: bool = True) -> Any:  # noqa: ANN401 - what it gives
        """Wait, while the peers listen, until ``condition`` returns something true; else fail with ``what``."""
        deadline = time.monotonic() + self.patience
        while True:
            self.peers.listen()
            found = condition()
            if found or time.monotonic() > deadline:
                break
            time.sleep(0.005)
        assert found or not fail, f"not seen within {self.patience:.0f} s: {what}"
        return found

    def idle(self) -> bool:
        """Whether nothing is pending: no task, no message without a receipt, no receipt owed."""
        waiting = self.count(t.work, t.work.c.state == "waiting") + self.count(t.outbox, t.outbox.c.state == "waiting")
        return waiting + self.count(t.receipts) + self.count(t.errors) == 0

    def count(self, table: Any, *where: Any) -> int:  # noqa: ANN401 - SQLAlchemy's
        """The number of rows in a table of the store."""
        with self.process.store.reading() as tx:
            return int(tx.execute(select(func.count()).select_from(table).where(*where)).scalar_one())

    def parked(self) -> list[Json]:
        """The parked items."""
        with self.process.store.reading() as tx:
            return [dict(row) for row in parked.listed(tx)]

    def record(self, case_id: UUID) -> Record | None:
        """The center's record of a case."""
        with self.process.store.reading() as tx:
            return cases.read(tx, [case_id]).get(case_id)

    def remember(self, record: Record, natives: dict[str, str]) -> None:
        """Give the center prior state: this record, and the native records that belong to it."""

        def change(tx: Any) -> None:  # noqa: ANN401 - a connection
            cases.keep(tx, [record], 1)
            case_id = str(record.case.case_id)
            cases.link(tx, [LinkRow(system, native, case_id) for system, native in natives.items()])

        self.process.store.write(change)


def a_case(case_id: UUID, origin: str) -> Case:
    """A case like any other."""
    return Case(
        case_id=case_id, number=f"N-{case_id.hex[:8]}-{case_id.hex[-8:]}", origin=origin, title="楼道灯不亮",
        text="三单元楼道灯坏了一周。", category="housing", place=Place(division="150402006006", text="迎宾路社区"),
        resident=Person(name="居民甲", phone="0476-0000000"), channel="app",
        source=Source(system="bench", record=case_id.hex), received_at=datetime.now(UTC),
    )  # fmt: skip


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True

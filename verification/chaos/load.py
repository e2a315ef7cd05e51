"""The load: residents submit forms at all four centers, at a steady rate, and each answer is recorded."""

import queue
import random
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verification.chaos.http import IntakeClient, Json
from verification.chaos.vendors import Lines
from verification.checker.canaries import Canary
from verification.plug_ins import FIFTH

LATER = frozenset({401, 408, 425, 429})
"""Answers after which a center's own system keeps the form and retries; 401 is the result of a wrong clock."""
WORKERS = 6
"""Connections to each center's intake."""
PATIENCE = 5.0
"""Most waiting forms at one intake, in seconds of the usual load; beyond that no more residents come."""

RECENT = 400
"""Cases that are remembered for those who ask about one."""


@dataclass(slots=True)
class _Form:
    center: str
    form: str
    id: str
    body: Json
    to: str


def text_of(who: Canary) -> str:
    """The resident's text."""
    return f"{who.words}：楼道灯不亮，请派人来看。"


def _media(native_id: str, who: Canary, division: str, to: str) -> tuple[str, Json]:
    return "message", {
        "message_id": native_id, "client_name": who.name, "phone": who.phone, "text": text_of(who),
        "place": who.address, "category": "市容环境", "division": division, "to": [to],
    }  # fmt: skip


def _government(native_id: str, who: Canary, division: str, to: str) -> tuple[str, Json]:
    return "work-order", {
        "order_no": native_id, "caller": who.name, "phone": who.phone, "id_card": who.id_card, "text": text_of(who),
        "address": who.address, "title": f"{who.words}，路灯", "division": division, "to": [to],
    }  # fmt: skip


def _party(native_id: str, who: Canary, division: str, to: str) -> tuple[str, Json]:
    return "entry", {
        "matter_no": native_id, "resident": who.name, "phone": who.phone, "id_card": who.id_card, "text": text_of(who),
        "address": who.address, "place": who.address, "division": division, "to": [to],
    }  # fmt: skip


def _civilization(native_id: str, who: Canary, division: str, to: str) -> tuple[str, Json]:
    return "wish", {
        "wish_no": native_id, "client_name": who.name, "phone": who.phone, "text": text_of(who),
        "place": who.address, "division": division, "to": [to],
    }  # fmt: skip


def _command(native_id: str, who: Canary, division: str, to: str) -> tuple[str, Json]:
    return "ticket", {
        "ticketNo": native_id, "caller": who.name, "phone": who.phone, "text": text_of(who), "address": who.address,
        "place": who.address, "division": division, "dispatchTo": [to],
    }  # fmt: skip


FORMS = {
    "media_center": _media,
    "government_service": _government,
    "party_service": _party,
    "civilization_center": _civilization,
    FIFTH: _command,
}


class Load:
    """The load: ``start`` it, change ``rate`` (forms a second over all centers) at will, ``stop`` it."""

    def __init__(
        self,
        doors: Mapping[str, tuple[str, str]],
        residents: Sequence[Canary],
        folder: Path,
        rate: float,
        seed: int,
    ) -> None:
        """``doors``: center → (intake URL, secret)."""
        self.rate = rate
        self.sent = 0
        """Forms that somebody has tried to hand in."""
        self.taken = 0
        self.refused = 0
        self.unknown = 0
        self.residents = residents
        self.recent: deque[tuple[str, str]] = deque(maxlen=RECENT)
        """The latest cases: the center that has registered it, and its id."""
        self._doors, self._rng = doors, random.Random(seed)  # noqa: S311 - no secret
        self._run = f"{seed:x}{time.time_ns() & 0xFFFFFF:x}"
        self._told = Lines(folder / "told.jsonl")
        self._queues: dict[str, queue.Queue[_Form | None]] = {name: queue.Queue() for name in doors}
        self._texts: dict[str, str] = {}
        self._over = threading.Event()
        self._given_up = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to submit."""
        for name in self._doors:
            for _ in range(WORKERS):
                self._thread(self._hand_in, name)
        self._thread(self._pace)

    def _thread(self, task: Any, *args: Any) -> None:
        thread = threading.Thread(target=task, args=args, daemon=True)
        thread.start()
        self._threads.append(thread)

    @property
    def waiting(self) -> int:
        """Forms that wait at an unavailable or slow intake."""
        return sum(line.qsize() for line in self._queues.values())

    def texts(self) -> dict[str, str]:
        """Native id → the matter's text, of every form."""
        return self._texts

    def _pace(self) -> None:
        due = time.monotonic()
        while not self._over.is_set():
            now = time.monotonic()
            due = max(due, now - 1)
            while due <= now:
                self._ask()
                due += 1 / self.rate
            self._over.wait(max(0.001, due - time.monotonic()))

    def _ask(self) -> None:
        center, to = self._rng.sample(list(self._doors), 2)
        if self._queues[center].qsize() > self.rate * PATIENCE / len(self._doors):
            return  # residents leave if the queue is long
        self.sent += 1
        native_id = f"C{self._run}-{self.sent}"
        who = self.residents[self.sent % len(self.residents)]
        self._texts[native_id] = text_of(who)
        kind, _, division = center.partition("-")
        form, body = FORMS[kind](native_id, who, division, to)
        self._queues[center].put(_Form(center, form, native_id, body, to))

    def _hand_in(self, center: str) -> None:
        door = IntakeClient(*self._doors[center])
        while (form := self._queues[center].get()) is not None:
            self._until_told(door, form)
        door.close()

    def _until_told(self, door: IntakeClient, form: _Form) -> None:
        """Send a form again until it is taken or refused, as a center's own system does."""
        first = time.time()
        while True:
            told = door.submit(form.form, form.body)
            final = 200 <= told.status < 500 and told.status not in LATER
            self._told.write(
                center=form.center, form=form.form, id=form.id, to=form.to, status=told.status, answer=told.body,
                first=first, at=time.time(),
            )  # fmt: skip
            self.recent.extend((form.center, str(case["case_id"])) for case in told.body.get("cases", ()))
            if final or self._given_up.wait(0.3):
                break
        with self._lock:
            self.taken += told.status in (200, 202)
            self.refused += final and told.status not in (200, 202)
            self.unknown += not final

    def stop(self, timeout: float = 60) -> None:
        """No new forms; pending ones are sent until they are answered, or for ``timeout`` seconds."""
        self._over.set()
        for line in self._queues.values():
            for _ in range(WORKERS):
                line.put(None)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._given_up.set()
        for thread in self._threads:
            thread.join(12)
        self._told.close()

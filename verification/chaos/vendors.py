"""The simulators of all four own systems, in one process: orders are opened, staff accept and resolve them.

``python -m verification.chaos.vendors PLAN.json`` runs until a signal stops it. Every effect, and every answer of an
intake to staff, is one line of a file, so that the checker can read them even after a crash.
"""

import heapq
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from bus.runtime.ending import ended_by_signals
from verification.chaos.http import IntakeClient, Json, Server
from verification.plug_ins import FIFTH

OPENS = frozenset({"/orders", "/matters"})
"""The calls that open a record for another center's case."""
ACTS: dict[str, tuple[str, Callable[[str, str, str], Json]]] = {
    "media_center": ("order-event", lambda event, _record, case: {"event_id": event, "case_id": case}),
    "government_service": (
        "order-event", lambda event, record, case: {"event_id": event, "order_no": record, "case_id": case}
    ),
    "party_service": (
        "order-event", lambda event, record, case: {"event_id": event, "matter_no": record, "case_id": case}
    ),
    "civilization_center": ("order-event", lambda event, _record, case: {"event_id": event, "case_id": case}),
    FIFTH: ("ticket-act", lambda event, _record, case: {"eventId": event, "caseId": case}),
}  # fmt: skip
"""The form by which each simulator reports an act, and how it names the event and its object."""
STEPS: tuple[Json, ...] = (
    {"action": "accept"},
    {"action": "resolve", "reply": "已核实办结。 / Checked and done."},
)
"""The steps of staff with every order."""


class Lines:
    """A file of JSON lines, written by many threads."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()
        self.last: Json = {}

    def write(self, **line: Any) -> None:
        """Append one line."""
        self.last = line
        text = json.dumps(line, ensure_ascii=False)
        with self._lock:
            if not self._file.closed:  # a line after the end is dropped
                self._file.write(text + "\n")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()


@dataclass(order=True, slots=True)
class Task:
    """One order of the staff: the next step, and the time of the next attempt."""

    due: float
    record: str = field(compare=False)
    case: str = field(compare=False)
    step: int = field(compare=False, default=0)
    tries: int = field(compare=False, default=0)
    again: bool = field(compare=False, default=False)
    """A step repeated for a store that was restored since: steps known to peers are refused, and the next is due."""


EVENTS = "/events?"
"""The poll of a center's own system that submits nothing; here its people submit all the same, and the poll is
empty."""
AGAIN = "/again"
"""The call by which an operator asks for repeats since a time: ``{"since": seconds since 1970}``."""
REFUSE = "/refuse"
"""The call that makes a system refuse every call of its adapter: ``{"status": 422}``; with 0 it takes them again."""


class Staff:
    """The staff at one simulator: each order is accepted, then resolved; each step is repeated until it is answered."""

    def __init__(self, center: str, url: str, secret: str, told: Lines, hands: int = 4) -> None:
        self._center, self._url, self._secret, self._told = center, url, secret, told
        self._form, self._name = ACTS[center.partition("-")[0]]
        self._tasks: list[Task] = []
        self._over: list[tuple[float, Task]] = []
        """What was told and answered, and when."""
        self._ready = threading.Condition()
        for _ in range(hands):
            threading.Thread(target=self._work, daemon=True).start()

    def give(self, task: Task) -> None:
        """Take an order."""
        with self._ready:
            heapq.heappush(self._tasks, task)
            self._ready.notify()

    def again(self, since: float) -> None:
        """Repeat all steps of each order since that time, in order, because the center's store was restored."""
        with self._ready:
            first: dict[str, Task] = {}
            for at, task in self._over:
                if at >= since:
                    first.setdefault(task.record, task)
        for task in first.values():
            self.give(Task(time.monotonic(), task.record, task.case, task.step, again=True))

    def _next(self) -> Task:
        with self._ready:
            while True:
                now = time.monotonic()
                if self._tasks and self._tasks[0].due <= now:
                    return heapq.heappop(self._tasks)
                self._ready.wait(min(1.0, self._tasks[0].due - now) if self._tasks else 1.0)

    def _work(self) -> None:
        door = IntakeClient(self._url, self._secret)
        while True:
            task = self._next()
            event_id = f"{task.record}-{task.step}"
            form = {**self._name(event_id, task.record, task.case), "event": STEPS[task.step]}
            told = door.submit(self._form, form)
            self._told.write(
                center=self._center, form=self._form, id=event_id, status=told.status, answer=told.body,
                at=time.time(), case=task.case,
            )  # fmt: skip
            if told.status in (200, 202) or (task.again and told.status == 409):
                with self._ready:
                    self._over.append((time.time(), task))
                if task.step + 1 < len(STEPS):
                    self.give(Task(time.monotonic(), task.record, task.case, task.step + 1, again=task.again))
            elif told.status == 0 or told.status >= 500 or told.status == 401:
                due = time.monotonic() + 0.3
                self.give(Task(due, task.record, task.case, task.step, task.tries + 1, task.again))


class Backend:
    """One center's simulator: one effect for each idempotency key."""

    def __init__(self, center: str, staff: Staff, effects: Lines) -> None:
        self._center, self._staff, self._effects = center, staff, effects
        self._done: dict[str, Json] = {}
        self._lock = threading.Lock()
        self._count = 0
        self._refuses = 0

    def answer(self, path: str, key: str, body: Json) -> tuple[int, Json]:
        """One call of the adapter."""
        if path == AGAIN:
            self._staff.again(body["since"])
            return 200, {}
        if path == REFUSE:
            self._refuses = body["status"]
            return 200, {}
        if path.startswith(EVENTS):
            return 200, {"events": [], "last": 0, "more": False}
        if self._refuses:
            return self._refuses, {}
        with self._lock:
            before = self._done.get(key)
            if before is not None:
                self._effects.write(center=self._center, key=key, what="repeat", at=time.time())
                return 200, before
            answer = self._done[key] = self._effect(path, key, body)
        return 200, answer

    def _effect(self, path: str, key: str, body: Json) -> Json:
        self._count += 1
        parts = path.strip("/").split("/")
        record = f"{self._center}-R{self._count}" if path in OPENS else parts[1] if len(parts) > 1 else key
        what = parts[-1] if path not in OPENS else f"open-{body['purpose']}"
        case = body.get("case_id") or body.get("caseId")
        self._effects.write(center=self._center, key=key, what=what, record=record, case=case, at=time.time())
        if what == "open-handle":
            self._staff.give(Task(time.monotonic(), record, str(case)))
        return {"id": record, "order_no": record, "cancelled": False}


@dataclass(frozen=True, slots=True)
class BackendPlan:
    """The address of one simulator, and of its center."""

    center: str
    port: int
    intake_url: str
    secret: str


def serve(desks: list[BackendPlan], folder: Path) -> list[Server]:
    """Start the simulators of these centers; effects and answers go to files in ``folder``."""
    effects, told = Lines(folder / "effects.jsonl"), Lines(folder / "told-staff.jsonl")
    servers = []
    for desk in desks:
        system = Backend(desk.center, Staff(desk.center, desk.intake_url, desk.secret, told), effects)
        server = Server(system.answer, desk.port)
        server.start()
        servers.append(server)
    return servers


def main() -> None:
    """Run the plan named on the command line: {"folder": …, "desks": […]}."""
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with ended_by_signals() as ending:
        servers = serve([BackendPlan(**desk) for desk in plan["desks"]], Path(plan["folder"]))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        ending.wait()
    for server in servers:
        server.shutdown()


if __name__ == "__main__":
    main()

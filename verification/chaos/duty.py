"""Persons on duty at the doors of all centers: each command is given twice at once, and again until it is answered.

They urge cases, pause and resume a kind of message, and write beside what is parked. What they were answered is kept,
and ``verification.chaos.commanded`` judges it by the stores.
"""

import random
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from bus.contract.messages import Urged
from bus.contract.staff_command import Act, Matching, StaffCommand
from bus.security.keyring import OwnKey
from verification.chaos.load import Load
from verification.chaos.over import OVER
from verification.chaos.persons import ADMINISTRATOR, OPERATOR, command_of, signed

REST = (1.0, 5.0)
"""Seconds between two turns at one center."""
PAUSED = (0.3, 2.0)
"""Seconds that a kind stays paused."""
AGAIN = 0.4
"""Seconds until a command is given again that nobody has answered."""
ANSWER = 10.0
"""Seconds that an answer is waited for: a center may be frozen."""
COUNTS = 280.0
"""Seconds for which the same bytes are given again: the door takes no older command."""
WRONG_CLOCK = frozenset({"too-old", "too-early"})


@dataclass(slots=True)
class Given:
    """One command, and how the door has answered it each time: status and body."""

    command: StaffCommand
    raw: bytes
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether an answer says that it was carried out."""
        return any(status == httpx.codes.OK for status, _ in self.answers)


class PersonsOnDuty:
    """One turn after another at each center, until ``close``. ``given`` lists every command."""

    def __init__(self, doors: Mapping[str, str], keys: Mapping[str, OwnKey], load: Load, seed: int) -> None:
        """``doors``: center → its URL."""
        self.given: list[Given] = []
        self._doors, self._keys, self._load, self._seed = doors, keys, load, seed
        self._over, self._gone = threading.Event(), threading.Event()
        self._now = {center: threading.Event() for center in doors}
        self._posting = {center: threading.Event() for center in doors}
        self._both = ThreadPoolExecutor(2 * len(doors))
        self._http = httpx.Client(timeout=ANSWER, trust_env=False)
        self._threads = [threading.Thread(target=self._at, args=(center,), daemon=True) for center in doors]

    def start(self) -> None:
        """Go on duty."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Go home, when all that was given is answered."""
        self._end(COUNTS)
        self.stop()

    def stop(self) -> None:
        """Go home at once, in any case."""
        self._gone.set()
        self._end(2 * ANSWER)
        self._both.shutdown()
        self._http.close()

    def _end(self, timeout: float) -> None:
        self._over.set()
        for hurry in self._now.values():
            hurry.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout)

    def await_command(self, center: str, timeout: float) -> None:
        """Return in the moment when a command is on its way to the center, or after ``timeout`` seconds."""
        self._posting[center].clear()
        self._now[center].set()
        self._posting[center].wait(timeout)

    def _at(self, center: str) -> None:
        rng = random.Random(f"{self._seed} {center}")  # noqa: S311 - no secret
        last: Given | None = None
        while not self._over.is_set():
            self._now[center].wait(rng.uniform(*REST))
            self._now[center].clear()
            if self._over.is_set():
                break
            if last is not None and last.done:
                self._post(last)  # a thief, or a person who presses the key once more
            last = rng.choice((self._urge, self._pause, self._write_beside))(center, rng)
        self._give(ADMINISTRATOR, center, Act.RESUME, kind=Urged.kind)  # a store that was put back may be paused again

    def _urge(self, center: str, rng: random.Random) -> Given | None:
        cases = [case for at, case in list(self._load.recent) if at == center]
        if not cases:
            return None
        return self._give(OPERATOR, center, Act.URGE, items=tuple({*rng.choices(cases[-20:], k=3)}))

    def _pause(self, center: str, rng: random.Random) -> Given:
        self._give(ADMINISTRATOR, center, Act.PAUSE, kind=Urged.kind)
        self._over.wait(rng.uniform(*PAUSED))
        return self._give(ADMINISTRATOR, center, Act.RESUME, kind=Urged.kind)

    def _write_beside(self, center: str, _rng: random.Random) -> Given:
        seen = self._give(OPERATOR, center, Act.NOTE, matching=Matching(place="wire"), preview=True)
        return self._give(OPERATOR, center, Act.RUN, operation=seen.command.id) if seen.done else seen

    def _give(self, person: str, center: str, act: Act, **fields: Any) -> Given:
        """Give a command twice at once, and again until an answer is final."""
        key = self._keys[person]
        command = command_of(key, center, act, **fields)
        given = Given(command, signed(key, command))
        self.given.append(given)
        until = time.monotonic() + COUNTS
        while True:
            both = [self._both.submit(self._post, given) for _ in range(2)]
            final = [one.result() for one in both]
            if any(final) or time.monotonic() > until or self._gone.is_set() or OVER.is_set():
                return given
            self._gone.wait(AGAIN)

    def _post(self, given: Given) -> bool:
        """Give the bytes once. Returns whether the answer is final: carried out or refused."""
        center = given.command.center
        self._posting[center].set()
        try:
            answer = self._http.post(f"{self._doors[center]}/operations", content=given.raw)
            body = answer.json()
        except (httpx.HTTPError, ValueError):
            return False  # it may have been heard all the same
        if answer.status_code >= 500 or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            return False
        given.answers.append((answer.status_code, body))
        return body.get("code") not in WRONG_CLOCK

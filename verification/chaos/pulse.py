"""The pulse of a county: hand-overs, answers to residents, repeats, pauses, read from the simulators' files."""

import json
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ANSWERS = frozenset({"replies", "answers"})
"""Effects at the origin's own system when the resident is answered."""


class Pulse:
    """Counts while the run goes on; reads only new lines of the files."""

    def __init__(self, folder: Path, centers: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._centers, self._clock = list(centers), clock
        self.accepted: set[str] = set()
        """Cases that another center has accepted."""
        self.answered: set[str] = set()
        """Keys of answers that residents got."""
        self.repeats = 0
        """Calls of the vendors that came again and had no second effect."""
        self.longest_pause = 0.0
        """Seconds without any effect at any vendor's."""
        self.pauses: dict[str, float] = {}
        """Center → the longest time that nothing was done at its vendor's, nor heard from its staff."""
        self.changed = self._clock()
        self._heard: dict[str, float] = {}
        self._spoke: set[str] = set()
        self._files = [(folder / "effects.jsonl", self._effect), (folder / "told-staff.jsonl", self._told)]
        self._at = [0, 0]
        self._rest = ["", ""]
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self.changed = self._clock()
        self._heard = dict.fromkeys(self._centers, self.changed)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(0.1):
            self.look()

    def look(self) -> None:
        """Read the new lines."""
        with self._lock:
            new = sum(self._read(number) for number in range(len(self._files)))
            now = self._clock()
            self.longest_pause = max(self.longest_pause, now - self.changed)
            if new:
                self.changed = now
            for center, since in self._heard.items():
                self.pauses[center] = max(self.pauses.get(center, 0.0), now - since)
            self._heard |= dict.fromkeys(self._spoke, now)
            self._spoke.clear()

    def _read(self, number: int) -> int:
        path, take = self._files[number]
        with path.open(encoding="utf-8") as file:
            file.seek(self._at[number])
            text = self._rest[number] + file.read()
            self._at[number] = file.tell()
        *lines, self._rest[number] = text.split("\n")
        for line in lines:
            take(json.loads(line))
        return len(lines)

    def _effect(self, line: dict[str, Any]) -> None:
        self._spoke.add(line["center"])
        self.repeats += line["what"] == "repeat"
        if line["what"] in ANSWERS:
            self.answered.add(line["key"])

    def _told(self, line: dict[str, Any]) -> None:
        if line["status"] in (200, 202):
            self._spoke.add(line["center"])
            if line["id"].endswith("-0"):
                self.accepted.add(line["case"])

    @property
    def silent(self) -> tuple[str, float]:
        """The center that has been silent for longest, and for how many seconds."""
        center, since = min(list(self._heard.items()), key=lambda one: one[1], default=("", self._clock()))
        return center, self._clock() - since

    def end_of_load(self) -> None:
        """Ignore pauses from now on: there is no more load."""
        self.close()
        self.look()

    def close(self) -> None:
        """Stop watching."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join(5)

"""A line every ten seconds, so that an hour of soak is not an hour of silence."""

import threading
import time
from collections.abc import Callable

from verification.chaos.load import Load
from verification.chaos.pulse import Pulse
from verification.chaos.vendors import Lines
from verification.chaos.vitals import Vitals

EVERY = 10.0
LONG = 70.0
"""Seconds of a center's silence after which the reason is looked for; no fault lasts for more than 60."""


class Ticker:
    """Prints the progress of a run until it is closed. ``waits`` lists the waiting items, called when a center is
    silent."""

    def __init__(
        self,
        tell: Callable[[str], None],
        load: Load,
        pulse: Pulse,
        vitals: Vitals,
        events: Lines,
        waits: Callable[[], list[str]],
    ) -> None:
        self._tell, self._load, self._pulse, self._vitals, self._events = tell, load, pulse, vitals, events
        self._waits = waits
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        began, before = time.monotonic(), 0
        while not self._over.wait(EVERY):
            done = len(self._pulse.accepted)
            self._tell(
                f"{time.monotonic() - began:6.0f} s | 转办 handed over {done} ({(done - before) / EVERY:.0f}/s) | "
                f"已答复 answered {len(self._pulse.answered)} | 门前等候 at the doors {self._load.waiting} | "
                f"停顿 pause {self._pulse.longest_pause:.1f} s | {self._vitals.now:.0f} MiB | "
                f"{self._events.last.get('what', '')}"
            )
            before = done
            center, seconds = self._pulse.silent
            if seconds > LONG:
                self._tell(f"         {center} 无声 silent {seconds:.0f} s")
                for line in self._waits():
                    self._tell(f"         {line}")

    def close(self) -> None:
        """No more lines."""
        self._over.set()
        self._thread.join(5)

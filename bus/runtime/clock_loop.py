"""The turn of the loop that reminds: the engine's round, its figures, and its lines in the log."""

from bus.contract.messages import Urged
from bus.log import Log
from bus.operations.reminder_metrics import ReminderMetrics
from bus.runtime.engine import Engine
from bus.runtime.reminding import Reminding
from bus.runtime.round_log import ReminderLog

REMIND_EVERY = 2.0
"""Seconds between two looks at the timers while nothing is due."""

SHARE = 0.05
"""The part of its time that the loop works while other steps commit: a reminder can wait for seconds, a form cannot."""


class ClockLoop:
    """The clocks of one running center; nothing where its settings leave them off."""

    def __init__(self, engine: Engine, figures: ReminderMetrics, log: Log) -> None:
        self._engine, self._figures, self._log = engine, figures, log
        self._unusual = ReminderLog()

    def begin(self) -> bool:
        """Begin, once. Returns whether the clocks are on."""
        engine, rules = self._engine, self._engine.context.clocks
        if rules is None:
            return False
        has_desk = Urged.kind in engine.center.handlers
        engine.reminding = Reminding(engine.store, engine.context, rules, engine.clock, has_desk)
        self._figures.switch_on()
        return True

    def turn(self) -> float:
        """Remind whoever is waited for. Returns the seconds until the next turn. Raises ``StoreUnavailable``."""
        engine = self._engine
        changes, began = engine.changes, engine.timer()
        done = engine.remind()
        self._figures.count(done.given)
        self._unusual.tell(self._log, done)
        if not done.again:
            return REMIND_EVERY
        if engine.changes == changes:
            return 0.0
        return min(REMIND_EVERY, (engine.timer() - began) * (1 / SHARE - 1))

    def stepped(self) -> bool:
        """Whether the wall clock was set, so that nobody is reminded."""
        return self._engine.reminding is not None and self._engine.reminding.guard.stepped

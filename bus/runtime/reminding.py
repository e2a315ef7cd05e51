"""The round of the clocks: the guard looks first; then all timers anew, a page at a time, or the cases that are due."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bus.clocks.rules import Rules, digest
from bus.context import CenterContext
from bus.pipeline.clock_guard import ClockGuard, first_state, is_worth_keeping
from bus.pipeline.remind import Asked, Reminded, remind_due
from bus.recovery.hooks import RECOVERY
from bus.store import timers
from bus.store.database import Store, Tx
from bus.store.timers import ClockState
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork

PAGE = 1000
"""Cases that get a timer in one commit when all are looked at again."""


@dataclass(slots=True)
class Reminding:
    """The clocks of one center; call ``round`` repeatedly."""

    store: Store
    context: CenterContext
    rules: Rules
    clock: Callable[[], datetime]
    has_desk: bool
    """Whether the own system takes ``case.urged``."""
    guard: ClockGuard = field(default_factory=ClockGuard)
    _digest: str = field(init=False)
    _page: str = field(default="", init=False)
    """The last case of the last page of timers."""
    _before: str | None = field(default=None, init=False)
    """The digest that is being replaced."""

    def __post_init__(self) -> None:
        self._digest = digest(self.rules)

    def round(self) -> Reminded:
        """Do what is due, off the way of every other step: where nothing is, nothing is written. Raises
        ``StoreUnavailable``."""
        now = self.clock()
        with self.store.reading() as tx:
            known, is_due = timers.state(tx), bool(timers.due(tx, ms(now), 1))
        state = self.guard.look(known or first_state(ms(now)), now)
        if state is None:
            return Reminded(stepped=True)
        if recounts := state.digest != self._digest:
            state = state._replace(back_ms=state.back_ms or ms(now))  # other terms may have ended long ago
        asked = self.guard.asked(state)
        if not (is_due or recounts or state.back_ms or is_worth_keeping(known, state)):
            return Reminded()
        if recounts:
            return self._look_at_all(state, now)
        done = self.store.write(lambda tx: self._remind(tx, known, state, asked, now))
        self.guard.count(done)
        done.again = done.full and (asked.budget is None or done.marks < asked.budget)
        return done

    def _remind(self, tx: Tx, known: ClockState | None, state: ClockState, asked: Asked, now: datetime) -> Reminded:
        done = remind_due(UnitOfWork(tx, self.context, now), asked, has_desk=self.has_desk)
        after = self.guard.after(state, done, now, self.rules.calendar)
        if not done.recovering and is_worth_keeping(known, after):
            timers.keep_state(tx, after)
        return done

    def _look_at_all(self, state: ClockState, now: datetime) -> Reminded:
        """Make one page of cases due. After the last page every timer is set by the rules of today."""
        if self._before != state.digest:
            self._page, self._before = "", state.digest
        before = state.digest

        def change(tx: Tx) -> tuple[bool, str | None]:
            if RECOVERY.blocks_clocks(UnitOfWork(tx, self.context, now)):
                return False, None
            timers.keep_state(tx, state)
            last = timers.look_at_all(tx, self.context.me, ms(now), self._page, PAGE)
            if last is None:
                timers.all_looked_at(tx, self._digest, before)
            return True, last

        went_on, last = self.store.write(change)
        if went_on:
            self._page, self._before = (last, before) if last is not None else ("", None)
        return Reminded(recovering=not went_on, again=went_on, full=went_on)

"""The demo's live output of a story: plain lines, or a growing table on a terminal."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bus.cli.demo_words import Words, clock
from bus.contract.short_number import short_number
from bus.demo.deeds import Deed, Deeds
from bus.demo.local_county import LocalCounty

STEP_S = 1.0
"""Seconds per line of the table."""
LOOK_S = 0.1
"""Seconds between two polls of the journals."""


class Teller(Protocol):
    """Prints the acts of one story until it is over, and then all remaining ones."""

    def tell(self, story: str, over: Callable[[], bool]) -> None:
        """Returns when the story is over and printed."""


def told_while(act: Callable[[], object], teller: Teller, story: str) -> None:
    """Play a story in a thread, and print it meanwhile. Raises the story's exception."""
    done: Future[None] = Future()

    def play() -> None:
        try:
            act()
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    threading.Thread(target=play, daemon=True).start()
    teller.tell(story, done.done)
    done.result()


@dataclass(slots=True)
class Lines:
    """One line per act, as it happens; one line for many similar cases."""

    words: Words
    console: Console
    deeds: Deeds

    def tell(self, story: str, over: Callable[[], bool]) -> None:
        """See ``Teller``."""
        many: list[Deed] = []
        while True:
            last = over()
            for deed in self.deeds.fresh(story):
                if deed.story in self.words.alike:
                    many.append(deed)
                else:
                    self._say(self.words.line(deed))
            if last:
                break
            time.sleep(LOOK_S)
        if many:
            self._say(f"{clock(many[-1])} {many[-1].story:<4} {self.words.summary(many)}")

    def _say(self, line: str) -> None:
        self.console.print(line, soft_wrap=True, markup=False)


@dataclass(slots=True)
class LiveTables:
    """One table per case, one after the other, a line at a time; one counting line for many similar cases."""

    county: LocalCounty
    words: Words
    console: Console
    deeds: Deeds
    step_s: float = STEP_S
    _waiting: dict[object, deque[Deed]] = field(default_factory=dict)
    """Per case, in the order of the cases: acts not yet printed."""

    def tell(self, story: str, over: Callable[[], bool]) -> None:
        """See ``Teller``."""
        self.console.print(Text(f"{story} {self.words.title(story)}", style="bold"))
        if story in self.words.alike:
            self._count(story, over)
            return
        while not self._settled(story, over) or self._waiting:
            if self._waiting:
                self._case(story, over)
            else:
                time.sleep(LOOK_S)

    def _settled(self, story: str, over: Callable[[], bool]) -> bool:
        """Whether no more acts of the story can come; the remaining ones wait to be printed."""
        settled = over() and self.county.drained()
        for deed in self.deeds.fresh(story):
            self._waiting.setdefault(deed.case_id, deque()).append(deed)
        return settled

    def _case(self, story: str, over: Callable[[], bool]) -> None:
        """One case from its first act to its last, in a table of its own."""
        case_id, own = next(iter(self._waiting.items()))
        table, holder = self._table(own[0]), ""
        with Live(table, console=self.console, auto_refresh=False) as live:
            while True:
                if own:
                    deed = own.popleft()
                    table.add_row(*self._cells(deed, moved=deed.holder != holder))
                    holder = deed.holder
                    live.refresh()
                    self._pause(self.step_s)
                elif self._settled(story, over) and not own:
                    break
                else:
                    self._pause(LOOK_S)
        del self._waiting[case_id]

    def _table(self, first: Deed) -> Table:
        name = f"{self.words.pick('案件', 'Case')} {short_number(first.case_id)}"
        table = Table(title=name, title_justify="left", title_style="cyan", box=box.SIMPLE_HEAD)
        heads = (("时间", "Time"), ("中心", "Center"), ("事项", "Does"), ("由谁承办", "Held by"))
        for head, ratio in zip(heads, (None, 4, 3, 4), strict=True):
            table.add_column(self.words.pick(*head), ratio=ratio, min_width=8, overflow="fold")
        return table

    def _cells(self, deed: Deed, *, moved: bool) -> tuple[Text, ...]:
        return (
            Text(clock(deed), style="dim"),
            Text(self.words.center(deed.center)),
            Text(self.words.deed(deed.kind), style="green"),
            Text(self.words.center(deed.holder), style="bold" if moved else "dim"),
        )

    def _count(self, story: str, over: Callable[[], bool]) -> None:
        many: list[Deed] = []
        with Live(Text(), console=self.console, auto_refresh=False) as live:
            while True:
                last = over() and self.county.drained()
                many += self.deeds.fresh(story)
                if many:
                    live.update(Text(self.words.summary(many), no_wrap=True, overflow="ellipsis"), refresh=True)
                if last:
                    break
                self._pause(LOOK_S)
        self._pause(self.step_s)

    def _pause(self, seconds: float) -> None:
        time.sleep(min(seconds, self.step_s))

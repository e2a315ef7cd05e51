"""The judge of what persons on duty have wanted: each command was carried out exactly once, and answered alike."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import select

from bus.contract.messages import Urged
from bus.contract.staff_command import Act
from bus.store import tables as t
from bus.store.database import Store
from bus.store.operations import Outcome, State
from verification.chaos.duty import WRONG_CLOCK, Given


class Line(NamedTuple):
    """One line of the journal."""

    case: str
    way: str
    kind: str
    message: str | None


class Item(NamedTuple):
    """One item of an operation."""

    operation: str
    act: str
    state: str
    item: str | None
    outcome: str | None


class Books(NamedTuple):
    """What a center's store says of commands."""

    center: str
    remembered: frozenset[str]
    lines: Sequence[Line]
    items: Sequence[Item]
    paused: int


def books(store: Store, center: str) -> Books:
    """Read them."""
    j, o, i = t.journal.c, t.operations.c, t.operation_items.c
    with store.reading() as tx:
        journal = select(j.case_id, j.way, j.kind, j.message_id).where(
            j.way.in_(("operation", "operated")) | ((j.way == "said") & (j.kind == Urged.kind))
        )
        items = select(o.id, o.act, o.state, i.item, i.outcome).outerjoin(t.operation_items, i.operation_id == o.id)
        return Books(
            center,
            frozenset(tx.execute(select(t.staff_commands.c.id)).scalars()),
            [Line(*row) for row in tx.execute(journal)],
            [Item(*row) for row in tx.execute(items)],
            len(tx.execute(select(t.paused)).all()),
        )


def judge(given: Iterable[Given], here: Books, *, set_back: bool) -> Iterator[str]:
    """What was not carried out exactly once at one center. ``set_back``: its store has forgotten commands, and may be
    given them again."""
    lines = Counter((one.kind, one.message) for one in here.lines if one.way == "operation")
    for one in given:
        command, about = one.command, str(one.command.operation or one.command.id)
        what = f"command {command.act} {command.id} at {here.center}"
        times = lines[command.act.value, about]
        if times > 1 or (one.done and not times and not set_back):
            yield f"{what} was carried out {times} times"
        if set_back:
            continue
        if one.done and str(command.id) not in here.remembered:
            yield f"{what} was carried out, and is forgotten"
        kept = [answer for answer in one.answers if answer[1].get("code") not in WRONG_CLOCK]
        if any(answer != kept[0] for answer in kept):
            yield f"{what} was answered in two ways: {sorted({status for status, _ in kept})}"
    yield from _operations(here)
    if not set_back:
        yield from _urges(here)
    if here.paused:
        yield f"{here.center} is left with {here.paused} pauses"


def _operations(here: Books) -> Iterator[str]:
    """Each operation has ended, and each of its items was done with once, as the journal of its case says."""
    lines = Counter(one.message for one in here.lines if one.way == "operated")
    done: Counter[str] = Counter()
    for one in here.items:
        if one.state not in (State.DONE, State.PREVIEWED):
            yield f"operation {one.operation} ({one.act}) at {here.center} is {one.state}"
        if one.state == State.DONE and one.item is not None and one.outcome is None:
            yield f"operation {one.operation} ({one.act}) at {here.center} has passed over {one.item}"
        done[one.operation] += one.outcome not in (None, Outcome.GONE)
    for operation, items in done.items():
        if lines[operation] != items:
            yield f"operation {operation} at {here.center} was done {lines[operation]} times on {items} items"


def _urges(here: Books) -> Iterator[str]:
    """Each urge has said one message: the county's own people say none."""
    wanted = Counter(one.item or "" for one in here.items if (one.act, one.outcome) == (Act.URGE, Outcome.DONE))
    said = Counter(one.case for one in here.lines if one.way == "said")
    for case, times in wanted.items():
        if said[case] != times:
            yield f"{here.center} was made to urge {case} {times} times, and said it {said[case]} times"


def carried_out(given: Iterable[Given]) -> int:
    """How many commands were carried out."""
    return sum(one.done for one in given)

"""Queries of a ledger's kept sums: what a told state changes in them, and how they are counted anew."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from sqlalchemy import String, bindparam, delete, select, tuple_

from bus.context import Keeping
from bus.custody import Status
from bus.figures.cells import Cell, Days, cells_of
from bus.figures.period import Reckoning
from bus.figures.spans import CountedCase, CountedOffer, Windows, spans_of, spans_of_offer, spans_of_project
from bus.figures.tree import place_of
from bus.store import ledger_offers, ledger_totals
from bus.store import tables as t
from bus.store.database import Store, Tx
from bus.store.inserts import insert, insert_new, insert_or_add
from bus.store.statements import Prepared, among, as_list

_S = t.ledger_states.c
OWN = ""
"""The teller of the sums that a ledger has counted itself."""
AT_ONCE = 2000
"""States read at once where all is counted anew."""


class _Row(NamedTuple):
    """A stored state, as far as it is counted."""

    center: str
    case_id: str
    project: str | None
    division: str | None
    status: str
    opened_ms: int
    due_ms: int | None
    resolved_ms: int | None
    closed_ms: int | None
    reopened_ms: int | None
    rated_ms: int | None
    claimed_ms: int | None
    grade: int | None
    outcome: str | None
    instant: bool | None
    hand_overs: int | None
    taken_ms: int | None
    contacted_ms: int | None
    first_right: bool | None
    called_back_ms: int | None
    solved: bool | None
    answered_again_ms: int | None

    @property
    def counted(self) -> CountedCase:
        """What figures need of it."""
        return CountedCase(self.opened_ms, self.status == Status.OPEN.value, *self[6:])


class CellRow(NamedTuple):
    """One row of the sums, or what is added to it."""

    part: str
    scope: str
    cohort_day: int
    event_day: int
    value: int
    teller: str
    cases: int


_COLUMNS = tuple(_S[name] for name in _Row._fields)
_STATES = Prepared(
    lambda _: select(*_COLUMNS).where(
        _S.center == bindparam("center"), _S.origin == _S.center, among("cases", _S.case_id)
    )
)
_DEMANDS = Prepared(lambda _: select(*_COLUMNS).where(_S.origin == _S.center, among("projects", _S.project)))


def untold(tx: Tx, cells: Iterable[CellRow]) -> None:
    """Note that the ledger above has not been told these cells as they are now."""
    insert_new(tx, t.ledger_sums_untold, [Cell(*one[:5]) for one in cells], Cell._fields)


class Counting:
    """Brings the sums up to date with a change of states: look before it, and add after it."""

    def __init__(self, tx: Tx, keeping: Keeping) -> None:
        self._tx, self._keeping, reckoning = tx, keeping, keeping.reckoning
        self._days, self._windows = Days.of(reckoning), Windows.of(reckoning)
        self._changes: Counter[Cell] = Counter()

    def states(self, center: str, cases: Sequence[str], projects: Iterable[str], change: Callable[[], None]) -> None:
        """Make ``change`` to the states of these cases, and count what it changes. ``projects``: those that these cases
        belong to afterwards."""
        before = self._read(center, cases)
        touched = {*projects, *(row.project for row in before if row.project is not None)}
        self._take(before, self.demands(touched), -1)
        change()
        self._take(self._read(center, cases), self.demands(touched), 1)

    def offers(self, before: Iterable[CountedOffer], after: Iterable[CountedOffer]) -> None:
        """Count what changed in these offers."""
        for offers, sign in ((before, -1), (after, 1)):
            for one in offers:
                self._add(cells_of(spans_of_offer(one), self._days, None), sign)

    def write(self) -> None:
        """Add the changes to the sums."""
        ledger_totals.add(self._tx, self._changes.items())
        rows = [CellRow(*cell, OWN, times) for cell, times in self._changes.items() if times]
        self._changes.clear()
        insert_or_add(self._tx, t.ledger_cells, rows, "cases")
        if self._keeping.tells_above:
            untold(self._tx, rows)

    def _read(self, center: str, cases: Sequence[str]) -> list[_Row]:
        return [_Row(*row) for row in _STATES.rows(self._tx, center=center, cases=as_list(cases))] if cases else []

    def demands(self, projects: Iterable[str]) -> Mapping[str, list[_Row]]:
        """Project → its demands; of one that nobody has any more, none."""
        found: dict[str, list[_Row]] = {}
        asked = sorted(projects)
        for row in _DEMANDS.rows(self._tx, projects=as_list(asked)) if asked else ():
            one = _Row(*row)
            found.setdefault(one.project or "", []).append(one)
        return found

    def _take(self, rows: Iterable[_Row], demands: Mapping[str, list[_Row]], sign: int) -> None:
        for row in rows:
            self.case(row, sign)
        for each in demands.values():
            self.project(each, sign)

    def project(self, demands: Sequence[_Row], sign: int = 1) -> None:
        """Count a project by its demands."""
        counted = [row.counted for row in demands]
        divisions = [row.division for row, one in zip(demands, counted, strict=True) if not one.is_cancelled]
        placed = sorted(one for one in divisions if one is not None)
        place = place_of((placed[0], placed[-1])) if placed else None
        self._add(cells_of(spans_of_project(counted), self._days, place), sign)

    def case(self, row: _Row, sign: int = 1) -> None:
        """Count a case."""
        self._add(cells_of(spans_of(row.counted, self._windows), self._days, row.division), sign)

    def _add(self, cells: "Counter[Cell]", sign: int) -> None:
        for cell, times in cells.items():
            self._changes[cell] += sign * times


# -- counting anew -----------------------------------------------------------------------------------------------------

_PAGE = Prepared(
    lambda _: (
        select(*_COLUMNS)
        .where(
            _S.origin == _S.center,
            tuple_(_S.center, _S.case_id) > tuple_(bindparam("center", type_=String), bindparam("case", type_=String)),
        )
        .order_by(_S.center, _S.case_id)
        .limit(AT_ONCE)
    )
)
_OF_PROJECTS = Prepared(
    lambda _: (
        select(*_COLUMNS)
        .where(_S.origin == _S.center, _S.project > bindparam("after", type_=String))
        .order_by(_S.project)
        .limit(AT_ONCE)
    )
)


def counted_by(tx: Tx) -> str | None:
    """By what reckoning the sums were counted; None: they are not whole."""
    found = tx.execute(select(t.ledger_reckoning.c.reckoning)).scalar_one_or_none()
    return str(found) if found is not None else None


def recount(store: Store, keeping: Keeping, told: Callable[[int], None]) -> None:
    """Count all sums anew, unless they are counted by this reckoning.

    It goes page by page; one that was broken off begins again. ``told``: how many states are counted so far."""
    name = name_of(keeping.reckoning)
    with store.reading() as tx:
        if counted_by(tx) == name:
            return
    store.write(_forget)
    center, case, count = "", "", 0
    while rows := store.write(partial(_count_page, keeping=keeping, center=center, case=case)):
        center, case, count = rows[-1].center, rows[-1].case_id, count + len(rows)
        told(count)
    after = ""
    while (last := store.write(partial(_count_projects, keeping=keeping, after=after))) is not None:
        after = last
    offer: tuple[str, str, int] | None = ("", "", 0)
    while offer is not None:
        offer = store.write(partial(_count_offers, keeping=keeping, after=offer))
    store.write(lambda tx: insert(tx, t.ledger_reckoning, [{"id": 1, "reckoning": name}]))


def name_of(reckoning: Reckoning) -> str:
    """What of a reckoning the sums depend on."""
    windows = " ".join(str(one) for one in Windows.of(reckoning))
    return f"{reckoning.day_begins:%H:%M} {windows}"


def _forget(tx: Tx) -> None:
    tx.execute(delete(t.ledger_reckoning))
    tx.execute(delete(t.ledger_cells).where(t.ledger_cells.c.teller == OWN))
    ledger_totals.forget(tx)


def _count_page(tx: Tx, keeping: Keeping, center: str, case: str) -> list[_Row]:
    rows = [_Row(*row) for row in _PAGE.rows(tx, center=center, case=case)]
    counting = Counting(tx, keeping)
    for row in rows:
        counting.case(row)
    counting.write()
    return rows


def _count_offers(tx: Tx, keeping: Keeping, after: tuple[str, str, int]) -> tuple[str, str, int] | None:
    """Count the next offers. Returns the key of the last of them; None where there is none any more."""
    rows = ledger_offers.page(tx, after, AT_ONCE)
    if not rows:
        return None
    counting = Counting(tx, keeping)
    counting.offers((), (one for row in rows if (one := row.counted) is not None))
    counting.write()
    return rows[-1].center, rows[-1].case_id, rows[-1].version


def _count_projects(tx: Tx, keeping: Keeping, after: str) -> str | None:
    """Count the next projects. Returns the last of them; None where there is none any more."""
    rows = [_Row(*row) for row in _OF_PROJECTS.rows(tx, after=after)]
    if not rows:
        return None
    last = rows[-1].project or ""
    if len(rows) == AT_ONCE and rows[0].project != last:  # the last one may have more demands than were read
        rows = [row for row in rows if row.project != last]
    counting = Counting(tx, keeping)
    for demands in counting.demands({row.project or "" for row in rows}).values():
        counting.project(demands)
    counting.write()
    return rows[-1].project

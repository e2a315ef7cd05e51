"""What a console of one center shows and does: the center's own store, by the same queries and acts as the commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from pydantic import ValidationError

from bus.audit import Finding
from bus.console.people import Person
from bus.context import CenterContext
from bus.contract.facts import is_ledger
from bus.contract.staff_command import Act, StaffCommand
from bus.custody import Record
from bus.figures.answers import Counted, figures_of
from bus.figures.definitions import FIGURES, OF_A_LEDGER, Part
from bus.figures.period import Period, Reckoning
from bus.operations import door, noted, views
from bus.operations.case_names import CaseUnclear, case_named
from bus.operations.rights import Code, CommandRefused
from bus.operations.views import OVERDUE_AFTER
from bus.security.staff import signed_in
from bus.store import access_log, case_search, cases, figures, ledger_cases, ledger_figures, operations, stuck, waiting
from bus.store import findings as kept_findings
from bus.store.access_log import Access
from bus.store.case_search import Place, Wanted
from bus.store.database import Store
from bus.store.figures import Asked
from bus.store.ledger_cases import Behind
from bus.store.stuck import StuckItem
from bus.store.timestamps import ms
from bus.store.waiting import Waiting

PAGE = 50
"""Rows of one page of a list."""
MOST_LINES = 1000
"""Lines of a case's journal that its page shows."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case in a list."""

    case_id: UUID
    opened_ms: int
    key: int
    """What its list is ordered by."""
    record: Record | None
    """None: it cannot be read; it is among what is stuck."""


@dataclass(frozen=True, slots=True)
class CaseList:
    """A page of a list."""

    rows: Sequence[CaseRow]
    more: Place | None
    """Where the next page begins; None: there is none."""


@dataclass(frozen=True, slots=True)
class CaseSeen:
    """What this center knows of a case."""

    record: Record | None
    journal: Sequence[Any]
    waiting: Waiting


class Asking(Protocol):
    """Who wants something, and when."""

    @property
    def person(self) -> Person:
        """The person who is signed in."""

    @property
    def now(self) -> datetime:
        """The moment."""


class NoSuchCenter(Exception):
    """The console reaches no center of that name."""


class AtCenter(Protocol):
    """What is shown and done at one center: through its store, or through its door."""

    @property
    def center(self) -> str:
        """The center."""

    def stuck_items(self, place: str, code: str, peer: str, after: int, now: datetime, /) -> list[StuckItem]:
        """The next items of one group."""

    def item(self, number: int) -> dict[str, Any]:
        """One parked item by its labels. Raises ``NotParked``."""

    def operation(self, operation_id: UUID) -> dict[str, Any] | None:
        """One operation with its first items."""

    def give(
        self, visit: Asking, act: Act, why: str, *, command_id: UUID | None = None, **fields: object
    ) -> Mapping[str, Any]:
        """Carry out what the person wants, once for each ``command_id``. Raises ``CommandRefused``."""


@dataclass(frozen=True, slots=True)
class CenterScope:
    """One center."""

    center: str
    store: Store
    context: CenterContext
    reckoning: Reckoning

    @property
    def is_ledger(self) -> bool:
        """Whether it is the county's ledger: it holds no cases, and knows those of all centers."""
        return is_ledger(self.center)

    @property
    def is_county(self) -> bool:
        """Whether it reaches other centers."""
        return False

    @property
    def centers(self) -> tuple[str, ...]:
        """Every center that can be looked into."""
        return (self.center,)

    def at(self, center: str, _visit: Asking) -> AtCenter:
        """What is shown and done at one center. Raises ``NoSuchCenter``."""
        if center not in ("", self.center):
            raise NoSuchCenter(center)
        return self

    def figures(self, period: Period, until: datetime) -> Sequence[Counted]:
        """The figures of a period as of a moment. Raises ``StoreUnavailable``."""
        with self.store.reading() as tx:
            if self.is_ledger:
                return figures_of(ledger_figures.count(tx, period, ms(until), self.reckoning), OF_A_LEDGER)
            return figures_of(figures.count(tx, self.center, period, ms(until), self.reckoning), FIGURES)

    def behind(self, part: Part, period: Period, until: datetime, after: Behind) -> Sequence[Behind]:
        """The next cases that a ledger has counted for a part of a figure. Raises ``StoreUnavailable``."""
        asked = Asked(ms(period.begin), ms(period.end), ms(until))
        with self.store.reading() as tx:
            return ledger_cases.behind(tx, part, asked, self.reckoning, {}, after, PAGE)

    def findings(self, *, cleared: bool) -> Sequence[Finding]:
        """What the auditor of a ledger has found. Raises ``StoreUnavailable``."""
        with self.store.reading() as tx:
            return kept_findings.listed(tx, cleared=cleared)

    def stuck_items(self, place: str, code: str, peer: str, after: int, now: datetime) -> list[StuckItem]:
        """The next items of one group. Raises ``StoreUnavailable``."""
        since_ms = ms(now - timedelta(seconds=OVERDUE_AFTER))
        with self.store.reading() as tx:
            return stuck.items(tx, place, code, peer, after, PAGE, since_ms)

    def item(self, number: int) -> dict[str, Any]:
        """One parked item by its labels. Raises ``NotParked``, ``StoreUnavailable``."""
        with self.store.reading() as tx:
            return views.shown(tx, number)

    def operations(self) -> list[dict[str, Any]]:
        """The operations, the newest first. Raises ``StoreUnavailable``."""
        with self.store.reading() as tx:
            return [views.told(tx, one) | {"center": ""} for one in operations.listed(tx, views.MOST_OPERATIONS)]

    def operation(self, operation_id: UUID) -> dict[str, Any] | None:
        """One operation with its first items. Raises ``StoreUnavailable``."""
        with self.store.reading() as tx:
            found = operations.get(tx, str(operation_id))
            return views.in_full(tx, found) if found is not None else None

    def log(self, before: int) -> list[Access]:
        """The entries of the access log before this one, the newest first. Raises ``StoreUnavailable``."""
        with self.store.reading() as tx:
            return access_log.page(tx, before, PAGE)

    def explained(self, visit: Asking, why: str) -> None:
        """Write into the log that a person has looked at its breaks. Raises ``StoreUnavailable``."""
        who = signed_in(visit.person.name, visit.person.role).name
        self.store.write(lambda tx: noted.explained(tx, who, why, visit.now))

    def cases(self, wanted: Wanted, after: Place | None) -> CaseList:
        """The next cases of a list. Raises ``StoreUnavailable``."""
        with self.store.reading() as tx:
            page = case_search.search(tx, wanted, after, PAGE)
            records = cases.read_each(tx, [one[0] for one in page.found]).records
        rows = [CaseRow(case_id, opened_ms, key, records.get(case_id)) for case_id, opened_ms, key in page.found]
        return CaseList(rows, page.more)

    def named(self, text: str) -> Sequence[UUID]:
        """The cases with this id, number or short number, or that are this record of the center's own system. Raises
        ``CaseUnclear``, ``StoreUnavailable``."""
        with self.store.reading() as tx:
            found = dict.fromkeys(case_search.of_native_id(tx, text))
            try:
                named = case_named(tx, text)
            except CaseUnclear:
                if not found:
                    raise
                named = None
        return list(found | ({named: None} if named is not None else {}))

    def these(self, case_ids: Sequence[UUID]) -> CaseList:
        """These cases as a list. Raises ``StoreUnavailable``."""
        with self.store.reading() as tx:
            records = cases.read_each(tx, case_ids).records
        return CaseList([CaseRow(one, 0, 0, records.get(one)) for one in case_ids], None)

    def give(
        self,
        visit: Asking,
        act: Act,
        why: str,
        *,
        command_id: UUID | None = None,
        **fields: object,
    ) -> Mapping[str, Any]:
        """Carry out what the person wants, once for each ``command_id``. Raises ``CommandRefused``,
        ``StoreUnavailable``."""
        who = signed_in(visit.person.name, visit.person.role)
        given = {"id": command_id or uuid4(), "center": self.center, "made": visit.now, "by": who.kid, "act": act}
        try:
            command = StaffCommand.model_validate(given | {"why": why} | fields)
        except ValidationError:
            raise CommandRefused(Code.INVALID) from None
        answer = door.at_hand(self.store, self.context, command, who, visit.now)
        if answer.status != 200:
            raise CommandRefused(Code(answer.body["code"]))
        return answer.body

    def case(self, case_id: UUID) -> CaseSeen:
        """One case. Raises ``StoreUnavailable``."""
        with self.store.reading() as tx:
            record = cases.read_each(tx, [case_id]).records.get(case_id)
            return CaseSeen(record, cases.journal(tx, case_id)[-MOST_LINES:], waiting.of_case(tx, str(case_id)))

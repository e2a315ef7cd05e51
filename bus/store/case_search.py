"""Searches over all cases of a center for its console: by what a person knows of a case, page by page.

Each list walks along one index from where the page before has ended, and looks at ``WALK`` cases at most: what a page
costs does not grow with the store. A page that ends early says where it stopped, so that the person goes on from there.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, bindparam, exists, func, literal_column, select, tuple_

from bus.custody import Status
from bus.custody.strangers import UNKNOWN_CENTER
from bus.store import cases
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.statements import Prepared

WALK = 10_000
"""Cases that one page looks at."""
MANY_HANDS = 5
"""From this custody version on a case goes round: it has changed hands at least four times."""
SYSTEMS = 100
"""The most own systems of a center of whose links a record's id is looked up."""
_C = t.cases.c
_OPEN = _C.status == literal_column(f"'{Status.OPEN.value}'")
"""Written out, as all that the partial indexes ask for: of a bound value no database knows at planning what it is."""


class Listing(StrEnum):
    """What a list is of."""

    ALL = "all"
    OVERDUE = "overdue"
    """Open, and past its date."""
    ROUND = "round"
    """Open, and handed over again and again."""
    OFFERED = "offered"
    """Offered to other centers, and nobody has answered."""
    STRANDED = "stranded"
    """Open, and a route has led it to a center that nobody knows."""
    SILENT = "silent"
    """Open, and unchanged for long."""


class Wanted(NamedTuple):
    """What a person looks for; an empty field does not filter."""

    listing: Listing = Listing.ALL
    status: str = ""
    category: str = ""
    street: str = ""
    """The nine digits of the street."""
    center: str = ""
    """Its holder, its origin, or the center whose offer waits here."""
    begin_ms: int = 0
    """Opened from then on."""
    end_ms: int = 0
    """Opened before."""
    before_ms: int = 0
    """For overdue cases: now. For silent ones: unchanged since then."""


class Place(NamedTuple):
    """A place in a list: the last case that was looked at."""

    key: int
    case_id: str


class Page(NamedTuple):
    """One page of a list."""

    found: Sequence[tuple[UUID, int, int]]
    """Each case, when it was opened, and what the list is ordered by."""
    more: Place | None
    """Where the next page begins; None: this was the last one."""


class _Order(NamedTuple):
    """How a list walks."""

    key: ColumnElement[int]
    conditions: Sequence[ColumnElement[bool]]
    newest_first: bool = False

    def ways(self, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        """These columns in its direction."""
        return [column.desc() for column in columns] if self.newest_first else [*columns]


def _order(wanted: Wanted) -> _Order:
    match wanted.listing:
        case Listing.OVERDUE:
            return _Order(_C.due_ms, (_OPEN, _C.due_ms.is_not(None), _C.due_ms < wanted.before_ms))
        case Listing.ROUND:
            return _Order(_C.version, (_OPEN, _C.version >= literal_column(str(MANY_HANDS))), newest_first=True)
        case Listing.OFFERED:
            return _Order(_C.offered_ms, (_C.offered_ms.is_not(None),))
        case Listing.SILENT:
            return _Order(_C.changed_ms, (_OPEN, _C.changed_ms < wanted.before_ms))
        case Listing.STRANDED:
            return _Order(_C.changed_ms, (_OPEN,))
        case _:
            return _Order(_C.opened_ms, (*_by_index(wanted), *_opened(wanted)), newest_first=True)


def _stranded(case_id: ColumnElement[str]) -> ColumnElement[bool]:
    """A route led it to nobody, and nothing was done with it since."""
    kept, later = t.journal.alias("kept"), t.journal.alias("later")
    done_since = exists().where(later.c.case_id == kept.c.case_id, later.c.id > kept.c.id, later.c.way == "did")
    first = select(kept.c.id).where(
        kept.c.case_id == case_id, kept.c.way == "refused", kept.c.kind == "offer", kept.c.note == UNKNOWN_CENTER,
        ~done_since,
    )  # fmt: skip
    return first.limit(1).scalar_subquery().is_not(None)  # asked case by case: to join would read the whole journal


def _by_index(wanted: Wanted) -> list[ColumnElement[bool]]:
    """The one narrow condition by which the walk goes; the others are looked at on the way."""
    if wanted.street:
        return [_C.street == wanted.street]
    return [_C.category == wanted.category] if wanted.category else []


def _opened(wanted: Wanted) -> list[ColumnElement[bool]]:
    begin = [_C.opened_ms >= wanted.begin_ms] if wanted.begin_ms else []
    return begin + ([_C.opened_ms < wanted.end_ms] if wanted.end_ms else [])


def _walk(wanted: Wanted, after: Place | None) -> Subquery:
    """The cases along the index, no more than one page may look at."""
    order = _order(wanted)
    query = select(
        _C.case_id, order.key.label("key"), _C.opened_ms, _C.status, _C.category, _C.street, _C.holder, _C.origin,
        _C.offerer,
    ).where(*order.conditions)  # fmt: skip
    if after is not None:
        here = tuple_(order.key, _C.case_id)
        there = tuple_(bindparam(None, after.key), bindparam(None, after.case_id))
        query = query.where(here < there if order.newest_first else here > there)
    return query.order_by(*order.ways(order.key, _C.case_id)).limit(WALK).subquery("walked")


def _fitting(wanted: Wanted, walked: Subquery) -> list[ColumnElement[bool]]:
    w = walked.c
    asked = ((w.status, wanted.status), (w.category, wanted.category), (w.street, wanted.street))
    fits: list[ColumnElement[bool]] = [column == value for column, value in asked if value]
    if wanted.listing is Listing.STRANDED:
        fits.append(_stranded(w.case_id))
    if wanted.center:
        fits.append((w.holder == wanted.center) | (w.origin == wanted.center) | (w.offerer == wanted.center))
    if wanted.begin_ms:
        fits.append(w.opened_ms >= wanted.begin_ms)
    if wanted.end_ms:
        fits.append(w.opened_ms < wanted.end_ms)
    return fits


def query_of(wanted: Wanted, after: Place | None, limit: int) -> Select[Any]:
    """The statement of one page."""
    walked = _walk(wanted, after)
    w = walked.c
    query = select(w.case_id, w.opened_ms, w.key).where(and_(True, *_fitting(wanted, walked)))
    return query.order_by(*_order(wanted).ways(w.key, w.case_id)).limit(limit)


def last_of(wanted: Wanted, after: Place | None) -> Select[Any]:
    """The statement that says where a page stopped that has looked at all it may."""
    walked = _walk(wanted, after)
    w = walked.c
    return select(w.key, w.case_id).order_by(*_order(wanted).ways(w.key, w.case_id)).offset(WALK - 1).limit(1)


def search(tx: Tx, wanted: Wanted, after: Place | None, limit: int) -> Page:
    """The next cases of a list."""
    rows = [(UUID(case_id), opened, key) for case_id, opened, key in tx.execute(query_of(wanted, after, limit))]
    if len(rows) == limit:
        return Page(rows, Place(rows[-1][2], str(rows[-1][0])))
    last = tx.execute(last_of(wanted, after)).one_or_none()
    return Page(rows, Place(last[0], last[1]) if last is not None else None)


_FIRST_SYSTEM = Prepared(lambda _: select(func.min(t.links.c.system)).where(t.links.c.system > bindparam("after")))


def of_native_id(tx: Tx, native_id: str) -> list[UUID]:
    """The cases of this record of the center's own system. Its systems are few, and each is asked by the key of the
    links."""
    found: dict[UUID, None] = {}
    system = ""
    for _ in range(SYSTEMS):
        system = _FIRST_SYSTEM.rows(tx, after=system)[0][0]
        if system is None:
            break
        if (case_id := cases.find(tx, system, native_id)) is not None:
            found[case_id] = None
    return list(found)

"""The cases behind a count of a ledger: their ids alone, page by page."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, literal, select, tuple_

from bus.figures.definitions import Part
from bus.figures.period import Reckoning
from bus.store import ledger_offers
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.figures import Asked, conditions_of, projects_of
from bus.store.ledger_breakdown import OF_ALL_OFFERS, OF_STATES, OWN, By
from bus.store.ledger_parts_of_days import OF_OFFERS, OF_PROJECTS

_S, _O = t.ledger_states.c, t.ledger_offers.c
COUNTED: Mapping[Part, Part] = {
    Part.HAND_OVERS: Part.RESOLVED,
    Part.WEIGHTED: Part.RATED,
    Part.WEIGHTABLE: Part.RATED,
}
"""Part that is a sum over cases → the part that counts them."""
Within = Mapping[By, str]
"""Of which center, street, category, recipient or reason."""


class Behind(NamedTuple):
    """One case that counts; or an offer of it; or a project."""

    center: str
    subject: str
    """The case's id; the project's, for a part of projects."""
    version: int = 0
    """Of an offer: the custody version at which it was made."""


FIRST = Behind("", "")


class NotSplit(ValueError):
    """The part cannot be asked for so: a project has no single street, an offer no category."""


def behind(
    tx: Tx, part: Part, asked: Asked, reckoning: Reckoning, within: Within, after: Behind, at_most: int
) -> list[Behind]:
    """The next of those that count for ``part``, in the order of center and id. Raises ``NotSplit``.

    Within an empty street are the cases without one. All answered offers stand beside each reason."""
    part = COUNTED.get(part, part)
    if part is Part.OFFERS_ANSWERED:
        within = {by: value for by, value in within.items() if by is not By.REASON}
    where: list[ColumnElement[bool]]
    columns: Mapping[By, ColumnElement[Any]]
    key: tuple[ColumnElement[Any], ...]
    each = projects_of(t.ledger_states, OWN, asked).c
    if part in OF_PROJECTS:
        where = [each.done] if part is Part.PROJECTS_RESOLVED else []
        columns, key = {By.CENTER: each.origin}, (each.origin, each.project)
    elif part in OF_OFFERS:
        where, columns = [ledger_offers.conditions_of(asked)[part]], OF_ALL_OFFERS
        key = (_O.center, _O.case_id, _O.version)
    else:
        where, columns = [OWN, conditions_of(_S, asked, reckoning)[part]], OF_STATES
        key = (_S.center, _S.case_id)
    beyond = tuple_(*key) > tuple_(*(literal(value, column.type) for value, column in zip(after, key, strict=False)))
    query = select(*key).where(beyond, *where, *_within(within, columns)).order_by(*key).limit(at_most)
    return [Behind(*row) for row in tx.execute(query)]


def _within(within: Within, columns: Mapping[By, ColumnElement[Any]]) -> list[ColumnElement[bool]]:
    if strange := [by.value for by in within if by not in columns]:
        raise NotSplit(strange[0])
    return [columns[by].is_(None) if value == "" else columns[by] == value for by, value in within.items()]

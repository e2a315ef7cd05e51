"""Queries of opinions: ratings of others than the resident, each once."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, case, func, select

from bus.contract.messages import Rater
from bus.custody import Opinion, Record, Refusal
from bus.custody.assess import MOST_OPINIONS
from bus.custody.bounds import out_of_bounds
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert_new
from bus.store.statements import Prepared
from bus.store.timestamps import ms

_O = t.opinions.c


class OpinionRow(NamedTuple):
    """One stored opinion."""

    case_id: str
    round: int
    rater: str
    mark: str
    grade: int
    at_ms: int


KEY = ("case_id", "round", "rater", "mark")
_KNOWN = Prepared(
    lambda _: select(func.count(), func.coalesce(func.sum(case((_O.mark == bindparam("mark"), 1), else_=0)), 0)).where(
        _O.case_id == bindparam("case_id"), _O.round == bindparam("round"), _O.rater == bindparam("rater")
    )
)


def row(case_id: UUID, opinion: Opinion) -> OpinionRow:
    """An opinion as it is stored: of its pseudonym only a digest, which is another one in each case."""
    about = f"{case_id}/{opinion.round}/{opinion.rater.value}/{opinion.pseudonym}"
    mark = hashlib.sha256(about.encode()).hexdigest()[:32]
    return OpinionRow(str(case_id), opinion.round, opinion.rater.value, mark, opinion.grade, ms(opinion.at))


def add(tx: Tx, heard: list[OpinionRow], one: OpinionRow) -> None:
    """Add an opinion to those that were heard in this transaction. Raises ``Refusal``: ``already-rated``, and
    ``out-of-bounds`` beyond ``MOST_OPINIONS``. The case's record must be locked."""
    alike = [other for other in heard if other[:3] == one[:3]]
    stored, same = _KNOWN.rows(tx, case_id=one.case_id, round=one.round, rater=one.rater, mark=one.mark)[0]
    if same or any(other.mark == one.mark for other in alike):
        raise Refusal("already-rated", "this pseudonym has given its opinion of this matter")
    if stored + len(alike) >= MOST_OPINIONS:
        raise out_of_bounds()
    heard.append(one)


def keep(tx: Tx, heard: Iterable[OpinionRow]) -> None:
    """Write these opinions."""
    insert_new(tx, t.opinions, list(heard), KEY)


def keep_rated(tx: Tx, records: Iterable[Record]) -> None:
    """Write the ratings of others than the resident that stand in the records of this center's own cases."""
    rows = [
        OpinionRow(str(record.case.case_id), given.round, given.rater.value, "", given.grade, ms(given.at))
        for record in records
        if record.ratings and record.case.origin == record.me
        for given in record.ratings
        if given.rater is not Rater.RESIDENT and given.at is not None
    ]
    insert_new(tx, t.opinions, rows, KEY)

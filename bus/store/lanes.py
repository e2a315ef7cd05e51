"""Queries of the lanes: the last sequence sent and applied in each."""

from collections.abc import Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.sql.dml import UpdateBase

from bus.contract.epochs import epoch_start
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import dialect_insert
from bus.store.statements import Prepared, among, as_list

_SENT_MARKS = Prepared(
    lambda _: (
        select(t.lanes.c.peer, t.lanes.c.case_id, t.lanes.c.sent)
        .where(among("lanes", t.lanes.c.peer, t.lanes.c.case_id))
        .with_for_update()
    )
)


def next_sequences(tx: Tx, wanted: Mapping[tuple[str, str], int], epoch: int) -> dict[tuple[str, str], int]:
    """Reserve ``wanted[(peer, case)]`` places in each lane. Returns the last sequence sent before them. ``epoch``: this
    center's own, in which a new lane begins."""
    if not wanted:
        return {}
    before = dict.fromkeys(wanted, epoch_start(epoch))
    before |= {(peer, case_id): sent for peer, case_id, sent in _SENT_MARKS.rows(tx, lanes=as_list(wanted))}
    set_lanes(tx, "sent", {key: before[key] + count for key, count in wanted.items()}, epoch)
    return before


def _set_mark(column: str) -> Prepared:
    def write(database: str) -> UpdateBase:
        insert = dialect_insert(t.lanes, database).values({c.name: bindparam(c.name) for c in t.lanes.c})
        return insert.on_conflict_do_update(index_elements=["peer", "case_id"], set_={column: insert.excluded[column]})

    return Prepared(write)


_SET_MARK = {column: _set_mark(column) for column in ("sent", "applied")}


def set_lanes(tx: Tx, column: str, values: Mapping[tuple[str, str], int], epoch: int) -> None:
    """Write the ``sent`` or ``applied`` mark of each lane and leave its other mark. ``epoch``: this center's own; the
    mark of a new lane says that everything before it has been told."""
    if not values:
        return
    other, start = ("applied", 0) if column == "sent" else ("sent", epoch_start(epoch))
    rows = [{"peer": p, "case_id": c, column: v, other: start} for (p, c), v in sorted(values.items())]
    _SET_MARK[column].each(tx, rows)

"""The independent witness, live: the broker's entries of the last hour beside what was told, for the auditor."""

from collections.abc import Iterator

from bus.audit import Code, Label, Pair, Said
from bus.operations.audit import audit_labels
from bus.store import findings, ledger_carried
from bus.store.database import Tx
from bus.store.ledger_carried import CarriedRow, SaidRow

WATCHED_MS = 3_600_000
"""How far back each look goes; what opened before is looked at until it clears."""
MOST = 200
"""Messages of one look."""
CODES = (Code.LABEL_WITHOUT_FACT, Code.FACT_WITHOUT_LABEL)


def audit_carried(tx: Tx, end_ms: int, now_ms: int) -> int:
    """Judge what does not meet, and what did not meet before. ``end_ms``: when the journal was last read to its end.
    Returns how many findings have opened."""
    bounds = (now_ms - WATCHED_MS, now_ms, MOST)
    alone = [*ledger_carried.without_fact(tx, *bounds), *ledger_carried.without_label(tx, *bounds)]
    known = [row.subject for row in findings.of_codes(tx, CODES)]
    carried, said = ledger_carried.halves(tx, dict.fromkeys((*(one.message_id for one in alone), *known)))
    read_ms = max(end_ms, ledger_carried.last_moment(tx))
    return audit_labels(tx, [*_pairs(carried, said)], read_ms, now_ms)


def _pairs(carried: list[CarriedRow], said: list[SaidRow]) -> Iterator[Pair]:
    told = {(one.message_id, one.peer): Said(*one) for one in said}
    for entry in carried:
        label = Label(entry.message_id, entry.sender, entry.recipient, entry.kind, entry.at_ms)
        yield label, told.pop((entry.message_id, entry.recipient), None)
    yield from ((None, one) for one in told.values())

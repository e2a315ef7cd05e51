"""Prefilled stores: old rows, copied from the rows of one case that was handed over."""

from functools import partial

from sqlalchemy import TextClause, text

from bus.store import Store, Tx

ID = "printf('00000000-0000-7000-8000-%012x', n)"
CASES = f"""
INSERT INTO cases
(case_id, number, origin, holder, version, status, opened_ms, changed_ms, record) {{some}}
SELECT {ID}, printf('OLD-%09d', n), origin, holder, 1, 'closed', opened_ms - 86400000, changed_ms - 86400000, record
FROM some, (SELECT * FROM cases LIMIT 1)"""  # noqa: S608 - no value of anybody's
LANES = f"""
INSERT INTO lanes (peer, case_id, sent, applied) {{some}}
SELECT peer, {ID}, 1, 1 FROM some, (SELECT * FROM lanes LIMIT 1)"""  # noqa: S608
OUTBOX = f"""
INSERT INTO outbox
(message_id, recipient, case_id, sequence, kind, body, state, attempts, next_ms, created_ms, trouble) {{some}}
SELECT {ID}, 'away-150402', {ID}, 1, 'case.offered', body, 'waiting', 1, at_ms + {{after_ms}} + n % 1000, at_ms, ''
FROM some, (SELECT body, at_ms FROM archive LIMIT 1)"""  # noqa: S608
SOME = "WITH RECURSIVE some(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM some WHERE n + 1 < {end})"
FILLING = {
    "cases": (CASES, LANES),
    "backlog": (OUTBOX.replace("{after_ms}", "600000"),),
    "due": (OUTBOX.replace("{after_ms}", "0"),),
}
"""``cases``: closed ones, known for a day. ``backlog``: each was sent once, and is due again in ten minutes. ``due``:
each is due at once."""
BYTES_EACH = {"cases": 5000, "backlog": 6000}
"""Most disk bytes of one item while both centers of a measurement are filled, logs included."""


def fill(store: Store, what: str, count: int, step: int = 100_000) -> None:
    """Add ``count`` old rows, copied from one case that was handed over."""
    for insert in FILLING.get(what, ()):
        for first in range(0, count, step):
            query = text(insert.format(some=SOME.format(first=first, end=min(count, first + step))))
            store.write(partial(_run, query))


def _run(query: TextClause, tx: Tx) -> None:
    tx.execute(query)

"""The clocks of a simulated county: terms of minutes, and what must be true of reminders at the end."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import time
from uuid import UUID

from sqlalchemy import select

from bus.clocks.calendar import Calendar
from bus.clocks.marks import look
from bus.clocks.rules import FIXED, Level, Rules, TermRule
from bus.clocks.terms import Term, Unit
from bus.contract import messages as k
from bus.contract.case import Urgency
from bus.contract.codec import decode
from bus.custody import Record, Status
from bus.store import archive, cases
from bus.store import tables as t
from verification.checker import Finding
from verification.simulation.node import Node

ALL = 10**6
"""More messages than a county says."""


def _minutes(amount: int) -> Term:
    return Term(amount, Unit.MINUTES)


QUICK = Rules(
    calendar=Calendar(hours=((time(0), time(23, 59)),)),
    terms=(TermRule(_minutes(5)),),
    sign=dict.fromkeys(Urgency, _minutes(1)),
    fixed=dict.fromkeys(FIXED, _minutes(2)),
    ladder={Level.SUPERVISE: _minutes(1), Level.ESCALATE: _minutes(2), Level.ANNOUNCE: _minutes(3)},
)
"""Terms that end while a county plays."""


def reads_all(_center: str, _kind: str) -> bool:
    """Return True: every center of the county has the same program."""
    return True


def reminders_wrong(nodes: list[Node]) -> Iterator[Finding]:
    """Each reminder exists once, however often a process or a store was lost; and timers are those that the records ask
    for."""
    for node in nodes:
        if not node.gone:
            with node.store.undisturbed():
                yield from _given_twice(node, [one.name for one in nodes if one is not node])
                yield from _timers_wrong(node)


def _given_twice(node: Node, peers: Iterable[str]) -> Iterator[Finding]:
    """What came here: by sender, case and text, which names the deadline and the rung."""
    with node.store.reading() as tx:
        told = [decode(one.body) for peer in peers for one in archive.since(tx, peer, 0, ALL) if one.way == "heard"]
    clocks = [one for one in told if isinstance(one.data, k.Urged) and one.data.level is not None and not one.causeid]
    for (source, case, text), times in Counter((one.source, one.subject, one.data.text) for one in clocks).items():
        if times > 1:
            yield Finding("each reminder once", node.name, str(case), f"{times} times by {source}: {text}")


def _timers_wrong(node: Node) -> Iterator[Finding]:
    """A timer for each case that waits for something, none for one that is over; none later than its next moment."""
    with node.store.reading() as tx:
        known = cases.read(tx, cases.ids(tx))
        timed = {UUID(row.case_id): row.next_ms for row in tx.execute(select(t.timers))}
    for case_id, record in known.items():
        waits = look(record, QUICK, node.clock()).next is not None
        if waits and _is_ours(record) and case_id not in timed:
            yield Finding("every open case has a next moment", node.name, str(case_id), "no timer")
        if record.status is Status.CLOSED and record.case.origin != node.name and case_id in timed:
            yield Finding("nothing after the close", node.name, str(case_id), "a timer")


def _is_ours(record: Record) -> bool:
    return record.mine or record.case.origin == record.me

"""What a ledger has of the stores in some evidence once every center has told it everything."""

from collections.abc import Iterator, Mapping
from typing import Any

from bus.audit import CaseView, FactRow, StateRow, Teller, Violation, Waiting, judge
from verification.checker import Evidence, Snapshot
from verification.checker.snapshot import Known

LATER = 10**15
"""A moment after everything that a test does: each center has told all until then."""


def _facts(evidence: Evidence) -> dict[str, list[FactRow]]:
    """Case → its facts; of one center in the order of its journal."""
    found: dict[str, list[FactRow]] = {}
    number = 0
    for name, snapshot in evidence.open_snapshots:
        for line in snapshot.journal:
            number += 1
            about = (line.way, line.kind or None, line.peer or None, line.message)
            fact = FactRow(number, name, line.at_ms, *about, line.holder, line.version, 1)
            found.setdefault(line.case, []).append(fact)
    return found


def _state(name: str, snapshot: Snapshot, known: Known) -> StateRow:
    record = snapshot.record(known.case)
    pending = tuple((record["offer_out"] or {"pending": ()})["pending"])
    custody = (known.origin, known.holder, known.version, record["round"], known.status)
    return StateRow(name, *custody, pending, None, None, 1, tuple(_waits(name, known.holder == name, record)))


def _waits(name: str, holds: bool, record: Mapping[str, Any]) -> Iterator[Waiting]:
    """What the center waits for, as its record says; read apart from what the product tells."""
    out = record["offer_out"] or {}
    if out.get("withdrawing"):
        yield from (Waiting("withdrawal", of) for of in out["pending"])
    for help_ in record["assists"]:
        if help_["asker"] == name and help_["done"] is None and holds:
            yield Waiting("assist", help_["assistant"])
    if record["arbitration"] and record["arbitration"] == record["arbiter"]:
        yield Waiting("ruling", record["arbitration"])


def views(evidence: Evidence) -> Iterator[CaseView]:
    """Each case, as the ledger has it."""
    tellers = {name: Teller(LATER, LATER, 0, 0, known=True) for name, _ in evidence.open_snapshots}
    for case_id, facts in _facts(evidence).items():
        states = [_state(name, s, s.by_case[case_id]) for name, s in evidence.open_snapshots if case_id in s.by_case]
        yield CaseView(case_id, facts, states, tellers)


def audited(evidence: Evidence) -> list[Violation]:
    """What the auditor sees in it, without any patience."""
    now_ms = max(line.at_ms for _, snapshot in evidence.open_snapshots for line in snapshot.journal)
    return [one for view in views(evidence) for one in judge(view, now_ms)]

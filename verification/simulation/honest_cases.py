"""The honest cases, which no lie may touch: residents brought them to honest centers, and they were never handed to the
liar.

A case that an honest center has offered to the liar, or asked it to help with, or that the arbiter has given to it, is
in its hands, and may stay there for ever. So may a case that the liar has invented. No other case is excused.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from bus.store import parked
from verification.checker import Evidence, Finding, Snapshot
from verification.simulation.beside_a_liar import BesideALiar
from verification.simulation.operator import FAULTS

HANDED = ("case.offered", "case.assist-requested")
SHOWN = (*HANDED, "case.arbitration-requested", "case.ruled")
"""Kinds that show the whole case."""


ALWAYS = frozenset({"stored-reads-back", "somebody-is-waited-for"})
"""Rules that hold for every case, whichever center has sent messages about it."""
OF_A_LANE = frozenset({"nothing-left", "said-is-kept", "refused-was-refused", "no-leg-dangles"})
"""Rules that hold for a lane only if both its ends are honest: help may be given to a liar, it sends false receipts or
none, and its messages behind a gap wait."""


def _honest(evidence: Evidence, liar: str) -> Iterator[Snapshot]:
    for name, center in evidence.seats.items():
        if name != liar:
            yield from center.all_snapshots


def handed_over(evidence: Evidence, liar: str) -> set[str]:
    """The cases that honest centers put into the liar's hands."""
    found: set[str] = set()
    for snapshot in _honest(evidence, liar):
        for line in snapshot.journal:
            offered = line.way == "said" and line.peer == liar and line.kind in HANDED
            if offered or (line.way == "did" and line.kind == "rule" and line.holder == liar):
                found.add(line.case)
    return found


def owed_an_answer(evidence: Evidence, liar: str) -> set[str]:
    """The cases whose missing answer no lie excuses."""
    registered = {
        line.case
        for snapshot in _honest(evidence, liar)
        for line in snapshot.journal
        if line.way == "did" and line.kind == "register"
    }
    return registered - handed_over(evidence, liar)


def harmed(findings: Iterable[Finding], evidence: Evidence, liar: str) -> list[Finding]:
    """The findings that the liar's part in a case does not excuse."""
    owed = owed_an_answer(evidence, liar)
    its_own = [one for one in findings if one.rule in OF_A_LANE and liar in one.detail]
    judged = [one for one in findings if one.center != liar and one not in its_own]
    return [one for one in judged if not one.case or one.case in owed or one.rule in ALWAYS]


def beside_the_liar(beside: BesideALiar, evidence: Evidence) -> Iterator[Finding]:
    """Findings outside the checker's rules: stopped loops, faults of the product, and data shown to outsiders."""
    for where, times in beside.stopped.items():
        yield Finding("every loop goes on", where.partition(" ")[0], "", f"{where} × {times}")
    if beside.ghosts:
        yield Finding(
            "a recovery waits for the county alone", "", "", f"and waited for {beside.ghosts} that never were"
        )
    owed = owed_an_answer(evidence, beside.name)
    for name, center in evidence.seats.items():
        if center.snapshot is None or name == beside.name:
            continue
        for line in center.snapshot.journal:
            if line.way == "said" and line.peer == beside.name and line.case in owed and line.kind in SHOWN:
                yield Finding("shown to nobody without a part", name, line.case, f"{line.kind} was said to the liar")
        faults = Counter((row.place, row.code) for row in center.snapshot.parked if row.code in FAULTS)
        for (place, code), times in faults.items():
            if place != parked.PEER:  # there it is the liar's receipt
                yield Finding("no fault of ours", name, "", f"parked at {place} as {code} × {times}")

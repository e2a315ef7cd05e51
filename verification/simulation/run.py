"""The run of one seed: the county, its outcome, and the checker's verdict."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field

from bus.store import parked
from bus.store.resident_waits import AWAITED
from verification.checker import Evidence, Finding, Told, When, check, wrong
from verification.checker.residents import is_known
from verification.simulation.county import MORNING, County
from verification.simulation.fault_profile import FaultProfile, drawn
from verification.simulation.honest_cases import (
    beside_the_liar,
    handed_over,
    harmed,
    owed_an_answer,
)
from verification.simulation.ledger_seat import crowded, false_alarms, happened, missed, unhealed
from verification.simulation.operator import HONEST, GivenUp
from verification.simulation.reminders import reminders_wrong
from verification.simulation.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Played:
    """The outcome of one seed."""

    seed: int
    findings: tuple[Finding, ...]
    """All broken promises; empty: all held."""
    custody: int
    """The number of decided changes of custody."""
    handovers: int
    """Messages from one center's commit to another's, once each, as the benchmark counts them."""
    cases: int
    centers: int
    digest: str
    seconds: float
    happened: Counter[str] = field(default_factory=Counter)


def _liars(county: County, evidence: Evidence, findings: list[Finding]) -> list[Finding]:
    """The findings that the liar does not excuse; without a liar, all of them."""
    return findings if county.beside is None else harmed(findings, evidence, county.beside.name)


def play(seed: int, land: Workspace, profile: FaultProfile | None = None, trace: list[str] | None = None) -> Played:
    """Play ``seed``. Deterministic, down to the digest, for the same code and ``PYTHONHASHSEED``."""
    start = time.perf_counter()
    random.seed(seed)  # the product's own draws: pauses are jittered, so that clients do not all come back at once
    with County(seed, profile or drawn(seed), land) as county:
        county.trace = trace
        return _played(county, seed, start)


def _played(county: County, seed: int, start: float) -> Played:
    excuses = [name for name, may in (("gone", county.profile.leaves), ("restored", county.profile.restores)) if may]
    findings: list[Finding] = []

    def judge(when: When) -> Evidence:
        evidence = testimony(county)
        found = [*wrong(check(evidence, when), excuses), *_parked_too_soon(evidence)]
        findings.extend(_liars(county, evidence, found))
        return evidence

    county.look = lambda: judge(When.STILL)
    rested = county.play()
    if county.beside is not None:
        county.beside.record_last_sendings()
        county.beside.end_lanes()
    evidence = judge(When.DRAINED if rested else When.STILL)
    if not rested:
        findings.append(
            Finding("comes to rest", "", "", f"still busy after {county.ticks} ticks without a fault"),
        )
    given_up = sum((operator.given_up for operator in county.operators.values()), Counter[GivenUp]())
    findings += _seen_in_the_county(county, evidence, given_up)
    if county.profile.clocks:
        findings += reminders_wrong(county.seats)
    if county.beside is not None:
        findings += beside_the_liar(county.beside, evidence)
    if county.ledger is not None:
        county.ledger.last_looks()
        liar = county.beside.name if county.beside is not None else None
        open_still = [*unhealed(county.ledger, county.seats, liar), *missed(county.ledger, county.seats)]
        findings += crowded(county.ledger)
        findings += false_alarms(county.ledger) if county.profile.quiet else _liars(county, evidence, open_still)
    return Played(
        seed,
        tuple(findings),
        _custody(evidence),
        evidence.handed_over,
        county.cases,
        len(county.seats),
        county.digest,
        time.perf_counter() - start,
        county.happened
        + Counter(repeated=county.road.repeated, lost=county.road.lost)
        + _by_code(given_up)
        + Counter(hours=int(county.now - MORNING) // 3600 if county.profile.quiet else 0)
        + (happened(county.ledger) if county.ledger is not None else Counter[str]())
        + _beside(county, evidence),
    )


def _beside(county: County, evidence: Evidence) -> Counter[str]:
    """With a liar: how many cases there were to harm, and how many messages it sent."""
    if county.beside is None:
        return Counter()
    owed, words = owed_an_answer(evidence, county.beside.name), county.beside.liar.words
    handed = handed_over(evidence, county.beside.name)
    return Counter({"cases owed": len(owed), "cases handed to the liar": len(handed), "words of the liar": words})


def _by_code(given_up: Counter[GivenUp]) -> Counter[str]:
    found: Counter[str] = Counter()
    for what, count in given_up.items():
        found[f"given up: {what}"] += count
    return found


def _no_lies(county: County, evidence: Evidence, given_up: Counter[GivenUp]) -> Counter[GivenUp]:
    """The given-up items that no lie excuses."""
    if county.beside is None:
        return given_up
    owed = owed_an_answer(evidence, county.beside.name)
    excused = [what for what in given_up if what.peer == county.beside.name or what.case not in owed]
    return Counter({what: count for what, count in given_up.items() if what not in excused or what.is_ours})


def _seen_in_the_county(county: County, evidence: Evidence, given_up: Counter[GivenUp]) -> list[Finding]:
    """Findings outside the stores: from the network, the intakes and the operators."""
    faults = Counter(tried.code for node in county.seats for tried in node.tried if tried.told is Told.FAILED)
    findings = [Finding("no fault in the adapter", "", "", f"{code} × {count}") for code, count in faults.items()]
    left = sum(node.unsettled for node in county.seats)
    if left:
        findings.append(Finding("what arrived is settled", "", "", f"{left} deliveries were never settled"))
    if county.road.early:
        findings.append(Finding("settled after the commit", "", "", f"{county.road.early} times before it"))
    findings += [
        Finding("one effect a message", node.name, "", f"{times} effects of {message}, under different keys")
        for node in county.seats
        for message, times in Counter(effect.message for effect in node.backend.effects).items()
        if times > 1
    ]
    findings += [
        Finding("parked only by crossings", "", "", f"{what} × {count}")
        for what, count in _no_lies(county, evidence, given_up).items()
        if what.code not in HONEST and not _gone_with_its_resident(evidence, what)
    ]
    return findings


def _gone_with_its_resident(evidence: Evidence, what: GivenUp) -> bool:
    """Whether a center waits for a resident in vain, and rightly: nobody is left who knows it."""
    return what.code == AWAITED and what.case is not None and not is_known(evidence, what.case)


def _parked_too_soon(evidence: Evidence) -> list[Finding]:
    """Tasks parked too soon: no center's own system is away here for as long as a center waits for it."""
    return [
        Finding("away is not never", name, row.case or "", f"parked: {row.code}")
        for name, snapshot in evidence.open_snapshots
        for row in snapshot.parked
        if (row.place, row.code) == (parked.DESK, "vendor-away")
    ]


def testimony(county: County) -> Evidence:
    """All evidence, between storm and calm or afterwards."""
    seats = {node.name: node.testimony() for node in county.seats}
    if county.beside is not None:
        seats[county.beside.name] = county.beside.liar.evidence()
    return Evidence(
        seats=seats,
        submissions=[tried for node in county.seats for tried in node.tried],
        county=frozenset(seats),
        masks=county.profile.masks and county.beside is None,  # a liar shows whom it pleases
    )


def _custody(evidence: Evidence) -> int:
    """Every custody version of every case but its first is one hand-over (a ruling counts as one)."""
    versions = {
        (line.case, line.version)
        for _, snapshot in evidence.open_snapshots
        for line in snapshot.journal
        if line.version > 1
    }
    return len(versions)

"""Rules of custody: one custodian for each case and version, in all journals and at the end."""

from collections.abc import Iterator
from typing import Any

from bus.contract.messages import Accepted, Granted
from bus.custody import RULING_STEP, Status
from verification.checker.evidence import Breach, Evidence
from verification.checker.snapshot import Line

Json = dict[str, Any]
"""A custody record, parsed."""


def one_custodian(evidence: Evidence) -> Iterator[Breach]:
    """No two centers ever believed in different holders at the same version.

    Read live: journals only grow, so a disagreement between two lines is final. Never excused. A belief recorded only
    in a store's forgotten journal is undone; what other centers heard of it is in their own journals."""
    believed: dict[tuple[str, int], tuple[str, str]] = {}
    told: set[tuple[str, int]] = set()
    for name, snapshot in evidence.open_snapshots:
        for case, version, holder in snapshot.beliefs:
            other, by = believed.setdefault((case, version), (holder, name))
            if other != holder and (case, version) not in told:
                told.add((case, version))
                yield Breach(name, case, f"version {version}: {holder} holds it here, {other} at {by}")


def versions_never_fall(evidence: Evidence) -> Iterator[Breach]:
    """An older state never overwrites a later one: in one center's journal the version of a case never falls.

    Read live: one center's journal is of one moment. A restored store begins a new journal."""
    for name, snapshot in evidence.open_snapshots:
        newest: dict[str, int] = {}
        for line in snapshot.journal:
            if line.version < newest.get(line.case, 0):
                if line.version:
                    yield Breach(name, line.case, f"version {newest[line.case]}, then {line.version} ({line.kind})")
            else:
                newest[line.case] = line.version


def record_as_in_journal(evidence: Evidence) -> Iterator[Breach]:
    """A center's record of a case is the state in its journal's last line: no change without its line, no line without
    its change. And if the origin has closed a case, an act there closed it.

    Read live: records and journal of one center are read in one transaction."""
    for name, snapshot in evidence.open_snapshots:
        last = {line.case: (line.holder, line.version) for line in snapshot.journal if line.version}
        closed = {line.case for line in snapshot.journal if line.kind == "close"}
        for known in snapshot.cases:
            if known.status == Status.CLOSED and known.origin == name and known.case not in closed:
                yield Breach(name, known.case, "closed without a closing", evidence.set_back(name))
            said = last.pop(known.case, None)
            if said != (known.holder, known.version):
                yield Breach(name, known.case, f"record {known.holder}@{known.version}, journal {_at(said)}")
        for case, said in last.items():
            yield Breach(name, case, f"no record, journal {_at(said)}")


def _at(said: tuple[str, int] | None) -> str:
    return "has no line" if said is None else f"{said[0]}@{said[1]}"


def version_has_its_commit(evidence: Evidence) -> Iterator[Breach]:
    """Custody moves only at a commit point: every believed version was registered, accepted, granted or ruled
    somewhere, and to this holder."""
    commits: set[tuple[str, int, str]] = set()
    lost = False
    for center in evidence.seats.values():
        lost = lost or center.snapshot is None
        for snapshot in center.all_snapshots:
            granted = {line.case for line in snapshot.said.values() if line.kind == Granted.kind}
            commits.update(
                (line.case, line.version, line.holder) for line in snapshot.journal if _commits(line, granted)
            )
    for name, snapshot in evidence.open_snapshots:
        for case, version, holder in sorted(snapshot.beliefs - commits):
            yield Breach(name, case, f"{holder}@{version} was never committed", "gone" if lost else "")


def _commits(line: Line, granted: set[str]) -> bool:
    """Whether a journal line is a commit point. An open offer is granted by the offerer when it receives the bid; every
    other commit point is an act."""
    if line.way == "heard":
        return line.kind == Accepted.kind and line.holder == line.peer and line.case in granted
    return line.way == "did" and line.kind in ("register", "accept", "rule")


def holder_knows(evidence: Evidence) -> Iterator[Breach]:
    """At the end each case has one holder, which knows it, and no other center believes itself the holder."""
    for case, names in evidence.knowers.items():
        known = {name: evidence.snapshots(name).by_case[case] for name in names}
        newest = max(one.version for one in known.values())
        holder = next(one.holder for one in known.values() if one.version == newest)
        if holder not in known or known[holder].version != newest:
            yield Breach(holder, case, f"does not know that it holds it at {newest}", evidence.end_excuse(case, holder))
        for name, one in known.items():
            if one.holder == name and one.version < newest and name in evidence.standing:
                detail = f"believes to hold it at {one.version}; {holder} does at {newest}"
                yield Breach(name, case, detail, evidence.end_excuse(case, name, holder))


def holders_agree(evidence: Evidence) -> Iterator[Breach]:
    """At the end all centers on the case's path know the same holder, version and status.

    After a ruling, a holder unknown to the arbiter need only know that it no longer holds the case
    (``holder_knows``)."""
    for case, origin, path in _paths(evidence):
        truth = evidence.standing[origin].by_case[case]
        for name in path:
            snapshot = evidence.standing.get(name)
            known = snapshot.by_case.get(case) if snapshot is not None else None
            excuse = evidence.end_excuse(case, name, origin)
            if snapshot is None and excuse == "gone":
                continue
            if known is None:
                yield Breach(name, case, "has held it and does not know it", excuse)
            elif truth.version < RULING_STEP and known[2:5] != truth[2:5]:
                yield Breach(name, case, f"{_state(known[2:5])} here, {_state(truth[2:5])} at its origin", excuse)


def _paths(evidence: Evidence) -> Iterator[tuple[str, str, list[str]]]:
    for name, snapshot in evidence.standing.items():
        for case, known in snapshot.by_case.items():
            if known.origin == name:
                yield case, name, snapshot.record(case)["path"]


def _state(state: tuple[object, ...]) -> str:
    return f"{state[0]}@{state[1]} {state[2]}"


def no_leg_dangles(evidence: Evidence) -> Iterator[Breach]:
    """At the end an offer pending at one end is pending at the other too, given help has been reported, and no center
    waits for a ruling that the arbiter does not know of."""
    for name, snapshot in evidence.standing.items():
        for case in snapshot.by_case:
            for other, detail in _legs(evidence, name, case, snapshot.record(case)):
                yield Breach(name, case, detail, evidence.end_excuse(case, name, other))


def _legs(evidence: Evidence, name: str, case: str, record: Json) -> Iterator[tuple[str, str]]:
    """(the other end, the fault)."""
    out, offer = record["offer_out"], record["offer_in"]
    for other in out["pending"] if out else ():
        asked = _record(evidence, other, case).get("offer_in")
        if not asked or asked["offer_id"] != out["offer_id"]:
            yield other, f"waits for {other}, who has no such offer"
    if offer:
        made = _record(evidence, offer["offerer"], case).get("offer_out")
        if not made or made["offer_id"] != offer["offer_id"] or name not in made["pending"]:
            yield offer["offerer"], f"has an offer that {offer['offerer']} does not make"
    arbiter = record["arbitration"]
    if arbiter and arbiter == record["arbiter"] != name and not _record(evidence, arbiter, case).get("arbitration"):
        yield arbiter, f"waits for a ruling, and {arbiter} is asked for none"
    for given in record["assists"]:
        if given["assistant"] == name and given["done"] is not None:
            asked = _record(evidence, given["asker"], case).get("assists", ())
            if [one["done"] for one in asked if one["assist_id"] == given["assist_id"]] != [given["done"]]:
                yield given["asker"], f"has helped, and {given['asker']} has not heard it"


def _record(evidence: Evidence, name: str, case: str) -> Json:
    snapshot = evidence.standing.get(name)
    return snapshot.record(case) if snapshot is not None and case in snapshot.by_case else {}


def every_case_answered(evidence: Evidence) -> Iterator[Breach]:
    """At the end every case is closed by a reply to its resident, or a visible center owes it."""
    for name, snapshot in evidence.open_snapshots:
        for known in snapshot.cases:
            if known.origin == name and known.status != Status.CLOSED:
                detail = f"{known.status}, held by {known.holder}@{known.version}"
                yield Breach(name, known.case, detail, evidence.end_excuse(known.case, name, known.holder))

"""Rules of delivery: nothing lost, nothing invented, nothing twice, each lane in order."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from bus.contract.epochs import EPOCH
from bus.contract.messages import Verdict
from bus.store import inbox, outbox, parked
from verification.checker.evidence import Breach, Evidence
from verification.checker.snapshot import ARRIVALS, Applied, Line, Owed, Snapshot


def applied_once(evidence: Evidence) -> Iterator[Breach]:
    """No message is applied twice at its recipient, however often it is delivered.

    Read live: one center's journal and inbox are of one moment."""
    for name, snapshot in evidence.open_snapshots:
        heard: set[str] = set()
        for line in snapshot.journal:
            if line.way in ("heard", "superseded") and line.message:
                if line.message in heard:
                    yield Breach(name, line.case, f"{line.kind} from {line.peer} was applied twice: {line.message}")
                heard.add(line.message)
        if len(snapshot.remembered) < len(snapshot.applied):
            for message, times in Counter(row.message for row in snapshot.applied).items():
                if times > 1:
                    yield Breach(name, snapshot.remembered[message].case, f"{message} took {times} places")


def lanes_in_order(evidence: Evidence) -> Iterator[Breach]:
    """In each lane the sequences 1, 2, 3 … are taken without a gap, up to the mark, and were applied in that order. A
    restored peer continues with the first sequence of a later epoch.

    Read live: inbox, lanes and journal of one center are of one moment."""
    for name, snapshot in evidence.open_snapshots:
        taken: dict[tuple[str, str], list[int]] = {}
        for row in snapshot.applied:
            taken.setdefault((row.peer, row.case), []).append(row.sequence)
        marks = {(lane.peer, lane.case): lane.applied for lane in snapshot.lanes if lane.applied}
        for peer, case in marks.keys() | taken.keys():
            places, mark = sorted(taken.get((peer, case), ())), marks.get((peer, case), 0)
            missing = [p for before, p in pairwise((0, *places)) if p != before + 1 and p % EPOCH != 1]
            if missing or mark != (places[-1] if places else 0):
                told = f"a gap before {missing}" if missing else f"applied {places[-1:]}"
                yield Breach(name, case, f"from {peer}: mark {mark}, {told}")
        reached: dict[tuple[str, str], int] = {}
        for row in (snapshot.remembered[message] for message in snapshot.arrived if message in snapshot.remembered):
            if row.sequence <= reached.get((row.peer, row.case), 0):
                yield Breach(name, row.case, f"from {row.peer}: place {row.sequence} was applied after a later one")
            reached[row.peer, row.case] = row.sequence


def inbox_as_in_journal(evidence: Evidence) -> Iterator[Breach]:
    """Every inbox row has a journal line with the same verdict, and vice versa.

    Read live: one center's tables are of one moment."""
    for name, snapshot in evidence.open_snapshots:
        for row in snapshot.applied:
            line = snapshot.arrived.get(row.message)
            if line is None or (line.peer, line.case) != (row.peer, row.case):
                detail = f"{row.message} from {row.peer} is remembered, the journal does not tell it"
                yield Breach(name, row.case, detail, evidence.set_back(name))
            elif (row.verdict == Verdict.REFUSED) and line.way != "refused":
                yield Breach(name, row.case, f"{row.message} was {line.way}, and is remembered as refused")
        for message, line in snapshot.arrived.items():
            if message not in snapshot.remembered:
                yield Breach(name, line.case, f"{line.kind} from {line.peer} was {line.way} and is not remembered")


def outbox_as_in_journal(evidence: Evidence) -> Iterator[Breach]:
    """Each message in the outbox has a journal line, and each lane's mark counts its messages.

    Read live: one center's tables are of one moment."""
    for name, snapshot in evidence.open_snapshots:
        for owed in snapshot.outbox:
            line = snapshot.said.get(owed.message)
            if line is None or (line.peer, line.case, line.kind) != (owed.recipient, owed.case, owed.kind):
                detail = f"{owed.kind} to {owed.recipient} is owed, and was never said"
                yield Breach(name, owed.case, detail, evidence.set_back(name))
        said = Counter((line.peer, line.case) for line in snapshot.said.values() if line.peer != name)
        for lane in snapshot.lanes:
            # a restored center does not journal what it relearns
            if said.pop((lane.peer, lane.case), 0) != lane.sent and lane.sent < EPOCH:
                yield Breach(
                    name, lane.case, f"to {lane.peer}: the lane's mark is {lane.sent}, and more or less was said"
                )
        for peer, case in said:
            yield Breach(name, case, f"to {peer}: something was said without a lane")


DEEDS = {
    "case.offered": "offer", "case.accepted": "accept", "case.declined": "decline", "case.resolved": "resolve",
    "case.closed": "close", "case.reopened": "reopen", "case.rated": "rate", "case.published": "publish",
    "case.progressed": "report", "case.assist-requested": "askassist", "case.arbitration-requested": "askarbiter",
}  # fmt: skip
"""Kinds that are sent only after an act of the sender; the others may also follow from a received message."""
PASSED_ON = frozenset({"case.closed", "case.reopened"})
"""Of these the kinds that a center passes on once it has heard them, to centers that it has told of the case."""


def said_has_its_deed(evidence: Evidence) -> Iterator[Breach]:
    """No message without its act: an offer, an acceptance, a result and a closing each follow their act. Who passes on
    how a case stands has heard it.

    Read live: one center's journal is of one moment."""
    for name, snapshot in evidence.open_snapshots:
        done = {(line.case, line.kind) for line in snapshot.journal if line.way == "did"}
        heard = {(line.case, line.kind) for line in snapshot.journal if line.way == "heard" and line.kind in PASSED_ON}
        for message, line in snapshot.said.items():
            deed = DEEDS.get(line.kind)
            if deed is not None and (line.case, deed) not in done and (line.case, line.kind) not in heard:
                yield Breach(
                    name, line.case, f"{line.kind} was said without the deed: {message}", evidence.set_back(name)
                )


def said_is_kept(evidence: Evidence) -> Iterator[Breach]:
    """A sent message is in the sender's outbox, or its recipient remembers it: it never leaves one end before the other
    has it.

    Messages that only a restored store's forgotten outbox held are lost with it, unless they had arrived."""
    for name, center in evidence.seats.items():
        for snapshot in center.all_snapshots:
            now = snapshot is center.snapshot
            for message, line in snapshot.said.items():
                if line.peer == name or message in snapshot.given_up or (now and message in snapshot.in_outbox):
                    continue
                if not _remembers(evidence, line.peer, message):
                    detail = f"{line.kind} to {line.peer} is neither owed here nor remembered there: {message}"
                    # an old message of a restored center no longer counts; what is owed is sent anew
                    excuse = "restored" if center.forgotten else _lost_with(evidence, line.peer)
                    yield Breach(name, line.case, detail, excuse)


def _remembers(evidence: Evidence, name: str, message: str) -> bool:
    center = evidence.seats.get(name)
    return center is not None and center.snapshot is not None and message in center.snapshot.remembered


def _lost_with(evidence: Evidence, name: str) -> str:
    """A center that lost its store, or was restored, remembers less than before: not the fault of other centers."""
    center = evidence.seats.get(name)
    if center is None or center.snapshot is None:
        return "gone"
    return "restored" if center.forgotten and not center.recovered else ""


def applied_was_said(evidence: Evidence) -> Iterator[Breach]:
    """Nothing is invented: every message that arrived was sent by its source, to this center, about this case."""
    for name, snapshot in evidence.open_snapshots:
        for message, line in snapshot.arrived.items():
            by, said = evidence.said.get(message, ("", None))
            if said is None:
                center = evidence.seats.get(line.peer)
                lost = center is not None and center.snapshot is None  # its journal is lost with its store
                yield Breach(name, line.case, f"{line.kind} was never said by {line.peer}", "gone" if lost else "")
            elif (by, said.peer, said.case) != (line.peer, name, line.case) or said.kind != _kind(line):
                detail = f"{_kind(line)} from {line.peer}; {by} said {said.kind} to {said.peer}"
                yield Breach(name, line.case, detail)


def _kind(line: Line) -> str:
    """The kind of a journal line. A refused line holds the type, ``case.offered.v1``; the others hold the kind."""
    return line.kind.rpartition(".v")[0] if line.way == "refused" else line.kind


def trouble_is_seen(evidence: Evidence) -> Iterator[Breach]:
    """Every item that waits for an operator is parked: refused messages at both ends, and parked tasks.

    Read live: one center's tables are of one moment."""
    for name, snapshot in evidence.open_snapshots:
        seen = {(row.place, row.message) for row in snapshot.parked}
        for owed in snapshot.outbox:
            if owed.state == outbox.REFUSED and (parked.PEER, owed.message) not in seen:
                yield Breach(name, owed.case, f"{owed.kind} was refused by {owed.recipient}, and nobody sees it")
        for task in snapshot.work:
            if task.state == inbox.PARKED and (parked.DESK, task.message) not in seen:
                yield Breach(name, task.case, f"{task.kind} is parked at the desk, and nobody sees it")
        for row in snapshot.applied:
            settled = row.verdict != Verdict.REFUSED or row.message in snapshot.given_up
            if not settled and (parked.WIRE, row.message) not in seen:
                yield Breach(name, row.case, f"{row.message} from {row.peer} was refused, and nobody sees it")


def refused_was_refused(evidence: Evidence) -> Iterator[Breach]:
    """A timeout is never a refusal: a message that its sender records as refused was refused by its recipient, and not
    applied."""
    for name, snapshot in evidence.open_snapshots:
        for owed in snapshot.outbox:
            if owed.state != outbox.REFUSED:
                continue
            row = _remembered(evidence, owed)
            if row is None or row.verdict != Verdict.REFUSED:
                what = "does not remember it" if row is None else f"has it {row.verdict}"
                excuse = _lost_with(evidence, owed.recipient)
                # another message took the place before an old backup was restored here
                set_back = row is None and bool(evidence.seats[name].forgotten)
                detail = f"{owed.kind} is called refused; {owed.recipient} {what}"
                yield Breach(name, owed.case, detail, "restored" if set_back else excuse)


def _remembered(evidence: Evidence, owed: Owed) -> Applied | None:
    center = evidence.seats.get(owed.recipient)
    return None if center is None or center.snapshot is None else center.snapshot.remembered.get(owed.message)


def nothing_left(evidence: Evidence) -> Iterator[Breach]:
    """At the end nothing is pending in outbox, inbox, held messages or receipts. Parked items are excused."""
    for name, snapshot in evidence.standing.items():
        for owed in snapshot.outbox:
            excuse = evidence.excuse(owed.case, owed.recipient, name)
            yield Breach(name, owed.case, f"{owed.kind} to {owed.recipient} is {owed.state} in the outbox", excuse)
        for held in snapshot.held:
            excuse = evidence.excuse(held.case, held.peer, name)
            yield Breach(name, held.case, f"place {held.sequence} from {held.peer} is held back", excuse)
        for task in snapshot.work:
            yield Breach(name, task.case, f"{task.kind} is {task.state} on the desk", evidence.excuse(task.case))
        if snapshot.owed:
            yield Breach(name, "", f"{snapshot.owed} receipts or errors are owed", _someone_is_gone(evidence, snapshot))


def _someone_is_gone(evidence: Evidence, snapshot: Snapshot) -> str:
    peers = {line.peer for line in snapshot.journal if line.way in ARRIVALS}
    return "gone" if any(evidence.excuse("", peer) == "gone" for peer in peers) else ""

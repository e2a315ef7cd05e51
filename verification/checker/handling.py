"""Rules of handling: received messages are worked into the center's own system, once, in order, and nothing else is."""

from collections import Counter
from collections.abc import Iterator

from verification.checker.evidence import Breach, Evidence
from verification.checker.snapshot import Line, Snapshot

ALWAYS_WORK = frozenset(
    {
        "case.offered", "case.declined", "case.lost", "case.withdrawal-requested", "case.withdrawn",
        "case.progressed", "case.assist-requested", "case.rated", "case.reopened", "case.closed",
        "case.published", "case.arbitration-requested",
    }
)  # fmt: skip
"""Kinds that are a task whenever they are received and not superseded; the others are only sometimes."""


def heard_is_worked(evidence: Evidence) -> Iterator[Breach]:
    """No task is lost: each received task waits, is done, or was discarded; the same holds for each message with an
    effect.

    Read live: one center's journal and inbox are of one moment, and effects are copied first."""
    for name, snapshot in evidence.open_snapshots:
        ended = {line.message for line in snapshot.journal if line.way == "desk"} | snapshot.given_up
        ended |= {task.message for task in snapshot.work}
        center = evidence.seats[name]
        begun = {effect.message for effect in center.effects}
        for line in snapshot.journal:
            ours = line.way == "said" and line.peer == name  # sent to itself: a task that never travelled
            work = ours or (line.way == "heard" and (line.kind in ALWAYS_WORK or line.message in begun))
            if work and line.message not in ended:
                # received again after a restore, it may be no task any more: the effect is from the time before
                excuse = "restored" if center.forgotten and line.kind not in ALWAYS_WORK and not ours else ""
                left = f"{line.kind} from {line.peer} left the desk undone: {line.message}"
                yield Breach(name, line.case, left, excuse)


def done_once(evidence: Evidence) -> Iterator[Breach]:
    """A task is finished once, however often it was tried.

    Read live: one center's journal is of one moment."""
    for name, snapshot in evidence.open_snapshots:
        done = Counter((line.case, line.message, line.kind) for line in snapshot.journal if line.way == "desk")
        for (case, message, kind), times in done.items():
            if times > 1:
                yield Breach(name, case, f"{kind} was finished {times} times: {message}")


def effects_have_a_cause(evidence: Evidence) -> Iterator[Breach]:
    """Nothing is invented: every effect in a center's own system comes from a message that its center received, or sent
    itself.

    Read live: an effect follows the commit of its task, and effects are copied first."""
    for name, center in evidence.seats.items():
        if center.snapshot is None:
            continue
        for effect in center.effects:
            line = _cause(center.all_snapshots, effect.message)
            if line is None:
                # a restored center relearns its own tasks without a journal line
                excuse = "restored" if center.forgotten else ""
                yield Breach(name, "", f"{effect.what} belongs to no message here: {effect.key}", excuse)
            elif line.way == "refused":
                # handled before the restore, and refused when it came again: the case had moved on
                excuse = "restored" if center.forgotten else ""
                refused = f"{effect.what} comes from a message that was refused: {effect.key}"
                yield Breach(name, line.case, refused, excuse)


def _cause(books: tuple[Snapshot, ...], message: str) -> Line | None:
    for one in books:
        line = one.arrived.get(message)
        if line is not None and line.way == "refused":  # applied later, by an operator?
            line = next((other for other in one.journal if _heard(other, message)), line)
        if line is None:
            line = one.said.get(message)
        if line is not None:
            return line
    return None


def _heard(line: Line, message: str) -> bool:
    return line.way == "heard" and line.message == message


def effects_once(evidence: Evidence) -> Iterator[Breach]:
    """Each key has one effect, and effects that may happen only once for a case happened once.

    Read live: effects are never undone."""
    for name, center in evidence.seats.items():
        for key, times in Counter(effect.key for effect in center.effects).items():
            if times > 1:
                yield Breach(name, "", f"{times} effects under one key: {key}")
        cases = Counter(
            (line.case, effect.what)
            for effect in center.effects
            if effect.what in center.once_per_case
            and (line := _cause(center.all_snapshots, effect.message)) is not None
        )
        for (case, what), times in cases.items():
            if times > 1:
                yield Breach(name, case, f"{what} happened {times} times", "restored" if center.forgotten else "")


def effects_in_order(evidence: Evidence) -> Iterator[Breach]:
    """For each case the center's own system sees the events in the order in which the center received them.

    Read live: the order of two effects and of their causes never changes. A restored store repeats things."""
    for name, center in evidence.seats.items():
        if center.snapshot is None or center.forgotten or not center.effects:
            continue
        place = {line.message: at for at, line in enumerate(center.snapshot.journal) if line.way in ("heard", "said")}
        reached: dict[str, int] = {}
        for effect in center.effects:
            at = place.get(effect.message)
            if at is None:
                continue
            case = center.snapshot.journal[at].case
            if at < reached.get(case, 0) and not _put_back(center.snapshot, case):
                yield Breach(name, case, f"{effect.what} came after what was heard later: {effect.key}")
            reached[case] = max(at, reached.get(case, 0))


def _put_back(snapshot: Snapshot, case: str) -> bool:
    """Whether an operator replayed or discarded an item of this case: then the operator decided the order."""
    return any(line.way in ("replayed", "discarded") for line in snapshot.journal if line.case == case)


def done_left_its_effect(evidence: Evidence) -> Iterator[Breach]:
    """A task is done only when its effect is in the center's own system, for the kinds that leave one."""
    for name, center in evidence.seats.items():
        if center.snapshot is None or not center.leaves_effects:
            continue
        caused = {effect.message for effect in center.effects}
        for line in center.snapshot.journal:
            # a center's own copy is a wait for the resident: it ends in the store alone
            waited = line.kind == "case.handed" and line.peer == name
            left = line.way == "desk" and line.kind in center.leaves_effects and not waited
            if left and line.message not in caused:
                yield Breach(name, line.case, f"{line.kind} is done, and the vendor's system has nothing of it")

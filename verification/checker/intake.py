"""Rules of the intake: the answers to submitters are true, and every case came from a form."""

from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from verification.checker.evidence import Breach, CenterEvidence, Evidence, Submission, Told
from verification.checker.snapshot import Taken

YES = frozenset({Told.TAKEN, Told.REPEATED})
NO = frozenset({Told.REFUSED, Told.FAILED})
Key = tuple[str, str, str]
"""(center, form, native id)"""


def told_is_kept(evidence: Evidence) -> Iterator[Breach]:
    """No form is lost: one answered ``taken`` is in the store with its content, its cases and their records.

    Read live: the answer follows the commit, and submissions are copied first."""
    for one in evidence.submissions or ():
        if one.told not in YES:
            continue
        center = evidence.seats[one.center]
        excuse = _forgotten(center, one)
        row = _row(center, one)
        if row is None:
            yield Breach(one.center, _first(one), f"{one.form} was told {one.told}, and is not in the books", excuse)
            continue
        if one.digest and row.digest != one.digest:
            yield Breach(one.center, _first(one), f"{one.form} was taken with another content than was handed in")
        if _cases(row) != one.cases:
            yield Breach(one.center, _first(one), f"{one.form} was told other cases than are in the books", excuse)
        for case in one.cases:
            if center.snapshot is not None and case not in center.snapshot.by_case:
                yield Breach(one.center, case, f"{one.form} was told {one.told}, and its case is not here", excuse)


def told_no_is_no(evidence: Evidence) -> Iterator[Breach]:
    """A timeout is never reported as a failure: a form whose only answers are ``refused`` or ``failed`` was not taken.

    Read live: submissions are copied first; a later attempt is not among them, but then it is in the store alone."""
    tries: dict[tuple[Key, str], set[Told]] = {}
    for one in evidence.submissions or ():
        tries.setdefault((_key(one), one.digest), set()).add(one.told)
    for ((center, form, native_id), digest), told in tries.items():
        if not told <= NO:
            continue
        for snapshot in evidence.seats[center].all_snapshots:
            row = next((r for r in snapshot.taken if (r.form, r.native_id) == (form, native_id)), None)
            if row is not None and (not digest or row.digest == digest):
                case = next(iter(_cases(row)), "")
                yield Breach(center, case, f"{form} was told {', '.join(sorted(told))}, and was taken")


def taken_was_submitted(evidence: Evidence) -> Iterator[Breach]:
    """Nothing is invented: every form in the store was submitted, and every registered case belongs to one of them."""
    if evidence.submissions is None:
        return
    handed_in = {_key(one) for one in evidence.submissions}
    for name, center in evidence.seats.items():
        for snapshot in center.all_snapshots:
            answered: set[str] = set()
            for row in snapshot.taken:
                answered.update(_cases(row))
                if (name, row.form, row.native_id) not in handed_in:
                    yield Breach(name, next(iter(_cases(row)), ""), f"{row.form} was taken, and nobody handed it in")
            for line in snapshot.journal:
                if line.kind == "register" and line.message is None and line.case not in answered:
                    yield Breach(name, line.case, "registered through no door")


def submitted_is_open_plus_closed(evidence: Evidence) -> Iterator[Breach]:
    """No case is lost: a case known to any center is known to its origin, open or closed."""
    for case, names in evidence.knowers.items():
        origin = evidence.snapshots(names[0]).by_case[case].origin
        center = evidence.seats.get(origin)
        if center is None or center.snapshot is None or case not in center.snapshot.by_case:
            excuse = "gone" if center is None or center.snapshot is None else "restored" if center.forgotten else ""
            yield Breach(origin, case, f"known at {', '.join(names)} and not at its origin", excuse)


def _key(one: Submission) -> Key:
    return one.center, one.form, one.native_id


def _first(one: Submission) -> str:
    return next(iter(one.cases), "")


def _row(center: CenterEvidence, one: Submission) -> Taken | None:
    return None if center.snapshot is None else center.snapshot.by_form.get((one.form, one.native_id))


def _cases(row: Taken) -> tuple[str, ...]:
    answer: dict[str, Any] = from_json(row.answer)
    return tuple(touched["case_id"] for touched in answer["cases"])


def _forgotten(center: CenterEvidence, one: Submission) -> str:
    if center.snapshot is None:
        return "gone"
    return "restored" if any((one.form, one.native_id) in snapshot.by_form for snapshot in center.forgotten) else ""

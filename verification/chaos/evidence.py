"""The evidence of a run, in the form that the checker judges."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from verification.chaos.county import ChaosCounty
from verification.checker import CenterEvidence, Effect, Evidence, Snapshot, Submission, Told, read, text_digest

LEAVES_EFFECTS = frozenset({"case.offered", "case.accepted", "case.resolved", "case.closed"})
"""Effects of our four simulators for a case that is handed over, resolved and closed."""
ONCE = frozenset({"open-handle", "replies", "answers"})
"""Effects that each case has once at one center: it is handed over once, and its resident is answered once."""


def books_of(county: ChaosCounty, center: str) -> Snapshot:
    """The present snapshot of the center's store."""
    store = county.store(center)
    try:
        return read(store)
    finally:
        store.close()


def collect(county: ChaosCounty, forgotten: dict[str, list[Snapshot]], texts: dict[str, str]) -> Evidence:
    """The evidence of a county whose centers have been stopped. ``texts``: native id → the matter's text."""
    effects = defaultdict(list)
    for line in _lines(county.folder / "effects.jsonl"):
        if line["what"] != "repeat":
            effects[line["center"]].append(Effect(line["key"], line["what"], int(line["at"] * 1000)))
    tries = [*_lines(county.folder / "told.jsonl"), *_lines(county.folder / "told-staff.jsonl")]
    return Evidence(
        seats={
            name: CenterEvidence(
                name,
                books_of(county, name),
                effects=effects[name],
                forgotten=forgotten.get(name, ()),
                recovered=name in forgotten,
                leaves_effects=LEAVES_EFFECTS,
                once_per_case=ONCE,
            )
            for name in county.centers
        },
        submissions=[_submission(line, texts) for line in tries],
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _submission(line: dict[str, Any], texts: dict[str, str]) -> Submission:
    answer = line["answer"]
    text = texts.get(line["id"])
    return Submission(
        line["center"],
        line["form"],
        line["id"],
        told(line["status"]),
        cases=tuple(case["case_id"] for case in answer.get("cases", ())),
        code=answer.get("code", ""),
        text=text_digest(text) if text else "",
        at_ms=int(line["at"] * 1000),
    )


def told(status: int) -> Told:
    """The meaning of an HTTP status for a submitter; 0: no answer."""
    match status:
        case 202:
            return Told.TAKEN
        case 200:
            return Told.REPEATED
        case 500:
            return Told.FAILED
        case _:
            return Told.REFUSED if 400 <= status < 500 else Told.UNKNOWN

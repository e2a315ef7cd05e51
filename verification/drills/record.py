"""The record of a drill: what the person on duty saw, and how long it took."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from verification.mutants.report import machine

SEEN = Path(__file__).with_name("seen.json")
WANTED = "DRILLS_KEPT"
"""The variable with which ``make drills`` keeps what it has seen. Without it a drill is a test, and writes nothing."""


class Seen(NamedTuple):
    """One drill, as it went."""

    drill: str
    code: str
    """The finding by which the person on duty knew it."""
    clicks: int
    """Clicks on the page until it was mended; 0: the cure is outside of the page."""
    found_s: float
    """Seconds from the fault until the page showed it."""
    mended_s: float
    """Seconds from then until the page showed that all was well."""
    busy: float
    """Processes of the machine that were at work or waited for it meanwhile."""


def keep(drill: str, code: str, clicks: int, found_s: float, mended_s: float) -> None:
    """Put it into ``seen.json``, where ``make drills`` asks for it."""
    if not os.environ.get(WANTED):
        return
    seen = Seen(drill, code, clicks, round(found_s, 1), round(mended_s, 1), round(os.getloadavg()[1], 1))
    known = {one.drill: one for one in load()} | {drill: seen}
    document = {"machine": machine(), "seen": [one._asdict() for one in known.values()]}
    SEEN.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load() -> list[Seen]:
    """What was seen; nothing where no drill was kept yet."""
    return [Seen(**one) for one in _document()["seen"]]


def where() -> str:
    """The machine on which it was seen."""
    return str(_document()["machine"])


def _document() -> dict[str, Any]:
    if not SEEN.exists():
        return {"machine": machine(), "seen": []}
    document: dict[str, Any] = json.loads(SEEN.read_text(encoding="utf-8"))
    return document

"""The record of a drill: what the person on duty saw, and how long it took."""

import json
import os
from pathlib import Path
from typing import NamedTuple

SEEN = Path(__file__).with_name("seen.json")
WANTED = "DRILLS_KEPT"
"""The variable with which ``make drills`` keeps what it has seen. Without it a drill is a test, and writes nothing."""


class Seen(NamedTuple):
    """One drill, as it went."""

    drill: str
    code: str
    """The finding by which the person on duty knew it."""
    stuck: str
    """Of what is stuck: the code of its group, with its place before it."""
    clicks: int
    """Clicks on the page until it was mended; 0: the cure is a command."""
    found_s: float
    """Seconds from the fault until the page showed it."""
    mended_s: float
    """Seconds from then until the page showed that all was well."""


def keep(seen: Seen) -> None:
    """Put it into ``seen.json``, where ``make drills`` asks for it."""
    if seen.drill and os.environ.get(WANTED):
        known = {one.drill: one for one in load()} | {seen.drill: seen}
        rows = [one._asdict() for one in known.values()]
        SEEN.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load() -> list[Seen]:
    """What was seen; nothing where no drill was kept yet."""
    return [Seen(**one) for one in json.loads(SEEN.read_text(encoding="utf-8"))] if SEEN.exists() else []

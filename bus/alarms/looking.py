"""What one look makes of all incidents, and what is to be told of it; pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from bus.alarms.incidents import Change, Rules, Trouble, begun, is_gone, owed, stands, told
from bus.store.incidents import Incident

MOST = 200
"""Incidents at once: what is found beyond them begins none until others end."""


class Picture(NamedTuple):
    """What a look has shown."""

    troubles: Sequence[Trouble]
    """The worst first."""
    asked: Collection[str]
    """The sources that have answered: what only another one tells is not gone because it is not told."""


class Changed(NamedTuple):
    """What follows from a look."""

    kept: Sequence[Incident]
    """Incidents to write."""
    forgotten: Sequence[str]
    """Ids of pending incidents that came to nothing."""
    tell: Sequence[tuple[Incident, Change]]


def after_look(live: Sequence[Incident], picture: Picture, now_ms: int, rules: Rules) -> Changed:
    """Let each incident take its step."""
    found = {trouble.key: trouble for trouble in picture.troubles}
    steps = [(before, _step(before, found, picture.asked, now_ms, rules)) for before in live]
    known = {before.key for before in live}
    fresh = [begun(trouble, now_ms) for key, trouble in found.items() if key not in known]
    kept, tell = [*fresh[: max(0, MOST - len(live))]], []
    for before, after in steps:
        if after is None:
            continue
        if (change := owed(after, now_ms, rules)) is not None:
            after = told(after, change, now_ms)  # noqa: PLW2901 - the same record, one step on
            tell.append((after, change))
        if after != before:
            kept.append(after)
    return Changed(kept, [before.id for before, after in steps if after is None], tell)


def _step(
    before: Incident, found: Mapping[bytes, Trouble], asked: Collection[str], now_ms: int, rules: Rules
) -> Incident | None:
    trouble = found.get(before.key)
    if trouble is not None:
        return stands(before, trouble, now_ms, rules)
    return is_gone(before, now_ms, rules) if before.source in asked else before

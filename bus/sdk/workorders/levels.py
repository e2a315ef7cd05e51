"""三级: the centers of one kind in a county, its townships and its villages, one above the other by their divisions."""

LEVELS = {6: "county", 9: "township", 12: "village"}
"""Digits of a division's code → its level."""


def neighbour(me: str, division: str, level: str) -> str | None:
    """The center of our own kind one level down towards ``division``, or one level up; None where there is none."""
    kind, _, mine = me.rpartition("-")
    if level == "up":
        return f"{kind}-{mine[:-3]}" if len(mine) > 6 else None
    below = division[: len(mine) + 3]
    return f"{kind}-{below}" if below.startswith(mine) and len(below) == len(mine) + 3 else None

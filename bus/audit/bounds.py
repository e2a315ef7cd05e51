"""How many violations are kept one by one: so many between two centers. A liar fills its own pairs alone. Pure.

The pair is the center at which to look first, and another one by whose word, or in whose dealings, the violation is
shown. A center can therefore crowd out nothing that two others are about.
"""

from collections.abc import Container

from bus.audit.finding import AT_ONCE, Code, Evidence, Violation

MOST_OF_A_PAIR = 200
"""Violations between two centers that are watched or open. While one center is away, more messages may wait for it:
they all show the same."""
FEW_AGAIN = MOST_OF_A_PAIR // 2
"""There is room for all once so few are left."""
MOST_CLEARED = 1000
"""Findings between two centers that are remembered after they have cleared."""
ALONE = frozenset({Code.SILENT_CENTER, Code.CLOCKS_APART, Code.MANY_FINDINGS})
"""Codes of which there is at most one for each subject, and the subjects are centers: they crowd out nothing."""
NOBODY = "-"
"""A center that was never heard of: whoever invents names gets no more room by them."""


def pair_of(one: Violation, known: Container[str]) -> str:
    """The two centers by which a violation is bounded; one where it is about that one alone. ``known``: the centers
    that tell facts."""
    if one.code in ALONE:
        return f"{one.code.value} {one.subject}"
    accused = one.center if one.center in known else NOBODY
    for shown in one.evidence:
        for name in (shown.center, shown.peer):
            if name is not None and name != one.center and name in known:
                return f"{accused} {name}"
    return accused


def too_many(pair: str, now_ms: int) -> Violation:
    """The violation that stands for those between two centers that are not kept."""
    center = pair.rsplit(maxsplit=1)[-1]
    shown = (Evidence(center, Code.MANY_FINDINGS.value, now_ms),)
    return Violation(Code.MANY_FINDINGS, pair, "", center, now_ms, AT_ONCE, shown)

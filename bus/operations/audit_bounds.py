"""The bounds of the auditor: what is found between two centers beyond them is counted, and not kept one by one."""

from collections import Counter
from collections.abc import Container, Iterable

from bus.audit import FEW_AGAIN, MOST_OF_A_PAIR, Code, Violation, pair_of, too_many
from bus.store import findings
from bus.store.database import Tx


def within_bounds(tx: Tx, found: Iterable[Violation], known: Container[str], now_ms: int) -> dict[Violation, str]:
    """Those new violations for which there is room, each with its pair of centers; the others are counted in a finding
    that stands for them. ``known``: the centers that tell facts."""
    pairs = {one: pair_of(one, known) for one in found}
    kept = Counter(findings.kept_of(tx, pairs.values()))
    fits: dict[Violation, str] = {}
    beyond: Counter[str] = Counter()
    for one, pair in pairs.items():
        if kept[pair] < MOST_OF_A_PAIR:
            fits[one] = pair
            kept[pair] += 1
        else:
            beyond[pair] += 1
    for pair, times in beyond.items():
        findings.add_more(tx, too_many(pair, now_ms), times, now_ms)
    return fits


def clear_bounds(tx: Tx, now_ms: int) -> int:
    """Clear what stands for others where there is room again. Returns how many."""
    full = findings.of_codes(tx, [Code.MANY_FINDINGS])
    kept = findings.kept_of(tx, (row.subject for row in full))
    gone = [row for row in full if kept.get(row.subject, 0) <= FEW_AGAIN]
    findings.healed(tx, gone, now_ms)
    return len(gone)

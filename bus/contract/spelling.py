"""Whether one name is another one with a slip of the hand in it."""

from itertools import takewhile


def one_slip_away(written: str, meant: str, shortest: int) -> bool:
    """Whether the two differ by one letter that was left out, added or changed, or by two neighbours that were swapped
    (Damerau, 1964). Names of fewer than ``shortest`` letters resemble each other by chance: of them it is never said.
    """
    if min(len(written), len(meant)) < shortest or written == meant or abs(len(written) - len(meant)) > 1:
        return False
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(written, meant, strict=False)))
    a, b = written[alike:], meant[alike:]
    swapped = len(a) > 1 and len(b) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or swapped

"""Recognition of misspelt names."""

from itertools import takewhile


def one_slip_away(written: str, meant: str, shortest: int) -> bool:
    """Whether the names differ by one letter (left out, added or changed) or by two swapped neighbours (Damerau, 1964).
    Names shorter than ``shortest`` resemble each other by chance; for them the answer is False."""
    if min(len(written), len(meant)) < shortest or written == meant or abs(len(written) - len(meant)) > 1:
        return False
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(written, meant, strict=False)))
    a, b = written[alike:], meant[alike:]
    swapped = len(a) > 1 and len(b) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or swapped

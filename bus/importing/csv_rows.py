"""The rows of a CSV text as spreadsheets read them.

A stray quote is text, and an unclosed quote spoils only its own row.
"""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator

from bus.importing.text_file import Line

MOST_LINES = 200
"""Most lines in one row. A quote open for longer was not meant as one."""
NEVER_CLOSED = "quote-never-closed"
csv.field_size_limit(16 << 20)  # the bound of a line; csv's own limit is below the cells of some ledgers


def rows_of(lines: Iterable[Line], delimiter: str) -> Iterator[tuple[list[str], str]]:
    """Each row, with the reason not to trust it; empty: none."""
    waiting: deque[Line] = deque()
    source = iter(lines)

    def following() -> Line | None:
        return waiting.popleft() if waiting else next(source, None)

    while (first := following()) is not None:
        taken = [first]
        is_open = _opens(first.text, delimiter, is_open=False)
        while is_open and len(taken) < MOST_LINES and (line := following()) is not None:
            taken.append(line)
            is_open = _opens(line.text, delimiter, is_open=True)
        if is_open:  # the lines that follow are rows of their own
            waiting.extendleft(reversed(taken[1:]))
            yield _cells(first.text, delimiter, csv.QUOTE_NONE), NEVER_CLOSED
            continue
        fault = next((line.fault for line in taken if line.fault), "")
        yield _cells("".join(line.text for line in taken), delimiter, csv.QUOTE_MINIMAL), fault


def _cells(text: str, delimiter: str, quoting: int) -> list[str]:
    lines = io.StringIO(text, newline="")  # other characters that end lines elsewhere stay in their cells
    return [*next(csv.reader(lines, delimiter=delimiter, quoting=quoting), [])]  # type: ignore[arg-type]  # one of csv's constants


def _opens(text: str, delimiter: str, *, is_open: bool) -> bool:
    """Whether a quoted cell is open at the end of a line, as the csv module would read on."""
    if '"' not in text:
        return is_open
    at_begin, inside, after_quote = not is_open, is_open, False
    for sign in text:
        if inside and after_quote:
            after_quote = False
            if sign == '"':
                continue  # a doubled quote is one quote in the text
            inside = False
        if inside:
            after_quote = sign == '"'
        elif sign == '"' and at_begin:
            inside = True
        at_begin = not inside and sign == delimiter
    return inside and not after_quote

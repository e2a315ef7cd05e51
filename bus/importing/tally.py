"""The tally of a ledger's rows, and the rejected ones as a ledger of their own."""

import csv
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bus.importing.cell import Cell, Hidden, text_of
from bus.importing.spreadsheet import CellFault, Row, SpreadsheetFormat

ROW, REASON = "被拒行号 row", "原因 reason"
"""The additional columns of a file of rejects."""
WORDS = ("imported", "repeated", "rejected")


class Reject(NamedTuple):
    """One row that was not imported."""

    number: int
    reason: str
    row: Row


@dataclass(slots=True)
class Tally:
    """The outcomes of the rows, counted row by row. Not thread-safe."""

    counts: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    _first: dict[str, int] = field(default_factory=dict)
    """Id → the first row with it."""

    def add(self, row: Row, native_id: str, outcome: str, faults: list[CellFault]) -> None:
        """Count one row."""
        number = row.number
        self.counts[outcome] += 1
        earlier = self._first.setdefault(native_id, number) if native_id else number
        if outcome == "rejected":
            reasons = [self._reason(one, earlier if earlier != number else None) for one in faults]
            self.rejects.append(Reject(number, "; ".join(reasons), row))

    @staticmethod
    def _reason(fault: CellFault, earlier: int | None) -> str:
        if fault.field != "id-reused":
            return f"{fault.field}: {fault.problem}"
        where = f"row {earlier} has it / 与第 {earlier} 行编号相同" if earlier else "taken before / 此前已登记"
        return f"id-reused: another row was taken under this id: {where}"

    def line(self) -> str:
        """The summary, the same in every language so that scripts can read it."""
        return ", ".join(f"{what} {self.counts[what]}" for what in WORDS)

    def write_rejects(self, path: Path, sheet: SpreadsheetFormat) -> None:
        """The rejected rows as they were, with their numbers and reasons: once corrected, the file can be imported with
        the same mapping, so it has the ledger's format. It holds residents' data, so only its owner may read it. Raises
        ``OSError``."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            os.fchmod(handle, 0o600)  # also where the file was there before
            out = csv.writer(file, delimiter=sheet.delimiter)  # with the byte order mark, so that Excel reads it
            out.writerows([] for _ in range(1, sheet.header_row))
            names = self.rejects[0].row.header if self.rejects else ()
            out.writerow([*_own(names, names), ROW, REASON])
            for one in self.rejects:
                beyond = one.row.values[len(names) :]  # last: the row is refused again until its columns are right
                out.writerow([*_own(names, one.row.values), one.number, one.reason, *map(text_of, beyond)])


def _own(names: Sequence[str], cells: Sequence[Cell]) -> list[str]:
    """The ledger's own cells of a row, as many as it has names: without the columns of an earlier file of rejects."""
    filled = [*cells, *[None] * (len(names) - len(cells))]
    return [_shown(cell) for name, cell in zip(names, filled, strict=False) if name not in (ROW, REASON)]


def _shown(cell: Cell) -> str:
    """The cell's text; a hidden one is marked, so that it is not taken for an empty one before it is corrected."""
    return f"#{cell}" if isinstance(cell, Hidden) else text_of(cell)

"""The tally of a ledger's rows, and the rejected ones as a ledger of their own."""

import csv
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bus.importing.cell import Cell, text_of
from bus.importing.spreadsheet import CellFault

ROW, REASON = "被拒行号 row", "原因 reason"
"""The additional columns of a file of rejects."""
WORDS = ("imported", "repeated", "rejected")


class Reject(NamedTuple):
    """One row that was not imported."""

    number: int
    reason: str
    cells: Mapping[str, Cell]


@dataclass(slots=True)
class Tally:
    """The outcomes of the rows, counted row by row. Not thread-safe."""

    counts: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    _first: dict[str, int] = field(default_factory=dict)
    """Id → the first row with it."""

    def add(
        self, number: int, native_id: str, outcome: str, faults: list[CellFault], cells: Mapping[str, Cell]
    ) -> None:
        """Count one row."""
        self.counts[outcome] += 1
        earlier = self._first.setdefault(native_id, number) if native_id else number
        if outcome == "rejected":
            reasons = [self._reason(one, earlier if earlier != number else None) for one in faults]
            self.rejects.append(Reject(number, "; ".join(reasons), cells))

    @staticmethod
    def _reason(fault: CellFault, earlier: int | None) -> str:
        if fault.field != "id-reused":
            return f"{fault.field}: {fault.problem}"
        where = f"row {earlier} has it / 与第 {earlier} 行编号相同" if earlier else "taken before / 此前已登记"
        return f"id-reused: another row was taken under this id: {where}"

    def line(self) -> str:
        """The summary, the same in every language so that scripts can read it."""
        return ", ".join(f"{what} {self.counts[what]}" for what in WORDS)

    def write_rejects(self, path: Path) -> None:
        """The rejected rows as they were, with their numbers and reasons: once corrected, the file can be imported with
        the same mapping. It holds residents' data, so only its owner may read it. Raises ``OSError``."""
        names = list(dict.fromkeys(name for one in self.rejects for name in one.cells))
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8-sig", newline=""
        ) as file:
            out = csv.writer(file)  # with the byte order mark, so that Excel reads it
            out.writerow([*names, ROW, REASON])
            for one in self.rejects:
                out.writerow([*(text_of(one.cells.get(name)) for name in names), one.number, one.reason])

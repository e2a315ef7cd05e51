"""One cell of a ledger: its value, its text, and the damage that a spreadsheet has done to it."""

import re
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

SAFE_DIGITS = 15
"""Excel keeps this many digits of a number; the others became zeros when the file was made."""
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
"""Invisible characters, left behind by other programs."""
ERROR = re.compile(
    r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA|#{2,}|merged-cell|formula-without-value)"
)
"""What a spreadsheet shows in place of a value: a formula has failed, or the column was too narrow. Also
what a file of rejects has there."""
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+\d{1,3}")


class Hidden(StrEnum):
    """A cell of an XLSX file that looks filled to its reader, and holds nothing in the file."""

    MERGED = "merged-cell"
    """It lies under the cell that it is merged with."""
    FORMULA = "formula-without-value"
    """The program that wrote the file has not calculated it."""


class BadFile(ValueError):
    """The mapping or the ledger is unusable. The text gives the cure, and holds no cell."""


Cell = str | int | float | bool | datetime | date | Hidden | None


def text_of(cell: Cell) -> str:
    """A cell as people read it: 12.0 is 12, line ends are plain, no blanks at the edges."""
    if cell is None or isinstance(cell, Hidden):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).replace("\r\n", "\n").replace("\r", "\n").strip()


@lru_cache(1024)
def name_of(text: str) -> str:
    """The visible name of a column. Blanks are one space, and none beside Chinese: they only spread a short name."""
    plain = " ".join(INVISIBLE.sub("", text).split())
    return re.sub(r"(?<=[^\x00-\u2fff]) | (?=[^\x00-\u2fff])", "", plain)


def damage_of(cell: Cell) -> str:
    """The code of what a spreadsheet has destroyed in this cell; empty: nothing.

    ``digits-lost``: it has turned an id into a number and rounded it; the lost digits cannot be recovered.
    """
    if isinstance(cell, Hidden):
        return cell.value
    if isinstance(cell, str):
        text = cell.strip()
        return "digits-lost" if _SCIENTIFIC.fullmatch(text) else "spreadsheet-error" if ERROR.fullmatch(text) else ""
    rounded = isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= 10**SAFE_DIGITS
    return "digits-lost" if rounded else ""

"""The rows of a sheet of an XLSX file, read as a stream.

A cell that looks filled to its reader and holds nothing in the file is marked as such: one under a merged cell, and a
formula that was never calculated.
"""

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl import Workbook, load_workbook
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries

from bus.importing.cell import BadFile, Cell, Hidden

SUSPICIOUS, TIGHTEST = 16 * 1024 * 1024, 100
"""A part of an XLSX file above this size that shrinks by more than this factor is a bomb, not a ledger."""
HEAD = 4096
"""Bytes in which a declaration of entities would be: it comes before everything else."""
UNPACKED = 1024 * 1024 * 1024
"""Most bytes of all parts of an XLSX file together."""
CHUNK, OVERLAP = 1 << 20, 16 << 10
"""Bytes that are searched at once, and those of them that are searched again: the longest cell with its formula."""
_UNCALCULATED = re.compile(
    rb"<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
"""A cell with a formula and no value, with the cell's attributes."""
_AT = re.compile(rb'\br="([A-Z]{1,3}\d{1,7})"')
_EMPTY_TEXT = b't="str"'
"""The formula's value is the empty text."""
WIDEST = 500
"""Columns in which merged cells are heeded; a title may be merged over all that a sheet can have."""
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')


class _Range(NamedTuple):
    """A rectangle of cells, numbered from 1."""

    first_column: int
    first_row: int
    last_column: int
    last_row: int


class _Marks(NamedTuple):
    """What a stream of values does not tell of a sheet."""

    uncalculated: dict[int, set[int]]
    """Row → the columns of its formulas without a value."""
    merged: dict[int, set[_Range]]
    """First row → the merged ranges that begin there."""


def sheet_rows(path: Path, sheet: str | None) -> Iterator[list[Cell]]:
    """The rows of the sheet with this name, or of the first. Raises ``BadFile``."""
    with ExitStack() as closing:
        try:
            _no_bomb(path)
            file = closing.enter_context(path.open("rb"))  # by name, openpyxl would refuse an .xls without a look
            book = load_workbook(file, read_only=True, data_only=True)
            closing.callback(book.close)
        except BadFile:
            raise
        except Exception as error:  # openpyxl passes on exceptions of zip, XML and the system
            raise _no_xlsx(path, error) from None
        yield from _cells(path, sheet, book)


def sheets_of(path: Path) -> list[str]:
    """The names of the sheets of a readable file."""
    with path.open("rb") as file:
        book = load_workbook(file, read_only=True)
        names = [*book.sheetnames]
        book.close()
    return names


def _no_xlsx(path: Path, error: Exception) -> BadFile:
    return BadFile(f"{path} is no XLSX file ({type(error).__name__}): save it again as .xlsx / 请另存为 .xlsx")


def _no_bomb(path: Path) -> None:
    with zipfile.ZipFile(path) as parts:
        sizes = [(part.file_size, part.compress_size) for part in parts.infolist()]
        heads = [parts.open(part).read(HEAD) for part in parts.infolist() if part.filename.endswith((".xml", ".rels"))]
    if any(b"<!DOCTYPE" in head.replace(b"\x00", b"") for head in heads):
        raise BadFile(f"{path} declares entities, which no spreadsheet does: save it again as .xlsx / 请另存为 .xlsx")
    if any(whole > SUSPICIOUS and whole > TIGHTEST * packed for whole, packed in sizes):
        raise BadFile(f"{path} unpacks to far more than a ledger does: save it again as .xlsx / 请另存为 .xlsx")
    if sum(whole for whole, _ in sizes) > UNPACKED:
        raise BadFile(f"{path} is too large: split it, or save it as CSV / 请拆分，或另存为 CSV")


def _cells(path: Path, name: str | None, book: Workbook) -> Iterator[list[Cell]]:
    if name is not None and name not in book.sheetnames:
        raise BadFile(f"{path} has no sheet {name}; it has {', '.join(book.sheetnames)}")
    # openpyxl warns of odd cells by repeating their contents
    warnings.filterwarnings("ignore", module=r"openpyxl\.")
    try:
        sheet: Any = book[name] if name else book.worksheets[0]
        marks = _marks(sheet)
        sheet.reset_dimensions()  # the file's claim of its own size may be wrong
        plain = ([_cell(cell) for cell in cells] for cells in sheet.iter_rows(values_only=True))
        yield from _marked(plain, marks)
    except Exception as error:  # the sheet is read as a stream: a fault may show half-way
        raise _no_xlsx(path, error) from None


def _cell(cell: object) -> Cell:
    return cell if isinstance(cell, Cell) else str(cell)


def _marks(sheet: Any) -> _Marks:  # noqa: ANN401 - openpyxl's sheet, whose source it does not declare
    marks, begin = _Marks({}, {}), b""
    with sheet._get_source() as source:
        while part := source.read(CHUNK):
            text = begin + part
            for attributes in _UNCALCULATED.findall(text):
                if (at := _AT.search(attributes)) and _EMPTY_TEXT not in attributes:
                    row, column = coordinate_to_tuple(at[1].decode())
                    marks.uncalculated.setdefault(row, set()).add(column)
            for found in _MERGED.findall(text):
                one = _Range(*range_boundaries(found.decode()))
                marks.merged.setdefault(one.first_row, set()).add(one)
            begin = text[-OVERLAP:]
    return marks


def _marked(rows: Iterator[list[Cell]], marks: _Marks) -> Iterator[list[Cell]]:
    """The rows, with the cells that only look filled."""
    current: list[_Range] = []
    for number, cells in enumerate(rows, 1):
        if current or number in marks.merged:
            current = [one for one in current if one.last_row >= number] + sorted(marks.merged.get(number, ()))
        for one in current:
            begin = one.first_column + (number == one.first_row)  # its first cell shows the value
            _mark(cells, range(begin, min(one.last_column, WIDEST) + 1), Hidden.MERGED)
        if number in marks.uncalculated:
            _mark(cells, marks.uncalculated[number], Hidden.FORMULA)
        yield cells


def _mark(cells: list[Cell], columns: Iterable[int], hidden: Hidden) -> None:
    for column in columns:
        cells += [None] * (column - len(cells))  # the file leaves out the end of a row
        if cells[column - 1] is None:
            cells[column - 1] = hidden

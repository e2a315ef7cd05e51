"""The reader of ledgers: the rows of a CSV or XLSX file, each with its number as the spreadsheet shows it."""

import csv
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from openpyxl import Workbook, load_workbook
from pydantic import BaseModel, ConfigDict, Field

from bus.importing.csv_rows import rows_of
from bus.importing.text_file import Undecodable, lines_of

MOST_ROWS = 1_048_576
"""Most rows of a sheet; a row number in a file may claim anything."""
LOOKED_AT = 10
"""Rows below the header that are searched for column names, if the header has none of them."""
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
"""Invisible characters, left behind by other programs."""
SUSPICIOUS, TIGHTEST = 16 * 1024 * 1024, 100
"""A part of an XLSX file above this size that shrinks by more than this factor is a bomb, not a ledger."""
HEAD = 4096
"""Bytes in which a declaration of entities would be: it comes before everything else."""
UNPACKED = 1024 * 1024 * 1024
"""Most bytes of all parts of an XLSX file together."""

Cell = str | int | float | bool | datetime | date | None


class BadFile(ValueError):
    """The mapping or the ledger is unusable. The text gives the cure, and holds no cell."""


class CellFault(NamedTuple):
    """One reason why a row makes no form: the field and the problem."""

    field: str
    problem: str


class SpreadsheetFormat(BaseModel):
    """The format of a ledger's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: str = "auto"
    """For CSV: ``auto`` takes UTF-8 if most of the file is, else GBK with the additions of GB 18030."""
    delimiter: Annotated[str, Field(pattern=r'^[^"\r\n\x00]$')] = ","
    sheet: str | None = None
    """For XLSX: the sheet's name; the first by default."""
    header_row: Annotated[int, Field(ge=1)] = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the ledger. ``number`` as the spreadsheet shows it, the header's included."""

    number: int
    cells: Mapping[str, Cell]
    fault: CellFault | None = None


Table = Iterator[tuple[int, tuple[list[Cell], str]]]
"""Number of a row, its cells, and the reason not to trust it."""


def rows(path: Path, sheet: SpreadsheetFormat, needed: set[str]) -> Iterator[Row]:
    """The rows below the header, without empty ones. Raises ``BadFile``: unreadable, or a ``needed`` column is
    missing."""
    table = _table(path, sheet)
    header = _header(path, table, sheet, needed)
    for number, (cells, why) in table:
        if number > MOST_ROWS:
            raise BadFile(f"{path}: more than {MOST_ROWS} rows, which no spreadsheet has: split it / 请拆分")
        if any(text_of(cell) for cell in cells):
            more = any(text_of(cell) for cell in cells[len(header) :])  # a superfluous comma has moved the columns
            fault = CellFault("row", why or "more-cells-than-columns") if why or more else None
            yield Row(number, dict(zip(header, cells, strict=False)), fault)


def header_of(path: Path, sheet: SpreadsheetFormat) -> tuple[list[str], int]:
    """The column names and the number of their row: the first row with several texts in it, from ``header_row`` on.
    Raises ``BadFile``."""
    for number, (cells, _) in _table(path, sheet):
        names = [name_of(cell) for cell in cells]
        if number >= sheet.header_row and sum(map(bool, names)) > 1:
            return names, number
        if number > sheet.header_row + LOOKED_AT:
            break
    raise BadFile(f"{path}: there is no row with the names of the columns")


def _table(path: Path, sheet: SpreadsheetFormat) -> Table:
    return enumerate(_xlsx(path, sheet) if path.suffix.lower() in (".xlsx", ".xlsm") else _csv(path, sheet), 1)


def name_of(cell: Cell) -> str:
    """The visible name of a column."""
    return INVISIBLE.sub("", text_of(cell)).strip()


def _header(path: Path, table: Table, sheet: SpreadsheetFormat, needed: set[str]) -> list[str]:
    """The column names. If some are missing, the rows below are searched for a proposal."""
    seen: list[list[str]] = []
    for number, (cells, _) in table:
        if number >= sheet.header_row:
            seen.append([name_of(cell) for cell in cells])
            if len(seen) == 1 and not _wrong(seen[0], needed):
                return seen[0]
            if len(seen) > LOOKED_AT:
                break
    if not seen:
        raise BadFile(f"{path}: there is no row {sheet.header_row} with the names of the columns")
    cure = _proposal(needed, seen, sheet) or "Does the mapping belong to this file? / 映射是否对应此文件？"
    raise BadFile(f"{'; '.join(_wrong(seen[0], needed))}. {cure}")


def _wrong(header: list[str], needed: set[str]) -> list[str]:
    """Columns that are missing, or occur twice."""
    twice = sorted(name for name, times in Counter(header).items() if times > 1 and name in needed)
    missing = sorted(needed - set(header))
    told = [f"columns missing / 缺少列: {', '.join(missing)}"] if missing else []
    return told + ([f"columns twice / 列重复: {', '.join(twice)}"] if twice else [])


def _proposal(needed: set[str], rows_seen: list[list[str]], sheet: SpreadsheetFormat) -> str:
    """A proposal where the column names are; empty if none is found."""
    for below, cells in enumerate(rows_seen):
        if below and needed <= {*cells}:
            row = sheet.header_row + below
            return f"They stand in row {row}: header_row = {row}? / 列名在第 {row} 行：header_row = {row}？"
    for sign in ";\t|，；":
        split = {name_of(part) for part in sign.join(rows_seen[0]).split(sign)} if rows_seen else set()
        if needed <= split:
            word = "\\t" if sign == "\t" else sign
            return f'The columns are parted by another sign: delimiter = "{word}"? / 分隔符不同：delimiter = "{word}"？'
    return ""


def _csv(path: Path, form: SpreadsheetFormat) -> Iterator[tuple[list[Cell], str]]:
    try:
        for cells, why in rows_of(lines_of(path, form.encoding), form.delimiter):
            yield [*cells], why
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    except Undecodable as error:
        raise BadFile(f"{path} is not in {error}: name its encoding in the mapping / 请在映射中写明编码") from None
    except csv.Error as error:
        raise BadFile(f"{path} is no CSV: {error}; save it again / 请另存为 CSV") from None


def _xlsx(path: Path, form: SpreadsheetFormat) -> Iterator[tuple[list[Cell], str]]:
    try:
        _no_bomb(path)
        book = load_workbook(path, read_only=True, data_only=True)
    except BadFile:
        raise
    except Exception as error:  # openpyxl passes on exceptions of zip, XML and the system
        raise _no_xlsx(path, error) from None
    try:
        for cells in _cells(path, form, book):
            yield cells, ""
    finally:
        book.close()


def _no_xlsx(path: Path, error: Exception) -> BadFile:
    return BadFile(f"{path} is no XLSX file ({type(error).__name__}): save it again as .xlsx")


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


def _cells(path: Path, form: SpreadsheetFormat, book: Workbook) -> Iterator[list[Cell]]:
    if form.sheet is not None and form.sheet not in book.sheetnames:
        raise BadFile(f"{path} has no sheet {form.sheet}; it has {', '.join(book.sheetnames)}")
    # openpyxl warns of odd cells by repeating their contents
    warnings.filterwarnings("ignore", module=r"openpyxl\.")
    try:
        sheet: Any = book[form.sheet] if form.sheet else book.worksheets[0]
        sheet.reset_dimensions()  # the file's claim of its own size may be wrong
        for cells in sheet.iter_rows(values_only=True):
            yield [cell if isinstance(cell, Cell) else str(cell) for cell in cells]
    except Exception as error:  # the sheet is read as a stream: a fault may show half-way
        raise _no_xlsx(path, error) from None


def text_of(cell: Cell) -> str:
    """A cell as people read it: 12.0 is 12, line ends are plain, no blanks at the edges."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).replace("\r\n", "\n").replace("\r", "\n").strip()

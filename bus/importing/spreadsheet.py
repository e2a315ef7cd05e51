"""The reader of ledgers: the rows of a CSV or XLSX file, each with its number as the spreadsheet shows it."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from bus.importing.cell import BadFile, Cell, name_of, text_of
from bus.importing.csv_rows import rows_of
from bus.importing.text_file import Undecodable, lines_of
from bus.importing.xlsx_file import sheet_rows, sheets_of

MOST_ROWS = 1_048_576
"""Most rows of a sheet; a row number in a file may claim anything."""
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
"""The first bytes of an XLSX file; of an old Excel file, and of any with a password."""
PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|meta|table|\?xml)", re.IGNORECASE)
"""The begin of a web page or of XML: many systems export these as ``.xls``."""
NO_PROPOSAL = "Does the mapping belong to this file? / 映射是否对应此文件？"
SIGNS = ";\t|，；"
"""Signs between columns, other than the comma."""
LOOKED_AT = 10
"""Rows below the header that are searched for column names, if the header has none of them."""


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
    header: Sequence[str] = ()
    values: Sequence[Cell] = ()
    """Every cell as it stands in the file, also those beyond the header."""


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
            yield Row(number, dict(zip(header, cells, strict=False)), fault, header, cells)


def headers_of(path: Path, sheet: SpreadsheetFormat) -> Iterator[tuple[list[str], int]]:
    """What may be the column names, with the number of the row: the rows with several texts in them, from
    ``header_row`` on. Raises ``BadFile``."""
    for number, (cells, _) in _table(path, sheet):
        names = [name_of(text_of(cell)) for cell in cells]
        if number >= sheet.header_row and sum(map(bool, names)) > 1:
            yield names, number
        if number > sheet.header_row + LOOKED_AT:
            return


def formats_of(path: Path, sheet: SpreadsheetFormat) -> Iterator[SpreadsheetFormat]:
    """The format, and others in which the file may be written: other signs between columns, other sheets."""
    yield sheet
    if _begin(path).startswith(ZIP):
        yield from (sheet.model_copy(update={"sheet": name}) for name in sheets_of(path)[1:])
    else:
        yield from (sheet.model_copy(update={"delimiter": sign}) for sign in SIGNS)


def _table(path: Path, sheet: SpreadsheetFormat) -> Table:
    """The rows of the file, as its first bytes say what it is: names of files are often wrong."""
    begin = _begin(path)
    if begin.startswith(OLE):
        raise BadFile(
            f"{path} is an old Excel file, or has a password: save it as .xlsx without one / 请另存为 .xlsx，不设密码"
        )
    if PAGE.match(begin):
        raise BadFile(
            f"{path} is a web page: open it in a spreadsheet, save it as .xlsx / 是网页，请打开后另存为 .xlsx"
        )
    is_xlsx = begin.startswith(ZIP) or path.suffix.lower() in (".xlsx", ".xlsm")
    return enumerate(((cells, "") for cells in sheet_rows(path, sheet.sheet)) if is_xlsx else _csv(path, sheet), 1)


def _begin(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None


def _header(path: Path, table: Table, sheet: SpreadsheetFormat, needed: set[str]) -> list[str]:
    """The column names. If some are missing, the rows below are searched for a proposal."""
    seen: list[list[str]] = []
    for number, (cells, _) in table:
        if number >= sheet.header_row:
            seen.append([text_of(cell) for cell in cells])
            if len(seen) == 1 and not _wrong(names := _names(seen[0]), needed):
                return names
            if len(seen) > LOOKED_AT:
                break
    if not seen:
        raise BadFile(f"{path}: there is no row {sheet.header_row} with the names of the columns")
    cure = _proposal(needed, seen, sheet) or _other_sheet(path, sheet, needed) or NO_PROPOSAL
    raise BadFile(f"{'; '.join(_wrong(names, needed))}. {cure}")


def _names(cells: list[str]) -> list[str]:
    return [*map(name_of, cells)]


def _wrong(header: list[str], needed: set[str]) -> list[str]:
    """Columns that are missing, or occur twice."""
    twice = sorted(name for name, times in Counter(header).items() if times > 1 and name in needed)
    missing = sorted(needed - set(header))
    told = [f"columns missing / 缺少列: {', '.join(missing)}"] if missing else []
    return told + ([f"columns twice / 列重复: {', '.join(twice)}"] if twice else [])


def _proposal(needed: set[str], rows_seen: list[list[str]], sheet: SpreadsheetFormat) -> str:
    """A proposal where the column names are; empty if none is found."""
    named = [_names(cells) for cells in rows_seen]
    for below, names in enumerate(named):
        row = sheet.header_row + below
        if below and needed <= {*names}:
            return f"They stand in row {row}: header_row = {row}? / 列名在第 {row} 行：header_row = {row}？"
        if below and needed <= {*names, *named[below - 1]}:
            return (
                f"They stand in two rows, {row - 1} and {row}: unmerge them, and put all names into row {row}; "
                f"header_row = {row} / 列名分在第 {row - 1}、{row} 两行：请取消合并，全部写到第 {row} 行"
            )
    for sign in SIGNS:
        if any(sign in cell for cell in rows_seen[0]) and needed <= {*_names(sign.join(rows_seen[0]).split(sign))}:
            word = "\\t" if sign == "\t" else sign
            return f'The columns are parted by another sign: delimiter = "{word}"? / 分隔符不同：delimiter = "{word}"？'
    return ""


def _other_sheet(path: Path, sheet: SpreadsheetFormat, needed: set[str]) -> str:
    """A proposal of another sheet of the file that has the columns; empty if none has."""
    if sheet.sheet is not None or not _begin(path).startswith(ZIP):
        return ""
    for name in sheets_of(path)[1:]:
        for number, cells in zip(range(1, LOOKED_AT + 1), sheet_rows(path, name), strict=False):
            if needed <= {name_of(text_of(cell)) for cell in cells}:
                where = f'sheet = "{name}"' + (f", header_row = {number}" if number > 1 else "")
                return f"They stand in another sheet: {where}? / 列名在另一张工作表：{where}？"
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

"""Reading a ledger: the rows of a CSV or XLSX file, each with its number as the spreadsheet shows it."""

import codecs
import csv
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

EMPTY_ROWS = 10_000
"""So many empty rows one after the other end the reading: a row number may claim anything, up to for ever."""
SUSPICIOUS, TIGHTEST = 16 * 1024 * 1024, 100
"""A part of an XLSX file of more bytes than this that shrinks by more than this factor is a bomb, not a ledger."""
HEAD = 4096
"""Where a declaration of entities stands, in bytes: it comes before everything else."""
UNPACKED = 1024 * 1024 * 1024
"""All parts of an XLSX file together, in bytes."""

Cell = str | int | float | bool | datetime | date | None


class BadFile(ValueError):
    """The mapping or the ledger cannot be used at all. The text says the cure, and holds no cell."""


class CellFault(NamedTuple):
    """One reason why a row is no form: where, and what is wrong."""

    field: str
    problem: str


class SpreadsheetFormat(BaseModel):
    """How a ledger's file is to be read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: str = "auto"
    """For CSV: ``auto`` takes UTF-8 where it fits, else GB 18030."""
    delimiter: Annotated[str, Field(pattern=r'^[^"\r\n\x00]$')] = ","
    sheet: str | None = None
    """For XLSX: the sheet's name; the first by default."""
    header_row: Annotated[int, Field(ge=1)] = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the form. ``number`` as the spreadsheet shows it, the header's included."""

    number: int
    cells: Mapping[str, Cell]
    fault: CellFault | None = None


def rows(path: Path, sheet: SpreadsheetFormat, needed: set[str]) -> Iterator[Row]:
    """The rows below the header, without empty ones. Raises ``BadFile``: unreadable, or a ``needed`` column lacks."""
    table = _xlsx(path, sheet) if path.suffix.lower() in (".xlsx", ".xlsm") else _csv(path, sheet)
    header: list[str] = []
    empty = 0
    try:
        for number, cells in enumerate(table, 1):
            if number == sheet.header_row:
                header = _header(cells, needed)
            elif number > sheet.header_row and not any(text_of(cell) for cell in cells):
                empty += 1
                if empty > EMPTY_ROWS:
                    raise BadFile(f"{path}: {EMPTY_ROWS} empty rows before row {number}: delete them / 请删除空行")
            elif number > sheet.header_row:
                empty = 0
                more = any(text_of(cell) for cell in cells[len(header) :])  # a comma too many has moved the columns
                fault = CellFault("row", "more-cells-than-columns") if more else None
                yield Row(number, dict(zip(header, cells, strict=False)), fault)
    except csv.Error as error:
        raise BadFile(f"{path} is no CSV: {error}; save it again, with quotes around texts") from None
    if not header:
        raise BadFile(f"{path}: there is no row {sheet.header_row} with the names of the columns")


def _header(cells: list[Cell], needed: set[str]) -> list[str]:
    names = [text_of(cell) for cell in cells]
    twice = sorted(name for name, times in Counter(names).items() if times > 1 and name in needed)
    missing = sorted(needed - set(names))
    if missing or twice:
        told = [f"columns missing / 缺少列: {', '.join(missing)}"] if missing else []
        told += [f"columns twice / 列重复: {', '.join(twice)}"] if twice else []
        raise BadFile("; ".join(told) + ". Does the mapping belong to this file? / 映射是否对应此文件？")
    return names


def _csv(path: Path, form: SpreadsheetFormat) -> Iterator[list[Cell]]:
    encoding = encoding_of(path) if form.encoding == "auto" else form.encoding
    try:
        with path.open(encoding=encoding, newline="") as file:
            for cells in csv.reader(file, delimiter=form.delimiter, strict=True):
                yield [*cells]
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    except (UnicodeError, LookupError):
        raise BadFile(f"{path} is not in {encoding}: name its encoding in the mapping / 请在映射中写明编码") from None


def encoding_of(path: Path) -> str:
    """UTF-8 (with a mark or without), UTF-16 where a mark says so, else GB 18030. Raises ``BadFile``."""
    try:
        with path.open("rb") as file:
            if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                return "utf-16"
            file.seek(0)
            decoder = codecs.getincrementaldecoder("utf-8-sig")()
            while part := file.read(1 << 20):
                decoder.decode(part)
            decoder.decode(b"", final=True)
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _xlsx(path: Path, form: SpreadsheetFormat) -> Iterator[list[Cell]]:
    try:
        _no_bomb(path)
        book = load_workbook(path, read_only=True, data_only=True)
    except BadFile:
        raise
    except Exception as error:  # openpyxl lets through what zip, XML and the system raise
        raise _no_xlsx(path, error) from None
    try:
        yield from _cells(path, form, book)
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
    # openpyxl warns of odd cells by repeating what stands in them
    warnings.filterwarnings("ignore", module=r"openpyxl\.")
    try:
        sheet: Any = book[form.sheet] if form.sheet else book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its own size may be anything
        for cells in sheet.iter_rows(values_only=True):
            yield [cell if isinstance(cell, Cell) else str(cell) for cell in cells]
    except Exception as error:  # the sheet is read as it goes: half-way it may turn out broken
        raise _no_xlsx(path, error) from None


def text_of(cell: Cell) -> str:
    """A cell as people read it: 12.0 is 12, line ends are plain, nothing at the edges."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).replace("\r\n", "\n").replace("\r", "\n").strip()

"""Ledgers as CSV or XLSX, in and out: bounded when they are read, and never a formula when they are written.

Faults say the cure, in Chinese and English, and never quote a cell: a ledger is full of residents.
"""

import contextlib
import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from bus.sdk.workorders.names import with_offset

MOST_ROWS = 100_000
MOST_BYTES = 50 * 1024 * 1024
MOST_UNPACKED = 500 * 1024 * 1024
"""An XLSX file is a ZIP archive; a small one may unpack into far too much."""
BROKEN = "XLSX 文件已损坏，请重新另存 / broken XLSX: save it again"
FORMULA = tuple("=+-@")


class Unreadable(ValueError):
    """The file as a whole cannot be read as a ledger; the text says the cure, in Chinese and English."""


def rows_of(content: bytes) -> Iterator[list[Any]]:
    """The rows of a CSV or XLSX file, empty ones and the headings included. Raises ``Unreadable``."""
    if len(content) > MOST_BYTES:
        raise Unreadable("文件超过 50 MiB，请分几份上传 / larger than 50 MiB: send it in parts")
    for number, row in enumerate(_xlsx(content) if content.startswith(b"PK") else _csv(content), start=1):
        if number > MOST_ROWS + 1:
            raise Unreadable(f"超过 {MOST_ROWS} 行，请分几份上传 / more than {MOST_ROWS} rows: send it in parts")
        yield row


def _csv(content: bytes) -> Iterator[list[Any]]:
    for encoding in ("utf-8-sig", "gb18030"):  # what spreadsheet programs in China write
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            yield from csv.reader(io.StringIO(text, newline=""), strict=True)
        except csv.Error:
            raise Unreadable("CSV 格式有误，请另存为 XLSX / broken CSV: save it as XLSX") from None
        return
    raise Unreadable("编码无法识别，请另存为 UTF-8 的 CSV 或 XLSX / unknown encoding: save as UTF-8 CSV or XLSX")


def _xlsx(content: bytes) -> Iterator[list[Any]]:
    from openpyxl import load_workbook  # noqa: PLC0415 - handlers run where no spreadsheet is ever read

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile:
        raise Unreadable(BROKEN) from None
    if unpacked > MOST_UNPACKED:
        raise Unreadable("文件解压后过大，请分几份上传 / unpacks into too much: send it in parts")
    try:
        with contextlib.closing(load_workbook(io.BytesIO(content), read_only=True, data_only=True)) as book:
            for row in book.worksheets[0].iter_rows(values_only=True):
                yield list(row)
    except Exception:  # a broken workbook breaks the reader in many ways; which one helps nobody who sent it
        raise Unreadable(BROKEN) from None


def text_of(cell: object) -> str:
    """A cell as people read it: 12.0 is 12, nothing at the edges, and no mark that ``plain`` has put before it."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = "" if cell is None else str(cell).strip()
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text


def moment_of(cell: object) -> str:
    """A date and time of a cell, in China's time where it names no other; what is none stays as it is."""
    return str(with_offset(cell.isoformat() if isinstance(cell, datetime) else text_of(cell)))


def plain(cell: object) -> str:
    """A cell that no spreadsheet program takes for a formula: what a resident wrote is never carried out."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip()[:1] in FORMULA or text[:1] in ("\t", "\r", "\n") else text


def as_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """These rows as CSV, with the mark by which spreadsheet programs know UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([plain(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Iterable[Iterable[object]], title: str) -> bytes:
    """These rows as XLSX, on one sheet."""
    from openpyxl import Workbook  # noqa: PLC0415 - as above

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append([plain(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()

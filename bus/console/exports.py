"""Figures as files: CSV and XLSX, each with its formula and its as-of, and no cell that a spreadsheet carries out."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from openpyxl import Workbook

from bus.console.rendering import Words
from bus.figures.answers import Counted

ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would carry out (OWASP, CSV Injection)."""
Rows = Sequence[Sequence[str]]


class Form(NamedTuple):
    """One kind of file."""

    media_type: str
    write: Callable[[Rows], bytes]


def rows(center: str, counted: Sequence[Counted], fields: Mapping[str, str], words: Words) -> Rows:
    """The table: who has counted, for which days, as of when; then each figure."""
    heads = (("指标", "Figure"), ("数值", "Value"), ("分子", "Numerator"), ("分母", "Denominator"), ("口径", "Formula"))
    return [
        [words.text("中心", "Center"), center],
        [words.text("期间", "Days"), f"{fields['from']} / {fields['to']}"],
        [words.text("截止", "As of"), fields["as_of"]],
        [words.text(*head) for head in heads],
        *(
            [
                words.pick(one.figure.name), one.value, str(one.numerator),
                "" if one.denominator is None else str(one.denominator), words.pick(one.figure.formula),
            ]
            for one in counted
        ),
    ]  # fmt: skip


def inert(text: str) -> str:
    """The text, so that a spreadsheet takes it for a text."""
    return f"'{text}" if text.startswith(ACTIVE) else text


def _csv(table: Rows) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([inert(cell) for cell in row] for row in table)
    return file.getvalue().encode("utf-8-sig")


def _xlsx(table: Rows) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in table:
        sheet.append([inert(cell) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


FORMS: Mapping[str, Form] = {
    "csv": Form("text/csv; charset=utf-8", _csv),
    "xlsx": Form("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
}
"""Ending of the file → how it is written."""

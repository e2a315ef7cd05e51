"""Files that an operator is given: ledgers to import, mappings, and settings; broken, hostile, or only careless."""

import codecs
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from verification.corpus.items import Canary, Dealer
from verification.corpus.meter import LONGEST_MS

HEADER = "编号,姓名,电话,日期,事项,加急,经度"
MAPPING = """
form = "message"
native_id = "message_id"
[fields]
message_id = { column = "编号" }
client_name = { column = "姓名", required = true, type = "line", longest = 50 }
phone = { column = "电话" }
left_at = { column = "日期", date = "%Y/%m/%d %H:%M" }
text = { template = "事项：{事项}" }
urgent = { column = "加急", type = "boolean", default = false }
longitude = { column = "经度", type = "number" }
count = { constant = 1 }
"""


LONG_FILE_MS = 3_000.0
"""Most milliseconds for a file with as many columns, or as high a number of a row, as a sheet can have: a person reads
it once, and a sheet of a million rows is a lawful one."""


@dataclass(frozen=True, slots=True)
class FileItem:
    """One file. ``verdict``: ``bad-file``, ``form`` (every row is one), or ``rejected:FIELD: PROBLEM; …``."""

    kind: str
    name: str
    file: bytes
    verdict: str
    suffix: str = ".csv"
    mapping: str = MAPPING
    longest_ms: float = LONGEST_MS


def items(deal: Dealer) -> Iterator[FileItem]:
    """All items of this module."""
    for number in range(8):
        yield from _encodings(deal, number)
        yield from _shapes(deal, number)
    for number in range(10):
        yield from _cells(deal, number)
    for number in range(4):
        yield from _spreadsheets(deal, number)
        yield from _mappings(deal, number)


def _row(canary: Canary, **cells: str) -> str:
    plain = {"编号": canary.phone, "姓名": canary.word, "电话": canary.phone, "日期": "2026/11/20 09:30",
             "事项": f"{canary.word}的事", "加急": "是", "经度": "118.95"} | cells  # fmt: skip
    return ",".join(f'"{value}"' for value in plain.values())


# -- CSV -------------------------------------------------------------------------------------------------------------


def _encodings(deal: Dealer, number: int) -> Iterator[FileItem]:
    canary = deal.canary()
    text = f"{HEADER}\n{_row(canary)}\n"
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-32"):
        yield FileItem("ledger: a usual encoding", f"{encoding} {number}", text.encode(encoding), "form")
    for encoding in ("utf-16-le", "big5hkscs", "shift_jis", "utf-7"):
        body = text.encode(encoding, "replace")
        yield FileItem("ledger: an unusual encoding", f"{encoding} {number}", body, "bad-file")
    whole = text.encode("utf-16")
    yield FileItem("ledger: half a sign", f"UTF-16 {number}", whole[: -1 - number * 2], "bad-file")
    yield FileItem("ledger: a mark only", str(number), codecs.BOM_UTF8 + b"\n" * number, "bad-file")
    for wrong in ("ascii", "undefined", "punycode", "zlib", "no-such", "rot13", "idna"):
        mapping = f'encoding = "{wrong}"\n{MAPPING}'
        yield FileItem("ledger: named wrongly", f"{wrong} {number}", text.encode(), "bad-file", mapping=mapping)


def _shapes(deal: Dealer, number: int) -> Iterator[FileItem]:
    canary = deal.canary()
    row = _row(canary)
    long = "长" * (131_073 + number)
    shapes = {
        "nothing": b"", "a line end": b"\n", "blank lines": b"\n" * (1000 + number),
        "NUL": b"\x00" * (100 + number), "a header only, wrong": f"{canary.word},b,c\n{row}".encode(),
        "a column missing": f"{HEADER.replace('电话,', '')}\n{row}".encode(),
        "a column twice": f"{HEADER},电话\n{row},1".encode(),
        "a tab between": f"{HEADER}\n{row}".replace(",", "\t").encode(),
        "a program": b"MZ\x90\x00" + canary.word.encode(), "JSON": json.dumps({"a": canary.word}).encode(),
        "HTML": f"<table><tr><td>{canary.word}</td></tr></table>".encode(),
        "many columns, none ours": ",".join(f"{canary.word}{n}" for n in range(20_000)).encode(),
        "a spreadsheet by another name": b"PK\x03\x04" + canary.word.encode(),
    }  # fmt: skip
    for name, body in shapes.items():
        longest_ms = LONG_FILE_MS if name.startswith("many columns") else LONGEST_MS
        yield FileItem("ledger: no ledger", f"{name} {number}", body, "bad-file", longest_ms=longest_ms)
    moved = "more-cells-than-columns; left_at: not-a-date; urgent: not-a-boolean; longitude: not-a-number"
    odd = {
        "a quote left open": (f'{HEADER}\n"{canary.word}', "row: quote-never-closed; client_name: missing"),
        "words behind a quote": (f'{HEADER}\n"{canary.word}"x,{row}', f"row: {moved}"),
        "a cell without measure": (f'{HEADER}\n"{canary.word}{long}"', "client_name: missing"),
    }
    for name, (content, why) in odd.items():
        yield FileItem("ledger: one odd row", f"{name} {number}", content.encode(), f"rejected:{why}")
    for name, rows in {
        "more cells than columns": f"{row},{canary.word}",
        "many cells": f"{row}{',x' * 50_000}",
    }.items():
        verdict = "rejected:row: more-cells-than-columns"
        yield FileItem("ledger: a row too wide", f"{name} {number}", f"{HEADER}\n{rows}\n".encode(), verdict)
    gap = f"{HEADER}\n" + ",,,,,,\n" * 10_001 + row
    if number == 0:
        yield FileItem("ledger: rows for ever", "a gap", gap.encode(), "form", longest_ms=LONG_FILE_MS)


CELLS: dict[str, tuple[dict[str, str], str]] = {
    "no id": ({"编号": ""}, "rejected:message_id: missing"),
    "blank id": ({"编号": "　 "}, "rejected:message_id: missing"),
    "no name": ({"姓名": ""}, "rejected:client_name: missing"),
    "no date": ({"日期": "yesterday"}, "rejected:left_at: not-a-date"),
    "a date that does not exist": ({"日期": "2026/02/30 09:30"}, "rejected:left_at: not-a-date"),
    "a month 13": ({"日期": "2026/13/01 09:30"}, "rejected:left_at: not-a-date"),
    "a date in words": ({"日期": "二〇二六年"}, "rejected:left_at: not-a-date"),
    "a date as a number": ({"日期": "46000.5"}, "rejected:left_at: not-a-date"),
    "a date too long": ({"日期": "2026/11/20 09:30" * 500}, "rejected:left_at: not-a-date"),
    "perhaps urgent": ({"加急": "maybe"}, "rejected:urgent: not-a-boolean"),
    "2 urgent": ({"加急": "2"}, "rejected:urgent: not-a-boolean"),
    "no number": ({"经度": "东"}, "rejected:longitude: not-a-number"),
    "NaN": ({"经度": "NaN"}, "rejected:longitude: not-a-number"),
    "inf": ({"经度": "-inf"}, "rejected:longitude: not-a-number"),
    "1e999999": ({"经度": "1e999999"}, "rejected:longitude: not-a-number"),
    "0x10": ({"经度": "0x10"}, "rejected:longitude: not-a-number"),
    "two numbers": ({"经度": "1 2"}, "rejected:longitude: not-a-number"),
    "degrees": ({"经度": "118°57′"}, "rejected:longitude: not-a-number"),
    "everything": (
        {"编号": "", "姓名": "", "日期": "x", "加急": "x", "经度": "x"},
        "rejected:message_id: missing; client_name: missing; left_at: not-a-date; urgent: not-a-boolean; "
        "longitude: not-a-number",
    ),
    # a spreadsheet's formula is plain text here, and stays so; hidden characters are refused by the intake
    "a formula": ({"姓名": "=cmd|'/C calc'!A0"}, "form"),
    "a link": ({"姓名": "=HYPERLINK(0)"}, "form"),
    "a plus": ({"姓名": "+1+1"}, "form"),
    "an at": ({"姓名": "@SUM(1+1)"}, "form"),
    "a place in braces": ({"事项": "{电话}{0}{编号.__class__}"}, "form"),
    "NUL in a text": ({"事项": "a\x00b"}, "form"),
    "a bidi override": ({"姓名": "a\u202eb"}, "form"),
    "a long name": ({"姓名": "长" * 5000}, "form"),
    "digits of another script": ({"经度": "١١٨"}, "form"),
}  # fmt: skip


def _cells(deal: Dealer, number: int) -> Iterator[FileItem]:
    for name, (cells, verdict) in CELLS.items():
        body = f"{HEADER}\n{_row(deal.canary(), **cells)}\n".encode()
        yield FileItem(
            "ledger: a bad cell" if verdict != "form" else "ledger: an odd cell", f"{name} {number}", body, verdict
        )


# -- XLSX ------------------------------------------------------------------------------------------------------------

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/sharedStrings.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{what}" Target="{target}"/>{more}'
    "</Relationships>"
)
_BOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_STRINGS = (
    '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" '
    'Target="sharedStrings.xml"/>'
)


def workbook(sheet: str, strings: str = "", *, leave_out: str = "", **other: bytes) -> bytes:
    """An XLSX file made by hand, so that any part of it can be wrong."""
    parts = {
        "[Content_Types].xml": _TYPES.encode(),
        "_rels/.rels": _RELS.format(what="officeDocument", target="xl/workbook.xml", more="").encode(),
        "xl/workbook.xml": _BOOK.encode(),
        "xl/_rels/workbook.xml.rels": _RELS.format(
            what="worksheet", target="worksheets/sheet1.xml", more=_STRINGS
        ).encode(),
        "xl/worksheets/sheet1.xml": sheet.encode(),
        "xl/sharedStrings.xml": (strings or f"<sst {_MAIN}/>").encode(),
    }
    parts.update({name.replace("__", "/").replace("_xml", ".xml"): body for name, body in other.items()})
    parts.pop(leave_out, None)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, body in parts.items():
            zipped.writestr(zipfile.ZipInfo(name, (2026, 11, 23, 9, 0, 0)), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _sheet(rows: str, before: str = "") -> str:
    return f"<worksheet {_MAIN}>{before}<sheetData>{rows}</sheetData></worksheet>"


def _line(*texts: str, number: int | str = "") -> str:
    place = f' r="{number}"' if number else ""
    return f"<row{place}>" + "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts) + "</row>"


def _spreadsheets(deal: Dealer, number: int) -> Iterator[FileItem]:
    canary = deal.canary()
    cells = (canary.phone, canary.word, canary.phone, "2026/11/20 09:30", canary.word, "是", "118.95")
    head, line = _line(*HEADER.split(",")), _line(*cells)
    good = workbook(_sheet(head + line))
    yield FileItem("xlsx: a good one", str(number), good, "form", ".xlsx")
    for name, body in _broken_books(deal, good, head, line, canary).items():
        yield FileItem("xlsx: broken", f"{name} {number}", body, "bad-file", ".xlsx")
    for name, (cell, verdict) in _odd_cells(canary).items():
        odd = _line(*cells[:6]).replace("</row>", f"{cell}</row>")
        yield FileItem("xlsx: an odd cell", f"{name} {number}", workbook(_sheet(head + odd)), verdict, ".xlsx")
    for name, body in _monsters(head, line, number).items():
        longest_ms = LONG_FILE_MS if name == "a row at the end of the world" else LONGEST_MS
        yield FileItem("xlsx: a bomb", f"{name} {number}", body, "bad-file", ".xlsx", longest_ms=longest_ms)
    if number == 0:
        below = workbook(_sheet(head + line.replace("<row", '<row r="1048576"')))
        name = "the last row of a sheet"
        yield FileItem("xlsx: rows for ever", name, below, "form", ".xlsx", longest_ms=LONG_FILE_MS)
    wide = workbook(_sheet(head + line, '<dimension ref="A1:XFD1048576"/>'))
    yield FileItem("xlsx: says that it is enormous", str(number), wide, "form", ".xlsx")


def _broken_books(deal: Dealer, good: bytes, head: str, line: str, canary: Canary) -> dict[str, bytes]:
    flip = deal.random.randrange(60, 200)
    return {
        "no zip": canary.word.encode(), "nothing": b"", "an empty zip": b"PK\x05\x06" + b"\x00" * 18,
        "cut": good[: len(good) // 2], "no directory": good[:-22], "a bit flipped": _flipped(good, flip),
        "no types": workbook(_sheet(head), leave_out="[Content_Types].xml"),
        "no book": workbook(_sheet(head), leave_out="xl/workbook.xml"),
        "no sheet": workbook(_sheet(head), leave_out="xl/worksheets/sheet1.xml"),
        "no links": workbook(_sheet(head), leave_out="xl/_rels/workbook.xml.rels"),
        "XML cut short": workbook(_sheet(head + line)[:-30]),
        "no XML": workbook(canary.word), "XML of another kind": workbook(f"<html>{canary.word}</html>"),
        "no row number": workbook(_sheet(head + line.replace("<row", '<row r="金丝雀"'))),
        "no such string": workbook(_sheet(head + '<row><c t="s"><v>99</v></c></row>')),
        "a string that is no number": workbook(_sheet(head + '<row><c t="s"><v>x</v></c></row>')),
        "a column that is none": workbook(_sheet(head + '<row><c r="ZZZZ1"><v>1</v></c></row>')),
        "a style that is none": workbook(_sheet(head + '<row><c s="x"><v>1</v></c></row>')),
        "an entity from outside": workbook('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
            + _sheet(head + _line("&e;"))),
        "strings cut short": workbook(_sheet(head), f"<sst {_MAIN}><si><t>{canary.word}"),
        "a book without sheets": workbook(_sheet(head), xl__workbook_xml=f"<workbook {_MAIN}/>".encode()),
        "another kind of document": workbook(_sheet(head), xl__workbook_xml=b"<w:document xmlns:w='x'/>"),
    }  # fmt: skip


def _flipped(good: bytes, place: int) -> bytes:
    return good[:place] + bytes([good[place] ^ 0x10]) + good[place + 1 :]


def _odd_cells(canary: Canary) -> dict[str, tuple[str, str]]:
    number = "rejected:longitude: not-a-number"
    return {
        "a formula without a value": ("<c><f>1+1</f></c>", "form"),
        "a formula with one": ("<c><f>1+1</f><v>2</v></c>", "form"),
        "a formula that calls out": (f'<c t="str"><f>WEBSERVICE("http://x")</f><v>{canary.word}</v></c>', number),
        "a date out of all bounds": (f'<c s="1"><v>{canary.word[-5:]}99999</v></c>', "form"),
        "an error": ('<c t="e"><v>#REF!</v></c>', "rejected:longitude: spreadsheet-error"),
        "true": ('<c t="b"><v>1</v></c>', number),
        "digits lost": ("<c><v>150402198001010000</v></c>", "rejected:longitude: digits-lost"),
        "no end": ("<c><v>1e999</v></c>", "rejected:longitude: digits-lost"),
        "an empty text": ('<c t="inlineStr"><is><t></t></is></c>', "form"),
    }  # fmt: skip


def _monsters(head: str, line: str, number: int) -> dict[str, bytes]:
    blank = " " * (17 * 1024 * 1024 + number)
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return {
        "much of nothing in the sheet": workbook(_sheet(head + line + blank)),
        "much of nothing in the strings": workbook(_sheet(head), f"<sst {_MAIN}>{blank}</sst>"),
        "a row at the end of the world": workbook(_sheet(head + line.replace("<row", '<row r="999999999999"'))),
        "a billion laughs": workbook(f'<!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>' + _sheet(head + _line("&a9;"))),
    }


# -- mappings --------------------------------------------------------------------------------------------------------

Change = Callable[[str], str]


def _mappings(deal: Dealer, number: int) -> Iterator[FileItem]:
    good = f"{HEADER}\n{_row(deal.canary())}\n".encode()
    changes: dict[str, Change] = {
        "no TOML": lambda text: text + "[[[",
        "brackets": lambda text: "a = " + "[" * 5000 + text,
        "no form": lambda text: text.replace('form = "message"', ""),
        "a form with a path": lambda text: text.replace('"message"', '"../metrics"'),
        "no id": lambda text: text.replace('native_id = "message_id"', 'native_id = "x"'),
        "no such setting": lambda text: "speed = 1\n" + text,
        "two sources": lambda text: text.replace('{ column = "编号" }', '{ column = "编号", constant = 1 }'),
        "no source": lambda text: text.replace('{ column = "编号" }', "{}"),
        "no such type": lambda text: text.replace('"boolean"', '"date"'),
        "no such column": lambda text: text.replace('"经度"', '"纬度"'),
        "no such zone": lambda text: 'timezone = "../../etc/passwd"\n' + text,
        "no length": lambda text: text.replace("longest = 50", "longest = 0"),
        "a field inside a filled one": lambda text: text + 'phone.home = { constant = "1" }\n',
        "a field within another": lambda text: text + '"phone.home" = { constant = "1" }\n',
        "a key twice": lambda text: text + 'phone = { column = "电话" }\n',
        "a wide delimiter": lambda text: 'delimiter = ";;"\n' + text,
        "a quote as delimiter": lambda text: "delimiter = '\"'\n" + text,
        "a line end as delimiter": lambda text: 'delimiter = "\\n"\n' + text,
        "a header nowhere": lambda text: "header_row = 0\n" + text,
        "a header far away": lambda text: "header_row = 999999\n" + text,
    }
    for name, change in changes.items():
        mapping = change(MAPPING) + f"# {number}"
        yield FileItem("mapping: a bad one", f"{name} {number}", good, "bad-file", mapping=mapping)

"""台账: a ledger as CSV or XLSX, in and out. Rows become ``entry`` forms, or are named with what is wrong with them.

Faults name the row, the heading and the cure, never a value: a ledger is full of residents.
"""

import contextlib
import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook, load_workbook
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from adapters.party_service import mapping
from adapters.party_service.native import Entry
from adapters.party_service.words import Finding
from bus import Rater, Record, Status

CHINA = ZoneInfo("Asia/Shanghai")
"""All of China keeps one time: a ledger's times are meant in it."""
MOST_ROWS = 100_000
MOST_BYTES = 50 * 1024 * 1024
MOST_UNPACKED = 500 * 1024 * 1024
"""An XLSX file is a ZIP archive; a small one may unpack into far too much."""

BROKEN = "XLSX 文件已损坏，请重新另存 / broken XLSX: save it again"

COLUMNS: dict[str, str] = {
    "事项编号": "matter_no",
    "来源": "channel",
    "居民姓名": "resident",
    "联系电话": "phone",
    "身份证号": "id_card",
    "信用代码": "credit_code",
    "住址": "address",
    "代办人": "agent",
    "要求保密": "anonymous",
    "类别": "sphere",
    "标题": "title",
    "内容": "text",
    "所带材料": "papers",
    "区划代码": "division",
    "网格": "grid",
    "地点": "place",
    "紧急": "urgent",
    "登记时间": "received_at",
    "办理时限": "due",
    "承办中心": "to",
    "本中心自办": "handled_here",
    "挂榜": "board",
    "当场答复": "answer",
}
"""Heading → field of ``Entry``; in any order, and only those that a ledger has."""
YES = {"是": True, "√": True, "1": True, "true": True, "否": False, "0": False, "false": False}
FAULTS = {
    "missing": "必填 / required",
    "string_too_long": "太长 / too long",
    "string_too_short": "不能为空 / empty",
    "enum": "不在可选项中 / not one of the choices",
    "string_pattern_mismatch": "格式不对 / wrong format",
    "bool_type": "只能填 是 或 否 / 是 or 否 only",
    "value_error": "号码校验不通过，请核对 / the number fails its check",
}
OUT = (
    "案件编号", "标题", "类别", "区划代码", "地点", "来源", "登记时间", "现承办中心", "状态", "办理轮次",
    "退单次数", "催办次数", "承诺期限", "办理结果", "答复", "满意度",
)  # fmt: skip
"""The headings of the ledger that we write. No column tells who the resident is."""
STATES = {Status.OPEN: "办理中", Status.RESOLVED: "已办结待答复", Status.CLOSED: "已结案"}


class Unreadable(ValueError):
    """The file as a whole cannot be read as a ledger; the text says the cure, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the form it becomes, or what is wrong with it."""

    number: int
    """As the spreadsheet counts: the headings are row 1."""
    entry: Entry | None
    faults: tuple[str, ...] = ()


def read(content: bytes) -> Iterator[Row]:
    """The rows of a ledger, empty ones left out. Raises ``Unreadable``."""
    if len(content) > MOST_BYTES:
        raise Unreadable("文件超过 50 MiB，请分几份上传 / larger than 50 MiB: send it in parts")
    cells = _xlsx(content) if content.startswith(b"PK") else _csv(content)
    headings = _headings(next(cells, []))
    seen: set[str] = set()
    for number, row in enumerate(cells, start=2):
        if number > MOST_ROWS + 1:
            raise Unreadable(f"超过 {MOST_ROWS} 行，请分几份上传 / more than {MOST_ROWS} rows: send it in parts")
        values = {name: value for name, value in zip(headings, row, strict=False) if name and _filled(value)}
        if values:
            yield _row(number, values, seen)


def _headings(row: list[Any]) -> list[str | None]:
    found = [COLUMNS.get(str(cell).strip()) if cell is not None else None for cell in row]
    missing = [
        title for title, name in COLUMNS.items() if name in ("matter_no", "text", "division") and name not in found
    ]
    if missing:
        raise Unreadable(f"第 1 行缺少列：{'、'.join(missing)} / row 1 lacks these headings: {', '.join(missing)}")
    named = [name for name in found if name]
    if len(set(named)) != len(named):
        raise Unreadable("第 1 行有重复的列 / row 1 names a column twice")
    return found


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


def _filled(value: object) -> bool:
    return value is not None and str(value).strip() != ""


def _row(number: int, values: dict[str, Any], seen: set[str]) -> Row:
    faults = [f"{_title(name)}：{why}" for name, value in values.items() if (why := _spoiled(name, value))]
    if faults:
        return Row(number, None, tuple(faults))
    try:
        entry = Entry.model_validate_json(json.dumps({name: _cell(name, value) for name, value in values.items()}))
        mapping.person(entry)  # checks the numbers of cards
    except ValidationError as error:
        told = (_fault(one) for one in error.errors(include_input=False, include_context=False, include_url=False))
        return Row(number, None, tuple(dict.fromkeys(told)))
    if entry.matter_no in seen:
        return Row(number, None, ("事项编号：与前面的行重复 / an earlier row has this number",))
    seen.add(entry.matter_no)
    return Row(number, entry)


def _spoiled(name: str, value: object) -> str:
    """A spreadsheet keeps 15 digits of a number: the end of a card's number is lost, and nothing brings it back."""
    if name in ("id_card", "credit_code") and isinstance(value, int | float):
        return (
            "被表格存成了数字，末几位已丢失，请把该列设为文本后重填 / stored as a number, digits are lost: make it text"
        )
    return ""


def _cell(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever a cell holds
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=CHINA)).isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    text = text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@") else text  # as ``_plain`` has written it
    if name in ("anonymous", "urgent", "handled_here", "board"):
        return YES.get(text.lower(), text)
    if name in ("received_at", "due"):
        return _moment(text)
    if name in ("to", "papers"):
        return [part for part in text.replace("，", ",").replace("、", ",").replace(";", ",").split(",") if part]
    return text


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).isoformat()


def _fault(error: ErrorDetails) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    why = FAULTS.get(error["type"], "格式不对 / wrong format")
    return f"{_title(name)}：{why}"


def _title(name: str) -> str:
    return next((title for title, field in COLUMNS.items() if field == name), {"name": "居民姓名"}.get(name, name))


def rows(records: Iterable[Record]) -> Iterator[list[str]]:
    """The ledger of these cases, the headings first."""
    yield list(OUT)
    for record in records:
        case, result = record.case, record.result
        grade = next((g.grade for g in reversed(record.ratings) if g.rater is Rater.RESIDENT), None)
        cells = (
            case.number,
            case.title,
            mapping.sphere(case.category).value,
            case.place.division,
            case.place.text,
            mapping.channel(case.channel),
            _local(case.received_at),
            record.holder,
            STATES[record.status],
            record.round,
            record.times_returned,
            record.urges,
            _local(record.due),
            Finding[result.outcome.name].value if result else None,
            result.public_reply if result else None,
            mapping.WORDS[grade].value if grade else None,
        )
        yield [_plain(cell) for cell in cells]


def write_csv(records: Iterable[Record]) -> bytes:
    """The ledger of these cases as CSV, with the mark by which spreadsheet programs know UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows(records))
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(records: Iterable[Record]) -> bytes:
    """The ledger of these cases as XLSX."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("台账")
    for row in rows(records):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _local(moment: datetime | None) -> str | None:
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if moment else None


def _plain(value: object) -> str:
    """A cell that no spreadsheet program takes for a formula: what a resident wrote is never carried out."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip()[:1] in tuple("=+-@") or text[:1] in ("\t", "\r", "\n") else text

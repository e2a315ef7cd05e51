"""台账: a ledger as CSV or XLSX, read and written. Each row becomes an ``entry`` form, or is reported with its faults.

Faults name the row, the heading and the cure, never a value: a ledger is full of residents' data.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from adapters.party_service.acts import Finding
from adapters.party_service.native import SPHERES, Channel, Entry
from bus import Rater, Record, Status
from bus import workorders as w

sheets = w.sheets
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
"""Heading → field of ``Entry``; in any order, and only the headings that a ledger has."""
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
"""The headings of the written ledger. No column identifies the resident."""
STATES = {Status.OPEN: "办理中", Status.RESOLVED: "已办结待答复", Status.CLOSED: "已结案"}


class LedgerLine(w.Ended, Entry):
    """台账补录: a line of an old ledger, with its end if it has one: form ``ledger``."""

    outcome: Finding = Field(default=Finding["DONE"], title="办理结果", alias="finding")  # type: ignore[valid-type]  # an enum made of labels


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its form, or its faults."""

    number: int
    """The spreadsheet's row number: the headings are row 1."""
    entry: Entry | None
    faults: tuple[str, ...] = ()


def read(content: bytes) -> Iterator[Row]:
    """The rows of a ledger without the empty ones. Raises ``Unreadable``."""
    cells = sheets.rows_of(content)
    headings = _headings(next(cells, []))
    seen: set[str] = set()
    for number, row in enumerate(cells, start=2):
        values = {name: value for name, value in zip(headings, row, strict=False) if name and _filled(value)}
        if values:
            yield _row(number, values, seen)


def _headings(row: list[Any]) -> list[str | None]:
    found = [COLUMNS.get(str(cell).strip()) if cell is not None else None for cell in row]
    missing = [
        title for title, name in COLUMNS.items() if name in ("matter_no", "text", "division") and name not in found
    ]
    if missing:
        raise sheets.Unreadable(
            f"第 1 行缺少列：{'、'.join(missing)} / row 1 lacks these headings: {', '.join(missing)}"
        )
    named = [name for name in found if name]
    if len(set(named)) != len(named):
        raise sheets.Unreadable("第 1 行有重复的列 / row 1 names a column twice")
    return found


def _filled(value: object) -> bool:
    return value is not None and str(value).strip() != ""


def _row(number: int, values: dict[str, Any], seen: set[str]) -> Row:
    faults = [f"{_title(name)}：{why}" for name, value in values.items() if (why := _spoiled(name, value))]
    if faults:
        return Row(number, None, tuple(faults))
    try:
        entry = Entry.model_validate_json(json.dumps({name: _cell(name, value) for name, value in values.items()}))
        w.person_of(entry, entry.resident)  # checks the numbers of identity cards
    except ValidationError as error:
        told = (_fault(one) for one in error.errors(include_input=False, include_context=False, include_url=False))
        return Row(number, None, tuple(dict.fromkeys(told)))
    if entry.matter_no in seen:
        return Row(number, None, ("事项编号：与前面的行重复 / an earlier row has this number",))
    seen.add(entry.matter_no)
    return Row(number, entry)


def _spoiled(name: str, value: object) -> str:
    """The fault of a number that a spreadsheet has rounded: it keeps 15 digits, and the end of a card's number is lost
    for good."""
    if name in ("id_card", "credit_code") and isinstance(value, int | float):
        return (
            "被表格存成了数字，末几位已丢失，请把该列设为文本后重填 / stored as a number, digits are lost: make it text"
        )
    return ""


def _cell(name: str, value: object) -> object:
    text = sheets.text_of(value)
    if isinstance(value, datetime) or name in ("received_at", "due"):
        return sheets.moment_of(value)
    if name in ("anonymous", "urgent", "handled_here", "board"):
        return YES.get(text.lower(), text)
    if name in ("to", "papers"):
        return [part for part in text.replace("，", ",").replace("、", ",").replace(";", ",").split(",") if part]
    return text


def _fault(error: ErrorDetails) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    why = FAULTS.get(error["type"], "格式不对 / wrong format")
    return f"{_title(name)}：{why}"


def _title(name: str) -> str:
    return next((title for title, field in COLUMNS.items() if field == name), {"name": "居民姓名"}.get(name, name))


def rows(records: Iterable[Record]) -> Iterator[tuple[object, ...]]:
    """The ledger of these cases; the headings come first."""
    yield OUT
    for record in records:
        case, result = record.case, record.result
        grade = next((g.grade for g in reversed(record.ratings) if g.rater is Rater.RESIDENT), None)
        channel = Channel.__members__.get(case.channel.upper())
        yield (
            case.number,
            case.title,
            SPHERES.word(case.category).value,
            case.place.division,
            case.place.text,
            channel.value if channel else case.channel,  # another center's channel stays as it is
            w.local(case.received_at),
            record.holder,
            STATES[record.status],
            record.round,
            record.times_returned,
            record.urges,
            w.local(record.due),
            w.label(result.outcome).zh if result else None,
            result.public_reply if result else None,
            w.label(w.Grade(grade)).zh if grade else None,
        )


def write_csv(records: Iterable[Record]) -> bytes:
    """The ledger of these cases as CSV."""
    return sheets.as_csv(rows(records))


def write_xlsx(records: Iterable[Record]) -> bytes:
    """The ledger of these cases as XLSX."""
    return sheets.as_xlsx(rows(records), "台账")

"""The draft of a mapping from a ledger's headers: a proposed column for each field of a form.

Columns are compared with the titles of the form's fields, and with usual names in ledgers. Guesses are marked, for the
person who checks the mapping.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bus.importing.cell import BadFile
from bus.importing.spreadsheet import SpreadsheetFormat, formats_of, headers_of

USUAL: dict[str, tuple[str, ...]] = {
    "id": ("编号", "工单编号", "工单号", "诉求编号", "事项编号", "受理编号", "序号", "流水号", "id", "number", "key"),
    "name": ("姓名", "诉求人", "来电人", "反映人", "居民姓名", "联系人", "申请人", "昵称", "name"),
    "phone": ("电话", "联系电话", "手机", "手机号", "联系方式", "来电号码", "phone", "tel", "mobile"),
    "text": (
        "内容",
        "诉求内容",
        "事项内容",
        "问题描述",
        "反映内容",
        "主要内容",
        "描述",
        "text",
        "description",
        "content",
    ),
    "title": ("标题", "诉求标题", "主题", "title", "subject"),
    "place": ("地点", "地址", "事发地点", "事发地址", "详细地址", "位置", "place", "address"),
    "time": ("时间", "日期", "受理时间", "登记时间", "来电时间", "诉求时间", "创建时间", "date", "time"),
    "category": ("类别", "分类", "诉求类别", "诉求类型", "问题类别", "category", "type"),
    "longitude": ("经度", "longitude", "lng", "lon"),
    "latitude": ("纬度", "latitude", "lat"),
}
"""Meaning of a field → usual column names in ledgers, the most usual first."""
ABOUT: dict[str, tuple[str, ...]] = {
    "name": ("client_name", "resident", "caller", "name"), "phone": ("phone",), "text": ("text",), "title": ("title",),
    "place": ("place",), "time": ("left_at", "received_at", "made_at", "created_at"),
    "category": ("category", "sphere", "matter", "item"), "longitude": ("longitude",), "latitude": ("latitude",),
}  # fmt: skip
"""Meaning of a field → its names in adapters; the id is the form's own."""
DATES = (
    "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d",
    "%Y年%m月%d日 %H:%M", "%Y年%m月%d日", "%Y.%m.%d", "%Y%m%d", "excel",
)  # fmt: skip
"""Date formats of ledgers, tried in turn."""


@dataclass(frozen=True, slots=True)
class _Guess:
    field: str
    column: str
    sure: bool


def draft(path: Path, form: str, model: type[BaseModel], native_id: str, sheet: SpreadsheetFormat) -> str:
    """A mapping for this file, as text. Raises ``BadFile``."""
    header, row, found, guesses = _header(path, model, native_id, sheet)
    used = {guess.column for guess in guesses}
    lines = [f'form = "{form}"', f'native_id = "{native_id}"']
    lines += [f"header_row = {row}"] if row > 1 else []
    lines += [f"delimiter = {_toml(found.delimiter)}"] if found.delimiter != sheet.delimiter else []
    lines += [f"sheet = {_toml(found.sheet)}"] if found.sheet else []
    lines += ["", "[fields]", *(_line(guess, model.model_fields[guess.field]) for guess in guesses)]
    filled = {guess.field for guess in guesses}
    for name, field in model.model_fields.items():
        if field.is_required() and name not in filled:
            lines.append(f'{name} = {{constant = ""}}  # 必填，请填写 required: {field.title or name}')
    left = [column for column in header if column and column not in used]
    lines += ["", f"# 未使用的列 columns not used: {'、'.join(left)}"] if left else []
    return "\n".join([*lines, ""])


def _header(
    path: Path, model: type[BaseModel], native_id: str, sheet: SpreadsheetFormat
) -> tuple[list[str], int, SpreadsheetFormat, list[_Guess]]:
    """The first row, in any format of the file, in which a column looks like the id."""
    for one in formats_of(path, sheet):
        for header, row in headers_of(path, one):
            guesses = list(_guesses(header, model, native_id))
            if any(guess.field == native_id for guess in guesses):
                return header, row, one, guesses
    raise BadFile(
        f"{path}: no row has a column that looks like an id ({native_id}): name it 编号, or write the mapping by hand "
        "/ 没有像编号的列：请把该列命名为“编号”，或手写映射"
    )


def _toml(text: str) -> str:
    """A text as TOML writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'


def _guesses(header: list[str], model: type[BaseModel], native_id: str) -> Iterator[_Guess]:
    left = [column for column in header if column]
    about = {"id": (native_id,), **ABOUT}
    for what, names in USUAL.items():
        field = next((name for name in about[what] if name in model.model_fields), None)
        if field is None:
            continue
        title = re.split(r"[：；（:;(]", model.model_fields[field].title or "")[0].strip()
        found = _column(left, (*([title] if title else []), *names))
        if found is not None:
            left.remove(found[0])
            yield _Guess(field, *found)


def _column(header: list[str], names: tuple[str, ...]) -> tuple[str, bool] | None:
    """The column with this name, or with such a word in its name."""
    plain = {re.sub(r"\s", "", column).lower(): column for column in header}
    for name in names:
        if name.lower() in plain:
            return plain[name.lower()], True
    for name in names:
        for column in header:
            if len(name) > 1 and name.lower() in column.lower():
                return column, False
    return None


def _words(field: FieldInfo) -> list[str]:
    """The enum values of a field; empty if it has none."""
    kind = field.annotation
    return [str(word.value) for word in kind] if isinstance(kind, type) and issubclass(kind, StrEnum) else []


def _line(guess: _Guess, field: FieldInfo) -> str:
    more = ""
    if guess.field in ABOUT["time"]:
        more = ", date = [" + ", ".join(f'"{form}"' for form in DATES) + "]"
    elif guess.field == "phone":
        more = ', type = "phone", none = ["/", "无", "0"]'
    elif guess.field in ABOUT["longitude"] + ABOUT["latitude"]:
        more = ', type = "number", none = ["0"]'
    elif words := _words(field):
        otherwise = field.default.value if isinstance(field.default, StrEnum) else words[-1]
        same = ", ".join(f'"{word}" = "{word}"' for word in words)
        more = f', values = {{ {same} }}, otherwise = "{otherwise}"'
    mark = "" if guess.sure else "  # 请核对 please check"
    return f"{guess.field} = {{column = {_toml(guess.column)}{more}}}{mark}"

"""Mapping of ledgers to forms: a CSV or XLSX file, and a mapping of its columns to a form's fields.

An unmappable cell is a ``Fault`` with a field and a problem, never with a value: rows hold residents' data.
"""

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bus.importing.cell import INVISIBLE, BadFile, Cell, Hidden, damage_of, name_of, text_of
from bus.importing.cells import NotADate, TwoNumbers, date_of, phone_of
from bus.importing.spreadsheet import CellFault, Row, SpreadsheetFormat
from bus.settings.plain import plain
from bus.settings.toml_file import read_toml

TOTALS = re.compile(r"(?:合计|总计|小计|共计|累计|total|subtotal|sum)[:：]?", re.IGNORECASE)
"""A ledger's last row has such a word where the others have their id."""
_PLACE = re.compile(r"\{([^{}]+)\}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_YES_NO = {
    "是": True, "有": True, "true": True, "yes": True, "y": True, "1": True,
    "否": False, "无": False, "false": False, "no": False, "n": False, "0": False,
}  # fmt: skip


class UnmappableRow(ValueError):
    """The row makes no form; ``faults`` says why."""

    def __init__(self, faults: list[CellFault]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.problem}" for fault in faults))
        self.faults = faults


class FieldSource(BaseModel):
    """The source of one field: a ``column``, a ``template`` over several, or a ``constant``.

    A field whose source is empty takes its ``default``, or is left out of the form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str | None = None
    template: str | None = None
    """Text with ``{Column}`` in it; a line whose columns are all empty is left out."""
    constant: str | int | float | bool | None = None
    type: Literal["text", "line", "integer", "number", "boolean", "list", "phone"] = "text"
    """``line``: one line; ``list``: separated by commas, semicolons or spaces; ``phone``: plain digits, an extension
    after a hyphen."""
    date: str | tuple[str, ...] | None = None
    """The date's format as for ``strptime``, ``iso``, or ``excel`` for days since 1900; several are tried in turn. Name
    one also for cells that are dates already. A date without a time is the beginning of its day."""
    none: tuple[str, ...] = ()
    """The ledger's words for no value: ``"0"``, ``"/"``, ``"无"``. Numbers are compared as numbers."""
    several: Literal["reject", "first"] = "reject"
    """For ``phone``: the treatment of a cell with two numbers."""
    values: dict[str, str] | None = None
    """The ledger's word → the form's value."""
    otherwise: str | None = None
    """The value for words that are not in ``values``; without it such a row is rejected."""
    default: str | int | float | bool | None = None
    drop_controls: bool = False
    """Remove control characters, which other programs leave in ledgers and every intake refuses."""
    longest: Annotated[int, Field(gt=0)] | None = None
    """Cut the text after this many characters."""
    required: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.column, self.template, self.constant)) != 1:
            raise ValueError("say one of column, template, constant")
        return self

    def columns(self) -> set[str]:
        """The columns that this source reads."""
        return {name_of(name) for name in [*_PLACE.findall(self.template or ""), self.column or ""]} - {""}


class LedgerMapping(SpreadsheetFormat):
    """A mapping file: the format of the ledger, the form that it makes, and the source of each field."""

    form: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    """The form's name, as the center's intake has it."""
    native_id: str
    """The field with the ledger's own id of a row: a second run imports nothing twice."""
    timezone: str = "Asia/Shanghai"
    """The time zone of dates that name none."""
    fields: dict[str, FieldSource]
    """Field of the form (``event.action`` for an inner one) → its source."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("no such time zone; for example Asia/Shanghai") from None
        return name

    @model_validator(mode="after")
    def _has_id(self) -> Self:
        source = self.fields.get(self.native_id)
        if source is None or not source.columns():
            raise ValueError("native_id must name a field that comes from a column")
        return self

    @model_validator(mode="after")
    def _fields_apart(self) -> Self:
        for name in self.fields:
            outer = name.rpartition(".")[0]
            while outer:
                if outer in self.fields:
                    raise ValueError(f"{name} stands inside {outer}, which is filled itself: drop one of the two")
                outer = outer.rpartition(".")[0]
        return self

    def columns(self) -> set[str]:
        """The columns that the mapping reads."""
        return {column for source in self.fields.values() for column in source.columns()}


def load_mapping(path: Path) -> LedgerMapping:
    """Read a mapping file. Raises ``BadFile`` with every fault."""
    try:
        return LedgerMapping(**read_toml(path))
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        told = ((".".join(map(str, item["loc"])) or "mapping", plain(item)) for item in error.errors())
        faults = (f"{where}: {words.en} / {words.zh}" for where, words in told)
        raise BadFile(f"{path}: {'; '.join(faults)}") from None
    except (ValueError, TypeError) as error:
        raise BadFile(f"{path} is no TOML: {error}") from None


def fill(ledger: LedgerMapping, row: Row) -> dict[str, Any]:
    """The form of this row. Raises ``UnmappableRow`` with every fault of the row."""
    form: dict[str, Any] = {}
    faults = [row.fault] if row.fault else []
    for name, source in ledger.fields.items():
        try:
            value = _value(source, row.cells, ledger.timezone)
        except (_Wrong, NotADate) as wrong:
            faults.append(CellFault(name, str(wrong)))
            continue
        if name == ledger.native_id and INVISIBLE.search(str(value)):
            faults.append(CellFault(name, "invisible-character"))
            continue
        if name == ledger.native_id and TOTALS.fullmatch("".join(str(value).split())):
            faults.append(CellFault(name, "row-of-totals"))
            continue
        if value is not None:
            _put(form, name, value)
        elif source.required or name == ledger.native_id:
            faults.append(CellFault(name, "missing"))
    if faults:
        raise UnmappableRow(faults)
    return form


class _Wrong(ValueError):
    """A cell does not fit its field; the text is the problem's code."""


def _put(form: dict[str, Any], name: str, value: object) -> None:
    *outer, last = name.split(".")
    for part in outer:
        form = form.setdefault(part, {})
    form[last] = value


def _value(source: FieldSource, cells: Mapping[str, Cell], timezone: str) -> object:
    if source.constant is not None:
        return source.constant
    cell = cells.get(name_of(source.column)) if source.column else _filled(source.template or "", cells)
    if _means_none(cell, source.none):
        return source.default
    read = [cell] if source.column else [cells.get(name) for name in source.columns()]
    if damage := next((damage for one in read if (damage := damage_of(one))), ""):
        raise _Wrong(damage)
    if source.date is not None:
        return date_of((source.date,) if isinstance(source.date, str) else source.date, cell, timezone)
    text = _CONTROLS.sub("", text_of(cell)).strip() if source.drop_controls else text_of(cell)
    if source.values is not None and text:
        text = source.values.get(text, source.otherwise or "")
        if not text:
            raise _Wrong("unknown-value")
    return _typed(source, text) if text else source.default


def _means_none(cell: Cell, none: tuple[str, ...]) -> bool:
    text = text_of(cell)
    if isinstance(cell, Hidden):
        return False
    if text in none:
        return True
    number = _number(text)
    return number is not None and any(_number(one) == number for one in none)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _filled(template: str, cells: Mapping[str, Cell]) -> str:
    lines = []
    for line in template.split("\n"):
        names = _PLACE.findall(line)
        if not names or any(text_of(cells.get(name_of(name))) for name in names):
            lines.append(_PLACE.sub(lambda place: text_of(cells.get(name_of(place[1]))), line).strip())
    return "\n".join(lines).strip()


def _typed(source: FieldSource, text: str) -> object:
    try:
        return _TYPES[source.type](source, text)
    except TwoNumbers:
        raise _Wrong("two-numbers") from None
    except (ValueError, KeyError):
        raise _Wrong(f"not-a-{source.type}") from None


_TYPES: dict[str, Callable[[FieldSource, str], object]] = {
    "text": lambda source, text: text[: source.longest],
    "line": lambda source, text: " ".join(text.split())[: source.longest],
    "integer": lambda _, text: int(text),
    "number": lambda _, text: _finite(float(text)),
    "boolean": lambda _, text: _YES_NO[text.lower()],
    "phone": lambda source, text: phone_of(text, source.several),
    "list": lambda _, text: [part for part in re.split(r"[,;，；、\s]+", text) if part],
}
"""Type of a field → conversion of a cell's text. Raises ``ValueError`` and ``KeyError``."""


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(number)
    return number

"""``bus stats --by``: the figures of a ledger, split by center, street, category; those of offers also by recipient and
reason."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from bus.bilingual import Bilingual
from bus.cli.options import opened_store
from bus.cli.output import USAGE, Output
from bus.cli.periods import AskedPeriod, local, say_period
from bus.contract.facts import is_ledger
from bus.figures.answers import Counted, Counts, figures_of
from bus.figures.definitions import Figure
from bus.settings import CenterSettings
from bus.store.ledger_breakdown import By, figures_by, split
from bus.store.timestamps import ms

SplitBy = Annotated[
    By | None, typer.Option("--by", help="总账：按中心、街道、类别等分列 / at a ledger: a row for each of these")
]
OneFigure = Annotated[
    str | None, typer.Option("--figure", metavar="CODE", help="只列这一指标 / this figure alone, with its numbers")
]
SHOWN = frozenset({
    "registered", "open", "overdue", "resolution-rate", "on-time-rate", "satisfaction-rate", "signing-rate",
    "return-rate",
})  # fmt: skip
"""What a table shows of all figures."""
_HEADS: dict[By, Bilingual] = {
    By.CENTER: Bilingual("中心", "Center"),
    By.STREET: Bilingual("街道", "Street"),
    By.CATEGORY: Bilingual("类别", "Category"),
    By.RECIPIENT: Bilingual("收件中心", "Recipient"),
    By.REASON: Bilingual("退单原因", "Reason"),
}
_Columns = tuple[tuple[Bilingual, ...], Callable[[Counts], tuple[object, ...]]]
_NUMBERS = (Bilingual("数值", "Value"), Bilingual("分子", "Numerator"), Bilingual("分母", "Denominator"))


def tell_split(output: Output, settings: CenterSettings, by: By, code: str | None, asked: AskedPeriod) -> None:
    """Print the figures of each center, street or what else is asked for."""
    if not is_ledger(settings.center):
        output.fail("--by 只在总账上可用", "--by is for a ledger: a center counts its own cases alone", USAGE)
    figures = only(output, figures_by(by), code)
    with opened_store(settings) as store, store.reading() as tx:
        rows = split(tx, by, asked.period, ms(asked.until), settings.figures.reckoning())
    if output.as_json:
        output.data(_document(settings.center, by, asked, rows, figures))
        return
    say_period(output, asked)
    if code is not None:
        output.say(figures[0].formula.zh, figures[0].formula.en)
    heads, shown = _columns(figures, code)
    output.table((_HEADS[by], *heads), [(key or "-", *shown(rows[key])) for key in sorted(rows)])


def _columns(figures: tuple[Figure, ...], code: str | None) -> _Columns:
    """The columns of the table, and the cells of a row: one figure with its numbers, or the values of several."""
    if code is not None:
        return _NUMBERS, lambda counts: _numbers(*figures_of(counts, figures))
    chosen = tuple(one for one in figures if one.code in SHOWN)
    return tuple(one.name for one in chosen), lambda counts: tuple(one.value for one in figures_of(counts, chosen))


def _numbers(one: Counted) -> tuple[object, ...]:
    return one.value, one.numerator, one.denominator


def _document(
    center: str, by: By, asked: AskedPeriod, rows: dict[str, Counts], figures: tuple[Figure, ...]
) -> dict[str, Any]:
    return {
        "center": center,
        "from": local(asked.period.begin),
        "to": local(asked.period.end),
        "as_of": local(asked.until),
        "by": by.value,
        "rows": [
            {by.value: key, "figures": [plain(one) for one in figures_of(rows[key], figures)]} for key in sorted(rows)
        ],
    }


def only(output: Output, figures: Sequence[Figure], code: str | None) -> tuple[Figure, ...]:
    """The figure of this code, or all where none is asked for; others are refused with the codes that there are."""
    found = tuple(one for one in figures if code in (None, one.code))
    if not found:
        known = ", ".join(one.code for one in figures)
        output.fail(f"没有这个指标；有：{known}", f"no such figure here; there are: {known}", USAGE)
    return found


def plain(one: Counted) -> dict[str, Any]:
    """A counted figure with its names and its formula."""
    figure = one.figure
    return {
        "code": figure.code, "name_zh": figure.name.zh, "name_en": figure.name.en, "kind": figure.kind.value,
        "value": one.value, "numerator": one.numerator, "denominator": one.denominator,
        "formula_zh": figure.formula.zh, "formula_en": figure.formula.en,
    }  # fmt: skip

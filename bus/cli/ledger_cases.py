"""``bus ledger cases``: the cases behind a figure of a ledger, by their ids alone."""

import shlex
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import typer

from bus.bilingual import Bilingual
from bus.cli.ledger import ledger_settings
from bus.cli.options import ConfigFile, opened_store
from bus.cli.output import USAGE, AsJson, Lang, Language, Output
from bus.cli.periods import AskedPeriod, AsOf, From, Month, To, asked_period, local
from bus.cli.stats_split import only
from bus.figures.definitions import OF_A_LEDGER, Figure, Part
from bus.figures.period import Reckoning
from bus.store.database import Tx
from bus.store.figures import Asked
from bus.store.ledger_breakdown import By
from bus.store.ledger_cases import COUNTED, FIRST, Behind, NotSplit, Within, behind
from bus.store.ledger_figures import told_by_ledgers
from bus.store.ledger_parts_of_days import OF_OFFERS, OF_PROJECTS
from bus.store.timestamps import ms

MOST = 10_000
_CENTER, _CASE = Bilingual("中心", "Center"), Bilingual("案件", "Case")
_PROJECT, _VERSION = Bilingual("项目", "Project"), Bilingual("派单版本", "Version of the offer")


class Side(StrEnum):
    """Above or below the line of a figure."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"


class Elsewhere(NamedTuple):
    """Cases that a ledger below knows."""

    ledger: str
    cases: int
    ask: str
    """The command that lists them there."""


def cases(
    figure: Annotated[str, typer.Option(metavar="CODE", help="指标 / the figure's code, as in `bus stats --json`")],
    side: Annotated[Side, typer.Option("--side", help="分子或分母 / which side of it")] = Side.NUMERATOR,
    center: Annotated[str | None, typer.Option(help="只列这个中心 / of this center alone")] = None,
    street: Annotated[str | None, typer.Option(help="只列这个街道 / of this street alone")] = None,
    category: Annotated[str | None, typer.Option(help="只列这个类别 / of this category alone")] = None,
    recipient: Annotated[str | None, typer.Option(help="派单：收件中心 / offers: to this center")] = None,
    reason: Annotated[str | None, typer.Option(help="派单：退单原因 / offers: declined for this reason")] = None,
    month: Month = "",
    begin: From = "",
    end: To = "",
    as_of: AsOf = "",
    after: Annotated[str, typer.Option(metavar="PLACE", help="从上一页之后继续 / go on after the page before")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="一页的件数 / cases of one page")] = 100,
    config: ConfigFile = None,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """指标背后的案件编号 / the cases behind a figure, by their ids alone."""
    output = Output(lang, as_json)
    with output.guarding():
        settings = ledger_settings(output, config)
        reckoning = settings.figures.reckoning()
        asked = asked_period(output, reckoning, month, begin, end, as_of)
        part = _part(output, only(output, OF_A_LEDGER, figure)[0], side)
        told = {By.CENTER: center, By.STREET: street, By.CATEGORY: category, By.RECIPIENT: recipient, By.REASON: reason}
        within = {by: value for by, value in told.items() if value is not None}
        start = _place(output, after)
        with opened_store(settings) as store, store.reading() as tx:
            try:
                page = behind(tx, part, _asked(asked), reckoning, within, start, limit)
            except NotSplit as error:
                output.fail(f"这一指标不能按 {error} 筛选", f"this figure has no {error}", USAGE)
            below = _elsewhere(tx, figure, side, part, asked, reckoning, within)
        rest = _place_of(page[-1]) if len(page) == limit else None
        _tell(output, part, asked, page, rest, below)


def _part(output: Output, figure: Figure, side: Side) -> Part:
    part = figure.numerator if side is Side.NUMERATOR else figure.denominator
    if part is None:
        output.fail("这是件数，没有分母", "this figure is a number, and has no denominator", USAGE)
    return part


def _asked(asked: AskedPeriod) -> Asked:
    return Asked(ms(asked.period.begin), ms(asked.period.end), ms(asked.until))


def _elsewhere(
    tx: Tx, figure: str, side: Side, part: Part, asked: AskedPeriod, reckoning: Reckoning, within: Within
) -> list[Elsewhere]:
    """The ledgers below that have counted others. They have told sums and no cases, and nothing of what the list is
    narrowed to: that goes into the command."""
    each = told_by_ledgers(tx, asked.period, ms(asked.until), reckoning)
    named = within.get(By.CENTER)
    if named in each:
        each, within = {named: each[named]}, {by: value for by, value in within.items() if by is not By.CENTER}
    command = f"bus ledger cases --figure {figure} --side {side.value} {asked.options()}"
    command += "".join(f" --{by.value} {shlex.quote(value)}" for by, value in within.items())
    counted = {ledger: counts.parts.get(COUNTED.get(part, part), 0) for ledger, counts in sorted(each.items())}
    return [Elsewhere(ledger, number, command) for ledger, number in counted.items() if number]


def _place(output: Output, told: str) -> Behind:
    """The last one of the page before."""
    if not told:
        return FIRST
    center, subject, version = (*told.split("/"), "", "", "")[:3]
    if not (center and subject and version.isdecimal()):
        output.fail("--after 写上一页给出的 next", "write what the page before says as next after --after", USAGE)
    return Behind(center, subject, int(version))


def _place_of(one: Behind) -> str:
    return f"{one.center}/{one.subject}/{one.version}"


def _tell(
    output: Output, part: Part, asked: AskedPeriod, page: list[Behind], rest: str | None, below: list[Elsewhere]
) -> None:
    subject = "project" if part in OF_PROJECTS else "case_id"
    rows: list[dict[str, Any]] = [{"center": one.center, subject: one.subject} for one in page]
    if part in OF_OFFERS:
        rows = [row | {"version": one.version} for row, one in zip(rows, page, strict=True)]
    if output.as_json:
        elsewhere = [one._asdict() for one in below]
        output.data({"as_of": local(asked.until), "cases": rows, "next": rest, "elsewhere": elsewhere})
        return
    output.table(_heads(part), [tuple(row.values()) for row in rows])
    if rest is not None:
        output.say(f"下一页：{asked.options()} --after {rest}", f"next page: {asked.options()} --after {rest}")
    for one in below:
        output.say(
            f"{one.ledger} 另计 {one.cases} 件，在那里执行：{one.ask}",
            f"{one.ledger} has counted {one.cases} more; ask there: {one.ask}",
        )


def _heads(part: Part) -> tuple[Bilingual, ...]:
    if part in OF_PROJECTS:
        return (_CENTER, _PROJECT)
    return (_CENTER, _CASE, _VERSION) if part in OF_OFFERS else (_CENTER, _CASE)

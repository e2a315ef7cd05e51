"""``bus stats``: figures of the cases that one center has registered. Numbers and formulas, nothing of a resident."""

from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import typer

from bus.bilingual import Bilingual
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import USAGE, AsJson, Lang, Language, Output
from bus.contract.facts import is_ledger
from bus.figures.answers import Counted, Counts, figures_of
from bus.figures.definitions import FIGURES, OF_A_LEDGER, Figure
from bus.figures.hosts import Hosts
from bus.figures.period import CHINA, NotAPeriod, Period, Reckoning
from bus.figures.rounding import percent
from bus.figures.tree import Node, Tally, tree
from bus.settings import CenterSettings
from bus.store import activities, early_forms, ledger_figures
from bus.store.database import Tx
from bus.store.figures import by_division, count
from bus.store.timestamps import ms

_HEADS = (
    Bilingual("指标", "Figure"),
    Bilingual("数值", "Value"),
    Bilingual("分子", "Numerator"),
    Bilingual("分母", "Denominator"),
    Bilingual("口径", "Formula"),
)
_TREE_HEADS = (
    Bilingual("区划", "Division"),
    Bilingual("受理", "Registered"),
    Bilingual("办结", "Resolved"),
    Bilingual("办结率", "Resolution rate"),
    Bilingual("项目", "Projects"),
    Bilingual("办结项目", "Projects resolved"),
    Bilingual("项目办结率", "Of projects"),
    Bilingual("其中未落到下级", "Of it in no division below"),
)
ByDivision = Annotated[
    bool, typer.Option("--by-division", help="按区划逐级汇总 / rolled up by division, region to village")
]
ByHost = Annotated[
    bool,
    typer.Option("--by-host", help="活动按主办单位 / activities by host; one with several counts once in the total"),
]
_HOST_HEADS = (Bilingual("主办单位", "Host"), Bilingual("活动", "Activities"))
Month = Annotated[str, typer.Option(metavar="YYYY-MM", help="按本县的统计月 / a month by the county's reckoning")]
From = Annotated[str, typer.Option("--from", metavar="DAY", help="期初，含当日 / the first day, or a moment")]
To = Annotated[str, typer.Option("--to", metavar="DAY", help="期末，不含当日 / the day after the last, or a moment")]
AsOf = Annotated[str, typer.Option(metavar="MOMENT", help="截止时刻，不含该时刻；默认为现在 / counted before; now")]


def stats(
    config: ConfigFile = None,
    month: Month = "",
    begin: From = "",
    end: To = "",
    as_of: AsOf = "",
    divisions: ByDivision = False,
    hosts: ByHost = False,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """本中心受理案件的指标，率旁都有分子分母 / figures of the cases registered here, with their numbers."""
    output = Output(lang, as_json)
    with output.guarding():
        settings = store_settings(config)
        reckoning = settings.figures.reckoning()
        try:
            until = reckoning.moment(as_of) if as_of else datetime.now(UTC)
            period = _period(reckoning, month, begin, end, until)
        except (NotAPeriod, ValueError):
            output.fail(
                "日期写成 2021-07-01，月份写成 2021-07，期末须在期初之后",
                "write a day as 2021-07-01, a month as 2021-07; the period ends after it begins",
                USAGE,
            )
        with opened_store(settings) as store, store.reading() as tx:
            counted = _count(tx, settings, period, until, divisions)
            held = activities.by_host(tx, period, ms(until)) if hosts else None
    if as_json:
        document = _document(settings.center, period, until, counted)
        document |= {"divisions": [_node(one) for one in tree(counted.placed)]} if divisions else {}
        output.data(document | ({"hosts": _hosts(held)} if held is not None else {}))
    else:
        _tell(output, period, until, counted)
        if divisions:
            output.table(_TREE_HEADS, [_row(one) for one in tree(counted.placed)])
        if held is not None:
            output.table(_HOST_HEADS, sorted(held.each.items()))
            output.say(*held.explained)


class _Stats(NamedTuple):
    counts: Counts
    figures: tuple[Figure, ...]
    placed: dict[str, Tally]
    early: int
    """Forms that came before their case."""


def _count(tx: Tx, settings: CenterSettings, period: Period, until: datetime, divisions: bool) -> _Stats:
    """What the store knows: a center its own cases, the county's ledger those of every center."""
    reckoning, at_ms = settings.figures.reckoning(), ms(until)
    if is_ledger(settings.center):
        placed = ledger_figures.by_division(tx, period, at_ms, reckoning) if divisions else {}
        return _Stats(ledger_figures.count(tx, period, at_ms, reckoning), OF_A_LEDGER, placed, 0)
    placed = by_division(tx, settings.center, period, at_ms, reckoning) if divisions else {}
    early, _ = early_forms.figures(tx)
    return _Stats(count(tx, settings.center, period, at_ms, reckoning), FIGURES, placed, early)


def _period(reckoning: Reckoning, month: str, begin: str, end: str, until: datetime) -> Period:
    """The period: a month, or from a day to another; without either the month of the as-of."""
    if month:
        if begin or end:
            raise NotAPeriod(month)
        year, _, number = month.partition("-")
        return reckoning.month(int(year), int(number))
    known = reckoning.month_of(until)
    return Period(
        reckoning.moment(begin) if begin else known.begin, reckoning.moment(end) if end else _end(known, begin, until)
    )


def _end(known: Period, begin: str, until: datetime) -> datetime:
    return until if begin else known.end


def _document(center: str, period: Period, until: datetime, counted: _Stats) -> dict[str, Any]:
    return {
        "center": center,
        "from": _local(period.begin),
        "to": _local(period.end),
        "as_of": _local(until),
        "figures": [_plain(one) for one in figures_of(counted.counts, counted.figures)],
        "hand_overs": {"median": counted.counts.hand_overs_at(50), "p90": counted.counts.hand_overs_at(90)},
        "forms_before_their_case": counted.early,
    }


def _plain(one: Counted) -> dict[str, Any]:
    figure = one.figure
    return {
        "code": figure.code, "name_zh": figure.name.zh, "name_en": figure.name.en, "kind": figure.kind.value,
        "value": one.value, "numerator": one.numerator, "denominator": one.denominator,
        "formula_zh": figure.formula.zh, "formula_en": figure.formula.en,
    }  # fmt: skip


def _node(node: Node) -> dict[str, Any]:
    return {"division": node.code, **node.total._asdict(), "unplaced": node.unplaced._asdict()}


def _hosts(held: Hosts) -> dict[str, Any]:
    zh, en = held.explained
    told = {"total": held.total, "of_several_hosts": held.several, "sum_of_hosts": held.said}
    return told | {"hosts": dict(sorted(held.each.items())), "explained_zh": zh, "explained_en": en}


def _row(node: Node) -> tuple[object, ...]:
    demands, done, projects, ended = node.total
    rates = percent(done, demands), percent(ended, projects)
    return node.code or "*", demands, done, rates[0], projects, ended, rates[1], node.unplaced.registered


def _tell(output: Output, period: Period, until: datetime, counted: _Stats) -> None:
    begin, end, at = _local(period.begin), _local(period.end), _local(until)
    output.say(f"期间 {begin} 至 {end}（不含），截止 {at}（不含）", f"from {begin} until {end}, as of {at}")
    rows = [
        (output.pick(one.figure.name), one.value, one.numerator, one.denominator, output.pick(one.figure.formula))
        for one in figures_of(counted.counts, counted.figures)
    ]
    output.table(_HEADS, rows)
    if (median := counted.counts.hand_overs_at(50)) is not None:
        p90 = counted.counts.hand_overs_at(90)
        output.say(
            f"流转次数：中位数 {median}，九成不超过 {p90}", f"hand-overs: median {median}, 90 % have at most {p90}"
        )
    if early := counted.early:
        output.say(
            f"另有 {early} 份表单早于其案件，等案件登记后计入", f"{early} forms came before their case, and wait"
        )


def _local(moment: datetime) -> str:
    return moment.astimezone(CHINA).isoformat(timespec="seconds")

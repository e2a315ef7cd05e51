"""``bus stats``: figures of the cases that one center has registered. Numbers and formulas, nothing of a resident."""

from datetime import datetime
from typing import Annotated, Any, NamedTuple

import typer

from bus.bilingual import Bilingual
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import AsJson, Lang, Language, Output
from bus.cli.periods import AskedPeriod, AsOf, From, Month, To, asked_period, local, say_period
from bus.cli.stats_split import OneFigure, SplitBy, only, plain, tell_split
from bus.contract.facts import is_ledger
from bus.figures.answers import Counts, figures_of
from bus.figures.definitions import FIGURES, OF_A_LEDGER, Figure
from bus.figures.hosts import Hosts
from bus.figures.period import Period
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


def stats(
    config: ConfigFile = None,
    month: Month = "",
    begin: From = "",
    end: To = "",
    as_of: AsOf = "",
    divisions: ByDivision = False,
    hosts: ByHost = False,
    by: SplitBy = None,
    figure: OneFigure = None,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """本中心受理案件的指标，率旁都有分子分母 / figures of the cases registered here, with their numbers."""
    output = Output(lang, as_json)
    with output.guarding():
        settings = store_settings(config)
        reckoning = settings.figures.reckoning()
        asked = asked_period(output, reckoning, month, begin, end, as_of)
        period, until = asked
        if by is not None:
            tell_split(output, settings, by, figure, asked)
            return
        with opened_store(settings) as store, store.reading() as tx:
            counted = _count(tx, settings, period, until, divisions)
            counted = counted._replace(figures=only(output, counted.figures, figure))
            held = activities.by_host(tx, period, ms(until)) if hosts else None
    if as_json:
        document = _document(settings.center, period, until, counted)
        document |= {"divisions": [_node(one) for one in tree(counted.placed)]} if divisions else {}
        output.data(document | ({"hosts": _hosts(held)} if held is not None else {}))
    else:
        _tell(output, asked, counted)
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


def _document(center: str, period: Period, until: datetime, counted: _Stats) -> dict[str, Any]:
    return {
        "center": center,
        "from": local(period.begin),
        "to": local(period.end),
        "as_of": local(until),
        "figures": [plain(one) for one in figures_of(counted.counts, counted.figures)],
        "hand_overs": {"median": counted.counts.hand_overs_at(50), "p90": counted.counts.hand_overs_at(90)},
        "forms_before_their_case": counted.early,
    }


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


def _tell(output: Output, asked: AskedPeriod, counted: _Stats) -> None:
    say_period(output, asked)
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

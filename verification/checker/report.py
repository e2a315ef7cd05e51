"""The report of the checker's findings, for people in Chinese or English, and for scripts."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bus.bilingual import Bilingual
from verification.checker.evidence import Finding, When
from verification.checker.invariants import Rule, judged, wrong
from verification.checker.leak_scan import Leak
from verification.checker.resource_trends import Trend
from verification.checker.tally import Tally

EXCUSES = {
    "parked": Bilingual("已搁置，有人看见", "parked, and seen"),
    "gone": Bilingual("对方已撤出", "waits on a center that is gone"),
    "restored": Bilingual("旧备份所忘", "forgotten by an old backup"),
}
SHOWN = 20
"""Most broken promises shown singly; all are counted."""


def report(
    findings: Sequence[Finding],
    when: When = When.DRAINED,
    hits: Sequence[Leak] = (),
    trends: Mapping[str, Trend] | None = None,
    counts: Tally | None = None,
    *,
    masks: bool = False,
    english: bool = False,
    as_json: bool = False,
    stream: TextIO | None = None,
) -> bool:
    """Report the county's state. Returns whether every promise was kept and no canary was found.

    Trends are reported, not judged: the acceptable growth depends on the load. ``masks``: see ``Evidence.masks``."""
    well, rules = not wrong(findings) and not hits, judged(when, masks=masks)
    if as_json:
        told = {"when": when.name.lower(), "counts": counts and counts._asdict()}
        print(json.dumps(told | _document(findings, rules, hits, trends or {}), ensure_ascii=False), file=stream)
        return well
    out = Console(file=stream, markup=False, highlight=False, emoji=False, width=None if stream is None else 120)
    if counts:
        out.print(_counts_table(counts, english))
    out.print(_rules_table(findings, rules, english))
    broken = wrong(findings)
    if broken:
        out.print(_broken_table(broken, english))
    if hits:
        out.print(_hits_table(hits, english))
    if trends:
        out.print(_trends_table(trends, english))
    verdict = (
        Bilingual("全部承诺兑现", "every promise was kept")
        if well
        else Bilingual("有承诺未兑现", "promises were broken")
    )
    out.print(_pick(verdict, english))
    return well


def _document(
    findings: Sequence[Finding], rules: Sequence[Rule], hits: Sequence[Leak], trends: Mapping[str, Trend]
) -> dict[str, Any]:
    return {
        "kept": not wrong(findings) and not hits,
        "rules": [rule.name for rule in rules],
        "findings": [finding._asdict() for finding in findings],
        "canaries": [hit._asdict() for hit in hits],
        "trends": {name: trend._asdict() for name, trend in trends.items()},
    }


def _pick(words: Bilingual, english: bool) -> str:
    return words.en if english else words.zh


def _table(title: Bilingual, heads: Sequence[Bilingual], english: bool) -> Table:
    table = Table(title=_pick(title, english), title_justify="left")
    for head in heads:
        table.add_column(_pick(head, english), overflow="fold")
    return table


_COUNTS = {
    "submitted": Bilingual("受理", "submitted"),
    "open": Bilingual("在办", "open"),
    "closed": Bilingual("办结", "closed"),
    "handovers": Bilingual("转办", "hand-overs"),
    "said": Bilingual("报文", "messages"),
    "applied": Bilingual("生效", "applied"),
    "superseded": Bilingual("被超越", "superseded"),
    "refused": Bilingual("拒收", "refused"),
    "effects": Bilingual("业务结果", "effects"),
    "parked": Bilingual("搁置", "parked"),
}


def _counts_table(counts: Tally, english: bool) -> Table:
    heads = [_COUNTS[name] for name in counts._fields]
    table = _table(Bilingual("规模", "What there was to judge"), heads, english)
    table.add_row(*map(str, counts))
    return table


def _rules_table(findings: Sequence[Finding], rules: Sequence[Rule], english: bool) -> Table:
    heads = (
        Bilingual("承诺", "Promise"),
        Bilingual("规则", "Rule"),
        Bilingual("未兑现", "Broken"),
        Bilingual("有缘由", "Excused"),
    )
    table = _table(Bilingual("检查结果", "What was checked"), heads, english)
    broken = Counter(finding.rule for finding in findings if not finding.excuse)
    excused = Counter((finding.rule, finding.excuse) for finding in findings if finding.excuse)
    for rule in rules:
        reasons = [(_pick(EXCUSES[why], english), n) for (name, why), n in excused.items() if name == rule.name]
        told = ", ".join(f"{reason}: {n}" for reason, n in reasons)
        table.add_row(_pick(rule.words, english), rule.name, str(broken[rule.name]), told)
    return table


def _broken_table(broken: Sequence[Finding], english: bool) -> Table:
    heads = (
        Bilingual("规则", "Rule"),
        Bilingual("中心", "Center"),
        Bilingual("案件", "Case"),
        Bilingual("详情", "Detail"),
    )
    more = f" ({SHOWN}/{len(broken)})" if len(broken) > SHOWN else ""
    table = _table(Bilingual(f"未兑现的承诺{more}", f"Broken promises{more}"), heads, english)
    for finding in broken[:SHOWN]:
        table.add_row(*(Text(cell) for cell in (finding.rule, finding.center, finding.case, finding.detail)))
    return table


def _hits_table(hits: Sequence[Leak], english: bool) -> Table:
    heads = (
        Bilingual("位置", "Place"),
        Bilingual("编号", "Canary"),
        Bilingual("种类", "Mark"),
        Bilingual("写法", "Spelling"),
    )
    table = _table(Bilingual("个人信息泄露", "Personal data found"), heads, english)
    for hit in hits[:SHOWN]:
        table.add_row(*(Text(str(cell)) for cell in hit))
    return table


def _trends_table(trends: Mapping[str, Trend], english: bool) -> Table:
    heads = (
        Bilingual("进程", "Process"), Bilingual("内存 MiB", "Memory MiB"), Bilingual("MiB/小时", "MiB/hour"),
        Bilingual("描述符", "Descriptors"), Bilingual("个/小时", "per hour"),
    )  # fmt: skip
    table = _table(Bilingual("内存与描述符", "Memory and descriptors"), heads, english)
    for name, one in trends.items():
        figures = (f"{one.memory:.1f}", f"{one.memory_per_hour:+.1f}", str(one.files), f"{one.files_per_hour:+.1f}")
        table.add_row(name, *figures)
    return table

"""``bus cases``: the cases known to one center, by holder, status and age."""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from bus.bilingual import Bilingual
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import USAGE, AsJson, Lang, Language, Output, age
from bus.contract.short_number import short_number
from bus.custody import Record
from bus.store.case_lists import CaseFilter, wanted
from bus.store.cases import read_each
from bus.store.database import Tx

PAGE = 500
"""Cases that are read at once."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_HEADS = (
    Bilingual("短编号", "Short number"),
    Bilingual("编号", "Number"),
    Bilingual("状态", "Status"),
    Bilingual("类别", "Category"),
    Bilingual("承办", "Holder"),
    Bilingual("已", "Age"),
    Bilingual("期限", "Due"),
)


def cases(
    config: ConfigFile = None,
    peer: Annotated[str, typer.Option(help="由该中心承办、受理或转来 / held, registered or offered by it")] = "",
    status: Annotated[str, typer.Option(help="open | resolved | closed")] = "",
    older_than: Annotated[str, typer.Option(metavar="AGE", help="早于，如 3d / opened before, such as 3d")] = "",
    category: Annotated[str, typer.Option(help="类别代码，可以 * 结尾 / a category; may end with *")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="最多几件 / most cases shown")] = 100,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """本中心所知的案件，最早的在前 / the cases known to this center, the oldest first."""
    output = Output(lang, as_json)
    if status not in ("", "open", "resolved", "closed"):
        output.fail(f"没有状态 {status}：open、resolved、closed", f"no status {status}: open, resolved, closed", USAGE)
    now_ms = int(time.time() * 1000)
    before_ms = now_ms - _seconds(output, older_than) * 1000 if older_than else None
    asked = CaseFilter(status, peer, before_ms)
    with output.guarding(), opened_store(store_settings(config)) as store, store.reading() as tx:
        found = []
        for record, opened_ms in _records(tx, asked):
            if _fits(record, category):
                found.append((record, opened_ms))
                if len(found) == limit:
                    break
    if as_json:
        output.data([_plain(record, opened_ms, now_ms) for record, opened_ms in found])
    elif not found:
        output.say("没有这样的案件", "there is no such case")
    else:
        output.table(_HEADS, [_row(record, opened_ms, now_ms) for record, opened_ms in found])
        if len(found) == limit:
            output.warn(f"只列出前 {limit} 件；用 --limit 增加", f"only the first {limit}: --limit shows more")


def _seconds(output: Output, told: str) -> int:
    number, unit = told[:-1], told[-1:]
    if not number.isdecimal() or unit not in _UNITS:
        output.fail("写成 3d、12h、30m", "write it as 3d, 12h, 30m", USAGE)
    return int(number) * _UNITS[unit]


def _records(tx: Tx, asked: CaseFilter) -> Iterator[tuple[Record, int]]:
    """Read page by page, so that a large store needs no more memory than a small one. Unreadable cases are left out:
    `bus parked list` has them."""
    after = None
    while page := wanted(tx, asked, after, PAGE):
        records = read_each(tx, [case_id for case_id, _ in page]).records
        yield from ((records[case_id], opened_ms) for case_id, opened_ms in page if case_id in records)
        after = (page[-1][1], str(page[-1][0]))


def _fits(record: Record, category: str) -> bool:
    found = record.case.category
    return not category or (found.startswith(category[:-1]) if category.endswith("*") else found == category)


def _row(record: Record, opened_ms: int, now_ms: int) -> tuple[object, ...]:
    due = record.due.date() if record.due else ""
    short, case = short_number(record.case.case_id), record.case
    return short, case.number, record.status.value, case.category, record.holder, age(opened_ms, now_ms), due


def _plain(record: Record, opened_ms: int, now_ms: int) -> dict[str, Any]:
    return {
        "case": str(record.case.case_id), "number": record.case.number,
        "short_number": short_number(record.case.case_id), "status": record.status.value,
        "category": record.case.category, "division": record.case.place.division, "origin": record.case.origin,
        "holder": record.holder, "version": record.version, "opened_ms": opened_ms,
        "age_seconds": (now_ms - opened_ms) // 1000, "due": record.due,
    }  # fmt: skip

"""The table of a chaos run, for people and for programs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from verification.chaos.faults import FAULTS
from verification.chaos.play import Row
from verification.chaos.shown import SHOWN, Shown

COLUMNS = (
    ("故障\nfault", "left"),
    ("种子\nseed", "right"),
    ("秒\ns", "right"),
    ("打击\nstrikes", "right"),
    ("转办\ncases handed over", "right"),
    ("每秒\nper s", "right"),
    ("报文\nmessages", "right"),
    ("每秒\nper s", "right"),
    ("已答复\nanswered", "right"),
    ("吸收重复\nrepeats absorbed", "right"),
    ("最长停顿 秒\nlongest pause s", "right"),
    ("单中心最长停顿 秒\nlongest of one center s", "right"),
    ("恢复后排空 秒\ndrained s", "right"),
    ("停放\nparked", "right"),
    ("值班处置\ncommands", "right"),
    ("稽核发现\naudit", "right"),
    ("自亡\ndied", "right"),
    ("内存 MiB/分\nmemory MiB/min", "right"),
    ("句柄\nfds", "right"),
    ("问题\nfindings", "right"),
)


def cells(row: Row) -> tuple[str, ...]:
    """One line of the table."""
    return (
        row.faults, str(row.seed), f"{row.seconds:.0f}", str(row.strikes), str(row.handed_over), f"{row.rate:.1f}",
        str(row.messages), f"{row.message_rate:.1f}", str(row.answered), str(row.absorbed), f"{row.pause:.1f}",
        f"{max(row.pauses.values(), default=0):.1f}", f"{row.drain:.1f}", str(row.parked), str(row.commands),
        str(row.alarms), str(row.deaths),
        f"{row.memory:+.1f}", f"{row.descriptors:+d}", str(len(row.findings)) if row.findings else "0",
    )  # fmt: skip


def show(rows: Iterable[Row], console: Console) -> None:
    """The whole table, and every finding below it."""
    table = Table(title="混沌测试 / chaos", header_style="bold")
    for heading, side in COLUMNS:
        table.add_column(heading, justify="left" if side == "left" else "right", overflow="fold")
    for row in rows:
        table.add_row(*cells(row), style="red" if row.findings else None)
    console.print(table)
    for row in rows:
        for finding in row.findings[:20]:
            console.print(f"{row.faults} / {row.seed}: {finding}", style="red", markup=False)
        if len(row.findings) > 20:
            console.print(f"{row.faults} / {row.seed}: … {len(row.findings) - 20} more", style="red", markup=False)


def save(row: Row, path: Path) -> None:
    """Append one JSON line, so that an interrupted command keeps its rows."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


def load(paths: Sequence[Path]) -> list[Row]:
    """The rows written by ``save``, from several commands, by name and seed."""
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted((Row(**json.loads(line)) for line in lines), key=lambda row: (row.faults, row.seed))


def show_faults(console: Console) -> None:
    """The closed list of faults."""
    table = Table(title="故障清单 / faults", header_style="bold")
    for heading in ("名称\nname", "作用\nwhat it does", "恢复\nhow it heals", "稽核\nthe auditor", "需要\nneeds"):
        table.add_column(heading)
    for one in FAULTS.values():
        needs = ", ".join(sorted(need.value for need in one.needs))
        table.add_row(one.name, f"{one.zh}\n{one.en}", one.heals, _seen(one.name), needs)
    console.print(table)


def _seen(fault: str) -> str:
    """As what the auditor finds it, or why it does not."""
    shown = SHOWN[fault]
    return ", ".join(sorted(shown.codes)) if isinstance(shown, Shown) else f"{shown.zh}\n{shown.en}"

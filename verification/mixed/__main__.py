"""``make mixed``: the previous and the present release in one county.

python -m verification.mixed --only S10,recovery
"""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from stories.stage import CENTERS
from verification.mixed.release import ROOT, NoRelease, installed, previous
from verification.mixed.runner import ScenarioResult, Site, play
from verification.mixed.scenarios import SCENARIOS, STORIES
from verification.services import RabbitNode
from verification.services.allocation import ServiceUnavailable

NAMES = (*STORIES, *SCENARIOS)


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 every promise was kept, 1 one was broken, 2 the run was not possible."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that cleanup runs
    asked = _arguments(arguments)
    console = Console(stderr=asked.json, width=None if sys.stdout.isatty() else 160)
    try:
        before = installed(previous())
        with RabbitNode(ROOT / ".local" / "services") as rabbit:
            results = []
            for result in play(Site(rabbit, before, asked.keep), asked.only):
                results.append(result)
                console.print(" · ".join(_cells(result, asked.lang)), style=_style(result), markup=False)
    except (NoRelease, ServiceUnavailable) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command
        return 2
    if asked.json:
        told = {"release": before.release.version, "results": [_plain(result) for result in results]}
        print(json.dumps(told, ensure_ascii=False, indent=1))  # noqa: T201 - a command
    else:
        _show(console, results, before.release.version, asked.lang)
    return 1 if any(result.trouble for result in results) else 0


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m verification.mixed", description="新旧版本同县 / two releases")
    parser.add_argument(
        "--only", type=_names, default=NAMES, metavar="NAMES", help=f"逗号分隔 / by comma: {','.join(NAMES)}"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="把有问题的现场留在此处 / keep what trouble left here"
    )
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="语言 / language")
    parser.add_argument("--json", action="store_true", help="机器可读 / print one JSON object")
    return parser.parse_args(arguments)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in NAMES]:
        raise argparse.ArgumentTypeError(f"没有 / there is no {', '.join(unknown)}")
    return names


def _plain(result: ScenarioResult) -> dict[str, object]:
    return {**asdict(result), "words": result.words.en, "seconds": round(result.seconds, 1)}


def _show(console: Console, results: Sequence[ScenarioResult], version: str, lang: str) -> None:
    heads = {"zh": ("场景", "旧程序", "结果", "秒"), "en": ("scenario", "old program", "result", "s")}[lang]
    title = {"zh": f"v{version} 与当前程序同县", "en": f"v{version} and the present program in one county"}[lang]
    table = Table(title=title)
    for head in heads:
        table.add_column(head, overflow="fold")
    for result in results:
        table.add_row(*_cells(result, lang), style=_style(result))
    console.print(table)


def _cells(result: ScenarioResult, lang: str) -> tuple[str, str, str, str]:
    everyone, nobody, kept = {"zh": ("全部", "无", "通过"), "en": ("all", "none", "ok")}[lang]
    old = everyone if len(result.old) == len(CENTERS) else ", ".join(result.old) or nobody
    words = result.words.zh if lang == "zh" else result.words.en
    return f"{result.name} {words}", old, result.trouble or kept, f"{result.seconds:.1f}"


def _style(result: ScenarioResult) -> str:
    return "red" if result.trouble else "green"


if __name__ == "__main__":
    sys.exit(main())

"""``bus demo``: the centers of one county hand real cases to each other, shown live and counted at the end."""

import shutil
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bus.bilingual import Bilingual
from bus.cli.demo_telling import Lines, LiveTables, Teller, told_while
from bus.cli.demo_words import Words
from bus.cli.output import Lang, Language
from bus.contract.short_number import short_number
from bus.custody import Record
from bus.demo.deeds import Deeds
from bus.demo.local_county import Audit, LocalCounty
from bus.transports.topology.apply import apply, plan
from bus.transports.topology.management_api import ManagementApi

NOT_INSTALLED = Bilingual(
    "未演示：没有安装接诉即办指挥中心的适配器；在源码目录 pip install ./examples/command_center，或用 make demo",
    "is not told: the command center's adapter is not installed; in the source tree, pip install "
    "./examples/command_center, or use make demo",
)
"""Of a story with a center of a fifth kind."""


def demo(
    language: Language = Lang.AUTO,
    broker: Annotated[str, typer.Option(help="amqp://admin:password@host:5672/vhost")] = "",
    management: Annotated[str, typer.Option(help="RabbitMQ 管理地址 / management URL (http://host:15672)")] = "",
    kill: Annotated[bool, typer.Option("--kill", help="中途强制结束并重启 / kill and restart midway")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="不停顿，逐行输出 / plain lines, without pauses")] = False,
    with_console: Annotated[
        bool,
        typer.Option("--console", help="同时打开控制台，演示后保持到 Ctrl-C / serve the console too, until Ctrl-C"),
    ] = False,
    folder: Annotated[Path, typer.Option(help="存储目录，先清空 / the folder of the stores; emptied first")] = Path(
        "demo-data"
    ),
) -> None:
    """演示：一个县的各中心互相转办真实案件 / a demo: centers of one county hand over real cases."""
    from stories import play  # noqa: PLC0415 - the stories know the adapters; the rest of the CLI must not load them

    console = Console(highlight=False)
    words = Words(language.settled(), play.PLACES, play.TITLES, play.ALIKE)
    _empty(folder)
    centers, stories = play.cast()
    for untold in sorted({*play.OF_FIVE_KINDS} - {*stories}):
        console.print(f"{untold:<4} {words.pick(*NOT_INSTALLED)}", soft_wrap=True, markup=False)
    brokers = _prepare_broker(broker, management, centers) if broker else {}
    county = LocalCounty(
        folder.resolve(), centers, routes=play.ROUTES, arbiter=play.ARBITER, brokers=brokers,
        processes="one" if kill else "here",
        more=play.SETTINGS,
    )  # fmt: skip
    deeds = Deeds(county)
    teller = _teller(county, words, console, deeds, fast)
    try:
        county.open()
        stay = _console(county, words, console, centers[0]) if with_console else None
        for story in stories:
            notes: list[Bilingual] = []
            told_while(partial(play.play, county, only=[story], kill=kill, says=notes.append), teller, story)
            for note in notes:
                console.print(f"{story:<4} {words.pick(note.zh, note.en)}", soft_wrap=True, markup=False)
        county.until("nothing pending / 全部送达", county.drained, 60)
        Lines(words, console, deeds).tell("", lambda: True)
        audit = county.audit()
        _paths(console, words, county, deeds.stories)
        if stay is not None:
            stay()
    finally:
        county.close()
    console.print(_verdict(audit), soft_wrap=True)
    raise typer.Exit(0 if _clean(audit) else 1)


def _teller(county: LocalCounty, words: Words, console: Console, deeds: Deeds, fast: bool) -> Teller:
    """Tables at reading speed on a terminal; plain lines elsewhere, or with ``fast``."""
    if fast or not sys.stdout.isatty() or not console.is_interactive:
        return Lines(words, console, deeds)
    console.print(
        words.pick(
            "以阅读速度演示，约两分钟；--fast 不停顿，Ctrl-C 结束",
            "Shown at reading speed, about two minutes; --fast: no pauses, Ctrl-C: stop",
        )
    )
    return LiveTables(county, words, console, deeds)


def _console(county: LocalCounty, words: Words, console: Console, center: str) -> Callable[[], None]:
    """Open the console of one center, and say where. Returns what waits for Ctrl-C, and closes it."""
    from bus.cli.demo_console import PERSON, demo_console  # noqa: PLC0415 - pages and passwords, for those who look

    stack = ExitStack()
    url, password = stack.enter_context(demo_console(county, center))
    zh = f"控制台：{url} 用户 {PERSON} 密码 {password}"
    console.print(words.pick(zh, f"the console: {url} user {PERSON} password {password}"), soft_wrap=True, markup=False)

    def stay() -> None:
        console.print(words.pick("控制台仍开着，Ctrl-C 结束", "the console stays open: Ctrl-C ends it"))
        with stack, suppress(KeyboardInterrupt):
            threading.Event().wait()

    return stay


def _empty(folder: Path) -> None:
    if (
        folder.exists()
        and any(folder.iterdir())
        and not (folder / "plan.json").exists()
        and not list(folder.glob("*.db"))
    ):
        raise typer.BadParameter(f"{folder}: 不是演示目录，不敢清空 / not a demo folder; name an empty one")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _prepare_broker(url: str, management: str, centers: Any) -> dict[str, str]:  # noqa: ANN401 - a sequence of names
    """Apply the topology with a login for each center, as an operator does."""
    import secrets  # noqa: PLC0415 - only with a broker

    parts = urlsplit(url)
    user, password = unquote(parts.username or "guest"), unquote(parts.password or "guest")
    vhost = unquote(parts.path[1:]) or "/"
    host = parts.hostname or "localhost"
    logins = {center: secrets.token_hex(12) for center in centers}
    with ManagementApi(management or f"http://{host}:15672", user, password, vhost) as admin:
        apply(admin, plan(list(centers)), logins)
    tail = f"{host}:{parts.port or 5672}/{parts.path[1:] or '%2F'}"
    return {center: f"{parts.scheme}://{center}:{word}@{tail}" for center, word in logins.items()}


def _paths(console: Console, words: Words, county: LocalCounty, stories: Mapping[UUID, str]) -> None:
    """Print each case's path to its answer and rating; of similar cases, the first and their number."""
    alike: dict[tuple[str, ...], list[Record]] = {}
    for record in sorted(_origins(county), key=lambda r: (stories.get(r.case.case_id, ""), r.case.number)):
        stars = " ".join("★" * given.grade for given in record.ratings) or "–"
        told = (stories.get(record.case.case_id, ""), words.path(record), words.outcome(record), stars)
        alike.setdefault(told, []).append(record)
    rows = [(story, *_case(words, records), *rest) for (story, *rest), records in alike.items()]
    if not console.is_terminal:
        for row in rows:
            console.print(" | ".join(row), soft_wrap=True, markup=False)
        return
    table = Table(title=words.pick("每案的路径", "The path of each case"), title_justify="left")
    for zh, en in (("故事", "Story"), ("短编号", "Case"), ("路径", "Path"), ("结果", "Result"), ("评价", "Rating")):
        table.add_column(words.pick(zh, en), overflow="fold")
    for story, short, _, *rest in rows:
        table.add_row(*(Text(cell) for cell in (story, short, *rest)))
    console.print(table)


def _case(words: Words, records: Sequence[Record]) -> tuple[str, str]:
    """The short number and the number of the first case, and the count of the others."""
    first, more = records[0].case, len(records) - 1
    also = words.pick(f" 等 {more + 1} 件", f" and {more} more") if more else ""
    return f"{short_number(first.case_id)}{also}", first.number


def _origins(county: LocalCounty) -> list[Record]:
    return [r for center in county.centers for r in county.records(center).values() if r.case.origin == center]


def _clean(audit: Audit) -> bool:
    wrong = audit.lost + audit.twice + audit.parked + audit.waiting
    return audit.cases > 0 and audit.answered == audit.cases and wrong == 0


def _verdict(audit: Audit) -> str:
    return (
        f"demo: {audit.cases} cases, {audit.answered} answered, {audit.lost} lost, "
        f"{audit.twice} applied twice, {audit.parked} parked"
    )


if __name__ == "__main__":
    typer.run(demo)

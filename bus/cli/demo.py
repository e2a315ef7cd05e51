"""``bus demo``: the centers of one county hand real cases to each other, told live, and counted at the end."""

import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import typer
from rich.cells import set_cell_size
from rich.console import Console
from rich.table import Table

from bus.bilingual import Bilingual
from bus.cli.output import Lang, Language
from bus.contract.rules import BY_KIND
from bus.custody import Record
from bus.demo.local_county import Audit, LocalCounty
from bus.sdk import discovery
from bus.store import cases
from bus.transports.topology.apply import apply, plan
from bus.transports.topology.management_api import ManagementApi

DEEDS = {
    "register": ("登记", "registers"), "offer": ("转办", "offers"), "accept": ("接单", "accepts"),
    "decline": ("退单", "declines"), "withdraw": ("撤回", "withdraws"), "report": ("进展", "reports"),
    "askassist": ("请求协办", "asks for help"), "answerassist": ("协办答复", "helps"), "urge": ("催办", "urges"),
    "resolve": ("办结", "resolves"), "close": ("答复居民、结案", "answers and closes"), "rate": ("评价", "rates"),
    "reopen": ("重办", "reopens"), "publish": ("公示", "publishes"), "askarbiter": ("提请裁定", "asks the arbiter"),
    "rule": ("裁定", "rules"),
}  # fmt: skip


@cache
def _title(kind: str) -> Bilingual:
    """A kind of center as people call it, by its adapter's manifest; the kind itself where nothing says more."""
    try:
        return discovery.find(kind).manifest().label
    except discovery.AdapterUnusable:
        return Bilingual(kind, kind)


def center_word(center: str, lang: str) -> str:
    """A center as people call it: its kind and its division."""
    kind, _, division = center.partition("-")
    title = _title(kind)
    return f"{title.zh if lang == 'zh' else title.en} {division}"


@dataclass(slots=True)
class Teller:
    """Reads the journals of all centers and tells each deed once, as it happens."""

    county: LocalCounty
    lang: str
    console: Console
    stories: dict[UUID, str] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _quiet: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell while the block runs, and the rest at its end."""
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()
        try:
            yield
        finally:
            self._done.set()
            self._thread.join(10)
            self._tell()

    def _go_on(self) -> None:
        while not self._done.wait(0.15):
            self._tell()

    def _tell(self) -> None:
        told: list[tuple[int, str, Any]] = []
        for center in self.county.centers:
            with self.county.store(center).reading() as tx:
                lines = cases.commands_since(tx, self._seen.get(center, 0))
            self._seen[center] = lines[-1]["id"] if lines else self._seen.get(center, 0)
            told += [(line["at_ms"], center, line) for line in lines]
        for _, center, row in sorted(told, key=lambda one: one[0]):
            self._line(center, row)

    def _line(self, center: str, row: Mapping[str, Any]) -> None:
        story = self.stories.get(UUID(row["case_id"]), "")
        if story == "S09":  # two hundred of a kind: the first few tell it
            self._quiet[story] = self._quiet.get(story, 0) + 1
            if self._quiet[story] > 6:
                return
        zh, en = DEEDS.get(row["kind"], (row["kind"], row["kind"]))
        deed = zh if self.lang == "zh" else en
        clock = time.strftime("%H:%M:%S", time.localtime(row["at_ms"] / 1000))
        who = center_word(center, self.lang)
        now = center_word(row["holder"], self.lang)
        held = f"{'现由' if self.lang == 'zh' else 'held by'} {now} v{row['version']}"
        if self.console.is_terminal:
            name = set_cell_size(who, 28)  # Chinese is two cells wide
            marked = f"[dim]{clock}[/]  [bold]{story:<4}[/] [cyan]{row['case_id'][-6:]}[/]  {name}"
            self.console.print(
                f"{marked} [green]{set_cell_size(deed, 18)}[/] [dim]{held}[/]", no_wrap=True, overflow="crop"
            )
        else:
            self.console.print(f"{clock} {story:<4} {row['case_id'][-6:]} {who} | {deed} | {held}", soft_wrap=True)


def demo(
    language: Language = Lang.AUTO,
    broker: Annotated[str, typer.Option(help="amqp://admin:password@host:5672/vhost")] = "",
    management: Annotated[str, typer.Option(help="RabbitMQ 管理地址 / management URL (http://host:15672)")] = "",
    kill: Annotated[bool, typer.Option("--kill", help="中途杀死并重启 / kill and restart in the middle")] = False,
    folder: Annotated[Path, typer.Option(help="存储目录 / where the stores go; emptied first")] = Path("demo-data"),
) -> None:
    """演示：一个县的各中心互相转办真实故事 / The centers of one county carry real stories to an answer."""
    from stories import play  # noqa: PLC0415 - the stories know the adapters; the rest of the CLI must not load them

    console, lang = Console(highlight=False), language.settled().value
    _empty(folder)
    centers, stories = play.cast()
    brokers = _prepare_broker(broker, management, centers) if broker else {}
    county = LocalCounty(
        folder.resolve(), centers, routes=play.ROUTES, arbiter=play.ARBITER, brokers=brokers,
        processes="one" if kill else "here",
        more=play.SETTINGS,
    )  # fmt: skip
    try:
        county.open()
        teller = Teller(county, lang, console)
        with teller.telling():
            play.play(county, lambda story, case: teller.stories.__setitem__(case, story), only=stories, kill=kill)
            county.until("nothing on its way / 全部送达", county.drained, 60)
        audit = county.audit()
        _paths(console, lang, county, teller.stories)
    finally:
        county.close()
    console.print(_verdict(audit), soft_wrap=True)
    raise typer.Exit(0 if _clean(audit) else 1)


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
    """Put up the topology with a login for each center, as an operator would."""
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


def _paths(console: Console, lang: str, county: LocalCounty, stories: dict[UUID, str]) -> None:
    """Each case's way from hand to hand to its answer and rating; of two hundred alike, one and their number."""
    table = Table(title="每案的路径" if lang == "zh" else "The path of each case", title_justify="left")
    for head in (
        ("故事", "编号", "路径", "结果", "评价") if lang == "zh" else ("Story", "Number", "Path", "Result", "Rating")
    ):
        table.add_column(head, overflow="fold")
    alike: dict[tuple[str, str, str, str], int] = {}
    for record in sorted(_origins(county), key=lambda r: (stories.get(r.case.case_id, ""), r.case.number)):
        row = _path_row(record, lang, stories.get(record.case.case_id, ""))
        key = (row[0], row[2], row[3], row[4])
        alike[key] = alike.get(key, 0) + 1
        if alike[key] == 1:
            table.add_row(*row)
    for key, count in alike.items():
        if count > 1:
            table.add_row(key[0], f"… ×{count}", *key[1:])
    if console.is_terminal:
        console.print(table)
        return
    for column in zip(*(c.cells for c in table.columns), strict=True):
        console.print(" | ".join(str(cell) for cell in column), soft_wrap=True)


def _origins(county: LocalCounty) -> list[Record]:
    return [r for center in county.centers for r in county.records(center).values() if r.case.origin == center]


def _path_row(record: Record, lang: str, story: str) -> tuple[str, str, str, str, str]:
    way = " → ".join(center_word(center, lang) for center in record.path)
    kind = BY_KIND["case.closed" if record.status == "closed" else "case.resolved"]
    result = (kind.zh if lang == "zh" else kind.en) if record.status != "open" else "open"
    outcome = f" ({record.result.outcome})" if record.result else ""
    stars = " ".join("★" * given.grade for given in record.ratings) or "–"
    return story, record.case.number, way, result + outcome, stars


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

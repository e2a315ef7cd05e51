"""``bus console``: the operators' pages for a browser, and who may sign in to them."""

import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import httpx
import typer

from bus.cli.console_alarms import load_alarms, receivers_of
from bus.cli.console_broker import broker_of
from bus.cli.console_doors import doors_of
from bus.cli.console_slow import SlowAsking
from bus.cli.county_file import CountySettings, load_county
from bus.cli.lookups import context_of
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import USAGE, AsJson, Lang, Language, Output
from bus.console import people
from bus.console.center_look import AskBroker, Away, Look, look
from bus.console.county_look import with_county
from bus.console.county_scope import CountyScope
from bus.console.doors import Doors
from bus.console.proxy_login import LOOPBACK, ProxyLogin
from bus.console.record_chain import ChainWatch
from bus.console.scope import CenterScope
from bus.console.visit import Console
from bus.console.watch import Watch
from bus.http.address import THIS_MACHINE, is_private, why_not_listening
from bus.log import set_up
from bus.runtime.console_process import ConsoleProcess
from bus.runtime.log_writer import LogWriter, descriptor_of
from bus.security.passwords import new_password
from bus.security.staff import Role
from bus.settings import CenterSettings
from bus.store import console as rows
from bus.store import schema
from bus.store.database import Store
from bus.store.replaced_file import ReplacedFile

console = typer.Typer(
    help="控制台：在浏览器中查看并处置 / the console: look and mend, in a browser", no_args_is_help=True
)
person = typer.Typer(help="谁可以登录控制台 / who may sign in", no_args_is_help=True)
console.add_typer(person, name="person")

OwnStore = Annotated[str, typer.Option("--store", envvar="BUS_CONSOLE_STORE", help="控制台自己的库 / its own store")]
STORE = "sqlite:///console.db"
TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
"""The name of a header."""
ANSWERS_WITHIN = 2.0
"""Seconds in which a center's own process must say how it is."""


@console.command()
def run(
    config: ConfigFile = None,
    county: Annotated[
        Path | None,
        typer.Option("--county", readable=False, help="全县的配置文件，用于查看消息服务器 / for the broker"),
    ] = None,
    alarms: Annotated[
        Path | None,
        typer.Option("--alarms", readable=False, help="告警的配置文件：何时通知、通知谁 / who is told of what lasts"),
    ] = None,
    host: Annotated[str, typer.Option(help="监听地址 / the address to listen at")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口 / the port")] = 8500,
    origin: Annotated[
        str, typer.Option(metavar="URL", help="浏览器所用的地址，如反向代理的 https://… / what browsers use")
    ] = "",
    staff_key: Annotated[
        Path | None,
        typer.Option(
            "--staff-key", readable=False, help="在总账上：控制台自己的值班密钥 / at a ledger: the console's staff key"
        ),
    ] = None,
    doors: Annotated[
        Path | None,
        typer.Option(
            "--doors", readable=False, help="在总账上：各中心值班入口的地址（TOML） / at a ledger: the centers' doors"
        ),
    ] = None,
    backups: Annotated[
        Path | None,
        typer.Option("--backups", readable=False, help="备份所在的文件夹，查看最近一份 / the folder of backups"),
    ] = None,
    user_header: Annotated[
        str, typer.Option(metavar="HEADER", help="由反向代理登录：写明姓名的请求头 / who it is, as a proxy says")
    ] = "",
    proxy: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="反向代理的地址，可多个 / the proxy's addresses")
    ] = None,
    store: OwnStore = STORE,
    lang: Language = Lang.AUTO,
) -> None:
    """运行控制台，直到收到停止信号 / run the console until it is told to stop."""
    output = Output(lang)
    with output.guarding():
        settings = store_settings(config)
        if host not in THIS_MACHINE and not is_private(origin):  # in a container it listens beyond, for this machine
            output.fail(
                "只有经 TLS 才能对外：请放在反向代理之后，用 --origin https://… 说明",
                "beyond this machine it needs TLS: put it behind a reverse proxy, and name it with --origin https://…",
                USAGE,
            )
        alarm_settings = load_alarms(alarms)
        receivers = receivers_of(alarm_settings)
        login = proxy_login(output, user_header, proxy)
        writer = LogWriter(descriptor_of(sys.stderr))
        set_up(settings.center, writer.put)
        with doors_of(output, settings, staff_key, doors) as at, opened_store(settings) as centers, _own(store) as own:
            plan = load_county(county) if county is not None else None
            given = _Given(settings, centers, own, plan, at, backups, [one.name for one in receivers], login)
            try:
                process = ConsoleProcess(partial(_made, given), host, port, origin, alarm_settings, receivers)
            except OSError as error:
                output.fail(*why_not_listening(error))
            for name in (signal.SIGTERM, signal.SIGINT):  # the server repeats a signal once it has ended by it
                signal.signal(name, lambda *_: process.stop())
            output.say(f"控制台：{process.url}", f"the console: {process.url}")
            process.run()


class _Given(NamedTuple):
    """What a console is made of."""

    settings: CenterSettings
    centers: Store
    """The store of the center, or of the ledger."""
    own: Store
    county: CountySettings | None
    doors: Doors
    backups: Path | None
    receivers: Sequence[str]
    proxy: ProxyLogin | None


def _made(given: _Given, origin: str) -> Console:
    """The console that browsers reach under this address."""
    settings, centers, doors = given.settings, given.centers, given.doors
    center = (settings.center, centers, context_of(settings, centers), settings.figures.reckoning())
    scope = CountyScope(*center, doors) if doors.centers else CenterScope(*center)
    chain = ChainWatch(centers, given.own)
    look = looking(settings, centers, broker_of(given.county) if given.county is not None else None)
    slow = SlowAsking(settings, centers, scope.context, given.county, chain, given.backups)
    watch = Watch(lambda: with_county(look(), centers, doors), slow)
    return Console(
        given.own, scope, watch, origin, receivers=given.receivers, doors=doors, chain=chain, proxy=given.proxy
    )


def proxy_login(output: Output, header: str, addresses: list[str] | None) -> ProxyLogin | None:
    """The proxy whose word counts; None where nobody has named a header."""
    if not header and not addresses:
        return None
    with suppress(ValueError):
        if TOKEN.fullmatch(header):
            return ProxyLogin.of(header, addresses or LOOPBACK)
    return output.fail(
        "--user-header 写请求头的名称，--proxy 写反向代理的地址，如 10.0.0.2 或 10.0.0.0/24",
        "--user-header names a header, --proxy an address of the reverse proxy, such as 10.0.0.2 or 10.0.0.0/24",
        USAGE,
    )


def looking(settings: CenterSettings, store: Store, ask_broker: AskBroker | None) -> Callable[[], Look]:
    """What a watch calls: asks the center's store, its process and the broker."""
    http = settings.http
    client = httpx.Client(base_url=f"http://{http.host}:{http.port}", timeout=ANSWERS_WITHIN, trust_env=False)

    def ask_center() -> Mapping[str, Any]:
        try:
            return {**client.get("/health/flow").json(), **client.get("/health/ready").json()}
        except (httpx.HTTPError, ValueError) as error:
            raise Away(f"{client.base_url}: {type(error).__name__}") from None

    file = ReplacedFile(store)

    def looked() -> Look:
        file.follow()
        return look(settings.center, store, datetime.now(UTC), ask_broker, ask_center)

    return looked


@contextmanager
def _own(url: str) -> Iterator[Store]:
    """The console's own store, made where it is not there yet."""
    store = Store(url)
    try:
        schema.upgrade(store)
        yield store
    finally:
        store.close()


@person.command()
def add(
    name: Annotated[str, typer.Argument(help="姓名：小写字母、数字、下划线 / a name: a-z, 0-9, _")],
    role: Annotated[Role, typer.Option(help="viewer | operator | administrator")] = Role.VIEWER,
    store: OwnStore = STORE,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """添加一人，或改其角色；随机密码只显示一次 / add a person; the random password is shown once."""
    output = Output(lang, as_json)
    with output.guarding():
        password = new_password()
        with _own(store) as own:
            try:
                people.keep(own, name, role, password, datetime.now(UTC))
            except people.BadPerson:
                output.fail(
                    "姓名用小写字母开头，可含数字与下划线",
                    "a name begins with a-z, and has a-z, 0-9 and _ alone",
                    USAGE,
                )
    if as_json:
        output.data({"name": name, "role": role.value, "password": password})
    else:
        output.say(f"{name} 的密码（只显示这一次）：{password}", f"the password of {name} (shown once): {password}")


@person.command()
def remove(
    name: Annotated[str, typer.Argument(help="姓名 / the name")],
    store: OwnStore = STORE,
    lang: Language = Lang.AUTO,
) -> None:
    """不再允许登录，并立即退出 / let a person sign in no more; its sessions end."""
    output = Output(lang)
    with output.guarding(), _own(store) as own:
        if not own.write(lambda tx: rows.remove_person(tx, name)):
            output.fail(f"没有 {name}", f"there is no {name}")


@person.command("list")
def list_(store: OwnStore = STORE, lang: Language = Lang.AUTO, as_json: AsJson = False) -> None:
    """列出可以登录的人 / who may sign in."""
    output = Output(lang, as_json)
    with output.guarding(), _own(store) as own, own.reading() as tx:
        found = [{"name": one.name, "role": one.role} for one in rows.people(tx)]
    if as_json:
        output.data(found)
    for one in found:
        output.say(f"{one['name']} {one['role']}", f"{one['name']} {one['role']}")

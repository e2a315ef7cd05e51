"""``bus``: the operators' commands, one file each. Exit codes: 0 success, 1 a finding or failure, 2 wrong usage or
settings.

The module of a command is loaded when it is called: ``bus --help`` and ``bus --version`` load none.
"""

import importlib
import sys
import warnings
from io import TextIOWrapper
from typing import Annotated

import typer

from bus.cli.lazy import LazyCommand, with_lazy

__all__ = ["app", "main"]

COMMANDS = (
    LazyCommand("run", "bus.cli.run:run", "运行一个中心，直到收到停止信号 / run one center until it is told to stop."),
    LazyCommand(
        "simulate",
        "bus.cli.simulate:simulate",
        "模拟某中心自己的业务系统；密钥取自 BUS_INTAKE_SECRET / simulate a center's own system.",
    ),
    LazyCommand(
        "demo",
        "bus.cli.demo:demo",
        "演示：一个县的各中心互相转办真实案件 / a demo: centers of one county hand over real cases.",
    ),
    LazyCommand(
        "doctor",
        "bus.cli.doctor:doctor",
        "检查消息服务器、权限、拓扑、存储、密钥、业务系统、时钟；有错误退出 1 / check all it needs; exit 1 on errors.",
    ),
    LazyCommand(
        "queues",
        "bus.cli.queues:queues",
        "消息服务器上各队列的积压；有异常时退出码 1 / each queue: depth, unacked, consumers; exit 1 where one is ill.",
    ),
    LazyCommand(
        "waiting",
        "bus.cli.waiting:waiting",
        "等待中的案件与报文：等谁、等了多久 / waiting cases and messages, by peer and age.",
    ),
    LazyCommand(
        "cases",
        "bus.cli.cases:cases",
        "本中心所知的案件，最早的在前 / the cases known to this center, the oldest first.",
    ),
    LazyCommand(
        "stats",
        "bus.cli.stats:stats",
        "本中心受理案件的指标，率旁都有分子分母 / figures of the cases registered here, with their numbers.",
    ),
    LazyCommand(
        "trace", "bus.cli.trace:trace", "一件案子在本中心的来龙去脉 / one case's journal in this center's store."
    ),
    LazyCommand(
        "send",
        "bus.cli.send:send",
        "签名并发送一个表单，跟踪其案件直到答复 / sign and send one form, and follow its case until it is answered.",
    ),
    LazyCommand(
        "import",
        "bus.cli.import_ledger:import_",
        "把台账导入运行中的中心，重复运行不会重复登记 / import a ledger; a second run repeats no row.",
    ),
    LazyCommand(
        "recover",
        "bus.cli.recover:recover",
        "库已恢复到备份：向各中心查询之后的往来 / after a restored backup: ask all centers for later messages.",
    ),
    LazyCommand(
        "erase",
        "bus.cli.erase:erase",
        "删除一个已结案件中的居民信息，统计不变 / erase the resident's data of a case; figures stay.",
    ),
    LazyCommand(
        "downgrade",
        "bus.cli.downgrade:downgrade",
        "把停下的中心的库退回 v0.1.0 的结构，案件不变 / take a stopped center's store back to the schema of v0.1.0.",
    ),
    LazyCommand("schemas", "bus.cli.schemas:schemas", "由模型生成 schemas/ / generate schemas/ from the models."),
    LazyCommand(
        "topology",
        "bus.cli.topology:topology",
        "消息服务器上的交换器、队列、用户 / exchanges, queues and users on the broker",
    ),
    LazyCommand("parked", "bus.cli.parked:parked", "搁置的报文与任务 / messages and tasks for an operator"),
    LazyCommand(
        "operate",
        "bus.cli.operate:operate",
        "值班处置：用值班密钥，从另一台机器查看并处置 / look into a center and mend it, with a staff key",
    ),
    LazyCommand(
        "clocks",
        "bus.cli.clocks:clocks",
        "时限与提醒：期限、重算、放行 / what is due, and who is reminded",
    ),
    LazyCommand("ledger", "bus.cli.ledger:ledger", "总账：全县案件的状态与指标 / the county's ledger of every case"),
    LazyCommand(
        "console", "bus.cli.console:console", "控制台：在浏览器中查看并处置 / the console: look and mend, in a browser"
    ),
    LazyCommand(
        "top",
        "bus.cli.top:top",
        "在终端里查看态势，每三秒刷新 / whether all is well, in a terminal, every three seconds.",
    ),
    LazyCommand("keys", "bus.cli.keys:keys", "密钥与名录 / keys, and the county's directory of them"),
    LazyCommand("pki", "bus.cli.pki:pki", "TLS 证书：消息服务器与各中心 / certificates for the broker and the centers"),
    LazyCommand("access", "bus.cli.access:access", "查阅与操作记录 / who has read residents' data, and operated"),
    LazyCommand("proof", "bus.cli.proof:proof", "回执凭证：对方签收了什么 / receipts that other centers have signed"),
    LazyCommand("restored", "bus.cli.old_words:restored", "bus recover", hidden=True),
)
"""Every command: its word, its module, and its line in the list, which repeats the command's own help."""


app = typer.Typer(
    name="bus",
    cls=with_lazy(*COMMANDS),
    help="四中心联动总线 / the four-center bus",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks print locals, and locals hold residents' data
)


def _version(asked: bool) -> None:
    if asked:
        importlib.import_module("bus.cli.version").tell()
        raise typer.Exit


@app.callback()
def _bus(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="版本与各适配器 / the version, and that of each adapter"
        ),
    ] = False,
) -> None:
    """四中心联动总线 / the four-center bus."""


def _one_line(message: Warning | str, *_where: object) -> str:
    """A warning as people read it, without the place in our code."""
    return f"{message}\n"


def main() -> None:
    """The program ``bus``."""
    warnings.formatwarning = _one_line  # type: ignore[assignment]  # of what it is given only the message is told
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # a terminal without Chinese gets question marks, and scripts the right exit code
            stream.reconfigure(errors="replace")
    app()

"""``bus access``: the access log of residents' data, and its integrity."""

import os
import pwd
from pathlib import Path
from typing import Annotated

import typer

from bus.bilingual import Bilingual
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import FAILURE, USAGE, AsJson, Lang, Language, Output, moment
from bus.operations.case_names import case_named
from bus.store import access_log

access = typer.Typer(help="查阅与操作记录 / who has read residents' data, and operated", no_args_is_help=True)

_HEADS = (
    Bilingual("编号", "Id"),
    Bilingual("时间", "When"),
    Bilingual("何人", "Who"),
    Bilingual("何物", "What"),
    Bilingual("案件", "Case"),
    Bilingual("为何", "Why"),
)


LOGIN = Path("/proc/self/loginuid")
"""The login user, which the kernel keeps through sudo and su."""
NOBODY = 2**32 - 1
"""The value when no user has logged in, such as in a service."""


def whoami(login: Path = LOGIN) -> str:
    """The user that runs this command, and the login user if it differs. The kernel is asked, because any user can set
    LOGNAME and SUDO_USER in the environment."""
    runs, came = os.getuid(), _logged_in(login)
    return _name(runs) if came in (runs, None) else f"{_name(came)} as {_name(runs)}"


def _logged_in(login: Path) -> int | None:
    try:
        uid = int(login.read_text())
    except (OSError, ValueError):  # this kernel keeps no record of logins
        return None
    return None if uid == NOBODY else uid


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


@access.command("list")
def list_(
    config: ConfigFile = None,
    case: Annotated[str | None, typer.Option(help="只列这一案件：编号、短编号或 UUID / only this case")] = None,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """列出查阅记录 / list the access log: who read what, when and why."""
    output = Output(lang, as_json)
    with output.guarding(), opened_store(store_settings(config)) as store, store.reading() as tx:
        wanted = str(case_named(tx, case) or case) if case else None
        found = list(access_log.entries(tx, wanted))
    if as_json:
        names = ("number", "at_ms", "who", "what", "case_id", "why")
        output.data([{name: getattr(one, name) for name in names} | {"digest": one.digest.hex()} for one in found])
    elif found:
        output.table(_HEADS, [(o.number, moment(o.at_ms), o.who, o.what, o.case_id, o.why) for o in found])
    else:
        output.say("无人查阅过", "no one has read any case")


@access.command()
def verify(
    config: ConfigFile = None,
    head: Annotated[str | None, typer.Option(help="上次的末值，应仍在其中 / the head of the last check")] = None,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """核对查阅记录是否完整，给出末值，另处留存；不完整时退出码 1 / verify the log; keep its head elsewhere."""
    output = Output(lang, as_json)
    try:
        known = bytes.fromhex(head) if head else None
    except ValueError:
        output.fail("--head 应为 64 位十六进制", "--head: 64 hexadecimal digits are needed", USAGE)
    with output.guarding(), opened_store(store_settings(config)) as store, store.reading() as tx:
        broken, newest, count = (
            access_log.broken(tx, known),
            access_log.head(tx).hex(),
            len(list(access_log.entries(tx))),
        )
    if as_json:
        output.data({"entries": count, "head": newest, "broken": broken})
    else:
        output.say(f"{count} 条，末值 {newest}", f"{count} entries, head {newest}")
        for number in broken:
            output.warn(*_fault(number))
    if broken:
        raise typer.Exit(FAILURE)


def _fault(number: int) -> tuple[str, str]:
    if number:
        return f"第 {number} 条被改动，或其前有缺失", f"entry {number} was altered, or one before it is gone"
    return (
        "上次的末值已不在其中：末尾被删，或全部重写",
        "the head of the last check is missing: the log was cut off or rewritten",
    )

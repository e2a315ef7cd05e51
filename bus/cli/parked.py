"""``bus parked``: what only an operator can mend; shown without anything of the resident, replayed, discarded."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bus.bilingual import Words
from bus.cli.access import whoami
from bus.cli.options import ConfigFile, opened_store, rules_of, store_settings
from bus.cli.output import FAILURE, USAGE, AsJson, Lang, Language, Voice, age, moment
from bus.cli.redacted import envelope, outline
from bus.context import Rules
from bus.operations import replay as acts
from bus.operations.backlog import stuck
from bus.settings import CenterSettings
from bus.store.database import Store

parked = typer.Typer(help="搁置的报文与任务 / what only an operator can mend", no_args_is_help=True)

_HEADS = (
    Words("编号", "Id"), Words("处", "Place"), Words("代码", "Code"), Words("状态", "State"), Words("对方", "Peer"),
    Words("案件", "Case"), Words("归属", "Owner"), Words("次数", "Times"), Words("已", "Age"), Words("提示", "Hint"),
)  # fmt: skip
_OUTCOMES = {
    acts.Outcome.APPLIED: Words("已生效", "applied"),
    acts.Outcome.ON_ITS_WAY: Words("已放回，正在处理", "on its way again"),
    acts.Outcome.SETTLED: Words("其间已了结，不再搁置", "settled meanwhile, no longer parked"),
    acts.Outcome.STILL_PARKED: Words("仍然搁置", "still parked"),
}
_STATES = {"parked": Words("搁置", "parked"), "waiting": Words("处理中", "in work")}

Number = Annotated[str, typer.Argument(metavar="ID", help="bus parked list 给出的编号 / as `bus parked list` shows it")]
Numbers = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="编号，可多个 / one or more")]


@parked.command("list")
def list_(
    config: ConfigFile = None,
    overdue: Annotated[float, typer.Option(min=0, help="多少秒无回执算逾期 / seconds without a receipt")] = 600,
    lang: Language = Lang.ZH,
    as_json: AsJson = False,
) -> None:
    """列出搁置的一切和逾期未回执的报文 / everything parked, and messages overdue for a receipt."""
    voice = Voice(lang, as_json)
    with voice.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store, store.reading() as tx:
            rows = stuck(tx, settings.center, _now(), overdue)
    if as_json:
        voice.data(rows)
    elif rows:
        voice.table(_HEADS, [_line(voice, row) for row in rows])
    else:
        voice.say("没有搁置的", "nothing is parked")


def _line(voice: Voice, row: dict[str, Any]) -> tuple[object, ...]:
    state = voice.pick(_STATES[row["state"]])
    since = age(row["first_ms"], int(_now().timestamp() * 1000))
    who = (row["peer"], row["case_id"], row["owner"])
    return (row["id"], row["place"], row["code"], state, *who, row["times"], since, row["hint"])


@parked.command()
def show(
    number: Number,
    config: ConfigFile = None,
    reveal: Annotated[
        bool,
        typer.Option("--reveal", help="显示全文，须附 --reason，记入查阅记录 / print the body; recorded"),
    ] = False,
    reason: Annotated[str, typer.Option(help="为何查阅，入查阅记录 / why you read it")] = "",
    lang: Language = Lang.ZH,
    as_json: AsJson = False,
) -> None:
    """显示一条：标签与字段名，不含居民信息 / one of them: its label and field names, nothing of the resident."""
    voice = Voice(lang, as_json)
    if reveal and not reason.strip():
        voice.fail("查阅居民信息须说明理由：--reason", "say why you read a resident's data: --reason", USAGE)
    with voice.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store:
            row_id = _row(voice, number)
            try:
                with store.reading() as tx:
                    row = acts.find(tx, row_id)
                body = _revealed(store, settings, row_id, reason) if reveal else row["body"]
            except acts.NotParked:
                _gone(voice, number)
    shown = {name: value for name, value in row.items() if name not in ("body", "first_ms", "last_ms")}
    shown |= {"first": moment(row["first_ms"]), "last": moment(row["last_ms"]), "bytes": len(body or b"")}
    shown |= {"envelope": envelope(body or b""), "fields": outline(body or b"")}
    if as_json:
        voice.data(shown | ({"body": (body or b"").decode(errors="replace")} if reveal else {}))
        return
    for name, value in shown.items():
        voice.table((Words(name, name),), [(line,) for line in _lines(value) if line is not None])
    if reveal:
        voice.warn("以下含居民个人信息，已记入查阅记录：", "what follows holds personal data; this is recorded:")
        typer.echo((body or b"").decode(errors="replace"))


def _lines(value: Any) -> list[Any]:  # noqa: ANN401 - whatever a row holds
    if isinstance(value, dict):
        return [f"{name} = {inner}" for name, inner in value.items()]
    return value if isinstance(value, list) else [value]


def _revealed(store: Store, settings: CenterSettings, row_id: int, reason: str) -> bytes | None:
    return acts.reveal(store, rules_of(settings), row_id, _now(), whoami(), reason.strip())


@parked.command()
def replay(
    numbers: Numbers = None,
    config: ConfigFile = None,
    code: Annotated[str, typer.Option(help="重放此代码的全部 / all that are parked with this code")] = "",
    lang: Language = Lang.ZH,
    as_json: AsJson = False,
) -> None:
    """原因消除后再试一次；仍搁置时退出码 1 / once the cause is mended, try again; exit 1 if still parked."""
    voice = Voice(lang, as_json)

    def act(store: Store, rules: Rules, number: str) -> tuple[str, str]:
        row_id = _row(voice, number)
        done = (acts.resend if number.startswith("o") else acts.replay)(store, rules, row_id, _now())
        return done.outcome.value, done.code

    done = _each(voice, config, numbers, code, act)
    if not as_json:
        for number, (outcome, why) in done.items():
            words = _OUTCOMES[acts.Outcome(outcome)]
            tail = f" ({why})" if why else ""
            voice.say(f"{number}：{words.zh}{tail}", f"{number}: {words.en}{tail}")
    if any(outcome == acts.Outcome.STILL_PARKED for outcome, _ in done.values()):
        raise typer.Exit(FAILURE)


@parked.command()
def discard(
    numbers: Numbers = None,
    reason: Annotated[str, typer.Option(help="理由，一个代码词 / why, one code word")] = "",
    config: ConfigFile = None,
    code: Annotated[str, typer.Option(help="丢弃此代码的全部 / all that are parked with this code")] = "",
    lang: Language = Lang.ZH,
    as_json: AsJson = False,
) -> None:
    """放弃，并记入流水 / give it up for good; noted in the journal with its reason."""
    voice = Voice(lang, as_json)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", reason):
        voice.fail(
            "请用 --reason 给出一个代码词，例：handled-by-phone",
            "--reason needs one code word, such as handled-by-phone",
            USAGE,
        )

    def act(store: Store, rules: Rules, number: str) -> tuple[str, str]:
        if number.startswith("o"):
            voice.fail(
                "未回执的报文不能丢弃：其后同案报文会一直等它；请等收件方恢复，或提请裁定",
                "a message without a receipt cannot be discarded: what follows it in its case would wait for ever; "
                "wait for its recipient, or ask the arbiter",
            )
        try:
            acts.discard(store, rules, _row(voice, number), reason, _now())
        except acts.MayNotGo:
            voice.fail(f"{number}：刚被重放，正在处理", f"{number}: it was replayed and is in work")
        return "discarded", reason

    for number in _each(voice, config, numbers, code, act):
        voice.say(f"{number}：已放弃", f"{number}: discarded")


def _each(
    voice: Voice,
    config: ConfigFile,
    numbers: list[str] | None,
    code: str,
    act: Callable[[Store, Rules, str], tuple[str, str]],
) -> dict[str, tuple[str, str]]:
    """Do it to each that is named, or parked with ``code``; as JSON the outcomes are printed here."""
    done: dict[str, tuple[str, str]] = {}
    with voice.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store:
            for number in _chosen(voice, store, numbers, code):
                try:
                    done[number] = act(store, rules_of(settings), number)
                except acts.NotParked:
                    _gone(voice, number)
    if voice.as_json:
        voice.data([{"id": number, "outcome": outcome, "code": why} for number, (outcome, why) in done.items()])
    return done


def _chosen(voice: Voice, store: Store, numbers: list[str] | None, code: str) -> list[str]:
    if bool(numbers) == bool(code):
        voice.fail("请给出编号，或用 --code", "name ids, or a --code, not both", USAGE)
    if numbers:
        return numbers
    with store.reading() as tx:
        return [str(row["id"]) for row in stuck(tx, "", _now(), 1e9) if row["code"] == code]


def _row(voice: Voice, number: str) -> int:
    plain = number.removeprefix("o")
    if not plain.isdecimal():
        voice.fail(f"{number} 不是编号", f"{number} is no id: `bus parked list` shows them", USAGE)
    return int(plain)


def _gone(voice: Voice, number: str) -> None:
    voice.fail(
        f"没有编号 {number}：可能其间已了结", f"nothing is parked as {number}: it may have been settled meanwhile"
    )


def _now() -> datetime:
    return datetime.now(UTC)

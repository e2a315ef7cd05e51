"""``bus parked show | replay | discard | end``: shows, retries or gives up parked items."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bus.bilingual import Bilingual
from bus.cli.access import whoami
from bus.cli.lookups import context_of
from bus.cli.options import ConfigFile, Reason, is_code_word, opened_store, store_settings
from bus.cli.output import FAILURE, USAGE, AsJson, Lang, Language, Output, moment
from bus.context import CenterContext
from bus.operations import discard as discarding
from bus.operations import lanes
from bus.operations import replay as acts
from bus.operations.backlog import backlog
from bus.operations.redacted import envelope, redacted
from bus.settings import CenterSettings
from bus.store.database import Store

_OUTCOMES = {
    acts.Outcome.APPLIED: Bilingual("已生效", "applied"),
    acts.Outcome.ON_ITS_WAY: Bilingual("已放回，正在处理", "pending again"),
    acts.Outcome.SETTLED: Bilingual("其间已了结，不再搁置", "settled meanwhile, no longer parked"),
    acts.Outcome.STILL_PARKED: Bilingual("仍然搁置", "still parked"),
}
Number = Annotated[str, typer.Argument(metavar="ID", help="bus parked list 给出的编号 / the id in `bus parked list`")]
Numbers = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="编号，可多个 / one or more")]


def show(
    number: Number,
    config: ConfigFile = None,
    reveal: Annotated[
        bool,
        typer.Option("--reveal", help="显示全文，须附 --reason，记入查阅记录 / print the body; logged"),
    ] = False,
    reason: Annotated[str, typer.Option(help="为何查阅，写入查阅记录 / the reason, kept in the access log")] = "",
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """显示一条：信封与字段名，不含居民信息 / show one: envelope and field names, no residents' data."""
    output = Output(lang, as_json)
    if reveal and not reason.strip():
        output.fail(
            "查阅居民信息须说明理由：--reason", "give the reason for reading a resident's data: --reason", USAGE
        )
    with output.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store:
            row_id = _row(output, number)
            try:
                with store.reading() as tx:
                    item = acts.find(tx, row_id)
                body = _revealed(store, settings, row_id, reason) if reveal else item.body
            except acts.NotParked:
                _gone(output, number)
    hidden = ("number", "body", "first_ms", "last_ms")
    shown = {"id": item.number} | {name: value for name, value in item._asdict().items() if name not in hidden}
    shown |= {"first": moment(item.first_ms), "last": moment(item.last_ms), "bytes": len(body or b"")}
    shown |= {"envelope": envelope(body or b""), "fields": redacted(body or b"")}
    if as_json:
        output.data(shown | ({"body": (body or b"").decode(errors="replace")} if reveal else {}))
        return
    for name, value in shown.items():
        output.table((Bilingual(name, name),), [(line,) for line in _lines(value) if line is not None])
    if reveal:
        output.warn("以下含居民个人信息，已记入查阅记录：", "personal data follow; this access is logged:")
        typer.echo((body or b"").decode(errors="replace"))


def _lines(value: Any) -> list[Any]:  # noqa: ANN401 - whatever a row holds
    if isinstance(value, dict):
        return [f"{name} = {inner}" for name, inner in value.items()]
    return value if isinstance(value, list) else [value]


def _revealed(store: Store, settings: CenterSettings, row_id: int, reason: str) -> bytes | None:
    return acts.reveal(store, context_of(settings, store), row_id, _now(), whoami(), reason.strip())


def replay(
    numbers: Numbers = None,
    config: ConfigFile = None,
    code: Annotated[str, typer.Option(help="重放此代码的全部 / all items with this code")] = "",
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """原因消除后再试一次；仍搁置时退出码 1 / retry once the cause is fixed; exit 1 if still parked."""
    output = Output(lang, as_json)

    def act(store: Store, context: CenterContext, number: str) -> tuple[str, str]:
        row_id = _row(output, number)
        done = (acts.resend if number.startswith("o") else acts.replay)(store, context, row_id, _now())
        return done.outcome.value, done.code

    done = _each(output, config, numbers, code, act)
    if not as_json:
        for number, (outcome, why) in done.items():
            words = _OUTCOMES[acts.Outcome(outcome)]
            tail = f" ({why})" if why else ""
            output.say(f"{number}：{words.zh}{tail}", f"{number}: {words.en}{tail}")
    if any(outcome == acts.Outcome.STILL_PARKED for outcome, _ in done.values()):
        raise typer.Exit(FAILURE)


def discard(
    numbers: Numbers = None,
    reason: Reason = "",
    config: ConfigFile = None,
    code: Annotated[str, typer.Option(help="丢弃此代码的全部 / all items with this code")] = "",
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """放弃，并记入流水 / give it up for good; the journal keeps the reason."""
    output = Output(lang, as_json)
    _needs_code_word(output, reason)

    def act(store: Store, context: CenterContext, number: str) -> tuple[str, str]:
        if number.startswith("o"):
            output.fail(
                "未回执的报文不能丢弃：其后同案报文会一直等它；请等收件方恢复，或提请裁定；无此中心用 bus parked end",
                "a message without a receipt cannot be discarded: later messages of its case would wait for ever; "
                "wait for its recipient, or ask the arbiter; `bus parked end` where there is no such center",
            )
        try:
            discarding.discard(store, context, _row(output, number), reason, _now())
        except discarding.MayNotGo as no:
            if no.code == acts.HELD:
                output.fail(
                    f"{number}：有人保留，暂不处置；见 bus operate release", f"{number}: a person holds it for now"
                )
            output.fail(f"{number}：刚被重放，正在处理", f"{number}: it was just replayed and is being handled")
        return "discarded", reason

    for number in _each(output, config, numbers, code, act):
        output.say(f"{number}：已放弃", f"{number}: discarded")


def end(
    centers: Annotated[
        list[str] | None, typer.Argument(metavar="CENTER...", help="并不存在的中心 / centers that do not exist")
    ] = None,
    reason: Reason = "",
    strangers: Annotated[bool, typer.Option("--strangers", help="所有并不存在的中心 / all such centers")] = False,
    config: ConfigFile = None,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """放弃发给并不存在的中心的一切报文，并记入流水 / give up all messages to a center that does not exist; logged."""
    output = Output(lang, as_json)
    _needs_code_word(output, reason)
    if bool(centers) == strangers:
        output.fail("请给出中心名称，或用 --strangers", "name centers, or --strangers, not both", USAGE)
    done: dict[str, lanes.Ended] = {}
    with output.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store:
            context = context_of(settings, store)
            for center in centers or lanes.strangers(store, context):
                try:
                    done[center] = lanes.end_lanes(store, context, center, reason, _now())
                except lanes.LaneInUse:
                    output.fail(
                        f"{center} 存在，或只是暂时不在：报文保留；久不应答可提请裁定",
                        f"{center} exists, or is only away: its messages stay; or ask the arbiter",
                    )
    if as_json:
        output.data([{"center": center, **asdict(ended)} for center, ended in done.items()])
    for center, ended in done.items():
        output.say(
            f"{center}：放弃 {ended.messages} 件报文，涉及 {ended.cases} 个案件",
            f"{center}: {ended.messages} messages of {ended.cases} cases given up",
        )


def _needs_code_word(output: Output, reason: str) -> None:
    if not is_code_word(reason):
        output.fail(
            "请用 --reason 给出一个代码词，例：handled-by-phone",
            "--reason needs one code word, such as handled-by-phone",
            USAGE,
        )


def _each(
    output: Output,
    config: ConfigFile,
    numbers: list[str] | None,
    code: str,
    act: Callable[[Store, CenterContext, str], tuple[str, str]],
) -> dict[str, tuple[str, str]]:
    """Act on each named item, or on all parked with ``code``; with JSON the outcomes are printed here."""
    done: dict[str, tuple[str, str]] = {}
    with output.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store:
            for number in _chosen(output, store, numbers, code):
                try:
                    done[number] = act(store, context_of(settings, store), number)
                except acts.NotParked:
                    _gone(output, number)
    if output.as_json:
        output.data([{"id": number, "outcome": outcome, "code": why} for number, (outcome, why) in done.items()])
    return done


def _chosen(output: Output, store: Store, numbers: list[str] | None, code: str) -> list[str]:
    if bool(numbers) == bool(code):
        output.fail("请给出编号，或用 --code", "name ids, or a --code, not both", USAGE)
    if numbers:
        return numbers
    with store.reading() as tx:
        chosen = [str(row["id"]) for row in backlog(tx, "", _now(), 1e9, None) if row["code"] == code]
    if not chosen and not output.as_json:
        output.say(f"没有代码为 {code} 的搁置项", f"nothing is parked with the code {code}")
    return chosen


def _row(output: Output, number: str) -> int:
    plain = number.removeprefix("o")
    if not plain.isdecimal():
        output.fail(f"{number} 不是编号", f"{number} is not an id: see `bus parked list`", USAGE)
    return int(plain)


def _gone(output: Output, number: str) -> None:
    output.fail(
        f"没有编号 {number}：可能其间已了结", f"nothing is parked as {number}: it may have been settled meanwhile"
    )


def _now() -> datetime:
    return datetime.now(UTC)

"""The answers of a center as ``bus operate`` prints them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import typer

from bus.bilingual import Bilingual
from bus.cli.output import Output, age, moment

_ITEMS = tuple(
    Bilingual(*words)
    for words in (
        ("编号", "Id"), ("处", "Place"), ("代码", "Code"), ("状态", "State"), ("对方", "Peer"), ("案件", "Case"),
        ("归属", "Owner"), ("次数", "Times"), ("已", "Age"), ("保留", "Held by"), ("备注", "Note"),
    )
)  # fmt: skip
_OPERATIONS = tuple(
    Bilingual(*words)
    for words in (
        ("处置", "Operation"), ("动作", "Act"), ("状态", "State"), ("提出", "Made by"), ("执行", "Run by"),
        ("理由", "Why"), ("共", "Size"), ("已办", "Done"), ("又搁置", "Parked again"), ("被拒", "Refused"),
    )
)  # fmt: skip
_WAITING = tuple(
    Bilingual(*words) for words in (("处", "Place"), ("对方", "Peer"), ("件数", "Count"), ("最早", "Oldest"))
)
_PAUSED = tuple(
    Bilingual(*words)
    for words in (("暂停", "Paused"), ("名称", "Name"), ("何人", "By"), ("为何", "Why"), ("起", "Since"))
)


def show(output: Output, answer: Mapping[str, Any]) -> None:
    """Print an answer."""
    if output.as_json:
        output.data(answer)
        return
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    if "items" in answer:
        output.table(
            _ITEMS, [_item(one, now_ms) for one in answer["items"]], Bilingual("搁置与逾期", "Parked, overdue")
        )
    if "waiting" in answer:
        waits = [(one["place"], one["peer"], one["count"], age(one["oldest_ms"], now_ms)) for one in answer["waiting"]]
        output.table(_WAITING, waits)
    found = [answer["operation"]] if answer.get("operation") else answer.get("operations") or []
    if found:
        output.table(_OPERATIONS, [_operation(one) for one in found], Bilingual("处置", "Operations"))
    if answer.get("operation"):
        _tell_operation(output, answer["operation"])
    if answer.get("paused"):
        rows = [(o["what"], o["name"], o["paused_by"], o["why"], moment(o["at_ms"])) for o in answer["paused"]]
        output.table(_PAUSED, rows)
    elif "paused" in answer and "items" not in answer:
        output.say("没有暂停的", "nothing is paused")
    for name, value in (answer.get("item") or {}).items():
        output.table((Bilingual(name, name),), [(line,) for line in _lines(value) if line is not None])
    if "body" in answer:
        output.warn("以下含居民个人信息，已记入查阅记录：", "personal data follow; this access is logged:")
        typer.echo(answer["body"])


def _item(one: Mapping[str, Any], now_ms: int) -> tuple[object, ...]:
    return (
        one["id"], one["place"], one["code"], one["state"], one["peer"], one["case_id"], one["owner"], one["times"],
        age(one["first_ms"], now_ms), one.get("held_by"), one.get("note"),
    )  # fmt: skip


def _operation(one: Mapping[str, Any]) -> tuple[object, ...]:
    names = ("id", "act", "state", "made_by", "run_by", "why", "size", "done", "parked_again", "refused")
    return tuple(one[name] for name in names)


def _tell_operation(output: Output, one: Mapping[str, Any]) -> None:
    """What comes next of a preview, and what a second person must look at."""
    for item in one.get("items") or ():
        output.say(
            f"{item['item']}：{item['outcome'] or '未办'} {item['code'] or ''}",
            f"{item['item']}: {item['outcome'] or 'not yet'} {item['code'] or ''}",
        )
    if one["state"] == "previewed":
        output.say(
            f"共 {one['size']} 件，尚未执行；执行：bus operate … run {one['id']}",
            f"{one['size']} in all, and nothing is done yet: `bus operate … run {one['id']}`",
        )
    if one["state"] == "awaits-second":
        to = one["what"].get("to", "")
        output.say(
            f"收回给 {to}；须另一人核对后批准：bus operate … approve {one['id']} --digest {one['digest']}",
            f"to {to}; another person looks at it and approves: `bus operate … approve {one['id']} --digest "
            f"{one['digest']}`",
        )


def _lines(value: Any) -> list[Any]:  # noqa: ANN401 - whatever a row holds
    if isinstance(value, dict):
        return [f"{name} = {inner}" for name, inner in value.items()]
    return value if isinstance(value, list) else [value]

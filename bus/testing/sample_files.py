"""The faults of a sample that show before it is played: unknown kinds, fields or effects."""

from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel, ValidationError

from bus.contract.case import Case
from bus.contract.messages import BY_NAME
from bus.custody import commands
from bus.sdk.center import Activity, Link
from bus.testing.difference import Difference, shown, told
from bus.testing.samples import InSample, Json, OutSample

COMMANDS: dict[str, type[BaseModel]] = {one.__name__: one for one in (*get_args(commands.Command), Link, Activity)}
"""Everything that a handler may return, by name."""
CASES: dict[str, type[BaseModel]] = {"case": Case}


def faults_of_form(sample: InSample) -> Iterator[str]:
    """The faults of a form's sample."""
    found = list(_of_commands(sample.commands))
    if found:
        yield told(sample.file, "样例写错了", "the sample itself is wrong", found)


def faults_of_message(sample: OutSample) -> Iterator[str]:
    """The faults of a message's sample."""
    if sample.kind not in BY_NAME:
        yield told(f"out/{sample.name}.json", "报文类型不存在", "unknown kind of message")
        return
    if not sample.effects:
        yield told(
            sample.file,
            "没有写明任何效果，请写明工作人员应看到什么",
            "it names no effect: write the effect that staff must see",
        )
    found = list(_of_commands(sample.commands))
    found += [
        Difference(f"effects[{number}]", '{"what": …, "record": {…}}', shown(effect), "缺少字段 / a field is missing")
        for number, effect in enumerate(sample.effects)
        if not (isinstance(effect, dict) and effect.keys() >= {"what", "record"})
    ]
    if found:
        yield told(sample.file, "样例写错了", "the sample itself is wrong", found)
    try:
        BY_NAME[sample.kind].model_validate(sample.data, strict=False)
    except ValidationError as error:
        wrong = [
            Difference(".".join(map(str, one["loc"])), one["msg"], shown(one["input"]), one["type"])
            for one in error.errors(include_url=False)
        ]
        yield told(f"out/{sample.name}.json", "不是该类型的报文", f"this is not a {sample.kind}", wrong)


def _of_commands(commands_: list[Json]) -> Iterator[Difference]:
    """Commands of unknown kind, and unknown fields."""
    for number, command in enumerate(commands_):
        path, kind = f"commands[{number}]", str(command.get("kind"))
        if kind not in COMMANDS:
            yield Difference(f"{path}.kind", " | ".join(COMMANDS), kind, "没有这种命令 / unknown command")
            continue
        yield from _of_fields({k: v for k, v in command.items() if k != "kind"}, COMMANDS[kind], path)


def _of_fields(value: Json, model: type[BaseModel], path: str) -> Iterator[Difference]:
    for name, inner in value.items():
        if name not in model.model_fields:
            yield Difference(
                f"{path}.{name}", " | ".join(model.model_fields), name, f"没有这个字段 / no field of {model.__name__}"
            )
        elif name in CASES and isinstance(inner, dict):
            yield from _of_fields(inner, CASES[name], f"{path}.{name}")

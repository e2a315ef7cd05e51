"""``bus ledger findings``: what the auditor has found in the county, with evidence and cure."""

from typing import Annotated, Any

import typer

from bus.audit import Finding, cure, what
from bus.bilingual import Bilingual
from bus.cli.ledger import ledger_settings, now_ms
from bus.cli.options import ConfigFile, opened_store
from bus.cli.output import FAILURE, AsJson, Lang, Language, Output, age
from bus.store import findings as kept

_HEADS = (
    Bilingual("编号", "Number"),
    Bilingual("代码", "Code"),
    Bilingual("中心", "Center"),
    Bilingual("案件或对象", "Case or subject"),
    Bilingual("已", "Since"),
    Bilingual("问题", "Found"),
    Bilingual("办法", "Cure"),
)


def findings(
    config: ConfigFile = None,
    cleared: Annotated[bool, typer.Option("--cleared", help="已消除的，最近的在前 / those that were cleared")] = False,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """稽核发现的问题和办法；有则退出码 1 / what the auditor has found, with cures; exit 1 where any is open."""
    output = Output(lang, as_json)
    with output.guarding(), opened_store(ledger_settings(output, config)) as store, store.reading() as tx:
        found = kept.listed(tx, cleared=cleared)
    if as_json:
        output.data([_as_json(output, one) for one in found])
    elif found:
        output.table(_HEADS, [_row(output, one) for one in found])
    else:
        output.say("没有问题", "nothing is wrong")
    if found and not cleared:
        raise typer.Exit(FAILURE)


def _row(output: Output, one: Finding) -> tuple[object, ...]:
    since = age(one.since_ms, now_ms())
    return (one.number, one.code, one.center, one.subject, since, output.pick(what(one)), output.pick(cure(one)))


def _as_json(output: Output, one: Finding) -> dict[str, Any]:
    shown = [{name: value for name, value in part._asdict().items() if value is not None} for part in one.evidence]
    return one._asdict() | {"evidence": shown, "found": output.pick(what(one)), "cure": output.pick(cure(one))}

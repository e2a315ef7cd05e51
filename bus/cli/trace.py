"""``bus trace``: one case as this center knows it: holder, journal, waiting items. No residents' data."""

from typing import Annotated, Any

import typer

from bus.bilingual import Bilingual
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import AsJson, Lang, Language, Output, moment
from bus.contract.rules import BY_KIND
from bus.contract.short_number import short_number
from bus.custody import Record
from bus.custody.papers import missing
from bus.custody.plans import progress
from bus.operations.case_names import case_named
from bus.operations.journal_words import way_words
from bus.store import cases, waiting
from bus.store.database import Tx

_JOURNAL = (
    Bilingual("时间", "At"),
    Bilingual("方式", "Way"),
    Bilingual("事项", "Kind"),
    Bilingual("对方", "Peer"),
    Bilingual("承办", "Holder"),
    Bilingual("版本", "Version"),
    Bilingual("备注", "Note"),
)
_WAITING = (
    Bilingual("处", "Place"),
    Bilingual("事项", "Kind"),
    Bilingual("对方", "Peer"),
    Bilingual("状态", "State"),
    Bilingual("次数", "Attempts"),
    Bilingual("自", "Since"),
    Bilingual("原因", "Why"),
)


def trace(
    case: Annotated[str, typer.Argument(help="案件编号、短编号或 UUID / number, short number or UUID")],
    config: ConfigFile = None,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """一件案子在本中心的来龙去脉 / one case's journal in this center's store."""
    output = Output(lang, as_json)
    with output.guarding(), opened_store(store_settings(config)) as store, store.reading() as tx:
        case_id = case_named(tx, case)
        record = cases.read_each(tx, [case_id]).records.get(case_id) if case_id else None
        lines = cases.journal(tx, case_id) if case_id else []
        unsettled = _waiting(tx, str(case_id))
    if record is None and not lines and not unsettled:
        output.fail(
            "本中心没有这个案件；请核对编号，或到其他中心查", "no such case here: check it, or ask another center"
        )
    facts = _facts(record) if record else {"case": str(case_id)}
    if as_json:
        output.data({"case": facts, "journal": [_plain(line) for line in lines], "waiting": unsettled})
        return
    for name, value in facts.items():
        typer.echo(f"{name}\t{value}")
    output.table(_JOURNAL, [_journal_row(output, line) for line in lines], Bilingual("流水", "Journal"))
    if unsettled:
        rows = [(*list(one.values())[:5], moment(one["since_ms"]), one["why"]) for one in unsettled]
        output.table(_WAITING, rows, Bilingual("尚未了结", "Not yet settled"))


def _facts(record: Record) -> dict[str, Any]:
    """The case's state; of its content only the category."""
    offer = record.offer_out.pending if record.offer_out else ()
    return {
        "case": str(record.case.case_id),
        "number": record.case.number,
        "short_number": short_number(record.case.case_id),
        "origin": record.case.origin,
        "holder": record.holder,
        "version": record.version,
        "status": record.status.value,
        "round": record.round,
        "category": record.case.category,
        "path": " → ".join(record.path),
        "returns": len(record.returns),
        "offered_to": ", ".join(offer),
        "offered_by": record.offer_in.offerer if record.offer_in else "",
        "arbiter_asked": record.arbitration or "",
        "due": str(record.due or ""),
        "plan": progress(record.plan) if record.plan else "",
        "papers_missing": len(missing(record)),
    }


def _plain(line: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the journal
    return {name: value for name, value in dict(line).items() if name != "id"}


def _journal_row(output: Output, line: Any) -> tuple[object, ...]:  # noqa: ANN401 - a row of the journal
    rule = BY_KIND.get(line["kind"])
    kind = line["kind"] if rule is None else f"{output.text(rule.zh, rule.en)} {rule.kind}"
    way = output.text(way_words(line["way"]).zh, line["way"])
    return (moment(line["at_ms"]), way, kind, line["peer"], line["holder"], line["version"], line["note"])


def _waiting(tx: Tx, case_id: str) -> list[dict[str, Any]]:
    """The case's rows in the outbox, in the inbox, held back, or parked here."""
    found = waiting.of_case(tx, case_id)
    return [
        *(
            _one("outbox", r["kind"], r["recipient"], r["state"], r["attempts"], r["created_ms"], r["trouble"])
            for r in found.outbox
        ),
        *(
            _one("desk", r["kind"], r["source"], r["state"], r["attempts"], r["created_ms"], r["reason"])
            for r in found.work
        ),
        *(
            _one("held", f"#{r['sequence']}", r["peer"], "waiting", 0, r["at_ms"], "earlier-missing")
            for r in found.held
        ),
        *(
            _one("parked", f"{r['place']} {r['id']}", r["peer"], "parked", r["times"], r["first_ms"], r["code"])
            for r in found.parked
        ),
    ]


def _one(place: str, kind: str, peer: str, state: str, attempts: int, since_ms: int, why: str) -> dict[str, Any]:
    return {
        "place": place, "kind": kind, "peer": peer, "state": state, "attempts": attempts, "since_ms": since_ms,
        "why": why,
    }  # fmt: skip

"""Good messages of every kind, to be damaged: addressed to the center, in a case of their own, with a canary in
them."""

import json

from bus.contract.case import Case, Person
from bus.contract.codec import encode
from bus.contract.export.examples import CASE, example
from bus.contract.messages import BY_NAME, CaseMessage
from bus.contract.rules import CONTRACT, Rule
from verification.corpus.items import ME, PEER, Canary, Dealer, Json

RULES: tuple[Rule, ...] = CONTRACT
WORDS = ("text", "note", "public_reply", "internal_note", "ask", "reason_text", "commitment", "title")
"""Fields with text written by people."""
ABOUT_CASES = tuple(rule for rule in RULES if issubclass(BY_NAME[rule.kind], CaseMessage))
OPENERS = (
    *("case.offered", "case.assist-requested", "case.arbitration-requested", "case.ruled"),
    *("case.extension-requested", "case.escalated"),
)
"""Kinds that may open a case here."""


def good(rule: Rule, deal: Dealer, canary: Canary | None = None) -> Json:
    """The example of this kind as JSON: a fresh id, a fresh case, from PEER to ME, and a canary in its text fields."""
    document: Json = json.loads(encode(example(rule)))
    document |= {"id": str(deal.id()), "source": PEER, "recipient": ME}
    case_id = str(deal.id())
    if "subject" in document:
        document["subject"] = case_id
    document["data"] = _with_canary(document["data"], case_id, canary or deal.canary())
    return document


def _with_canary(data: Json, case_id: str, canary: Canary) -> Json:
    mark = canary.word
    told: Json = {name: f"{mark} {value}" if name in WORDS else value for name, value in data.items()}
    told["extra"] = mark  # receivers ignore unknown fields, so every kind can hold one
    if "resident" in data:
        told["resident"] = {"name": mark, "phone": canary.phone, "address": mark}
    if isinstance(data.get("case"), dict):
        told["case"] = data["case"] | {
            "case_id": case_id,
            "number": f"N-{case_id}",
            "title": mark,
            "text": f"{mark} {canary.phone}",
        }
        if data["case"].get("resident"):
            told["case"]["resident"] = {"name": mark, "phone": canary.phone, "address": mark}
    return told


def a_case(deal: Dealer, canary: Canary, origin: str) -> Case:
    """A known case, for messages that need one."""
    case_id = deal.id()
    return CASE.model_copy(
        update={
            "case_id": case_id,
            "number": f"N-{case_id}",
            "origin": origin,
            "title": canary.word,
            "text": canary.word,
            "resident": Person(name=canary.word, phone=canary.phone),
            "attachments": (),
        }
    )

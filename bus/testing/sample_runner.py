"""The player of samples: it sets the prior record, sends the form or message, and compares the results."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from bus.contract.case import Case
from bus.contract.envelope import Message
from bus.contract.ids import new_id
from bus.contract.messages import BY_NAME, ReceiptItem
from bus.custody.progress import WITHHELD
from bus.store import tables as t
from bus.testing.adapter_harness import AdapterHarness, a_case
from bus.testing.difference import Difference, differences, shown, told
from bus.testing.given_records import before_doing, before_hearing
from bus.testing.samples import InSample, Json, OutSample, renamed

SAID_BY = {
    "Offer": "case.offered", "Accept": "case.accepted", "Decline": "case.declined",
    "Withdraw": "case.withdrawal-requested", "Report": "case.progressed", "AskAssist": "case.assist-requested",
    "AnswerAssist": "case.assist-answered", "Urge": "case.urged", "Resolve": "case.resolved", "Close": "case.closed",
    "Rate": "case.rated", "Reopen": "case.reopened", "Publish": "case.published",
    "AskArbiter": "case.arbitration-requested", "Rule": "case.ruled", "MakePlan": "case.assist-requested",
    "CheckPapers": "case.progressed",
    "AskExtension": "case.extension-requested", "AnswerExtension": "case.extension-answered",
    "Hold": "case.progressed", "Resume": "case.progressed",
}  # fmt: skip
"""The message kind that reports each command."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent, and its answer."""

    sample: InSample
    answer: httpx.Response
    commands: list[Json] | None
    """The handler's commands; None if it was not reached."""


@dataclass(frozen=True, slots=True)
class Played:
    """A message that was sent to the center."""

    sample: OutSample
    message: Message[Any]
    body: bytes
    effects: list[Json]
    """The sample's effects, with the names of this run."""
    commands: list[Json]

    @property
    def key(self) -> str:
        """The prefix of all idempotency keys of this message."""
        return str(self.message.id)


def send(harness: AdapterHarness, sample: InSample, body: Json | None = None) -> Sent:
    """Set the sample's prior record, and send its form."""
    case_id = _case_of(sample)
    hint = str(sample.given.get("record", ""))
    now = datetime.now(UTC)
    like = _like(harness, case_id, harness.me)
    record = before_doing(sample.commands, hint, like, harness.me, now, harness.beside)
    if record is not None:
        natives = {}
        for name in sample.given.get("links", {}):
            system, _, native = name.partition("/")
            natives[system] = native
        harness.remember(record, natives)
    before = len(harness.commands)
    answer = harness.post(sample.form, body or sample.body)
    said = [items for name, items in harness.commands[before:] if name == sample.form]
    return Sent(sample, answer, said[0] if said else None)


def _case_of(sample: InSample) -> UUID:
    """The sample's case: by its links, or by an id in its body; a new one for a registration."""
    for linked in sample.given.get("links", {}).values():
        return UUID(linked)
    found = _UUID.search(json.dumps(sample.body.get("case_id") or sample.body))
    return UUID(found[0]) if found else new_id()


def play(harness: AdapterHarness, sample: OutSample, changes: Json | None = None) -> Played:
    """Set the sample's prior record under new names, and send the sample's message."""
    message, effects = ready(harness, sample, changes)
    return Played(sample, message, harness.peers.say(message), effects, sample.commands)


def ready(harness: AdapterHarness, sample: OutSample, changes: Json | None = None) -> tuple[Message[Any], list[Json]]:
    """Set up ``play``: the message is composed but not sent."""
    case_id, turn = new_id(), new_id().hex[-6:]
    natives = {system: f"{native}-{turn}" for system, native in sample.given.get("natives", {}).items()}
    names = {native: natives[system] for system, native in sample.given.get("natives", {}).items()}
    told = {**sample.data, **(changes or {})}
    if isinstance(told.get("case"), dict):
        names[told["case"]["case_id"]] = str(case_id)
        names[told["case"]["number"]] = f"{told['case']['number']}-{turn}"
    elif found := _UUID.search(json.dumps(sample.effects)):
        names[found[0]] = str(case_id)
    source = str(sample.given.get("source", harness.beside.peer))
    data: Any = BY_NAME[sample.kind].model_validate_json(json.dumps(renamed(told, names)))
    origin = harness.me if sample.given.get("role") == "origin" else source
    now = datetime.now(UTC)
    record = before_hearing(data, _like(harness, case_id, origin), harness.me, source, now, harness.beside)
    if record is not None:
        harness.remember(record, natives)
    return harness.peers.compose(source, data, case_id), renamed(sample.effects, names)


def _like(harness: AdapterHarness, case_id: UUID, origin: str) -> Case:
    """A case like that of the adapter's own samples."""
    for sample in harness.samples.outs:
        if isinstance(sample.data.get("case"), dict):
            told = {**sample.data["case"], "case_id": str(case_id), "origin": origin, "number": f"N-{case_id.hex}"}
            return Case.model_validate_json(json.dumps(told))
    return a_case(case_id, origin)


def done(harness: AdapterHarness, *played: Played) -> bool:
    """Whether all of them are finished, or parked for the operator."""
    return all(p.message.id in harness.peers.receipts for p in played) and (
        harness.count(t.work, t.work.c.state == "waiting") == 0
    )


def verdict(harness: AdapterHarness, played: Played) -> ReceiptItem:
    """The latest receipt of the message."""
    return harness.peers.receipts[played.message.id][-1]


def fault_of(harness: AdapterHarness, played: Played, records: list[Json] | None = None) -> str:
    """The fault of a message's effects in the center's own system; empty if each is there, once. ``records``: its
    records, if already read."""
    return fault_of_effects(harness, played) or _fault_of_records(
        harness, played, harness.records() if records is None else records
    )


def faults_of(harness: AdapterHarness, played: Iterable[Played]) -> list[str]:
    """The faults of many messages, at most one of each; the records are read once."""
    records = harness.records()
    return [fault for one in played if (fault := fault_of(harness, one, records))]


def fault_of_effects(harness: AdapterHarness, played: Played) -> str:
    """The fault of a message's effects, apart from the records' contents."""
    found = harness.effects(played.key)
    wanted, got = (sorted(effect["what"] for effect in effects) for effects in (played.effects, found))
    if not wanted:
        return told(
            played.sample.file,
            "没有写明任何效果，请写明工作人员应看到什么",
            "the sample names no effect: write the effect that staff must see",
        )
    if got != wanted:
        parked = [row["code"] for row in harness.parked() if row["message_id"] == played.key]
        told_why = f"; 搁置原因 / parked: {parked}" if parked else ""
        wrong = [
            Difference("effects", one.expected, one.got, one.detail + told_why)
            for one in differences(got, wanted, "effects")
        ]
        return told(played.sample.file, "业务系统中的效果不对", "other effects in the center's system", wrong)
    keys = [effect["key"] for effect in found]
    if len(set(keys)) != len(keys):
        return told(played.sample.file, "两个效果用了同一个幂等键", "two effects under one idempotency key")
    return ""


def _fault_of_records(harness: AdapterHarness, played: Played, records: list[Json]) -> str:
    """The difference between the sample's expectation and the most similar record."""
    found = harness.effects(played.key)
    for number, effect in enumerate(played.effects):
        mine = [one for one in found if one["what"] == effect["what"]]
        path = f"effects[{number}].record"
        unlike = [list(differences(record, effect["record"], path)) for record in _touched(records, mine, played)]
        if effect["record"] and not unlike:
            unlike = [
                [Difference(path, shown(effect["record"]), "—", "没有对应的记录 / no record belongs to this case")]
            ]
        if effect["record"] and (closest := min(unlike, key=len)):
            zh, en = (
                f"业务系统的记录与“{effect['what']}”的样例不符",
                f"the vendor's record does not show {effect['what']} as the sample says",
            )
            return told(played.sample.file, zh, en, closest)
    return ""


def _touched(records: list[Json], effects: list[Json], played: Played) -> list[Json]:
    """The records that these effects touch, or that name the case."""
    ids = {str(e["record"]) for e in effects} | {str(v) for e in effects for v in e["answer"].values()}
    case_id = str(played.message.subject)
    return [r for r in records if ids & {v for v in r.values() if isinstance(v, str)} or case_id in json.dumps(r)]


def told_by(harness: AdapterHarness, command: Json, case_id: UUID) -> list[Difference]:
    """The differences between a command and the messages that report it; none if they agree."""
    kind = SAID_BY[str(command["kind"])]
    messages = [m for m in harness.peers.about(case_id) if m.data.kind == kind]
    if not messages:
        return [Difference(kind, shown(command), "—", f"没有任何中心收到 / no {kind} reached any center")]
    if command["kind"] == "Offer" and {m.recipient for m in messages} != set(command["to"]):
        return list(differences(sorted({m.recipient for m in messages}), sorted(command["to"]), f"{kind}.recipients"))
    said = messages[0].data.model_dump(mode="json")
    wanted = {
        name: value
        for name, value in (command | _withheld(command)).items()
        if name in said and name not in ("kind", "to", "assist_id")
    }
    return list(differences(said, wanted, kind))


def _withheld(command: Json) -> Json:
    """The fields that peers receive in place of the holder's own."""
    if command["kind"] == "Resolve":
        return {"internal_note": None}
    return {"text": WITHHELD} if command["kind"] == "Report" and command.get("public") is False else {}

"""Checks of an adapter's golden samples: every form becomes its commands, every kind has its effect, each once."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bus.contract.messages import CASE_KINDS, LATER_KINDS, Verdict
from bus.store import tables as t
from bus.testing.adapter_harness import AdapterHarness
from bus.testing.difference import Difference, differences, told
from bus.testing.sample_files import faults_of_form, faults_of_message
from bus.testing.sample_runner import SAID_BY, Played, Sent, done, fault_of, faults_of, play, send, told_by, verdict
from bus.testing.samples import InSample, Json, OutSample, dated


def all_well(faults: list[str]) -> None:
    """Fail with all faults, one a line."""
    assert not faults, "\n".join(["", *faults])


def declares_what_it_does(harness: AdapterHarness) -> None:
    """The declarations of ``center.toml`` match the code's registrations and the samples' commands."""
    manifest, center = harness.samples.manifest, harness.process.center
    faults = []
    if manifest["kind"] != center.kind:
        faults.append(f"kind: {manifest['kind']} is declared, {center.kind} is registered")
    for what, declared, there in (
        ("accepts", set(manifest["accepts"]), set(center.handlers)),
        ("forms", {form["name"] for form in manifest["forms"]}, set(center.forms)),
        ("polls", {poll["name"] for poll in manifest.get("polls", ())}, {poll.name for poll in harness.polls}),
    ):
        faults += [f"{what}: {name} is declared and has no handler" for name in sorted(declared - there)]
        faults += [
            f"{what}: {name} has a handler and is not declared" for name in sorted(there - declared - LATER_KINDS)
        ]
    faults += [
        f"forms: {form['native_id']} is no field of {form['name']}"
        for form in manifest["forms"]
        if form["name"] in center.forms and form["native_id"] not in center.forms[form["name"]].model.model_fields
    ]
    known = {kind.kind for kind in CASE_KINDS}
    faults += [
        f"{name} is not a kind of the contract" for name in sorted({*manifest["accepts"], *manifest["sends"]} - known)
    ]
    shown = [c["kind"] for s in harness.samples.ins for c in s.commands]
    shown += [c["kind"] for s in harness.samples.outs for c in s.commands]
    sent = {SAID_BY[kind] for kind in shown if kind in SAID_BY}
    faults += [f"sends: {name} is sent in a sample and not declared" for name in sorted(sent - set(manifest["sends"]))]
    all_well(faults)


def has_a_sample_of_everything(harness: AdapterHarness) -> None:
    """Every form and every accepted kind has a sample that can be read and played."""
    samples, manifest = harness.samples, harness.samples.manifest
    faults = list(samples.faults)
    forms, kinds = {s.form for s in samples.ins}, {s.kind for s in samples.outs}
    missing = [f"in/{form['name']}.<case>.json" for form in manifest["forms"] if form["name"] not in forms]
    missing += [f"out/{kind}.json" for kind in manifest["accepts"] if kind not in kinds]
    unread = " ".join(samples.faults)
    faults += [told(name, "缺少样例", "is missing") for name in missing if name.partition(".<")[0] not in unread]
    for sample in samples.ins:
        if sample.form not in harness.process.center.forms:
            faults += _wrong(harness, sample, [told(sample.file, "没有这个表单", "there is no such form")])
        else:
            faults += _wrong(harness, sample, faults_of_form(sample))
    for one in samples.outs:
        if one.kind not in manifest["accepts"]:
            faults += _wrong(harness, one, [told(one.file, "accepts 中没有这一种类", "not declared in accepts")])
        else:
            faults += _wrong(harness, one, faults_of_message(one))
    all_well(faults)


def _wrong(harness: AdapterHarness, sample: InSample | OutSample, faults: Iterable[str]) -> list[str]:
    """The first fault of a sample, if any; later checks skip the sample, so that one wrong sample is one fault."""
    first = list(faults)[:1]
    if first:
        harness.sound.found_wrong(sample)
    return first


def turns_forms_into_commands(harness: AdapterHarness) -> None:
    """Every sample form, signed and posted, becomes its expected commands, which are carried out and sent."""
    faults = []
    for sample in harness.sound.ins():
        harness.fresh()
        faults += _wrong(harness, sample, _faults_of_form(harness, send(harness, sample)))
    all_well(faults)


def _faults_of_form(harness: AdapterHarness, sent: Sent) -> Iterator[str]:
    file = sent.sample.file
    if sent.answer.status_code != 202:
        answer = Difference("status", "202", str(sent.answer.status_code), sent.answer.text[:300])
        yield told(file, "表单未被接收", "the form is not taken", [answer])
        return
    moments = (datetime.now(UTC), datetime.now(UTC) - timedelta(minutes=1))  # midnight may have passed since
    found = [list(differences(sent.commands, dated(sent.sample.commands, now), "commands")) for now in moments]
    if all(found):
        yield told(file, "表单变成了别的命令", "the form becomes other commands", found[0])
        return
    if any(command["kind"] != "Activity" for command in sent.commands or ()) and not sent.answer.json()["cases"]:
        yield told(file, "答复中没有案件", "the answer names no case")
    harness.until(harness.idle, f"{sent.sample.name}: everything said and receipted", fail=False)
    for command in sent.commands or ():
        yield from _faults_of_command(harness, file, command)


def _faults_of_command(harness: AdapterHarness, file: str, command: Json) -> Iterator[str]:
    """The faults of a command: it must be carried out in the store, sent to the peers, and, for an answer, sent to the
    resident."""
    kind = command["kind"]
    if kind == "Activity":
        yield from _faults_of_activity(harness, file, command)
        return
    case_id = UUID(str(command["case"]["case_id"] if kind == "Register" else command["case_id"]))
    record = harness.record(case_id)
    if record is None:
        yield told(file, f"{kind}：库中没有该案件", f"{kind}: the case is not in the store")
        return
    if kind == "Register":
        other = list(differences(record.case.model_dump(mode="json"), command["case"], "case"))
        yield from [told(file, "库中的案件不同", "Register: the case in the store is another", other)] if other else ()
    if kind == "Link" and not _linked(harness, str(command["system"]), str(command["native_id"])):
        yield told(file, f"{command['system']} 未建立关联", f"Link: {command['system']} is not linked")
    alone = set(record.path) <= {harness.me}  # no other center has held the case, so none is notified
    if kind in SAID_BY and not (alone and kind in ("Resolve", "Close", "Rule")):
        said = told_by(harness, command, case_id)
        yield from [told(file, f"{kind} 对外说的不同", f"{kind}: the sent message differs", said)] if said else ()
    if kind == "Resolve" and record.case.origin == harness.me and record.status != "closed":
        codes = [row["code"] for row in harness.parked()]
        zh, en = "本中心受理的居民没有得到答复", "Resolve: the resident of our own case was not replied to"
        yield told(file, zh, f"{en}; parked: {codes}")


def _faults_of_activity(harness: AdapterHarness, file: str, command: Json) -> Iterator[str]:
    """An activity is no case: it is in the store, with each of its hosts."""
    for table, wanted in ((t.activities, 1), (t.activity_hosts, len({*command["hosts"]}))):
        found = harness.count(table, table.c.system == command["system"], table.c.native_id == command["native_id"])
        if found != wanted:
            zh, en = f"{table.name} 应有 {wanted} 行，现有 {found} 行", f"{wanted} rows in {table.name}, not {found}"
            yield told(file, zh, f"Activity: {en}")


def _linked(harness: AdapterHarness, system: str, native_id: str) -> bool:
    return harness.count(t.links, t.links.c.system == system, t.links.c.native_id == native_id) == 1


def answers_a_repeated_form_alike(harness: AdapterHarness) -> None:
    """The same form again gets the same answer, and nothing is done or sent a second time."""
    faults = []
    for sample in harness.sound.ins():
        harness.fresh()
        first = send(harness, sample)
        harness.until(harness.idle, f"{sample.name}: everything said and receipted", fail=False)
        journal, said, effects = harness.count(t.journal), len(harness.peers.heard), len(harness.backend.effects)
        again = harness.post(sample.form, sample.body)
        harness.until(harness.idle, f"{sample.name}: nothing more", fail=False)
        if (first.answer.status_code, again.status_code) != (202, 200):
            statuses = list(differences([first.answer.status_code, again.status_code], [202, 200], "status"))
            faults.append(told(sample.file, "重复表单的答复不同", "the repeated form gets another answer", statuses))
        elif other := list(differences(again.json()["cases"], first.answer.json()["cases"], "cases")):
            faults.append(told(sample.file, "重复表单得到别的案件", "the repeated form gets other cases", other))
        elif journal != harness.count(t.journal) or len(harness.backend.effects) != effects:
            faults.append(told(sample.file, "重复表单改变了数据", "the repeat changed something"))
        elif said != len(harness.peers.heard):
            faults.append(told(sample.file, "重复表单又发出了报文", "the repeat sent a message"))
    all_well(faults)


def has_the_effect_of_every_kind(harness: AdapterHarness) -> None:
    """Every sample message from a peer has its effect in the center's own system, its commands, and a receipt."""
    harness.fresh()
    played = [play(harness, sample) for sample in harness.sound.outs()]
    harness.until(lambda: done(harness, *played), "every message receipted and worked", fail=False)
    harness.until(harness.idle, "everything said and receipted", fail=False)
    records = harness.records()
    faults = []
    for one in played:
        faults += _wrong(harness, one.sample, _faults_of_message(harness, one, records))
    all_well(faults)


def _faults_of_message(harness: AdapterHarness, played: Played, records: list[Json]) -> Iterator[str]:
    file = played.sample.file
    if played.message.id not in harness.peers.receipts:
        yield told(file, "没有回执", "no receipt")
        return
    if (item := verdict(harness, played)).verdict is not Verdict.APPLIED:
        yield told(file, "报文未生效", f"the message is not applied: {item.verdict} {item.code}")
    yield from filter(None, [fault_of(harness, played, records)])
    returned = [items for key, items in harness.commands if key == played.key]
    if len(returned) != 1:
        yield told(file, f"处理程序返回了 {len(returned)} 次", f"its handler has returned {len(returned)} times")
    elif found := list(differences(returned[0], played.commands, "commands")):
        yield told(file, "处理程序返回了别的命令", "its handler returns other commands", found)
    for command in returned[0] if returned else ():
        yield from _faults_of_command(harness, file, command)


def has_one_effect_for_a_repeat(harness: AdapterHarness) -> None:
    """The same message again, at once and later, is receipted alike each time and has one effect."""
    harness.fresh()
    played = [play(harness, sample) for sample in harness.sound.outs()]
    for one in played:
        harness.peers.throw(one.body, one.message.source)
    harness.until(lambda: done(harness, *played) and harness.idle(), "every message worked", fail=False)
    for one in played:
        harness.peers.throw(one.body, one.message.source)
    harness.until(
        lambda: all(len(harness.peers.receipts.get(o.message.id, ())) >= 3 for o in played), "3 receipts", fail=False
    )
    harness.until(lambda: done(harness, *played) and harness.idle(), "every repeat worked", fail=False)
    faults = faults_of(harness, played)
    for one in played:
        verdicts = [str(item.verdict) for item in harness.peers.receipts.get(one.message.id, [])]
        if wrong := list(differences(verdicts, [str(Verdict.APPLIED)] * 3, "receipts")):
            faults.append(told(one.sample.file, "重复报文的回执不同", "a repeat gets another receipt", wrong))
        if times := sum(key == one.key for key, _ in harness.commands) - 1:
            called = f"its handler was called {times + 1} times"
            faults.append(told(one.sample.file, f"处理程序被调用了 {times + 1} 次", called))
    all_well(faults)

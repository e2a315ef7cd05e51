"""Checks of an adapter's golden samples: every form becomes its commands, every kind has its effect, each once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bus.contract.messages import CASE_KINDS, Verdict
from bus.store import tables as t
from bus.testing.adapter_harness import AdapterHarness
from bus.testing.sample_runner import SAID_BY, Played, Sent, done, fault_of, play, send, told_by, verdict
from bus.testing.samples import Json, dated, includes


def all_well(faults: list[str]) -> None:
    """Fail with everything that is wrong, one a line."""
    assert not faults, "\n".join(["", *faults])


def declares_what_it_does(harness: AdapterHarness) -> None:
    """What ``center.toml`` declares is what the code registers, and what the samples show it to send."""
    manifest, center = harness.samples.manifest, harness.process.center
    faults = []
    if manifest["kind"] != center.kind:
        faults.append(f"kind: {manifest['kind']} is declared, {center.kind} is registered")
    for what, declared, there in (
        ("accepts", set(manifest["accepts"]), set(center.handlers)),
        ("forms", {form["name"] for form in manifest["forms"]}, set(center.forms)),
    ):
        faults += [f"{what}: {name} is declared and has no handler" for name in sorted(declared - there)]
        faults += [f"{what}: {name} has a handler and is not declared" for name in sorted(there - declared)]
    known = {kind.kind for kind in CASE_KINDS}
    faults += [
        f"{name} is no kind of the contract" for name in sorted({*manifest["accepts"], *manifest["sends"]} - known)
    ]
    shown = [c["kind"] for s in harness.samples.ins for c in s.commands]
    shown += [c["kind"] for s in harness.samples.outs for c in s.commands]
    sent = {SAID_BY[kind] for kind in shown if kind in SAID_BY}
    faults += [f"sends: {name} is sent in a sample and not declared" for name in sorted(sent - set(manifest["sends"]))]
    all_well(faults)


def has_a_sample_of_everything(harness: AdapterHarness) -> None:
    """Every form and every accepted kind has a sample, and every accepted kind's sample names an effect."""
    samples, manifest = harness.samples, harness.samples.manifest
    faults = list(samples.faults)
    forms, kinds = {s.form for s in samples.ins}, {s.kind for s in samples.outs}
    faults += [f"samples/in/{f['name']}.<case>.json is missing" for f in manifest["forms"] if f["name"] not in forms]
    faults += [f"samples/out/{kind}.json is missing" for kind in manifest["accepts"] if kind not in kinds]
    faults += [
        f"samples/in/{s.name}: there is no such form" for s in samples.ins if s.form not in harness.process.center.forms
    ]
    faults += [
        f"samples/out/{s.name}: not declared in accepts" for s in samples.outs if s.kind not in manifest["accepts"]
    ]
    faults += [f"samples/out/{s.name}: it names no effect" for s in samples.outs if not s.effects]
    all_well(faults)


def turns_forms_into_commands(harness: AdapterHarness) -> None:
    """Every sample form, signed and posted, becomes the commands beside it, and they are carried out and said."""
    faults = []
    for sample in harness.samples.ins:
        harness.fresh()
        sent = send(harness, sample)
        faults += [f"{sample.name}: {fault}" for fault in _faults_of_form(harness, sent)]
    assert harness.samples.ins, "there is no sample of any form"
    all_well(faults)


def _faults_of_form(harness: AdapterHarness, sent: Sent) -> Iterator[str]:
    if sent.answer.status_code != 202:
        yield f"answered {sent.answer.status_code} {sent.answer.text[:300]}"
        return
    moments = (datetime.now(UTC), datetime.now(UTC) - timedelta(minutes=1))  # it may have been midnight since
    if sent.commands is None or not any(
        includes(sent.commands, dated(sent.sample.commands, moment)) for moment in moments
    ):
        yield f"became {[c['kind'] for c in sent.commands or []]}, not what the sample expects"
        return
    if sent.commands and not sent.answer.json()["cases"]:
        yield "the answer names no case"
    harness.until(harness.idle, f"{sent.sample.name}: everything said and receipted", fail=False)
    for command in sent.commands:
        yield from _faults_of_command(harness, command)


def _faults_of_command(harness: AdapterHarness, command: Json) -> Iterator[str]:
    """Whether a command was carried out in the store, said to the others, and, for an answer, told to the resident."""
    kind = command["kind"]
    case_id = UUID(str(command["case"]["case_id"] if kind == "Register" else command["case_id"]))
    record = harness.record(case_id)
    if record is None:
        yield f"{kind}: the case is not in the store"
        return
    if kind == "Register" and not includes(record.case.model_dump(mode="json"), command["case"]):
        yield "Register: the case in the store is another"
    if kind == "Link" and not _linked(harness, str(command["system"]), str(command["native_id"])):
        yield f"Link: {command['system']} is not linked"
    alone = set(record.path) <= {harness.me}  # nobody else has held it, so nobody hears the news
    if kind in SAID_BY and not (alone and kind in ("Resolve", "Close", "Rule")):
        yield from filter(None, [told_by(harness, command, case_id)])
    if kind == "Resolve" and record.case.origin == harness.me and record.status != "closed":
        codes = [row["code"] for row in harness.parked()]
        yield f"Resolve: the resident of our own case was not replied to; parked: {codes}"


def _linked(harness: AdapterHarness, system: str, native_id: str) -> bool:
    return harness.count(t.links, t.links.c.system == system, t.links.c.native_id == native_id) == 1


def answers_a_repeated_form_alike(harness: AdapterHarness) -> None:
    """The same form again gets the same answer, and nothing is done or said a second time."""
    faults = []
    for sample in harness.samples.ins:
        harness.fresh()
        first = send(harness, sample)
        harness.until(harness.idle, f"{sample.name}: everything said and receipted", fail=False)
        journal, said, effects = harness.count(t.journal), len(harness.peers.heard), len(harness.backend.effects)
        again = harness.post(sample.form, sample.body)
        harness.until(harness.idle, f"{sample.name}: nothing more", fail=False)
        if (first.answer.status_code, again.status_code) != (202, 200):
            faults.append(f"{sample.name}: answered {first.answer.status_code}, then {again.status_code}; not 202, 200")
        elif again.json()["cases"] != first.answer.json()["cases"]:
            faults.append(f"{sample.name}: the second answer names other cases")
        elif journal != harness.count(t.journal) or len(harness.backend.effects) != effects:
            faults.append(f"{sample.name}: the repeat changed something")
        elif said != len(harness.peers.heard):
            faults.append(f"{sample.name}: the repeat said something")
    all_well(faults)


def has_the_effect_of_every_kind(harness: AdapterHarness) -> None:
    """Every sample message, said by a peer, has its effect in the vendor's system, its commands, and a receipt."""
    harness.fresh()
    played = [play(harness, sample) for sample in harness.samples.outs]
    assert played, "there is no sample of any message"
    harness.until(lambda: done(harness, *played), "every message receipted and worked", fail=False)
    harness.until(harness.idle, "everything said and receipted", fail=False)
    all_well([fault for one in played for fault in _faults_of_message(harness, one)])


def _faults_of_message(harness: AdapterHarness, played: Played) -> Iterator[str]:
    if played.message.id not in harness.peers.receipts:
        yield f"{played.sample.name}: no receipt"
        return
    if (item := verdict(harness, played)).verdict is not Verdict.APPLIED:
        yield f"{played.sample.name}: {item.verdict} {item.code}"
    yield from filter(None, [fault_of(harness, played)])
    returned = [items for key, items in harness.commands if key == played.key]
    if len(returned) != 1 or not includes(returned[0], played.commands):
        kinds = [[c["kind"] for c in items] for items in returned]
        yield f"{played.sample.name}: returned {kinds}, not what the sample expects"
    for command in returned[0] if returned else ():
        yield from (f"{played.sample.name}: {fault}" for fault in _faults_of_command(harness, command))


def has_one_effect_for_a_repeat(harness: AdapterHarness) -> None:
    """The same message again, at once and later, is receipted alike each time and has one effect."""
    harness.fresh()
    played = [play(harness, sample) for sample in harness.samples.outs]
    for one in played:
        harness.peers.throw(one.body, one.message.source)
    harness.until(lambda: done(harness, *played) and harness.idle(), "every message worked", fail=False)
    for one in played:
        harness.peers.throw(one.body, one.message.source)
    harness.until(
        lambda: all(len(harness.peers.receipts.get(o.message.id, ())) >= 3 for o in played), "3 receipts", fail=False
    )
    harness.until(lambda: done(harness, *played) and harness.idle(), "every repeat worked", fail=False)
    faults = []
    for one in played:
        verdicts = [item.verdict for item in harness.peers.receipts.get(one.message.id, [])]
        if verdicts != [Verdict.APPLIED] * 3:
            faults.append(f"{one.sample.name}: receipts {verdicts}, not three times applied")
        if times := sum(key == one.key for key, _ in harness.commands) - 1:
            faults.append(f"{one.sample.name}: its handler was called {times + 1} times")
        if fault := fault_of(harness, one):
            faults.append(fault)
    all_well(faults)

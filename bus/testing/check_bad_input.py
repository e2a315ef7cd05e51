"""Checks of an adapter against dishonest input: broken bodies, broken forms, forged signatures."""

import json
import time

import httpx

from bus.contract.codec import encode
from bus.contract.messages import Verdict
from bus.store import tables as t
from bus.testing.adapter_harness import AdapterHarness
from bus.testing.check_samples import all_well
from bus.testing.sample_runner import Played, done, faults_of, play, ready, send

BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "NUL": b"\x00",
    "half an object": b'{"specversion": "1.0", ',
    "an array": b"[]",
    "null": b"null",
    "a number": b"1",
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "a key twice": b'{"a": 1, "a": 2}',
    "too deep": b'{"a":' * 200 + b"1" + b"}" * 200,
    "too large": b'{"a": "' + b"x" * 300_000 + b'"}',
    "a huge number": b'{"a": ' + b"9" * 500 + b"}",
    "half of a surrogate pair": b'{"a": "\\ud800"}',
    "empty": b"{}",
}
"""Bodies that are neither a form nor a message."""


def parks_broken_messages(harness: AdapterHarness) -> None:
    """Every broken body is parked with a reason; the good messages between them have their effects."""
    harness.fresh()
    outs = harness.sound.outs()
    good: list[Played] = []
    for number, body in enumerate(BROKEN.values()):
        harness.peers.throw(body)
        if number % 5 == 0:
            good.append(play(harness, outs[number % len(outs)]))
    harness.until(lambda: done(harness, *good), "the good messages worked", fail=False)
    aside = harness.parked()
    faults = [] if len(aside) == len(BROKEN) else [f"{len(aside)} of {len(BROKEN)} broken bodies are parked"]
    faults += ["parked without a reason" for row in aside if not row["code"]]
    all_well(faults + faults_of(harness, good))


def refuses_whom_custody_refuses(harness: AdapterHarness) -> None:
    """Messages with a wrong body, an unknown kind or an unknown case are refused by receipt, and parked."""
    faults = []
    outs = harness.sound.outs()
    for sample in outs:
        harness.fresh()
        message, _ = ready(harness, sample)
        document = json.loads(encode(message))
        first = next(iter(sample.data))
        document["data"][first] = {"no": "such thing"}
        harness.peers.throw(json.dumps(document).encode(), message.source)
        wrong = [message]
        if sample is outs[0]:
            odd = json.loads(encode(harness.peers.compose(message.source, message.data, message.subject)))  # type: ignore[arg-type]  # it has one
            harness.peers.throw(json.dumps({**odd, "type": "case.invented.v1"}).encode(), message.source)
            wrong.append(message.model_copy(update={"id": type(message.id)(odd["id"])}))
        harness.until(lambda wrong=wrong: all(m.id in harness.peers.receipts for m in wrong), "receipts", fail=False)  # type: ignore[misc]  # mypy cannot tell a lambda's default
        for one in wrong:
            items = harness.peers.receipts.get(one.id, [])
            if [i.verdict for i in items] != [Verdict.REFUSED] or not items[0].code:
                faults.append(f"{sample.name}: a wrong body was answered with {[str(i.verdict) for i in items]}")
        if len(harness.parked()) != len(wrong):
            faults.append(f"{sample.name}: {len(harness.parked())} of {len(wrong)} wrong bodies are parked")
        if harness.effects(str(message.id)):
            faults.append(f"{sample.name}: a wrong body had an effect")
    all_well(faults)


def refuses_broken_forms(harness: AdapterHarness) -> None:
    """Every broken form is answered 4xx with a reason and not stored; the good form after it is taken."""
    faults = []
    ins = harness.sound.ins()
    for form in harness.process.center.forms:
        harness.fresh()
        for name, body in BROKEN.items():
            try:
                answer = harness.post(form, body)
            except httpx.HTTPError:
                faults.append(f"{form}: {name} broke the connection")
                continue
            if not 400 <= answer.status_code < 500 or not answer.json():
                faults.append(f"{form}: {name} was answered {answer.status_code}")
        if harness.count(t.intakes) + harness.count(t.cases) + harness.count(t.outbox):
            faults.append(f"{form}: something of a broken form was stored")
        for good in [sample for sample in ins if sample.form == form][:1]:
            try:
                status = str(send(harness, good).answer.status_code)
            except httpx.HTTPError as broken:
                status = type(broken).__name__
            if status != "202":
                faults.append(f"{form}: the good form after the broken ones was answered {status}")
    all_well(faults)


def believes_only_signed_forms(harness: AdapterHarness) -> None:
    """Forms unsigned, signed with another key, changed after signing, too old or from the future: 401, and nothing is
    stored."""
    faults = []
    stranger = "whsec_c3RyYW5nZXItc3RyYW5nZXItc3RyYW5nZXI="
    for sample in harness.sound.ins():
        harness.fresh()
        raw = json.dumps(sample.body, ensure_ascii=False).encode()
        changed = harness.signature(raw.decode())
        answers = {
            "unsigned": harness.post(sample.form, raw, sign=False),
            "signed by a stranger": harness.post(sample.form, raw, secret=stranger),
            "an hour old": harness.post(sample.form, raw, at=time.time() - 3600),
            "an hour early": harness.post(sample.form, raw, at=time.time() + 3600),
            "changed": harness.http.post(f"/intake/{sample.form}", content=raw + b" ", headers=changed),
        }
        faults += [f"{sample.name}: {how}: {a.status_code}" for how, a in answers.items() if a.status_code != 401]
        if harness.count(t.intakes) + harness.count(t.cases) + harness.count(t.journal):
            faults.append(f"{sample.name}: a form without a right signature was stored")
    if harness.put(b"\xff\xd8\xff unsigned", sign=False).status_code != 401:
        faults.append("an unsigned attachment was taken")
    all_well(faults)

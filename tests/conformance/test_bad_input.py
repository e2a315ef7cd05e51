"""Every field of every form and of every kind with every bad value: refused or parked with a reason, nothing half done.

What may be taken: a field that is absent or null where the model makes it optional, and a text that reads like a date.
All else must be refused; and between the bad ones the good ones are taken as if nothing had been.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from bus.contract.export.examples import CASE, example
from bus.contract.ids import new_id
from bus.contract.messages import BY_NAME, CASE_KINDS, IN_LANES, Verdict
from bus.contract.rules import CONTRACT
from bus.store import tables as t
from bus.testing.adapter_harness import AdapterHarness
from bus.testing.given_records import PEER
from bus.testing.sample_runner import Played, done, fault_of, play, send
from bus.testing.samples import InSample
from tests.harness.center import ADAPTERS, on_harness
from verification.corpus.mutations import at, leaves, variants

REFUSED = frozenset({400, 413, 422})
PHOTO = CASE.attachments[0]
TABLES = (t.intakes, t.cases, t.outbox, t.journal, t.links, t.work)


@pytest.fixture(scope="module", params=ADAPTERS)
def harness(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterHarness]:
    """One running center of each kind for the whole table."""
    with on_harness(request.param, tmp_path_factory.mktemp(request.param)) as one:
        yield one


def _shape(sample: InSample, path: tuple[str | int, ...]) -> tuple[object, ...]:
    """The same field of the same form is tried once, whichever sample shows it; acts of an event are told apart."""
    event = sample.body.get("event")
    act = event.get("action") if isinstance(event, dict) and path[0] == "event" else None
    return (sample.form, act, *(key for key in path if isinstance(key, str)), isinstance(path[-1], int))


def test_every_field_of_every_form(harness: AdapterHarness) -> None:
    """A bad value at the intake is answered 4xx with a reason, stores nothing, and harms no neighbour."""
    faults: list[str] = []
    seen: set[tuple[object, ...]] = set()
    for sample in harness.samples.ins:
        fresh = [path for path in leaves(sample.body) if _shape(sample, path) not in seen]
        if not fresh:
            continue
        harness.fresh()
        tried = 0
        for path in fresh:
            seen.add(_shape(sample, path))
            own, native = _under_an_id_of_its_own(harness, sample, path)
            for name, body, never in variants(own, path):
                tried += 1
                raw = body.replace(native.encode(), f"{native}-{tried}".encode())
                where = f"{sample.name}: {'.'.join(map(str, path))} {name}"
                faults += [f"{where}: {fault}" for fault in _faults_at_the_door(harness, sample.form, raw, never=never)]
        if (status := send(harness, sample).answer.status_code) not in (202, 409):  # a variant may have done it already
            faults.append(f"{sample.name}: the good form after {tried} bad ones: {status}")
    assert seen, "no form has a field"
    assert not faults, "\n".join(["", *faults[:60], f"{len(faults)} in all"])


def _under_an_id_of_its_own(
    harness: AdapterHarness, sample: InSample, path: tuple[str | int, ...]
) -> tuple[dict[str, Any], str]:
    """The sample's form under an id that was never used, so that only its bad value can be the reason of a no."""
    forms = {form["name"]: str(form["native_id"]) for form in harness.samples.manifest["forms"]}
    name = forms[sample.form]
    native = f"{sample.body[name]}-{'.'.join(map(str, path))}"[:80]
    return {**sample.body, name: native}, native


def _faults_at_the_door(harness: AdapterHarness, form: str, raw: bytes, *, never: bool) -> Iterator[str]:
    before = [harness.count(table) for table in TABLES[:2]]
    try:
        answer = harness.post(form, raw)
    except httpx.HTTPError as broken:
        yield f"broke the connection: {type(broken).__name__}"
        return
    if answer.status_code >= 500 or answer.status_code == 401:
        yield f"{answer.status_code}"
    elif never and answer.status_code not in REFUSED:
        yield f"{answer.status_code}, it must be refused"
    elif answer.status_code >= 400:
        if not answer.json().get("code"):
            yield "refused without a reason"
        if [harness.count(table) for table in TABLES[:2]] != before:
            yield "refused, and something of it was stored"


def test_good_forms_among_bad_ones(harness: AdapterHarness) -> None:
    """Every sample form is taken while bad ones come in before and after it."""
    faults = []
    for sample in harness.samples.ins:
        harness.fresh()
        harness.post(sample.form, b"[]")
        status = send(harness, sample).answer.status_code
        harness.post(sample.form, b'{"a": 1, "a": 2}')
        harness.until(harness.idle, "everything done")
        if status != 202 or harness.count(t.intakes) != 1:
            faults.append(f"{sample.name}: {status}, {harness.count(t.intakes)} forms stored")
    assert not faults


def _documents(harness: AdapterHarness) -> Iterator[tuple[str, dict[str, Any]]]:
    """The example of every kind, addressed to the center on the bench."""
    photo = hashlib.sha256(harness.samples.photos[0]).hexdigest()
    # what stands in a lane comes first: who asks for the log is heard from then on in its new era alone
    for rule in sorted(CONTRACT, key=lambda rule: not issubclass(BY_NAME[rule.kind], IN_LANES)):
        text = json.dumps({**json.loads(example(rule).model_dump_json()), "recipient": harness.me, "source": PEER})
        # its photo is one that we have ourselves: a test asks nobody outside
        text = text.replace(str(PHOTO.sha256), photo).replace("https://media.example", harness.url)
        yield rule.kind, json.loads(text.replace(f'"size": {PHOTO.size}', f'"size": {len(harness.samples.photos[0])}'))


def _in_a_case_of_its_own(document: dict[str, Any]) -> dict[str, Any]:
    case_id = str(new_id())
    own: dict[str, Any] = json.loads(json.dumps(document))
    own["id"] = str(new_id())
    if "subject" in own:
        own["subject"] = case_id
    if isinstance(own["data"].get("case"), dict):
        own["data"]["case"] |= {"case_id": case_id, "number": f"N-{case_id}", "origin": PEER}
    return own


@pytest.fixture
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterHarness]:
    """One center; what comes over the road is read alike by all."""
    with on_harness("media_center", tmp_path_factory.mktemp("wire")) as one:
        yield one


def test_every_field_of_every_kind(media: AdapterHarness) -> None:
    """A bad value on the wire is refused by receipt or parked, with a reason; the good message beside it is applied."""
    thrown: list[tuple[str, str, bytes, bool]] = []
    good: list[Played] = []
    for kind, document in _documents(media):
        good.append(play(media, media.samples.outs[len(good) % len(media.samples.outs)]))
        for path in leaves(document):
            own = _in_a_case_of_its_own(document)
            for name, raw, never in variants(own, path):
                case_id = str(new_id())
                body = raw.replace(own["subject"].encode(), case_id.encode()) if "subject" in own else raw
                message_id = str(new_id())
                body = body.replace(own["id"].encode(), message_id.encode())
                thrown.append((f"{kind}: {'.'.join(map(str, path))} {name}", message_id, body, never))
                media.peers.throw(body, PEER)
    media.patience = 300
    last = play(media, media.samples.outs[0])
    media.until(lambda: done(media, last), "the last message, behind all the bad ones")
    media.until(media.idle, "everything answered")
    reasons = _reasons(media)
    faults = [f for one in (*good, last) if (f := fault_of(media, one))]
    for where, message_id, body, never in thrown:
        items = media.peers.receipts.get(UUID(message_id), [])
        code = reasons.get(hashlib.sha256(body).hexdigest())
        if items and items[0].verdict is Verdict.REFUSED and not (code and items[0].code):
            faults.append(f"{where}: refused without a reason")
        elif never and not code:
            faults.append(f"{where}: neither refused nor parked, but {[str(i.verdict) for i in items]}")
        elif not items and not code and _answered(where):
            faults.append(f"{where}: swallowed")
    assert len(thrown) > len(CASE_KINDS) * 100
    assert not faults, "\n".join(["", *faults[:60], f"{len(faults)} in all"])


def _answered(where: str) -> bool:
    """Words about messages are never receipted: one that is right, and not awaited, leaves no trace of its own."""
    return not where.startswith(("receipt: ", "error: ", "log.asked: ", "log.told: "))


def _reasons(harness: AdapterHarness) -> dict[str, str]:
    with harness.process.store.reading() as tx:
        query = select(t.parked.c.digest, t.parked.c.code).where(t.parked.c.place != "desk")
        return {row.digest: row.code for row in tx.execute(query)}


def test_every_variant_differs_from_the_document() -> None:
    """A bad value that is none would make the table lie."""
    for rule in CONTRACT:
        document = json.loads(example(rule).model_dump_json())
        for path in leaves(document):
            assert at(document, path) != "@@here@@"
            plain = json.dumps(document, ensure_ascii=False).encode()
            assert all(raw != plain for _, raw, _ in variants(document, path))

"""Checks of privacy and operability: no resident's data where they do not belong, and enough output to run the
center."""

import json
from typing import Any

from bus.contract.messages import Failure, Receipt
from bus.sdk.simulator import Fault
from bus.store import tables as t
from bus.testing.adapter_harness import AdapterHarness
from bus.testing.captured_output import captured_output
from bus.testing.check_bad_input import BROKEN
from bus.testing.check_samples import all_well
from bus.testing.difference import Difference, shown, told
from bus.testing.sample_runner import done, play, ready, send
from bus.testing.samples import Json

CANARY: dict[str, str] = {
    "name": "金丝雀",
    "phone": "+86 555-0199-7742",
    "id_card": "11010519491231002X",
    "address": "鸟笼街四十二号",
    "agent": "代办雀",
}
"""A fictitious resident whose data are recognised anywhere."""
TEXT = "金丝雀在鸟笼街说的话"
SIGNS = (*CANARY.values(), TEXT)


def shows_nobody_who_is_anonymous(harness: AdapterHarness) -> None:
    """A resident who asked not to be named is named to no other center."""
    anonymous = [sample for sample in harness.sound.ins() if any(map(_anonymous, sample.commands))]
    harness.sound.require(bool(anonymous), "anonymous", "没有匿名样例", "no anonymous sample")
    faults, carried = [], 0
    for sample in anonymous:
        harness.fresh()
        send(harness, sample)
        harness.until(harness.idle, "everything said and receipted", fail=False)
        for heard in harness.peers.heard:
            case = getattr(heard.message.data, "case", None)
            carried += case is not None
            if case is not None and case.resident is not None:
                named = Difference("case.resident", "null", "{…}", "点名了匿名居民 / names the resident")
                faults.append(
                    told(sample.file, f"发给 {heard.by}", f"{heard.message.data.kind} to {heard.by}", [named])
                )
    harness.sound.require(
        bool(carried), "anonymous", "没有转给其他中心的匿名样例", "no anonymous sample goes to another center"
    )
    all_well(faults)


def _anonymous(command: Json) -> bool:
    return bool(((command.get("case") or {}).get("resident") or {}).get("anonymous"))


def keeps_the_resident_to_itself(harness: AdapterHarness) -> None:
    """Whatever fails, no resident's data are in a log, an output, a reason, a metric, an answer or a receipt."""
    harness.fresh()
    with captured_output() as printed:
        answers = [harness.post(form, body).text for form, body in _forms(harness)]
        harness.until(harness.idle, "forms done", fail=False)
        _trouble_at_the_desk(harness)
        _trouble_on_the_road(harness)
        pages = [harness.http.get(page).text for page in ("/metrics", "/health/ready", "/health/flow")]
        output = printed()
    places = {
        "答复 / an answer of the intake": answers, "页面 / a page": pages,
        "日志 / the log": [harness.logged.getvalue()],
        "标准输出或标准错误 / standard output or error": [output], "回执 / a receipt": _told(harness),
        "搁置 / what is parked": [json.dumps(harness.parked(), default=str)], "库 / the journal": _journal(harness),
    }  # fmt: skip
    all_well([_leak(place, signs) for place, texts in places.items() if (signs := _signs_in(texts))])
    assert harness.parked(), "没有出任何错，等于没有检验 / nothing went wrong, so nothing was proven"


def _signs_in(texts: list[str]) -> list[str]:
    return [sign for sign in SIGNS if any(sign in text or _escaped(sign) in text for text in texts)]


def _leak(place: str, signs: list[str]) -> str:
    leak = Difference(
        place, "不含居民信息 / no resident's data", shown(signs), "请从代码、原因、日志或答复中去掉 / remove it"
    )
    return told("resident", "泄露了居民信息", "a resident's data are leaked", [leak])


def _escaped(sign: str) -> str:
    return json.dumps(sign)[1:-1]


def _forms(harness: AdapterHarness) -> list[tuple[str, Json]]:
    """Every sample form, with a canary in each string in turn: once as a valid value, once as a wrong one."""
    forms: list[tuple[str, Json]] = []
    for sample in harness.sound.ins():
        for path in _strings(sample.body):
            forms += [(sample.form, _with(sample.body, path, value)) for value in (TEXT, {TEXT: TEXT})]
        forms.append((sample.form, sample.body | {TEXT: TEXT}))
    return forms


def _strings(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401 - any JSON
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    own = [path] if isinstance(value, str) else []
    return own + [found for key, one in inner for found in _strings(one, (*path, key))]


def _with(body: Json, path: tuple[str | int, ...], value: object) -> Json:
    copy: Json = json.loads(json.dumps(body))
    spot: Any = copy
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = value
    return copy


def _trouble_at_the_desk(harness: AdapterHarness) -> None:
    """Canary cases while the center's own system refuses, is away, or sends nonsense."""
    outs = harness.sound.outs()
    for fault in (Fault(status=400), Fault(status=500), Fault(status=0)):
        harness.backend.heal()
        harness.backend.order_fault(fault.model_copy(update={"times": len(outs)}))
        played = [play(harness, sample, _canary(sample.data)) for sample in outs]
        harness.until(lambda played=played: done(harness, *played), "canaries worked", fail=False)  # type: ignore[misc]  # mypy cannot tell a lambda's default
    harness.backend.heal()


def _canary(data: Json) -> Json:
    words: Json = {name: TEXT for name in ("text", "public_reply", "internal_note", "note", "ask") if name in data}
    if "resident" in data:
        words["resident"] = CANARY
    if isinstance(data.get("case"), dict):
        words["case"] = {**data["case"], "title": TEXT, "text": TEXT, "resident": CANARY}
    return words


def _trouble_on_the_road(harness: AdapterHarness) -> None:
    """Canaries in wrong bodies: in a value, in a key, in the envelope, and in broken bytes."""
    for sample in harness.sound.outs():
        message, _ = ready(harness, sample, _canary(sample.data))
        document = json.loads(message.model_dump_json())
        for wrong in (
            {**document, "data": {**document["data"], "version": TEXT}},
            {**document, TEXT: TEXT, "id": TEXT},
        ):
            harness.peers.throw(json.dumps(wrong, ensure_ascii=False).encode(), message.source)
        harness.peers.throw(json.dumps({**document, "type": TEXT}, ensure_ascii=False).encode(), message.source)
    for body in BROKEN.values():
        harness.peers.throw(body + TEXT.encode())
    before = harness.count(t.parked)
    harness.until(lambda: harness.count(t.parked) >= before + 3, "broken canaries parked", fail=False)
    harness.until(harness.idle, "all answered", fail=False)


def _told(harness: AdapterHarness) -> list[str]:
    return [h.body.decode() for h in harness.peers.heard if isinstance(h.message.data, Receipt | Failure)]


def _journal(harness: AdapterHarness) -> list[str]:
    with harness.process.store.reading() as tx:
        lines = [str(dict(row._mapping)) for row in tx.execute(t.journal.select())]
        return lines + [row.reason for row in tx.execute(t.work.select())] + [
            row.trouble for row in tx.execute(t.outbox.select())]  # fmt: skip


def tells_how_it_is(harness: AdapterHarness) -> None:
    """Health answers, and the metrics move with the events: a case known, a body parked."""
    harness.fresh()
    ready_ = harness.http.get("/health/ready")
    live = harness.http.get("/health/live")
    assert (live.status_code, ready_.status_code) == (200, 200), ready_.text
    before = _figures(harness)
    harness.peers.throw(b"broken")
    played = play(harness, harness.sound.outs()[0])
    harness.until(lambda: done(harness, played) and harness.parked(), "a message worked and one parked")
    after = _figures(harness)
    assert after['bus_parked_depth{place="wire"}'] == before['bus_parked_depth{place="wire"}'] + 1
    assert sum(value for name, value in after.items() if name.startswith("bus_cases")) == 1
    for name in ("bus_outbox_depth", "bus_inbox_depth", "bus_receipts_outstanding", "bus_connected", "bus_consuming"):
        assert f"{name}{{}}" in after, f"{name} is missing in /metrics"


def _figures(harness: AdapterHarness) -> dict[str, float]:
    """Metric → value, without the center's name."""
    page = harness.http.get("/metrics").text
    lines = [line.rsplit(" ", 1) for line in page.splitlines() if line and not line.startswith("#")]
    return {
        name.replace(f'center="{harness.me}",', "").replace(f'center="{harness.me}"', ""): float(v) for name, v in lines
    }

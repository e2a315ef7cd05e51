"""Checks of an adapter against every behaviour of its own system: away, slow, busy, refusing, sending nonsense."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bus.sdk.simulator import Fault
from bus.store import inbox
from bus.store import tables as t
from bus.testing.adapter_harness import TIMEOUT, AdapterHarness
from bus.testing.check_samples import all_well
from bus.testing.difference import differences, told
from bus.testing.sample_runner import Played, done, faults_of, play, ready

PASSING: dict[str, Fault] = {
    "401": Fault(status=401),
    "429": Fault(status=429),
    "500": Fault(status=500),
    "503": Fault(status=503),
    "no answer in time": Fault(status=-1, delay=TIMEOUT * 1.5),
    "garbage": Fault(status=0),
    "effect, then 503": Fault(status=503, after_effect=True),
    "effect, then garbage": Fault(status=0, after_effect=True),
}
"""Passing faults: the effect must come, once, and without an operator."""
FINAL: dict[str, Fault] = {"400": Fault(status=400), "404": Fault(status=404), "409": Fault(status=409)}
"""Final refusals: the task is parked with a reason, and done when an operator replays it."""


def survives_every_answer_of_its_vendor(harness: AdapterHarness, moods: Sequence[str] = (*PASSING, *FINAL)) -> None:
    """Under every answer of the center's own system, each message ends as one effect, or parked with a reason until
    replayed."""
    faults = []
    for name in moods:
        fault = (PASSING | FINAL)[name]
        harness.fresh()
        harness.backend.order_fault(fault.model_copy(update={"times": len(harness.sound.outs())}))
        played = [play(harness, sample) for sample in harness.sound.outs()]
        harness.until(lambda played=played: done(harness, *played), "every message worked or parked", fail=False)  # type: ignore[misc]  # mypy cannot tell a lambda's default
        harness.backend.heal()
        aside = {row["message_id"]: row for row in harness.parked()}
        if name in PASSING and aside:
            faults.append(
                f"{name}: parked {sorted({row['code'] for row in aside.values()})}; it may be otherwise later"
            )
        if name in FINAL and not aside:
            faults.append(f"{name}: nothing was parked, though the vendor's system refused it")
        faults += [f"{name}: parked without a reason" for row in aside.values() if not (row["code"] and row["hint"])]
        _replay(harness, [one for one in played if one.key in aside])
        harness.until(lambda played=played: done(harness, *played), "every replay worked", fail=False)  # type: ignore[misc]  # as above
        faults += [f"{name}: {wrong}" for wrong in faults_of(harness, played)]
        faults += [f"{name}: still parked after its replay" for _ in harness.parked()]
    all_well(faults)


def _replay(harness: AdapterHarness, played: list[Played]) -> None:
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    for one in played:
        harness.process.store.write(lambda tx, one=one: inbox.replay_work(tx, one.key, now_ms))  # type: ignore[misc]  # as above


def waits_for_a_vendor_that_is_away(harness: AdapterHarness) -> None:
    """While the center's own system is off, messages are receipted and kept; when it is back, each has its effect
    once."""
    harness.fresh()
    port = int(harness.backend_url.rpartition(":")[2])
    harness.backend.stop()
    try:
        played = [play(harness, sample) for sample in harness.sound.outs()]
        harness.until(lambda: all(o.message.id in harness.peers.receipts for o in played), "receipts while it is away")
        # away for longer than the client's own retries: each message has been tried and put off
        harness.until(
            lambda: harness.count(t.work, t.work.c.attempts == 0) == 0, "each tried while it is away", fail=False
        )
        early = sum(len(harness.effects(one.key)) for one in played)
        aside = [row["code"] for row in harness.parked()]
    finally:
        harness.backend._threads.clear()
        harness.backend.start(port)
    harness.until(lambda: done(harness, *played), "every message worked", fail=False)
    faults = [f"{early} effects while the vendor's system was off"] if early else []
    faults += [f"parked {code}, though the vendor's system was only away" for code in aside]
    all_well(faults + faults_of(harness, played))


ORDERED = ("case.urged", "case.progressed", "case.assist-answered")
"""Kinds that may follow each other in one case."""


def keeps_the_order_of_a_case(harness: AdapterHarness) -> None:
    """A later message of a case has its effect after the earlier one, even if the center's own system was busy for the
    earlier."""
    harness.fresh()
    sample = next((s for kind in ORDERED for s in harness.sound.outs() if s.kind == kind), None)
    kinds = "、".join(ORDERED)
    harness.sound.require(
        sample is not None, "order", f"没有 {kinds} 的样例", "no sample of a kind that may follow another"
    )
    if sample is None:
        return
    first, effects = ready(harness, sample)
    second = harness.peers.compose(first.source, first.data, first.subject)  # type: ignore[arg-type]  # it has one
    third = harness.peers.compose(first.source, first.data, first.subject)  # type: ignore[arg-type]  # as above
    harness.backend.order_fault(Fault(status=503))
    for message in (second, third, first):  # and the transport delivers them in another order
        harness.peers.say(message)
    in_order = [str(m.id) for m in (first, second, third)]
    played = Played(sample, third, b"", effects, [])
    harness.until(lambda: done(harness, played) and harness.idle(), "all three worked", fail=False)
    happened = [next((i for i in in_order if i in e["key"]), "") for e in harness.backend.effects]
    happened = list(dict.fromkeys(i for i in happened if i))
    if wrong := list(differences(happened, in_order, "effects")):
        all_well(
            [
                told(
                    sample.file,
                    "同一案件的三件报文未按次序生效",
                    "three messages of one case took effect out of order",
                    wrong,
                )
            ]
        )

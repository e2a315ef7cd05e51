"""Checks of an adapter with values that none of its samples has: a county has more of them."""

from typing import Any

from bus.contract.case import Urgency
from bus.contract.messages import Verdict
from bus.testing.adapter_harness import AdapterHarness
from bus.testing.check_samples import all_well
from bus.testing.difference import Difference, shown, told
from bus.testing.sample_runner import Played, done, fault_of_effects, play
from bus.testing.samples import Json, Samples

CATEGORIES = ("heating", "health.vaccination", "never-heard-of")
"""Two plausible categories, and an unknown one."""
DIVISIONS = ("659012", "659012403", "659012403217")
"""A county, a township and a village elsewhere."""


def takes_what_no_sample_shows(harness: AdapterHarness) -> None:
    """Messages with a category, an urgency and a division that no sample has, or without a resident, have their
    effects."""
    carrying = [sample for sample in harness.sound.outs() if isinstance(sample.data.get("case"), dict)]
    harness.sound.require(bool(carrying), "case", "没有带案件的报文样例", "no sample of a message with a case")
    harness.fresh()
    played = [
        (changes, play(harness, sample, {"case": _changed(sample.data["case"], changes)}))
        for changes in unseen(harness.samples)
        for sample in carrying
    ]
    every = [one for _, one in played]
    harness.until(lambda: done(harness, *every), "every message worked or parked", fail=False)
    all_well([fault for changes, one in played if (fault := _fault_of(harness, changes, one))])


def unseen(samples: Samples) -> list[Json]:
    """Changes of a case, each to a value that no sample has: path in the case → value."""
    shown_cases = _cases([s.data for s in samples.outs] + [s.commands for s in samples.ins])
    changes: list[Json] = []
    for path, values in (("category", CATEGORIES), ("urgency", tuple(map(str, Urgency))), ("division", DIVISIONS)):
        known = {str(case.get(path) or case.get("place", {}).get(path)) for case in shown_cases}
        changes += [{path: value} for value in values if value not in known]
    return [*changes, {"resident": None}]


def _cases(value: Any) -> list[Json]:  # noqa: ANN401 - any JSON
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict) and "category" in value else []
    return own + [case for one in inner for case in _cases(one)]


def _changed(case: Json, changes: Json) -> Json:
    if "division" in changes:
        return {**case, "place": {**case["place"], **changes}}
    return {**case, **changes}


def _fault_of(harness: AdapterHarness, changes: Json, played: Played) -> str:
    """The fault of a changed message: its effects must be the sample's. How they show the change, only the adapter
    knows."""
    file, change = f"out/{played.sample.name}.json", f"case {shown(changes)}"
    items = harness.peers.receipts.get(played.message.id, [])
    if not items or items[-1].verdict is not Verdict.APPLIED:
        got = [f"{item.verdict} {item.code}" for item in items]
        wrong = Difference(change, "applied", shown(got), "报文未生效 / the message is not applied")
        return told(file, "样例之外的情况未被接收", "a case beyond the samples is not taken", [wrong])
    if fault := fault_of_effects(harness, played):
        return f"{fault}\n    样例之外 outside the samples: {change}"
    return ""

"""Checks of an adapter that polls its own system: new records are read, each form once."""

from bus.store import parked, polls
from bus.store import tables as t
from bus.testing.adapter_harness import AdapterHarness
from bus.testing.check_samples import all_well
from bus.testing.difference import told
from bus.testing.samples import InSample

MOST_PAGES = 100
"""Most polls in a row: a system that always has more would never end."""


def reads_what_its_system_tells(harness: AdapterHarness) -> None:
    """Records of the center's own system are read in pages, each form once; an invalid one is parked, and the others
    are taken. Nothing is checked if ``center.toml`` declares no polls."""
    if not harness.polls:
        return
    harness.fresh()
    registering = [sample for sample in harness.sound.ins() if not sample.given.get("links") and _registers(sample)]
    harness.sound.require(
        bool(registering), "form", "没有登记案件的表单样例", "no sample of a form that registers a case"
    )
    before = _cursors(harness)
    for sample in registering:
        harness.backend.tell(sample.form, sample.body)
        harness.backend.tell(sample.form, {})
    faults = _read(harness)
    harness.until(lambda: all(_taken(harness, one) for one in registering), "every form taken", fail=False)
    faults += [
        told(one.file, "业务系统中的表单没有被读取", "forms in the center's system are not read")
        for one in registering
        if not _taken(harness, one)
    ]
    if any(row["place"] != parked.POLL for row in harness.parked()):
        faults.append("something other than a page's form is parked")
    harness.until(harness.idle, "everything said and receipted", fail=False)
    cases, journal = harness.count(t.cases), harness.count(t.journal)
    for name, cursor in before.items():
        harness.process.store.write(lambda tx, name=name, cursor=cursor: polls.keep(tx, name, cursor))  # type: ignore[misc]  # mypy cannot tell a lambda's default
    faults += _read(harness)
    if (cases, journal) != (harness.count(t.cases), harness.count(t.journal)):
        faults.append("reading the same pages again changes something: give each record a stable id")
    all_well(faults)


def _registers(sample: InSample) -> bool:
    return any(command["kind"] == "Register" for command in sample.commands)


def _cursors(harness: AdapterHarness) -> dict[str, str]:
    with harness.process.store.reading() as tx:
        return {poll.name: polls.cursor(tx, poll.name) for poll in harness.polls}


def _read(harness: AdapterHarness) -> list[str]:
    """Poll until nothing is new."""
    faults = []
    for poll in harness.polls:
        result = harness.process.engine.poll(poll)
        for _ in range(MOST_PAGES):
            if not result.more:
                break
            result = harness.process.engine.poll(poll)
        if result.outcome != "read":
            faults.append(f"{poll.name}: {result.outcome} {result.code}")
        elif result.more:
            faults.append(f"{poll.name}: after {MOST_PAGES} pages there is still more")
    return faults


def _taken(harness: AdapterHarness, sample: InSample) -> bool:
    form = harness.process.center.forms[sample.form]
    native_id = form.native_id(form.model.model_validate(sample.body, strict=False))
    return harness.count(t.intakes, t.intakes.c.form == sample.form, t.intakes.c.native_id == native_id) == 1

"""One run: a town under load, harm for a while, healing, draining, and the checker's word on it."""

import random
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bus.testing.checker import Books, When, check, wrong
from bus.testing.checker.canaries import canaries
from tests.chaos.drain import PATIENCE, WITHIN, drain
from tests.chaos.evidence import books_of, collect
from tests.chaos.faults import Fault
from tests.chaos.harm import at_once, in_turn, now_and_then
from tests.chaos.load import Load
from tests.chaos.privacy import leaks, pages
from tests.chaos.pulse import Pulse
from tests.chaos.scene import OVER, Scene
from tests.chaos.stage import Servers, Stage, stage
from tests.chaos.ticker import Ticker
from tests.chaos.town import names
from tests.chaos.vendors import Lines
from tests.chaos.vitals import Vitals

HEALTHY = 2.0
"""Seconds of load before the first strike."""


How = Literal["at-once", "in-turn", "soak"]
"""All faults of a group beside each other; one after the other; or a random one every 5 to 40 s."""
BETWEEN: dict[How, str] = {"at-once": "+", "in-turn": "/", "soak": "?"}


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all runs of a command."""

    seconds: float = 20.0
    rate: float = 100.0
    """Hand-overs a second that residents ask for."""
    broker: str = "single"
    store: str = "sqlite"
    division: str = "150402"
    keep: Path | None = None
    """Where the folder of a run with findings is copied to."""
    tell: Callable[[str], None] | None = None
    """Called with a line about the run every ten seconds."""
    how: How = "at-once"
    version: str = ""
    """The git ref whose code the centers run; empty: the checkout as it lies."""


@dataclass(slots=True)
class Row:
    """What came of one run: a line of the table."""

    faults: str
    seed: int
    seconds: float = 0.0
    handed_over: int = 0
    rate: float = 0.0
    answered: int = 0
    strikes: int = 0
    absorbed: int = 0
    """Messages that came more than once over the broker, and vendor calls that came again."""
    pause: float = 0.0
    drain: float = 0.0
    deaths: int = 0
    parked: int = 0
    findings: list[str] = field(default_factory=list)
    memory: float = 0.0
    """Growth of the centers' resident memory, MiB a minute."""
    descriptors: int = 0
    """Growth of the centers' open files over the run."""


def play(servers: Servers, group: Sequence[Fault], seed: int, setting: Setting) -> Row:
    """Do this harm to a fresh town, all faults of the group at once, and judge what is left."""
    row = Row(BETWEEN[setting.how].join(fault.name for fault in group), seed, setting.seconds)
    targets = _targets(group, names(setting.division), seed, setting.how)
    with stage(
        servers,
        group,
        broker=setting.broker,
        store=setting.store,
        division=setting.division,
        targets=targets,
        version=setting.version,
    ) as set_up:
        _play_on(set_up, group, targets, setting, row)
        if row.findings and setting.keep is not None:
            shutil.copytree(set_up.town.folder, setting.keep / f"{row.faults[:80].replace('/', '_')}-{seed}")
    return row


def _targets(group: Sequence[Fault], centers: list[str], seed: int, how: How) -> dict[str, list[str]]:
    """Faults that strike at once strike different centers, so that none hides another."""
    if how != "at-once" or len(group) == 1:
        return {fault.name: centers for fault in group}
    order = random.Random(seed).sample(centers, len(centers))  # noqa: S311 - no secret
    return {fault.name: [order[number % len(order)]] for number, fault in enumerate(group)}


def _play_on(on: Stage, group: Sequence[Fault], targets: Mapping[str, list[str]], setting: Setting, row: Row) -> None:
    people = canaries(row.seed)
    load = on.town.load(people, setting.rate, row.seed)
    pulse = Pulse(on.town.folder)
    forgotten: dict[str, list[Books]] = defaultdict(list)
    events = Lines(on.town.folder / "events.jsonl")
    vitals = Vitals(on.town.centers)
    load.start()
    pulse.start()
    ticker = Ticker(setting.tell, load, pulse, vitals, events) if setting.tell else None
    began = time.monotonic()
    OVER.wait(HEALTHY)
    scenes = [_scene(on, load, fault, targets[fault.name], setting, row.seed, forgotten, events) for fault in group]
    deeds = list(zip(group, scenes, strict=True))
    match setting.how:
        case "soak":
            row.strikes, troubles = now_and_then(deeds, setting.seconds, row.seed)
        case "in-turn":
            row.strikes, troubles = in_turn(deeds)
        case "at-once":
            row.strikes, troubles = at_once(deeds)
    row.findings += troubles
    healed = time.monotonic()
    pulse.end_of_load()
    vitals.close()
    if ticker is not None:
        ticker.close()
    row.memory, row.descriptors = vitals.memory, vitals.descriptors
    row.pause = pulse.longest_pause
    row.handed_over = len(pulse.accepted)
    row.rate = len(pulse.accepted) / (healed - began)
    load.stop(WITHIN)
    row.drain = drain(on, pulse, healed)
    pulse.look()
    journal, shown = on.road.journal(), pages(on)
    row.answered, row.absorbed = len(pulse.answered), pulse.repeats + journal.repeats
    row.handed_over = len(pulse.accepted)
    row.deaths = sum(center.deaths for center in on.town.centers.values())
    on.town.leave()
    _judge(on, forgotten, load, row)
    row.findings += leaks(on, people, journal, shown)


def _scene(
    on: Stage,
    load: Load,
    fault: Fault,
    targets: list[str],
    setting: Setting,
    seed: int,
    forgotten: dict[str, list[Books]],
    events: Lines,
) -> Scene:
    def remember(center: str) -> None:
        forgotten[center].append(books_of(on.town, center))

    return Scene(
        town=on.town,
        road=on.road,
        load=load,
        rng=random.Random(f"{seed} {fault.name}"),  # noqa: S311 - no secret
        seconds=setting.seconds,
        events=events,
        targets=targets,
        network=on.network,
        postgres=on.postgres,
        clocks=dict(on.clocks),
        disks=dict(on.disks),
        old_code=on.old_code,
        books=remember,
    )


def _judge(on: Stage, forgotten: dict[str, list[Books]], load: Load, row: Row) -> None:
    texts = load.texts()
    evidence = collect(on.town, forgotten, texts)
    drained = row.drain <= WITHIN
    found = wrong(check(evidence, When.DRAINED if row.drain < PATIENCE else When.STILL))
    row.parked = sum(len(books.parked) for _, books in evidence.open_books)
    row.findings += [f"{one.rule} {one.center} {one.case}: {one.detail}" for one in found]
    if not drained:
        row.findings.append(f"not drained within {WITHIN:g} s of the last healing, but after {row.drain:.0f} s")
    if row.handed_over == 0:
        row.findings.append("nothing was handed over")

"""One run: a county under load, faults for a while, healing, draining, and the checker's verdict."""

import random
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from verification.chaos.county import names
from verification.chaos.drain import PATIENCE, WITHIN, drain, what_waits
from verification.chaos.duty import PersonsOnDuty
from verification.chaos.evidence import books_of, collect
from verification.chaos.faults import Fault
from verification.chaos.injection import Deeds, at_once, in_turn, now_and_then, undisturbed
from verification.chaos.over import OVER
from verification.chaos.overseen import Overseen
from verification.chaos.privacy import leaks, pages
from verification.chaos.pulse import Pulse
from verification.chaos.scene import Scene
from verification.chaos.shown import WITHIN as FOUND_WITHIN
from verification.chaos.stage import Servers, Stage, stage
from verification.chaos.ticker import Ticker
from verification.chaos.vendors import Lines
from verification.chaos.vitals import Vitals
from verification.checker import Snapshot, When, check, wrong
from verification.checker.canaries import canaries

HEALTHY = 2.0
"""Seconds of load before the first strike."""


How = Literal["at-once", "in-turn", "soak"]
"""All faults of a group side by side; one after the other; or a random one every 5 to 40 s."""
BETWEEN: dict[How, str] = {"at-once": "+", "in-turn": "/"}


@dataclass(frozen=True, slots=True)
class Setting:
    """The parameters shared by all runs of a command."""

    seconds: float = 20.0
    rate: float = 100.0
    """Wanted hand-overs a second."""
    broker: str = "single"
    store: str = "sqlite"
    division: str = "150402"
    keep: Path | None = None
    """The folder to which a run with findings is copied."""
    tell: Callable[[str], None] | None = None
    """Called with a line about the run every ten seconds."""
    how: How = "at-once"
    fifth: bool = False
    """Whether a center of a fifth kind takes part, whose adapter comes from outside this repository."""
    version: str = ""
    """The git ref whose code the centers run; empty: the working tree."""
    within: float = WITHIN
    """Seconds after the last healing within which everything must be settled."""
    lasting: frozenset[str] = frozenset()
    """The faults that last until the auditor has found them, as far as facts can show them."""
    found_within: float = FOUND_WITHIN
    """Seconds within which it must find them."""

    @property
    def patience(self) -> float:
        """Seconds after the last healing for which a run waits for that."""
        return self.within + PATIENCE


@dataclass(slots=True)
class Row:
    """The outcome of one run: a line of the table."""

    faults: str
    seed: int
    seconds: float = 0.0
    handed_over: int = 0
    """Cases that another center has accepted."""
    rate: float = 0.0
    """Hand-overs a second under load."""
    messages: int = 0
    """Messages from one center's commit to another's, once each; a case that is handed over needs several."""
    message_rate: float = 0.0
    """Messages a second, from the first form until all was settled."""
    answered: int = 0
    strikes: int = 0
    absorbed: int = 0
    """Messages delivered more than once, and repeated calls to the centers' own systems."""
    pause: float = 0.0
    """Longest time without an effect at any center's own system."""
    pauses: dict[str, float] = field(default_factory=dict)
    """Center → the longest time without an effect at its own system, and without an accepted act of its staff."""
    drain: float = 0.0
    deaths: int = 0
    """How often a center ended unasked."""
    parked: int = 0
    commands: int = 0
    """Commands of persons on duty that were carried out, each given at least twice."""
    alarms: int = 0
    """What the auditor has found."""
    findings: list[str] = field(default_factory=list)
    memory: float = 0.0
    """Growth of the centers' resident memory, MiB a minute."""
    descriptors: int = 0
    """Growth of the centers' open files over the run."""


def play(servers: Servers, group: Sequence[Fault], seed: int, setting: Setting) -> Row:
    """Strike a new county with these faults, all of the group at once, and judge the result."""
    row = Row(_name(group, setting.how), seed, setting.seconds)
    targets = _targets(group, names(setting.division, fifth=setting.fifth), seed, setting.how)
    with stage(
        servers,
        group,
        broker=setting.broker,
        store=setting.store,
        division=setting.division,
        targets=targets,
        version=setting.version,
        fifth=setting.fifth,
    ) as set_up:
        performance = Performance(set_up, setting, row)
        try:
            performance.harm(group, targets)
            performance.settle()
            performance.judge()
        finally:
            performance.close()
        if row.findings and setting.keep is not None:
            shutil.copytree(set_up.county.folder, setting.keep / f"{row.faults[:80].replace('/', '_')}-{seed}")
    return row


def _name(group: Sequence[Fault], how: How) -> str:
    if not group:
        return "none"
    return f"soak ({len(group)})" if how == "soak" else BETWEEN[how].join(fault.name for fault in group)


def _targets(group: Sequence[Fault], centers: list[str], seed: int, how: How) -> dict[str, list[str]]:
    """Faults that strike at once strike different centers, so that none hides another."""
    if how != "at-once" or len(group) == 1:
        return {fault.name: centers for fault in group}
    order = random.Random(seed).sample(centers, len(centers))  # noqa: S311 - no secret
    return {fault.name: [order[number % len(order)]] for number, fault in enumerate(group)}


class Performance:
    """One county under load: struck, healed, drained, judged. Results go into the row."""

    def __init__(self, on: Stage, setting: Setting, row: Row) -> None:
        self.on, self.setting, self.row = on, setting, row
        self.people = canaries(row.seed)
        self.load = on.county.load(self.people, setting.rate, row.seed)
        self.pulse = Pulse(on.county.folder, on.county.centers)
        self.vitals = Vitals(on.county.participants)
        self.events = Lines(on.county.folder / "events.jsonl")
        self.duty = PersonsOnDuty(
            {center: on.county.door(center) for center in on.county.centers}, on.county.persons, self.load, row.seed
        )
        self.overseen = Overseen(on.county, self.duty)
        self.forgotten: dict[str, list[Snapshot]] = defaultdict(list)
        """Center → what its store said each time before an old backup took its place."""
        self.began = self.healed = 0.0

    def harm(self, group: Sequence[Fault], targets: Mapping[str, list[str]]) -> None:
        """Load, a healthy while, and then the faults until the last of them has healed."""
        row = self.row
        self.excuses = {excuse for fault in group for excuse in fault.excuses}
        self.load.start()
        if self.on.county.persons:
            self.duty.start()
        self.pulse.start()
        vitals = self.vitals
        vitals.start()
        tell = self.setting.tell
        ticker = Ticker(tell, self.load, self.pulse, vitals, self.events, self._waits) if tell else None
        self.began = time.monotonic()
        OVER.wait(HEALTHY)
        row.strikes, troubles = self._strike([(fault, self._scene(fault, targets[fault.name])) for fault in group])
        row.findings += troubles
        self.overseen.await_clear(fault.name for fault in group)
        self.healed = time.monotonic()
        self.pulse.end_of_load()
        vitals.close()
        if ticker is not None:
            ticker.close()
        row.memory, row.descriptors = vitals.memory, vitals.files
        row.pause, row.pauses = self.pulse.longest_pause, dict(self.pulse.pauses)
        row.findings += [f"grows without end: {one}" for one in vitals.growths if one.too_much]
        row.rate = len(self.pulse.accepted) / (self.healed - self.began)

    def _waits(self) -> list[str]:
        """The waiting items by place, and the centers' own reports."""
        ready = [f"{place}: {said!s}" for place, said in pages(self.on) if place.endswith("ready")]
        return [*what_waits(self.on), *ready]

    def _strike(self, deeds: Deeds) -> tuple[int, list[str]]:
        if not deeds:
            return undisturbed(self.setting.seconds)
        match self.setting.how:
            case "soak":
                return now_and_then(deeds, self.setting.seconds, self.row.seed)
            case "in-turn":
                return in_turn(deeds)
            case "at-once":
                return at_once(deeds)

    def _scene(self, fault: Fault, targets: list[str]) -> Scene:
        on = self.on
        scene = Scene(
            fault=fault.name,
            county=on.county,
            links=on.links,
            load=self.load,
            rng=random.Random(f"{self.row.seed} {fault.name}"),  # noqa: S311 - no secret
            seconds=self.setting.seconds,
            events=self.events,
            targets=targets,
            network=on.network,
            postgres=on.postgres,
            clocks=dict(on.clocks),
            disks=dict(on.disks),
            books=lambda center: self.forgotten[center].append(books_of(on.county, center)),
            duty=self.duty if on.county.persons else None,
            lasting=fault.name in self.setting.lasting,
            within=self.setting.found_within,
        )
        self.overseen.scenes.append(scene)
        return scene

    def settle(self) -> None:
        """Stop the load, wait until nothing moves, and stop the centers."""
        row, county = self.row, self.on.county
        self.load.stop(self.setting.within)
        self.duty.close()
        row.drain = drain(self.on, self.pulse, self.healed, self.setting.patience)
        self.stuck = what_waits(self.on) if row.drain > self.setting.within else []
        self.pulse.look()
        self.overseen.look(at_rest=row.drain <= self.setting.within)
        self.journal, self.shown = self.on.links.journal(self.people if county.seals else ()), pages(self.on)
        row.answered, row.handed_over = len(self.pulse.answered), len(self.pulse.accepted)
        row.absorbed = self.pulse.repeats + self.journal.repeats
        county.leave()
        deaths = [death for one in county.participants.values() for death in one.deaths]
        row.deaths = len(deaths)
        row.findings += deaths
        self.events.close()

    def judge(self) -> None:
        """Run the checker and the leak scan on the result."""
        row = self.row
        evidence = collect(self.on.county, self.forgotten, self.load.texts())
        found = wrong(check(evidence, When.DRAINED if row.drain < self.setting.patience else When.STILL), self.excuses)
        row.messages = evidence.handed_over
        row.message_rate = row.messages / (self.healed + row.drain - self.began)
        row.parked = sum(len(snapshot.parked) for _, snapshot in evidence.open_snapshots)
        row.findings += [f"{one.rule} {one.center} {one.case}: {one.detail}" for one in found]
        row.findings += self.overseen.judged(self.setting.found_within, {*self.forgotten})
        row.commands, row.alarms = self.overseen.commands, len(self.overseen.found.all)
        row.findings += leaks(self.on, self.people, self.journal, self.shown)
        if row.drain > (within := self.setting.within):
            row.findings.append(f"not drained within {within:g} s of the last healing, but after {row.drain:.0f} s")
            row.findings += self.stuck
        if row.handed_over == 0:
            row.findings.append("nothing was handed over")

    def close(self) -> None:
        """Stop the load, the persons and the pulse, in any case."""
        self.duty.stop()
        self.pulse.close()
        self.vitals.close()
        self.load.stop(0)

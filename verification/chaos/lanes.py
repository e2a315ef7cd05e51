"""All faults once: several small counties at the same time, each with a broker of its own.

A lane is a broker and its runs, one after the other. Faults of one center are run four at once, each on another center
of one county, so that none hides another. Faults of the whole broker are run in turn in one county.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from verification.chaos.faults import FAULTS, Needs
from verification.chaos.mutants import PLANTED as HARMS
from verification.chaos.play import How, Row, Setting, play
from verification.chaos.stage import Servers

SECONDS = 20.0
RATE = 3.0
"""Hand-overs a second in each county: five counties share two cores with five brokers. `make chaos` plays with more."""
HANGS = 1200.0
"""Seconds after the last healing after which a county counts as stuck. Settling speed is not judged here: the other
tests run beside it, and machines differ. `make chaos` alone demands a minute."""
FOUND = 400.0
"""Seconds in which the auditor must find damage, for the same reason; `make chaos` alone demands a minute."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run in one county."""

    how: How
    faults: tuple[str, ...]
    broker: str = "single"
    fifth: bool = False
    """Whether a center of a fifth kind takes part, whose adapter comes from outside this repository."""
    within: float = HANGS
    """Seconds after the last healing within which everything must be settled."""
    lasting: tuple[str, ...] = ()
    """Those of the faults that last until the auditor has found them."""
    whole: bool = False
    """Whether `make whole` alone plays it; `make test` plays one run of each lane."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Runs on one broker, one after the other; ``division``: no two lanes have a center of the same name."""

    division: str
    runs: tuple[Run, ...]


PLANTED = Run("at-once", tuple(HARMS), within=60)
"""Not on the list of faults: this run must find each of them. Messages about a removed case may never be settled, so
the wait for it is short."""
STORES_AND_CLOCKS = (
    "kill9-center", "store-locked", "disk-full-store", "clock-back-1h", "clock-forward-30d", "old-backup-restored",
)  # fmt: skip
ROADS = ("silent", "silent-one-way", "credentials-revoked", "queue-deleted", "poison")
LANES = (
    Lane("150401", (
        Run("in-turn", ("kill9-broker",)),
        Run("in-turn", ("stop-broker", "rolling-restart", "memory-alarm", "disk-full-broker"), whole=True),
    )),
    Lane("150402", (
        Run("at-once", ("kill9-center", "stop-center", "crash-loop", "store-locked"), lasting=("stop-center",)),
        Run("at-once", ("kill9-relay", "two-relays", "disk-full-store", "clock-back-1h"), whole=True),
        Run("at-once", ("previous-version", "clock-forward-30d", "old-backup-restored", "poison"), whole=True),
        Run("in-turn", ("kill9-ledger", "stop-ledger", "ledger-store-locked"), whole=True),
        Run("in-turn", STORES_AND_CLOCKS, lasting=STORES_AND_CLOCKS, whole=True),
    )),
    Lane("150403", (
        Run("at-once", ("resets", "delay", "truncate", "corrupt", "kill9-commanded")),
        Run("at-once", ("silent", "silent-one-way", "queue-deleted", "queue-purged"), whole=True),
        Run("at-once", ("credentials-revoked", "consumer-timeout", "rolling-restart-centers", "overload"), whole=True),
        Run("in-turn", ROADS, lasting=ROADS, whole=True),
    )),
    Lane("150404", (
        Run("at-once", ("postgres-immediate-stop",), whole=True),
        Run("at-once", ("stop-vendor",), fifth=True, whole=True),
        PLANTED,
    )),
    Lane("150405", (
        Run("in-turn", ("kill9-leader",), "cluster"),
        Run("in-turn", (
            "partition", "partition-one-way", "stop-broker", "rolling-restart", "kill9-broker",
        ), "cluster", whole=True),
    )),
)  # fmt: skip


def covered(broker: str) -> set[str]:
    """The faults that the lanes run on this kind of broker."""
    runs = (run for lane in LANES for run in lane.runs if run is not PLANTED)
    return {name for run in runs if run.broker == broker for name in run.faults}


def wanted() -> set[str]:
    """Every fault that does not need a cluster."""
    return {one.name for one in FAULTS.values() if Needs.CLUSTER not in one.needs}


def play_lanes(chosen: Iterable[Run]) -> dict[Run, Row | Exception]:
    """Run these, all lanes at the same time. What ends one run, a broker that does not start say, ends no other."""
    todo = set(chosen)
    lanes = [(lane, [run for run in lane.runs if run in todo]) for lane in LANES]
    rows: dict[Run, Row | Exception] = {}
    with ThreadPoolExecutor(len(LANES)) as pool:
        for played in pool.map(lambda one: _play_lane(*one), lanes):
            rows |= played
    return rows


def _play_lane(lane: Lane, runs: Sequence[Run]) -> dict[Run, Row | Exception]:
    with Servers() as servers:
        return {run: _play_run(servers, lane, run) for run in runs}


def _play_run(servers: Servers, lane: Lane, run: Run) -> Row | Exception:
    setting = Setting(
        SECONDS,
        RATE,
        division=lane.division,
        how=run.how,
        broker=run.broker,
        fifth=run.fifth,
        within=run.within,
        lasting=frozenset(run.lasting),
        found_within=FOUND,
    )
    faults = [(HARMS if run is PLANTED else FAULTS)[name] for name in run.faults]
    try:
        return play(servers, faults, seed=1, setting=setting)
    except Exception as error:  # the test of this run raises it
        return error

"""The checker's evidence: every center's store, its effects, and its intake's answers.

These are plain rows, read once and judged by pure rules. So a test can plant any violation by hand, and a simulation
can check thousands of counties.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from verification.checker.snapshot import Line, Snapshot


class When(IntEnum):
    """The moment of the reading; the later, the more rules can be judged."""

    LIVE = 1
    """The county runs. Each center's store is of one moment, but not all of the same one. Rules of this degree hold for
    any such reading if effects and submissions were copied first and the stores read after them."""
    STILL = 2
    """Nothing ran during the reading: one moment, with messages still in flight."""
    DRAINED = 3
    """Still, and every message has been received, worked on and answered: nothing will change by itself."""


class Effect(NamedTuple):
    """Something that happened in a center's own system, in its order."""

    key: str
    """The idempotency key: the id of the causing message, perhaps with ``:`` and more."""
    what: str
    at_ms: int = 0

    @property
    def message(self) -> str:
        """The causing message."""
        return self.key.partition(":")[0]


def effects_of(seen: Iterable[Mapping[str, Any]]) -> list[Effect]:
    """The effects listed by a ``BackendSimulator`` (or ``GET /_effects``)."""
    return [Effect(one["key"], one["what"], int(one.get("at_ms", 0))) for one in seen]


class Told(StrEnum):
    """The answer to a submitter."""

    TAKEN = "taken"
    REPEATED = "repeated"
    REFUSED = "refused"
    FAILED = "failed"
    """Nothing was taken, by the intake's own answer (HTTP 500)."""
    UNKNOWN = "unknown"
    """No answer, or "later" (503): the form may have been taken or not."""


class Submission(NamedTuple):
    """One attempt to submit a form, and its answer. A repeat of the same form is another of these."""

    center: str
    form: str
    native_id: str
    told: Told
    cases: tuple[str, ...] = ()
    """The case ids in the answer."""
    code: str = ""
    digest: str = ""
    """``bus.pipeline.intake.Submission.digest`` of the form; empty: not compared."""
    text: str = ""
    """SHA-256 (hex) of the matter's text as the resident gave it; empty: not compared. See ``text_digest``."""
    at_ms: int = 0


@dataclass(frozen=True)
class CenterEvidence:
    """The evidence of one center."""

    name: str
    snapshot: Snapshot | None
    """None: its store is lost for good."""
    effects: Sequence[Effect] = ()
    gone: bool = False
    """Removed from the county: it answers no more, and what it owes is visibly excused."""
    forgotten: Sequence[Snapshot] = ()
    """Its store right before each restore of an older backup."""
    recovered: bool = False
    """Restored from a backup, and recovered from its peers: only what no peer had received is still excused."""
    leaves_effects: frozenset[str] = frozenset()
    """Kinds (``case.offered``) whose finished task must have left an effect in the center's own system."""
    once_per_case: frozenset[str] = frozenset()
    """Effects (``Effect.what``) that may happen only once for each case here."""

    @property
    def all_snapshots(self) -> tuple[Snapshot, ...]:
        """The present snapshot, and those that a restore has replaced."""
        return (*(() if self.snapshot is None else (self.snapshot,)), *self.forgotten)


@dataclass(frozen=True)
class Evidence:
    """The evidence of a whole county."""

    seats: Mapping[str, CenterEvidence]
    submissions: Sequence[Submission] | None = None
    """Every attempt at every intake; None: the intakes were not watched."""
    county: frozenset[str] | None = None
    """Every center that the county has or had; None: unknown."""
    masks: bool = False
    """Whether residents were masked before acceptance the whole time."""

    @cached_property
    def open_snapshots(self) -> list[tuple[str, Snapshot]]:
        """The centers with a snapshot, and that snapshot."""
        return [(name, center.snapshot) for name, center in self.seats.items() if center.snapshot is not None]

    def snapshots(self, name: str) -> Snapshot:
        """All snapshots of a center; it must have one."""
        snapshot = self.seats[name].snapshot
        assert snapshot is not None, f"{name} has no books"
        return snapshot

    @property
    def handed_over(self) -> int:
        """Messages from one center's commit to another's, once each, as the benchmark counts them."""
        return sum(len(snapshot.arrived) for _, snapshot in self.open_snapshots)

    @cached_property
    def standing(self) -> dict[str, Snapshot]:
        """The centers that still answer, with their snapshots."""
        return {name: snapshot for name, snapshot in self.open_snapshots if not self.seats[name].gone}

    @cached_property
    def knowers(self) -> dict[str, list[str]]:
        """Case → the centers whose stores have it."""
        found: dict[str, list[str]] = {}
        for name, snapshot in self.open_snapshots:
            for case in snapshot.by_case:
                found.setdefault(case, []).append(name)
        return found

    @cached_property
    def said(self) -> dict[str, tuple[str, Line]]:
        """Message → its sender, by any of its snapshots, and the journal line."""
        return {
            message: (name, line)
            for name, center in self.seats.items()
            for snapshot in reversed(center.all_snapshots)
            for message, line in snapshot.said.items()
        }

    @cached_property
    def _parked(self) -> set[str]:
        return set().union(*(snapshot.parked_cases for _, snapshot in self.open_snapshots))

    def set_back(self, name: str) -> str:
        """The excuse of a restored center: its journal does not show what it relearned."""
        return "restored" if self.seats[name].forgotten else ""

    def excuse(self, case: str, *centers: str) -> str:
        """The excuse for an unfinished ``case`` at ``centers``; empty: none."""
        for name in centers:
            center = self.seats.get(name)
            if center is None or center.gone or center.snapshot is None:
                return "gone"
            if center.forgotten and not center.recovered:
                return "restored"
        return "parked" if case in self._parked else ""

    def end_excuse(self, case: str, *centers: str) -> str:
        """The excuse for what centers know of a case's end; also counts removed centers that took part in it."""
        return self.excuse(case, *centers) or ("gone" if case in self._taken_along else "")

    @cached_property
    def _taken_along(self) -> set[str]:
        """The cases known to a removed center: its last messages may have reached only some centers."""
        gone = [center.snapshot for center in self.seats.values() if center.gone and center.snapshot is not None]
        return {case for snapshot in gone for case in snapshot.by_case}


EXCUSES = ("parked", "gone", "restored")
"""``parked``: an item of that case is parked. ``gone``: it waits for a center that was removed, or whose store is lost.
``restored``: an old backup has forgotten it."""


class Breach(NamedTuple):
    """One violation of a rule. ``detail`` holds no residents' data."""

    center: str
    case: str
    detail: str
    excuse: str = ""
    """Empty: the promise is broken; else one of ``EXCUSES``."""


class Finding(NamedTuple):
    """A breach, and the name of the rule."""

    rule: str
    center: str
    case: str
    detail: str
    excuse: str = ""
    """As in ``Breach``."""

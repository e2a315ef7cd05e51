"""What the checker looks at: the books of every center, what its vendor did, and what was told at the doors.

Plain rows, read once and judged by pure rules, so that a test can plant any lie by hand and a simulation can check
thousands of counties.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from verification.checker.snapshot import Line, Snapshot


class When(IntEnum):
    """What the reading of the evidence was: the more it was, the more rules can be judged by it."""

    LIVE = 1
    """The county runs. Each center's books are of one moment, but not all of the same one. Rules of this degree are
    true of any such reading, if effects and submissions were copied first and the stores read after them."""
    STILL = 2
    """Nothing ran while everything was read: one moment, with messages still under way."""
    DRAINED = 3
    """Still, and everything said has been heard, worked and answered: nothing will move any more by itself."""


class Effect(NamedTuple):
    """Something that happened in a vendor's system, in the order it happened there."""

    key: str
    """The idempotency key: the id of the message that caused it, perhaps with ``:`` and more."""
    what: str
    at_ms: int = 0

    @property
    def message(self) -> str:
        """The message that caused it."""
        return self.key.partition(":")[0]


def effects_of(seen: Iterable[Mapping[str, Any]]) -> list[Effect]:
    """What a ``StandIn`` (or ``GET /_effects``) tells, as effects."""
    return [Effect(one["key"], one["what"], int(one.get("at_ms", 0))) for one in seen]


class Told(StrEnum):
    """What a submitter was told."""

    TAKEN = "taken"
    REPEATED = "repeated"
    REFUSED = "refused"
    FAILED = "failed"
    """Nothing was taken: so the intake said (HTTP 500)."""
    UNKNOWN = "unknown"
    """No answer was heard, or "later" (503): it may have been taken or not."""


class Submission(NamedTuple):
    """One try to hand in a form, and what came of it. The same form tried again is another of these."""

    center: str
    form: str
    native_id: str
    told: Told
    cases: tuple[str, ...] = ()
    """The case ids that were told."""
    code: str = ""
    digest: str = ""
    """``bus.pipeline.intake.Submission.digest`` of the form; empty: not compared."""
    text: str = ""
    """SHA-256 (hex) of the matter's text as the resident gave it; empty: not compared. See ``text_digest``."""
    at_ms: int = 0


@dataclass(frozen=True)
class CenterEvidence:
    """Everything about one center."""

    name: str
    snapshot: Snapshot | None
    """None: its store is lost for good."""
    effects: Sequence[Effect] = ()
    gone: bool = False
    """Removed from the county: it answers no more, and what it owes is excused, visibly."""
    forgotten: Sequence[Snapshot] = ()
    """What its store said right before an older backup was put in its place, once for each restore."""
    recovered: bool = False
    """Put back to a backup, and recovered from its peers: nothing is excused any more but what no peer had heard."""
    leaves_effects: frozenset[str] = frozenset()
    """Kinds (``case.offered``) whose work, once done, must have left an effect in the vendor's system."""
    once_per_case: frozenset[str] = frozenset()
    """Effects (``Effect.what``) that may happen only once for each case here."""

    @property
    def all_snapshots(self) -> tuple[Snapshot, ...]:
        """The books of today and those that a restore has forgotten."""
        return (*(() if self.snapshot is None else (self.snapshot,)), *self.forgotten)


@dataclass(frozen=True)
class Evidence:
    """A whole county."""

    seats: Mapping[str, CenterEvidence]
    submissions: Sequence[Submission] | None = None
    """Every try at every door; None: the doors were not watched."""
    county: frozenset[str] | None = None
    """Every center that the county has, or has had; None: nobody has said."""

    @cached_property
    def open_snapshots(self) -> list[tuple[str, Snapshot]]:
        """The centers whose books are there, with them."""
        return [(name, center.snapshot) for name, center in self.seats.items() if center.snapshot is not None]

    def snapshots(self, name: str) -> Snapshot:
        """The books of a center that has some."""
        snapshot = self.seats[name].snapshot
        assert snapshot is not None, f"{name} has no books"
        return snapshot

    @property
    def handed_over(self) -> int:
        """Messages that went from one center's commit to another's, once each, as the benchmark counts them."""
        return sum(len(snapshot.arrived) for _, snapshot in self.open_snapshots)

    @cached_property
    def standing(self) -> dict[str, Snapshot]:
        """The centers that still answer, with their books."""
        return {name: snapshot for name, snapshot in self.open_snapshots if not self.seats[name].gone}

    @cached_property
    def knowers(self) -> dict[str, list[str]]:
        """Case → the centers whose books have it."""
        found: dict[str, list[str]] = {}
        for name, snapshot in self.open_snapshots:
            for case in snapshot.by_case:
                found.setdefault(case, []).append(name)
        return found

    @cached_property
    def said(self) -> dict[str, tuple[str, Line]]:
        """Message → who said it, by any books of its, and the line."""
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
        """The excuse of a center that was put back to a backup: its journal does not tell what it learnt again."""
        return "restored" if self.seats[name].forgotten else ""

    def excuse(self, case: str, *centers: str) -> str:
        """What excuses that something about ``case`` has not come to its end at ``centers``; empty: nothing."""
        for name in centers:
            center = self.seats.get(name)
            if center is None or center.gone or center.snapshot is None:
                return "gone"
            if center.forgotten and not center.recovered:
                return "restored"
        return "parked" if case in self._parked else ""

    def end_excuse(self, case: str, *centers: str) -> str:
        """The same for what centers know of a case's end: also that a center is gone which had a part in it."""
        return self.excuse(case, *centers) or ("gone" if case in self._taken_along else "")

    @cached_property
    def _taken_along(self) -> set[str]:
        """The cases of which a center that is gone knew something: what it said last may have reached only some."""
        gone = [center.snapshot for center in self.seats.values() if center.gone and center.snapshot is not None]
        return {case for snapshot in gone for case in snapshot.by_case}


EXCUSES = ("parked", "gone", "restored")
"""``parked``: an operator sees something of that case. ``gone``: it waits on a center that was removed, or whose store
is lost. ``restored``: an old backup has forgotten it."""


class Breach(NamedTuple):
    """One place where a rule does not hold. ``detail`` holds nothing of a resident."""

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

"""What is judged of a run beside its cases: the auditor's findings, the ledger, and the commands of persons on duty."""

from collections.abc import Collection, Iterable
from contextlib import closing

from verification.chaos import commanded
from verification.chaos.county import ChaosCounty
from verification.chaos.duty import PersonsOnDuty
from verification.chaos.ledgers import Found, await_found, differing, found, unmet
from verification.chaos.scene import Scene
from verification.chaos.shown import false_alarms, missed, told, uncleared

CLEARED = 75.0
"""Seconds after the healing in which every finding clears: the auditor looks again after thirty, and once more."""


class Overseen:
    """One run as ledger and operators see it: ``await_clear`` under load, ``look`` when drained, ``judged`` at rest."""

    def __init__(self, county: ChaosCounty, duty: PersonsOnDuty) -> None:
        self.scenes: list[Scene] = []
        self.found = Found([], [])
        self._county, self._duty = county, duty
        self._unmet: list[str] = []

    def await_clear(self, faults: Iterable[str]) -> None:
        """Wait until all findings have cleared: clocks can be compared only while messages go to and fro."""
        names = {*faults}
        await_found(self._county, lambda found: not [*uncleared(names, found.open)], CLEARED)

    def look(self, *, at_rest: bool) -> None:
        """Take the last look while ledger and broker are there. ``at_rest``: all is settled, so findings clear."""
        if at_rest:
            self.await_clear(self._faults)
        self.found = found(self._county)
        self._unmet = [*unmet(self._county, sum(scene.poisoned for scene in self.scenes))]

    @property
    def _faults(self) -> set[str]:
        return {scene.fault for scene in self.scenes}

    @property
    def commands(self) -> int:
        """How many commands were carried out."""
        return commanded.carried_out(self._duty.given)

    def judged(self, within: float, set_back: Collection[str]) -> list[str]:
        """What is wrong. ``within``: seconds in which damage must be found; ``set_back``: centers that were put back to
        a backup."""
        damages = [damage for scene in self.scenes for damage in scene.damages]
        wrong = [*self._unmet, *differing(self._county)]
        if self._county.ledger is not None:
            wrong += missed(damages, self.found.all, within)
            wrong += false_alarms(self._faults, self.found.all)
            wrong += [f"auditor: not cleared: {told(one)}" for one in uncleared(self._faults, self.found.open)]
        for center in self._county.centers:
            given = [one for one in self._duty.given if one.command.center == center]
            with closing(self._county.store(center)) as store:
                books = commanded.books(store, center)
            wrong += commanded.judge(given, books, set_back=center in set_back)
        if self._county.persons and not self.commands:
            wrong.append("no command of a person on duty was carried out")
        return wrong

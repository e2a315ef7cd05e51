"""The disks of simulated counties: used again by one seed after the other."""

from verification.simulation.disk import Disk


class Workspace:
    """The disks that seeds use one after the other: making tables anew for each would cost more than a seed does."""

    def __init__(self) -> None:
        self._disks: list[Disk] = []

    def disks(self, count: int) -> list[Disk]:
        """``count`` empty disks."""
        while len(self._disks) < count:
            self._disks.append(Disk(len(self._disks)))
        for one in self._disks[:count]:
            one.chance = None
            one.wipe()
        return self._disks[:count]

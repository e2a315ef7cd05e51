"""What came too early and is held back, as one window sees it: which places are taken, and the bodies one by one.

Bodies are read when their turn comes, a few at a time, and a window releases only so many bytes: a peer may have many
lanes full of long messages, and all of them at once would be more than a center has memory for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bus.store import inbox
from bus.store.database import Tx
from bus.store.inbox import Lane

READ_AT_ONCE = 1 << 20
"""Bytes of bodies that are read together, where there are more than one."""
RELEASED_AT_ONCE = 8 << 20
"""Bytes that one transaction releases; what is left is released by the next."""


@dataclass(slots=True)
class HeldMessages:
    """What is held back in the lanes of one window."""

    sizes: dict[Lane, dict[int, int]] = field(default_factory=dict)
    """Lane → sequence → bytes."""
    came: dict[tuple[Lane, int], bytes] = field(default_factory=dict)
    """The bodies of those that came in this very window."""
    released: list[tuple[str, str, int]] = field(default_factory=list)
    """Places that the store need not hold any more."""
    unfinished: set[Lane] = field(default_factory=set)
    """Lanes in which more can be released."""
    room: int = RELEASED_AT_ONCE
    """Bytes that this window may still release."""
    _read: dict[tuple[Lane, int], bytes | None] = field(default_factory=dict)

    @classmethod
    def of(cls, tx: Tx, lanes: Iterable[Lane]) -> "HeldMessages":
        """What the store holds in these lanes."""
        return cls(inbox.held(tx, lanes))

    def has(self, lane: Lane, sequence: int) -> bool:
        """Whether this place is taken."""
        return sequence in self.sizes.get(lane, ())

    def add(self, lane: Lane, sequence: int, body: bytes) -> None:
        """One more that came too early."""
        self.sizes.setdefault(lane, {})[sequence] = len(body)
        self.came[lane, sequence] = body

    def drop(self, lane: Lane, sequence: int) -> None:
        """It is applied, or cannot be read: hold it no longer."""
        if self.sizes.get(lane, {}).pop(sequence, None) is not None and self.came.pop((lane, sequence), None) is None:
            self.released.append((*lane, sequence))

    def may_release(self, lane: Lane, sequence: int) -> bool:
        """Whether this window has room for it; if not, the lane is left to the next one."""
        size = self.sizes[lane][sequence]
        if size > self.room:
            self.unfinished.add(lane)
            return False
        self.room -= size
        return True

    def body(self, tx: Tx, lane: Lane, sequence: int) -> bytes | None:
        """The message at this place; None where it was altered in the store."""
        if (lane, sequence) in self.came:
            return self.came[lane, sequence]
        if (lane, sequence) not in self._read:
            found = inbox.held_bodies(tx, lane, self._following(lane, sequence))
            self._read = {(lane, place): body for place, body in found.items()}
        return self._read.pop((lane, sequence), None)

    def _following(self, lane: Lane, first: int) -> list[int]:
        """Places of the store from ``first`` on, without a gap, that are read together."""
        places, total, sizes = [first], self.sizes[lane][first], self.sizes[lane]
        while (place := places[-1] + 1) in sizes and (lane, place) not in self.came:
            total += sizes[place]
            if total > READ_AT_ONCE:
                break
            places.append(place)
        return places

"""Held-back messages, as one batch sees them: occupied places, and bodies loaded on demand.

Bodies are read when their turn comes, a few at a time, and a batch releases a bounded number of bytes. A peer may have
many lanes full of long messages, too much for a center's memory at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bus.store import inbox
from bus.store.database import Tx
from bus.store.inbox import Lane

READ_AT_ONCE = 1 << 20
"""Bytes of bodies that are read together, where there are more than one."""
RELEASED_AT_ONCE = 8 << 20
"""Bytes that one transaction releases; the next one goes on."""


@dataclass(slots=True)
class HeldMessages:
    """The held-back messages in the lanes of one batch."""

    sizes: dict[Lane, dict[int, int]] = field(default_factory=dict)
    """Lane → sequence → bytes."""
    came: dict[tuple[Lane, int], bytes] = field(default_factory=dict)
    """The bodies of those that came in this batch."""
    released: list[tuple[str, str, int]] = field(default_factory=list)
    """Places that the store may delete."""
    unfinished: set[Lane] = field(default_factory=set)
    """Lanes in which more can be released."""
    room: int = RELEASED_AT_ONCE
    """Bytes that this batch may still release."""
    _read: dict[tuple[Lane, int], bytes | None] = field(default_factory=dict)

    @classmethod
    def of(cls, tx: Tx, lanes: Iterable[Lane]) -> "HeldMessages":
        """The messages that the store holds back in these lanes."""
        return cls(inbox.held(tx, lanes))

    def has(self, lane: Lane, sequence: int) -> bool:
        """Whether this place is occupied."""
        return sequence in self.sizes.get(lane, ())

    def add(self, lane: Lane, sequence: int, body: bytes) -> None:
        """Hold back one more message."""
        self.sizes.setdefault(lane, {})[sequence] = len(body)
        self.came[lane, sequence] = body

    def drop(self, lane: Lane, sequence: int) -> None:
        """Stop holding a message: it is applied, or cannot be read."""
        if self.sizes.get(lane, {}).pop(sequence, None) is not None and self.came.pop((lane, sequence), None) is None:
            self.released.append((*lane, sequence))

    def may_release(self, lane: Lane, sequence: int) -> bool:
        """Whether this batch has room for the message; if not, the lane is left to the next batch."""
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
        """Places in the store from ``first`` on, without a gap, that are read together."""
        places, total, sizes = [first], self.sizes[lane][first], self.sizes[lane]
        while (place := places[-1] + 1) in sizes and (lane, place) not in self.came:
            total += sizes[place]
            if total > READ_AT_ONCE:
                break
            places.append(place)
        return places

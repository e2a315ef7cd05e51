"""The acts of a county's centers, read from their journals as they happen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from bus.demo.local_county import LocalCounty
from bus.store import cases


class Deed(NamedTuple):
    """One act of a center on a case."""

    at_ms: int
    center: str
    case_id: UUID
    story: str
    """The story to which the case belongs."""
    kind: str
    holder: str
    """The holder of the case after the act."""
    version: int


@dataclass(slots=True)
class Deeds:
    """Reads each act once. A case belongs to the story in which it was first seen."""

    county: LocalCounty
    stories: dict[UUID, str] = field(default_factory=dict)
    _read: dict[str, int] = field(default_factory=dict)
    """Per center: the last journal row that was read."""

    def fresh(self, story: str) -> list[Deed]:
        """The new acts of all centers, the oldest first, during this story."""
        return sorted(self._fresh(story), key=lambda deed: deed.at_ms)

    def _fresh(self, story: str) -> Iterator[Deed]:
        for center in self.county.centers:
            with self.county.store(center).reading() as tx:
                rows = cases.commands_since(tx, self._read.get(center, 0))
            for row in rows:
                self._read[center], case_id = row["id"], UUID(row["case_id"])
                whose = self.stories.setdefault(case_id, story)
                yield Deed(row["at_ms"], center, case_id, whose, row["kind"], row["holder"], row["version"])

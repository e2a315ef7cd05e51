"""What a county's console shows and does: the ledger's own store, and each center through its operators' door.

No title and no text comes here: doors tell labels, and the ledger has facts. A whole item is shown at the center's own
console alone.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import ValidationError

from bus.bilingual import Bilingual
from bus.console.doors import STRANGE, Doors, DoorTrouble
from bus.console.scope import PAGE, Asking, AtCenter, CenterScope, NoSuchCenter
from bus.console.told_by_doors import item_of, items_of, operation_of
from bus.contract.staff_command import Act, Matching
from bus.operations.replay import NotParked
from bus.operations.rights import Code, CommandRefused
from bus.store.stuck import StuckItem


@dataclass(frozen=True, slots=True)
class CountyScope(CenterScope):
    """A ledger, and the doors of its county's centers."""

    doors: Doors

    @property
    def is_county(self) -> bool:
        """Whether it reaches other centers."""
        return bool(self.doors.centers)

    @property
    def centers(self) -> tuple[str, ...]:
        """Every center that can be looked into, the ledger first."""
        return (self.center, *self.doors.centers)

    def at(self, center: str, visit: Asking) -> AtCenter:
        """What is shown and done at one center. Raises ``NoSuchCenter``."""
        if center in ("", self.center):
            return self
        if center not in self.doors.centers:
            raise NoSuchCenter(center)
        return DoorScope(center, self.doors, visit)

    def operations(self) -> list[dict[str, Any]]:
        """The last operations of all centers, the newest first. Raises ``StoreUnavailable``."""
        found = super(CountyScope, self).operations()
        for center in self.doors.centers:
            last = self.doors.seen(center).last
            found += [{**one, "center": center} for one in (last.operations if last is not None else ())]
        return sorted(found, key=lambda one: -one["made_ms"])


@dataclass(frozen=True, slots=True)
class DoorScope:
    """One center, through its door, for one person."""

    center: str
    doors: Doors
    visit: Asking

    def stuck_items(self, place: str, code: str, peer: str, after: int, _now: datetime) -> list[StuckItem]:
        """The next items of one group. Raises ``CommandRefused``, ``DoorTrouble``."""
        try:
            wanted = Matching(place=place, code=code or None, peer=peer)
        except ValidationError:
            return []
        answer = self.doors.read(self.center, self.visit.person, Act.LIST, matching=wanted)
        with self._understood():
            found = items_of(answer)
        fitting = (one for one in found if (one.place, one.code, one.peer) == (place, code, peer))
        return sorted((one for one in fitting if _number(one) > after), key=_number)[:PAGE]

    def item(self, number: int) -> dict[str, Any]:
        """One parked item by its labels. Raises ``NotParked``, ``CommandRefused``, ``DoorTrouble``."""
        if number < 0:
            raise NotParked
        try:
            answer = self.doors.read(self.center, self.visit.person, Act.SHOW, items=(str(number),))
        except CommandRefused as no:
            if no.code is Code.GONE:
                raise NotParked from None
            raise
        with self._understood():
            return item_of(answer)

    def operation(self, operation_id: UUID) -> dict[str, Any] | None:
        """One operation with its first items. Raises ``CommandRefused``, ``DoorTrouble``."""
        try:
            answer = self.doors.read(self.center, self.visit.person, Act.SHOW, operation=operation_id)
        except CommandRefused as no:
            if no.code is Code.UNKNOWN_OPERATION:
                return None
            raise
        with self._understood():
            return operation_of(answer)

    def give(
        self, visit: Asking, act: Act, why: str, *, command_id: UUID | None = None, **fields: object
    ) -> Mapping[str, Any]:
        """Have the center do what the person wants, once for each ``command_id``. Raises ``CommandRefused``,
        ``DoorTrouble``."""
        if act is Act.REVEAL:
            raise DoorTrouble(self.center, _AT_ITS_OWN)
        answer = self.doors.give(self.center, visit.person, act, why, command_id or uuid4(), fields)
        if act in (Act.PAUSE, Act.RESUME):
            return answer
        with self._understood():
            return {"operation": operation_of(answer)}

    def _understood(self) -> "_Understood":
        return _Understood(self.center)


class _Understood:
    """Tells an answer that is none of this contract as a trouble of its center."""

    def __init__(self, center: str) -> None:
        self._center = center

    def __enter__(self) -> None:
        """Nothing to begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        """Raises ``DoorTrouble`` in place of ``ValueError``."""
        if isinstance(error, ValueError | KeyError | TypeError):
            raise DoorTrouble(self._center, STRANGE) from None


_AT_ITS_OWN = Bilingual(
    "全县范围不显示全文：请到该中心自己的控制台查看",
    "the county's console shows no whole item: look at that center's own console",
)


def _number(one: StuckItem) -> int:
    with suppress(ValueError):
        return int(one.item.removeprefix("o"))
    return 0

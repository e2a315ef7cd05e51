"""What follows from a look at a county, and how often its centers are asked."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bus.console.center_look import Load, Look, StoreLook
from bus.console.county_seen import SILENT_AFTER_MS, Audited, CenterSeen, sums
from bus.console.doors import Doors, DoorTrouble, NoAnswer, Unreached
from bus.console.findings import Severity, findings
from bus.console.people import Person
from bus.console.tiles import State, next_tiles
from bus.console.told_by_doors import looked
from bus.contract.ids import new_id
from bus.contract.staff_command import Act
from bus.operations.rights import CommandRefused
from bus.security.keyring import new_keyring
from bus.security.staff import Role
from bus.store.timestamps import ms
from tests.harness.duty import LEDGER
from tests.harness.signing_county import MEDIA, PARTY
from tests.harness.step import NOW

ANSWER: Mapping[str, Any] = {
    "groups": [], "overdue": {"count": 0, "oldest_ms": 0}, "operations": [], "paused": [],
    "waiting": [
        {"place": "open", "peer": MEDIA, "count": 7, "oldest_ms": 1},
        {"place": "outbox", "peer": PARTY, "count": 3, "oldest_ms": ms(NOW) - 700_000},
        {"place": "inbox", "peer": PARTY, "count": 2, "oldest_ms": ms(NOW)},
    ],
}  # fmt: skip
LI = Person("li", Role.OPERATOR)
NOTHING = Load(0, 0)
OWN = StoreLook(NOTHING, NOTHING, NOTHING, NOTHING, [], [], [], 0, NOTHING, [], [])


class Center:
    """A center that answers as it is told, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.says: tuple[int, Mapping[str, Any]] | Exception = (200, ANSWER)
        key = new_keyring("staff-console", NOW).keys[-1]
        self.doors = Doors(key, (MEDIA, PARTY), self._post, lambda: NOW)

    def _post(self, _center: str, _raw: bytes) -> tuple[int, Mapping[str, Any]]:
        self.asked += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def seen(self, center: str) -> CenterSeen:
        """What the console knows of it."""
        door = self.doors.seen(center)
        began_ms = self.doors.began_ms
        return CenterSeen(center, began_ms, door.last, door.answered_ms, door.trouble, door.away, 0, Audited())

    def look(self, seconds: int = 0) -> Look:
        """The county's look, so much later."""
        at = NOW + timedelta(seconds=seconds)
        process = {"ready": True}
        return Look(LEDGER, at, OWN, None, process, False, {}, [self.seen(MEDIA), self.seen(PARTY)])


@pytest.fixture
def center() -> Center:
    """The media center, which has answered once; the party service has not yet."""
    made = Center()
    made.doors.look(MEDIA)
    return made


def _codes(look: Look) -> set[tuple[str, str, Severity]]:
    return {(one.code, one.center, one.severity) for one in findings(look)}


def test_silence_is_a_fault_after_half_a_minute(center: Center) -> None:
    """One look that fails is none yet; one that never answered is none as long, and no tile of it is well."""
    center.says = NoAnswer("ReadTimeout")
    center.doors.look(MEDIA)
    assert _codes(center.look(5)) == set()
    later = center.look(SILENT_AFTER_MS // 1000 + 1)
    assert _codes(later) == {("door-silent", one, Severity.FAULT) for one in (MEDIA, PARTY)}
    tiles = next_tiles({}, center.look(5), findings(center.look(5)))
    assert (tiles[MEDIA].state, tiles[LEDGER].state) == (State.WELL, State.WELL)
    assert tiles[PARTY].state is State.ATTENTION
    shown = tiles[MEDIA].seen
    assert shown is not None
    assert shown.last is not None, "what it has told last is still shown"


@pytest.mark.parametrize("says", [(403, {"code": "revoked-key"}), (200, {"groups": "none"})])
def test_a_center_that_refuses_the_console_is_no_silent_one(center: Center, says: tuple[int, Any]) -> None:
    """It is told at once, with another cure; after half a minute without a look it is a fault, too."""
    center.says = says
    center.doors.look(MEDIA)
    assert _codes(center.look(1)) == {("door-refuses", MEDIA, Severity.ATTENTION)}
    assert ("door-refuses", MEDIA, Severity.FAULT) in _codes(center.look(40))


def test_what_waits_for_a_center_is_told_by_the_others(center: Center) -> None:
    """The oldest message towards it stands on its own tile, and makes that one late, not the sender's."""
    tiles = next_tiles({}, center.look(), [])
    assert (tiles[PARTY].to, tiles[PARTY].oldest_to_ms) == (3, ms(NOW) - 700_000)
    assert tiles[PARTY].state is State.ATTENTION
    assert (tiles[MEDIA].to, tiles[MEDIA].of) == (0, 2)
    assert sums(center.look().county) == (3, 2, 0, 7)


def test_a_message_without_a_receipt_is_its_recipients_fault(center: Center) -> None:
    """What the media center has sent, and nobody has receipted, turns the tile of its recipient red alone; what
    is stuck at the media center is its own."""
    group = {"code": "no-receipt", "peer": PARTY, "size": 1, "cases": 1, "oldest_ms": 1, "owners": 1, "owner": ""}
    for place, red in (("outbox", PARTY), ("wire", MEDIA)):
        center.says = (200, {**ANSWER, "waiting": [], "groups": [{**group, "place": place}]})
        for one in (MEDIA, PARTY):
            center.doors.look(one)
            center.says = (200, {**ANSWER, "waiting": []})
        tiles = next_tiles({}, center.look(), findings(center.look()))
        assert [one for one in (MEDIA, PARTY) if tiles[one].state is not State.WELL] == [red], place


def test_many_viewers_are_one_question(center: Center) -> None:
    """What was read a moment ago is told again, until something is wanted of that center."""
    asked = center.asked
    for _ in range(5):
        center.doors.read(MEDIA, LI, Act.WAITING)
    assert center.asked == asked + 1
    center.doors.give(MEDIA, LI, Act.NOTE, "seen", new_id(), {"items": ("1",)})
    center.doors.read(MEDIA, LI, Act.WAITING)
    assert center.asked == asked + 3


def test_of_a_center_that_is_away_nobody_waits_for_an_answer(center: Center) -> None:
    """Its last look has failed, so a page about it asks no more; what a person wants is tried all the same."""
    center.says = Unreached("ConnectError")
    center.doors.look(MEDIA)
    asked = center.asked
    with pytest.raises(DoorTrouble, match="does not answer now"):
        center.doors.read(MEDIA, LI, Act.WAITING)
    assert center.asked == asked
    with pytest.raises(DoorTrouble, match="nothing was done") as told:
        center.doors.give(MEDIA, LI, Act.NOTE, "seen", new_id(), {"items": ("1",)})
    assert (center.asked, told.value.unknown) == (asked + 2, False)


@pytest.mark.parametrize(("says", "unknown"), [
    ((503, {"code": "store"}), True), ((503, {"code": "keys"}), False), ((502, {}), True), ((429, {}), False),
    ((404, {"detail": "Not Found"}), False), (NoAnswer("ReadTimeout"), True),
])  # fmt: skip
def test_it_is_said_whether_anybody_knows(center: Center, says: Any, *, unknown: bool) -> None:
    """Only where the center may have carried it out is it offered to be sent again."""
    center.says = says
    with pytest.raises(DoorTrouble) as told:
        center.doors.give(MEDIA, LI, Act.NOTE, "seen", new_id(), {"items": ("1",)})
    assert told.value.unknown is unknown


def test_a_console_without_a_key_has_no_doors() -> None:
    """Whatever addresses it knows."""
    doors = Doors(None, (MEDIA,), lambda *_: (200, {}), lambda: datetime.now(UTC))
    assert doors.centers == ()
    with pytest.raises((CommandRefused, KeyError)):
        doors.give(MEDIA, LI, Act.NOTE, "seen", new_id(), {})


def test_a_look_passes_over_what_a_newer_center_says_beside() -> None:
    """Fields that this program does not know are no fault."""
    assert looked({**ANSWER, "weather": "fair"}).waiting[0].count == 7

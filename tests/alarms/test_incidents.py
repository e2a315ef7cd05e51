"""The life of an incident over looks: no flapping, reminders, and no answer is no absence."""

from collections.abc import Sequence

import pytest

from bus.alarms.incidents import Change, Rules, Trouble
from bus.alarms.looking import MOST, Picture, after_look
from bus.store.incidents import Incident, State

TROUBLE = Trouble("own-unread", "media_center-150402", "", "", "", "broker", 3, 0, 0)
ASKED = ("console", "broker", "process", "store")
RULES = Rules(15_000, 60_000, 3_600_000)
BEGIN_MS = 1_000_000


def _looks(*looks: tuple[int, bool]) -> tuple[list[tuple[int, Change]], list[Incident]]:
    """What is told, and what is kept, after looks at these seconds that show the trouble or not."""
    live: list[Incident] = []
    tellings: list[tuple[int, Change]] = []
    for second, shown in looks:
        live, tell = _look(live, Picture([TROUBLE] if shown else [], ASKED), second)
        tellings += [(second, change) for _, change in tell]
    return tellings, live


def _look(
    live: Sequence[Incident], picture: Picture, second: int
) -> tuple[list[Incident], Sequence[tuple[Incident, Change]]]:
    changed = after_look(live, picture, BEGIN_MS + second * 1000, RULES)
    kept = {one.id: one for one in live if one.id not in changed.forgotten} | {one.id: one for one in changed.kept}
    return list(kept.values()), changed.tell


def _every(first: int, last: int, shown: bool) -> list[tuple[int, bool]]:
    return [(second, shown) for second in range(first, last + 1, 3)]


def test_a_finding_that_stands_opens_once() -> None:
    """After its hold-down, and only then."""
    tellings, live = _looks(*_every(0, 60, True))
    assert tellings == [(15, Change.OPENED)]
    assert [one.state for one in live] == [State.OPEN]


def test_a_finding_that_passes_is_told_to_nobody() -> None:
    """It was gone before its hold-down was over, and leaves no record."""
    assert _looks(*_every(0, 12, True), *_every(15, 90, False)) == ([], [])


def test_a_finding_that_comes_and_goes_is_one_incident() -> None:
    """Gone for less than the hold-down it is not cleared, and not opened again."""
    flapping = [
        step
        for start in range(18, 300, 60)
        for step in (*_every(start, start + 27, False), *_every(start + 30, start + 57, True))
    ]
    tellings, live = _looks(*_every(0, 15, True), *flapping)
    assert tellings == [(15, Change.OPENED)]
    assert len(live) == 1


def test_a_finding_that_is_gone_is_cleared_once() -> None:
    """After its hold-down; if it comes back later, that is another incident."""
    tellings, live = _looks(*_every(0, 15, True), *_every(18, 78, False))
    assert tellings == [(15, Change.OPENED), (78, Change.CLEARED)]
    assert live[0].state is State.CLEARED
    again, _ = _look([], Picture([TROUBLE], ASKED), 81)
    assert again[0].id != live[0].id


def test_an_incident_that_nobody_takes_is_reminded() -> None:
    """Each hour; not while it is just gone."""
    tellings, _ = _looks(*_every(0, 7300, True))
    assert tellings == [(15, Change.OPENED), (3615, Change.REMINDED), (7215, Change.REMINDED)]
    tellings, _ = _looks(*_every(0, 3600, True), *_every(3603, 3630, False))
    assert tellings == [(15, Change.OPENED)]


def test_a_taken_incident_is_told_once_and_not_reminded() -> None:
    """Who takes it is written by a page; the next look tells it, whatever it shows."""
    _, live = _looks(*_every(0, 15, True))
    taken = [live[0]._replace(state=State.ACKNOWLEDGED, acknowledged_by="li", acknowledged_ms=BEGIN_MS)]
    live, tell = _look(taken, Picture([TROUBLE], ASKED), 18)
    assert [change for _, change in tell] == [Change.ACKNOWLEDGED]
    for second in (21, 4000, 8000):
        live, tell = _look(live, Picture([TROUBLE], ASKED), second)
        assert tell == []
    live, _ = _look(live, Picture([], ASKED), 8003)
    _, tell = _look(live, Picture([], ASKED), 8063)
    assert [(one.acknowledged_by, change) for one, change in tell] == [("li", Change.CLEARED)]


def test_no_answer_is_no_absence() -> None:
    """Where the broker did not answer, what it alone tells is not cleared, however long."""
    _, live = _looks(*_every(0, 15, True))
    for second in range(18, 600, 3):
        live, tell = _look(live, Picture([], ("console", "process", "store")), second)
        assert tell == []
    assert live[0].state is State.OPEN
    assert live[0].gone_ms == 0


@pytest.mark.parametrize(("down", "told"), [(30, [(39, Change.OPENED)]), (600, [(624, Change.OPENED)])])
def test_a_console_that_was_away_looks_again_first(down: int, told: list[tuple[int, Change]]) -> None:
    """A pending finding counts on over a short restart; after a long one it must stand anew: it may have been gone."""
    assert _looks(*_every(0, 9, True), *_every(9 + down, 9 + down + 60, True))[0] == told


def test_an_incident_outlives_a_restart() -> None:
    """Open before, it is neither opened nor reminded at once after it, and is cleared after its hold-down."""
    tellings, _ = _looks(*_every(0, 15, True), *_every(615, 675, False))
    assert tellings == [(15, Change.OPENED), (675, Change.CLEARED)]


def test_a_clock_that_is_set_back_clears_nothing_for_ever() -> None:
    """The hold-down begins anew where it would have begun in the future."""
    _, live = _looks(*_every(3600, 3615, True), (3618, False))
    live, _ = _look(live, Picture([], ASKED), 0)
    _, tell = _look(live, Picture([], ASKED), 60)
    assert [change for _, change in tell] == [Change.CLEARED]


def test_a_storm_is_bounded() -> None:
    """Of a thousand findings the worst become incidents."""
    storm = [TROUBLE._replace(about=f"queue-{number}") for number in range(1000)]
    live, _ = _look([], Picture(storm, ASKED), 0)
    assert [one.about for one in live] == [one.about for one in storm[:MOST]]
    live, _ = _look(live, Picture(storm, ASKED), 3)
    assert len(live) == MOST


def test_each_group_of_what_is_stuck_is_its_own_incident() -> None:
    """The same code and peer at two places, or by two causes, are two troubles."""
    stuck = TROUBLE._replace(code="stuck", place="wire", cause="unsigned", peer="p")
    kinds = {stuck.key, stuck._replace(cause="revoked-key").key, stuck._replace(place="peer").key, TROUBLE.key}
    assert len(kinds) == 4
    assert stuck._replace(size=7, severity=2, since_ms=9).key == stuck.key

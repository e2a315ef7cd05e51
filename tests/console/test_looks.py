"""What follows from a look: findings, the verdict, and tiles that do not flicker."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bus.console.causes import cause_of
from bus.console.center_look import BrokerLook, Load, Look, Node, Queue, QueueKind, StoreLook
from bus.console.finding_words import CAUSES
from bus.console.findings import Severity, findings, verdict
from bus.console.tiles import State, next_tiles
from bus.console.visit import is_stale
from bus.console.watch import STALE, Watch
from bus.store.paused import Pause
from bus.store.stuck import StuckGroup
from bus.store.timestamps import ms

ME, PEER = "media_center-150402", "party_service-150402"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NONE = Load(0, 0)
AN_HOUR_AGO = ms(NOW - timedelta(hours=1))
STORE = StoreLook(NONE, NONE, NONE, NONE, (), (), (), 3, NONE, (), ())
WELL = {"ready": True, "vendor": "ok", "broker": True, "faults": []}


def _broker(consumers: int = 1, **node: Any) -> BrokerLook:
    queues = {name: Queue(name, QueueKind.INBOX, name, 0, 0, consumers, "running") for name in (ME, PEER)}
    return BrokerLook(queues, [Node("rabbit@a", True, False, False, 10**12)._replace(**node)])


def _look(store: StoreLook | None = STORE, broker: BrokerLook | None = None, **process: object) -> Look:
    return Look(ME, NOW, store, broker or _broker(), WELL | process, asks_broker=True)


def test_a_center_at_work_shows_nothing() -> None:
    """Nothing is found where all is well, and the verdict says so."""
    assert findings(_look()) == []
    assert verdict([]) == (0, None, 0)


@pytest.mark.parametrize(
    ("look", "code"),
    [
        (_look(replace(STORE, inbox=Load(2, AN_HOUR_AGO))), "inbox-late"),
        (_look(replace(STORE, held=Load(1, AN_HOUR_AGO))), "held-late"),
        (_look(replace(STORE, early=Load(1, AN_HOUR_AGO))), "early-late"),
        (_look(replace(STORE, overdue=Load(4, AN_HOUR_AGO))), "overdue"),
        (_look(replace(STORE, strangers=[("nobody-1", 1, AN_HOUR_AGO)])), "routed-to-nobody"),
        (_look(replace(STORE, groups=[StuckGroup("wire", "unsigned", PEER, 1, 1, 5, 1, ME)])), "stuck"),
        (_look(broker=_broker(consumers=0)), "own-unread"),
        (_look(broker=_broker(consumers=0)), "peer-unread"),
        (_look(broker=_broker(running=False)), "node-down"),
        (_look(broker=_broker(memory_alarm=True)), "memory-alarm"),
        (_look(broker=_broker(disk_alarm=True)), "disk-alarm"),
        (_look(broker=_broker(disk_free=10**9)), "disk-low"),
        (
            _look(broker=_broker()._replace(missing=[Queue("journal", QueueKind.JOURNAL, "", *[None] * 4)])),
            "queue-missing",
        ),
        (_look(replace(STORE, groups=[StuckGroup("peer", "sequence-reused", PEER, 1, 1, 5, 1, ME)])), "set-back"),
        (_look(replace(STORE, rulings=[(PEER, 1, AN_HOUR_AGO)])), "ruling-late"),
        (_look(certificate=-1), "certificate-over"),
        (_look(vendor="away"), "backend-away"),
        (_look(broker=_broker(), keys="stale"), "process-keys"),
        (_look(faults=[{"loop": "relay", "kind": "stuck"}]), "loop-stands"),
        (replace(_look(), process=None, trouble={"process": "x"}), "process-away"),
        (replace(_look(), store=None, trouble={"store": "x"}), "store-away"),
        (replace(_look(), broker=None, trouble={"broker": "x"}), "broker-away"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_is_found_with_its_cure(look: Look, code: str) -> None:
    """And has words and a cure in both languages."""
    found = {one.code: one for one in findings(look)}
    assert code in found
    cause = cause_of(found[code])
    assert all((cause.title.zh, cause.title.en, cause.cure.zh, cause.cure.en))


def test_what_is_young_is_no_finding() -> None:
    """A message that waits for some minutes is on its way."""
    young = ms(NOW - timedelta(minutes=9))
    assert findings(_look(replace(STORE, inbox=Load(2, young), held=Load(1, young)))) == []


def test_the_worst_comes_first_and_a_pause_counts_for_nothing() -> None:
    """Somebody wanted the pause; it is told, and the verdict counts the others."""
    paused = Pause("peer", PEER, "staff-li", "works", AN_HOUR_AGO)
    found = findings(_look(replace(STORE, paused=[paused], overdue=Load(1, AN_HOUR_AGO), inbox=Load(1, AN_HOUR_AGO))))
    assert [one.code for one in found] == ["inbox-late", "overdue", "paused"]
    assert verdict(found) == (2, Severity.FAULT, AN_HOUR_AGO)


def test_a_tile_turns_bad_at_once_and_well_after_two_looks() -> None:
    """So that what comes and goes is seen."""
    tiles = next_tiles({}, _look(), [])
    assert tiles[ME].state is State.WELL
    bad = replace(_look(), process=None, trouble={"process": "x"})
    tiles = next_tiles(tiles, bad, findings(bad))
    assert tiles[ME].state is State.FAULT
    tiles = next_tiles(tiles, _look(), [])
    assert tiles[ME].state is State.FAULT
    tiles = next_tiles(tiles, _look(), [])
    assert tiles[ME].state is State.WELL


def test_a_missing_inbox_is_seen_at_its_center() -> None:
    """The tile of the center is red though the broker tells nothing of its queue any more."""
    broker = _broker()
    missing = [Queue("inbox", QueueKind.INBOX, PEER, None, None, None, None)]
    look = _look(broker=BrokerLook({ME: broker.queues[ME]}, broker.nodes, missing))
    tiles = next_tiles({}, look, findings(look))
    assert {name: tile.state for name, tile in tiles.items()} == {ME: State.WELL, PEER: State.FAULT}


def test_a_certificate_that_lasts_is_no_finding() -> None:
    """A month is time enough to have a new one issued."""
    assert findings(_look(certificate=0)) == []


def test_an_old_look_is_stale() -> None:
    """What was well a minute ago is not told as well."""
    watch = Watch(_look)
    assert is_stale(watch.seen, NOW)
    assert not is_stale(watch.renew(), NOW)
    assert is_stale(watch.seen, NOW + STALE + timedelta(seconds=1))


def test_every_code_has_words() -> None:
    """No finding shows a code that the table does not have."""
    assert all(all((*cause.title, *cause.cure)) for cause in CAUSES.values())

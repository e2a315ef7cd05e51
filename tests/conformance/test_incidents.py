"""What a console keeps of its alarms, in both databases."""

import pytest

from bus.alarms.incidents import Trouble, begun
from bus.store import Store, StoreUnavailable, incidents
from bus.store.incidents import Incident, Notice, State

NOW_MS = 1_800_000_000_000


def _incident(about: str, state: State = State.OPEN, **changes: object) -> Incident:
    trouble = Trouble("stuck", about, "wire", "unsigned", "party_service-150402", "store", 3, 1, 0)
    return begun(trouble, NOW_MS)._replace(state=state, opened_ms=NOW_MS, **changes)  # type: ignore[arg-type]


def test_what_is_kept_is_read_as_it_was(store: Store) -> None:
    """Written new and written over; what is pending is no alarm yet, what is cleared does not last."""
    one, two, ended = _incident("a"), _incident("b", State.PENDING), _incident("c", State.CLEARED, cleared_ms=NOW_MS)
    store.write(lambda tx: incidents.keep(tx, [one, two, ended]))
    changed = one._replace(size=7, gone_ms=NOW_MS)
    store.write(lambda tx: incidents.keep(tx, [changed]))
    assert set(store.write(incidents.live)) == {changed, two}
    with store.reading() as tx:
        assert incidents.lasting(tx) == [changed]
        assert incidents.cleared(tx, None, 9) == [ended]
        assert incidents.counts(tx) == {"open": 1, "pending": 1}
    store.write(lambda tx: incidents.forget(tx, [two.id, one.id]))
    store.write(lambda tx: incidents.prune(tx, NOW_MS + 1))
    with store.reading() as tx:
        assert incidents.cleared(tx, None, 9) == []
    assert store.write(incidents.live) == [changed]


def test_a_finding_has_one_incident_at_a_time(store: Store) -> None:
    """Two consoles on one store: the second one's is refused; once it has ended another one may begin."""
    first, second = _incident("a"), _incident("a")
    store.write(lambda tx: incidents.keep(tx, [first]))
    with pytest.raises(StoreUnavailable):
        store.write(lambda tx: incidents.keep(tx, [second]))
    store.write(lambda tx: incidents.keep(tx, [first._replace(state=State.CLEARED, cleared_ms=NOW_MS)]))
    store.write(lambda tx: incidents.keep(tx, [second]))
    assert store.write(incidents.live) == [second]


def test_pages_of_cleared_incidents_lose_none(store: Store) -> None:
    """Also where many ended at the same moment."""
    ended = [_incident(f"a-{number}", State.CLEARED, cleared_ms=NOW_MS + number // 5) for number in range(12)]
    store.write(lambda tx: incidents.keep(tx, ended))
    found: list[Incident] = []
    while True:
        after = (found[-1].cleared_ms, found[-1].id) if found else None
        with store.reading() as tx:
            page = incidents.cleared(tx, after, 4)
        if not page:
            break
        found += page
    assert len(found) == 12
    assert set(found) == set(ended)
    assert [one.cleared_ms for one in found] == sorted((one.cleared_ms for one in ended), reverse=True)


def test_notices_wait_for_their_receiver(store: Store) -> None:
    """In the order in which they were made; put off, taken, bounded."""
    made = [Notice(f"n-{number}", "pager", "{}", NOW_MS, NOW_MS) for number in range(4)]
    store.write(lambda tx: incidents.enqueue(tx, [*made, Notice("n-0", "mail", "[]", NOW_MS, NOW_MS)]))
    store.write(lambda tx: incidents.put_off(tx, made[0], NOW_MS + 5000, "HTTP 500"))
    store.write(lambda tx: incidents.taken(tx, made[1]))
    with store.reading() as tx:
        assert incidents.due(tx, "pager", NOW_MS, NOW_MS + 600_000, 9) == made[2:]
        assert [(one.receiver, one.size, one.trouble) for one in incidents.untold(tx)] == [
            ("mail", 1, ""), ("pager", 3, "HTTP 500"),
        ]  # fmt: skip
    assert store.write(lambda tx: incidents.expire(tx, 0, 2)) == 1
    with store.reading() as tx:
        assert incidents.due(tx, "pager", 2**62, 2**62, 9) == made[2:]

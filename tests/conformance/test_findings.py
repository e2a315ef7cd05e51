"""What the auditor keeps, in both databases: watched, opened, cleared; and a round whose cost does not grow."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bus.audit import Label, Said
from bus.context import Keeping
from bus.contract.case import Urgency
from bus.contract.facts import CaseState, Fact, FactsTold
from bus.contract.ids import new_id
from bus.operations.audit import AuditRound, audit_labels, audit_round
from bus.store import Store, audit, findings, ledger
from bus.store.timestamps import ms

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MEDIA, PARTY = "media_center-150402", "party_service-150402006"
MANY = 3000


def state(case_id: UUID, **more: Any) -> CaseState:
    """A case of the media center, held there."""
    given: dict[str, Any] = {
        "case_id": case_id, "origin": MEDIA, "holder": MEDIA, "version": 1, "round": 1, "status": "open",
        "category": "housing", "urgency": Urgency.NORMAL, "opened": NOW, "instant": None, "hand_overs": None,
    }  # fmt: skip
    return CaseState(**(given | more))


def fact(case_id: UUID, way: str, kind: str, after: float, **more: Any) -> Fact:
    """A line of a journal, ``after`` so many seconds."""
    at = NOW + timedelta(seconds=after)
    given: dict[str, Any] = {"at": at, "way": way, "kind": kind, "holder": MEDIA, "version": 1, "round": 1}
    return Fact(case_id=case_id, **(given | more))


def tell(store: Store, center: str, told: FactsTold, after: float) -> None:
    """The ledger keeps what a center tells, after so many seconds."""
    store.write(lambda tx: ledger.take(tx, center, told, 0, ms(NOW + timedelta(seconds=after)), Keeping()))


def look(store: Store, after: float) -> AuditRound:
    """A round, after so many seconds."""
    return store.write(lambda tx: audit_round(tx, ms(NOW + timedelta(seconds=after))))


def codes(store: Store, *, cleared: bool = False) -> list[str]:
    """The codes of the findings."""
    with store.reading() as tx:
        return [one.code.value for one in findings.listed(tx, cleared=cleared)]


def test_a_finding_is_watched_then_open_then_cleared(store: Store) -> None:
    """One row all the time; what heals while it is watched leaves none."""
    case_id, message = new_id(), new_id()
    for center in (MEDIA, PARTY):
        tell(store, center, FactsTold(states=(state(new_id(), holder=center),), whole=True), 0)
    said = fact(case_id, "said", "case.urged", 1, peer=PARTY, message_id=message)
    tell(store, MEDIA, FactsTold(facts=(said,), states=(state(case_id),)), 1)
    other = new_id()
    own = fact(other, "did", "register", 5, holder=PARTY)
    tell(store, PARTY, FactsTold(facts=(own,), states=(state(other, holder=PARTY),)), 5)
    assert look(store, 6).opened == 0
    for after in range(10, 50, 5):
        assert look(store, after).opened == 0
    assert look(store, 52).opened == 1
    assert codes(store) == ["overdue-receipt"]
    heard = fact(case_id, "heard", "case.urged", 60, peer=MEDIA, message_id=message)
    tell(store, PARTY, FactsTold(facts=(heard,), states=(state(case_id),)), 60)
    assert look(store, 61).cleared == 1
    assert (codes(store), codes(store, cleared=True)) == ([], ["overdue-receipt"])
    assert store.write(lambda tx: findings.forget(tx, ms(NOW + timedelta(days=1)))) == 1


def test_a_label_without_its_fact_clears_when_the_fact_comes(store: Store) -> None:
    """Who reads the broker's journal asks again with the pair complete."""
    tell(store, MEDIA, FactsTold(states=(state(new_id()),), whole=True), 0)
    look(store, 1)
    at_ms = ms(NOW + timedelta(seconds=2))
    label = Label(str(new_id()), MEDIA, PARTY, "case.offered", at_ms)
    assert store.write(lambda tx: audit_labels(tx, [(label, None)], at_ms, at_ms)) == 0
    later_ms = at_ms + 200_000
    assert store.write(lambda tx: audit_labels(tx, [(label, None)], at_ms, later_ms)) == 0  # its facts may be behind
    tell(store, MEDIA, FactsTold(facts=(fact(new_id(), "did", "register", 3),)), 3)
    assert store.write(lambda tx: audit_labels(tx, [(label, None)], at_ms, later_ms)) == 1
    assert codes(store) == ["label-without-fact"]


def test_a_fact_is_without_its_label_once_the_journal_was_read_so_far(store: Store) -> None:
    """A ledger that is behind with the broker's journal has not looked yet, however long that takes."""
    tell(store, MEDIA, FactsTold(states=(state(new_id()),), whole=True), 0)
    at_ms = ms(NOW + timedelta(seconds=2))
    said = Said(str(new_id()), MEDIA, PARTY, "case.offered", at_ms, str(new_id()))
    for later_ms in (at_ms, at_ms + 900_000):
        assert store.write(lambda tx, now_ms=later_ms: audit_labels(tx, [(None, said)], at_ms, now_ms)) == 0  # type: ignore[misc]
    assert store.write(lambda tx: audit_labels(tx, [(None, said)], at_ms + 1, at_ms + 900_000)) == 1
    assert codes(store) == ["fact-without-label"]


def test_a_look_at_a_case_does_for_all_that_was_told_of_it(store: Store) -> None:
    """Fifty messages about two cases are two looks, also where one round takes few of them."""
    cases = [new_id(), new_id()]
    tell(store, MEDIA, FactsTold(states=tuple(map(state, cases)), whole=True), 0)
    look(store, 1)
    for after in range(50):
        told = fact(cases[after % 2], "did", "note", 2 + after)
        tell(store, MEDIA, FactsTold(facts=(told,), states=(state(cases[after % 2]),)), 2 + after)
    now_ms = ms(NOW + timedelta(seconds=60))
    done = store.write(lambda tx: audit_round(tx, now_ms, most=2))
    assert done.looked == 2
    with store.reading() as tx:
        assert audit.touched(tx, [MEDIA], 100) == []


def test_a_round_after_many_cases_looks_at_few(store: Store) -> None:
    """The cases of a page are looked at once, in rounds of a bound; then only what is told of."""
    ids = [new_id() for _ in range(MANY)]
    for start in range(0, MANY, 500):
        page = tuple(state(case_id) for case_id in ids[start : start + 500])
        tell(store, MEDIA, FactsTold(states=page, whole=True), 0)
    rounds = 1
    while look(store, 1 + rounds).more:
        rounds += 1
    assert rounds <= MANY // 500 + 1
    tell(store, MEDIA, FactsTold(states=(state(ids[7], status="closed"),)), 20)
    assert look(store, 21).looked < 100
    assert codes(store) == []

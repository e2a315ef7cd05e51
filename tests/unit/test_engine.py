"""The rounds of a center: what is committed before what, when the store or the road fails in between."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bus.contract.case import Attachment
from bus.custody.commands import Offer, Register
from bus.pipeline.handle import NOT_BEGUN, Gate, Patience
from bus.pipeline.intake import Counter
from bus.runtime.batch_size import Pace
from bus.runtime.engine import Turns
from bus.store import StoreTrouble, inbox
from bus.store import tables as t
from bus.store.database import Store
from bus.transports.port import Delivery, Fate
from tests.unit.steps import Bag, Bare, a_case, carry
from tests.unit.test_intake_and_handle import DQ, RM, OneRoute, System, center


class Failing(Store):
    """A store whose disk is full when a test says so."""

    full: Callable[[], bool] = staticmethod(lambda: False)

    def write(self, change: Any) -> Any:
        """As ever, unless the disk is full."""
        if self.full():
            raise StoreTrouble("the disk is full", passing=True)
        return super().write(change)


class Road(Bag):
    """Brings what a test lays on it, once, and remembers what was settled."""

    def __init__(self, deliveries: list[Delivery]) -> None:
        super().__init__()
        self._deliveries = deliveries
        self.settled: list[Delivery] = []

    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        """All of it, once."""
        brought, self._deliveries = self._deliveries, []
        return brought

    def settle(self, deliveries: Any) -> None:
        """Remember."""
        self.settled += deliveries


def _no_attachment(_tx: object, _sha256: str) -> Attachment | None:
    return None


@pytest.fixture
def dq(tmp_path: Path) -> Iterator[Bare]:
    """The street's party service with one offered case at its desk."""
    rm, dq = Bare(RM, tmp_path), Bare(DQ, tmp_path)
    case = a_case(RM)
    rm.do(Register(case=case), Offer(case_id=case.case_id, to=(DQ,)))
    carry(rm, dq)
    rm.close()
    yield dq
    dq.close()


def _turns(dq: Bare, system: System, store: Store) -> Turns:
    counter = Counter(dq.rules, OneRoute(), _no_attachment)
    gate = Gate(Patience())
    return Turns(center, system, dq.rules, counter, store, Bag(), gate, lambda _: b"", lambda: dq.now, at_once=10)


def test_what_was_performed_is_written_down_as_soon_as_the_store_is_well_again(dq: Bare) -> None:
    """A task whose end could not be written does not wait out its lease, and its handler is not called again."""
    system, store = System(), Failing(str(dq.store.url))
    turns = _turns(dq, system, store)
    store.full = lambda: bool(system.done)
    assert turns.work() == ([], 0)
    for _ in range(2):
        with pytest.raises(StoreTrouble):
            turns.work()
    system.fault = AssertionError("the handler is called a second time")
    store.full = lambda: False
    performed, said = turns.work()
    assert [one.outcome for one in performed] == ["done"]
    assert said == 1, "the offer is taken"
    with dq.store.reading() as tx:
        assert inbox.figures(tx)["waiting"] == 0
    assert turns.work() == ([], 0)
    store.close()


def test_what_was_claimed_and_not_begun_is_due_again_at_once_and_nothing_counts(dq: Bare) -> None:
    """The rest of a round that was enough is no failure: the next round takes it up, whenever the lease would end."""
    system = System()
    turns = _turns(dq, system, dq.store)
    turns.pace.enough = lambda: True  # type: ignore[method-assign]  # as if the round had taken too long
    turns.work()
    assert system.done == {}
    turns.pace = Pace(10, 10, 5)
    performed, _ = turns.work()
    assert [one.outcome for one in performed] == [NOT_BEGUN]
    assert (len(system.done), turns.unwritten[0].assignment.task.attempts) == (1, 0)


def test_a_center_that_leaves_writes_down_what_it_has_done_and_sent(dq: Bare) -> None:
    """Nothing is performed or sent a second time by the next process, though no round followed the last ones."""
    system = System()
    turns = _turns(dq, system, dq.store)
    turns.work()
    turns.send()
    turns.end(0)
    assert len(system.done) == 1
    with dq.store.reading() as tx:
        assert inbox.figures(tx)["waiting"] == 0
        assert set(tx.execute(select(t.outbox.c.attempts)).scalars()) == {1}
    assert turns.send().fates == []


def test_what_a_batch_came_to_is_written_down_with_the_next_claim(dq: Bare) -> None:
    """One commit for each batch; and what could not be written down is, as soon as the store is well again."""
    store = Failing(str(dq.store.url))
    turns = _turns(dq, System(), store)
    turns.work()
    turns.work()
    sent = turns.send()
    assert sent.count(Fate.TAKEN) == len(sent.fates) > 0
    store.full = lambda: True
    with pytest.raises(StoreTrouble):
        turns.send()
    store.full = lambda: False
    assert turns.send().fates == []
    with dq.store.reading() as tx:
        assert set(tx.execute(select(t.outbox.c.attempts)).scalars()) == {1}
    store.close()


def test_what_could_not_be_applied_is_tried_again_and_then_settled(dq: Bare) -> None:
    """Deliveries of a failed commit are not left in the transport's window: the next round applies and settles them."""
    store = Failing(str(dq.store.url))
    turns = _turns(dq, System(), store)
    bag = Road([Delivery(b"{", None, 1), Delivery(b"[", None, 2)])
    turns.transport = bag
    store.full = lambda: True
    for _ in range(3):
        with pytest.raises(StoreTrouble):
            turns.receive(0)
    assert bag.settled == []
    store.full = lambda: False
    assert turns.receive(0) == 2
    assert [delivery.tag for delivery in bag.settled] == [1, 2]
    store.close()


def test_an_outcome_that_can_never_be_written_is_parked_alone(dq: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that the store will not have park their own task; it is not tried for ever."""
    system = System()
    turns = _turns(dq, system, dq.store)

    def hopeless(*_: object, **__: object) -> int:
        raise StoreTrouble("these rows cannot be written", passing=False)

    monkeypatch.setattr("bus.store.unit_of_work.Page.link", hopeless)
    turns.work()
    turns.work()
    with dq.store.reading() as tx:
        figures = inbox.figures(tx)
    assert (figures["waiting"], figures["parked"]) == (0, 1)

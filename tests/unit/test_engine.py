"""The rounds of a center: what is committed before what, when the store or the road fails in between."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bus.contract.case import Attachment
from bus.custody.commands import Offer, Register
from bus.pipeline.handle import CircuitBreaker, HandlerOutcome, RetryPolicy
from bus.pipeline.intake import IntakeDeps
from bus.runtime.batch_size import AdaptiveBatchSize
from bus.runtime.engine import Engine
from bus.store import StoreUnavailable, inbox
from bus.store import tables as t
from bus.store.database import Store
from bus.transports.port import Delivery, SendResult
from tests.harness.step import MEDIA, PARTY, BareCenter, HeldTransport, a_case, carry
from tests.unit.test_intake_and_handle import OneRoute, System, center


class Failing(Store):
    """A store whose disk is full when a test says so."""

    full: Callable[[], bool] = staticmethod(lambda: False)

    def write(self, change: Any) -> Any:
        """As ever, unless the disk is full."""
        if self.full():
            raise StoreUnavailable("the disk is full", passing=True)
        return super().write(change)


class Road(HeldTransport):
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
def party(tmp_path: Path) -> Iterator[BareCenter]:
    """The street's party service with one offered case at its desk."""
    media, party = BareCenter(MEDIA, tmp_path), BareCenter(PARTY, tmp_path)
    case = a_case(MEDIA)
    media.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,)))
    carry(media, party)
    media.close()
    yield party
    party.close()


def _turns(party: BareCenter, system: System, store: Store) -> Engine:
    deps = IntakeDeps(party.context, OneRoute(), _no_attachment)
    breaker = CircuitBreaker(RetryPolicy())
    return Engine(
        center,
        system,
        party.context,
        deps,
        store,
        HeldTransport(),
        breaker,
        lambda _: b"",
        lambda: party.now,
        smallest_batch=10,
    )


def test_what_was_performed_is_written_down_as_soon_as_the_store_is_well_again(party: BareCenter) -> None:
    """A task whose end could not be written does not wait out its lease, and its handler is not called again."""
    system, store = System(), Failing(str(party.store.url))
    engine = _turns(party, system, store)
    store.full = lambda: bool(system.done)
    assert engine.handle() == ([], 0)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            engine.handle()
    system.fault = AssertionError("the handler is called a second time")
    store.full = lambda: False
    performed, said = engine.handle()
    assert [one.outcome for one in performed] == ["done"]
    assert said == 1, "the offer is taken"
    with party.store.reading() as tx:
        assert inbox.figures(tx)["waiting"] == 0
    assert engine.handle() == ([], 0)
    store.close()


def test_what_was_claimed_and_not_begun_is_due_again_at_once_and_nothing_counts(party: BareCenter) -> None:
    """The rest of a round that was enough is no failure: the next round takes it up, whenever the lease would end."""
    system = System()
    engine = _turns(party, system, party.store)
    engine.batch_size.exhausted = lambda: True  # type: ignore[method-assign]  # as if the round had taken too long
    engine.handle()
    assert system.done == {}
    engine.batch_size = AdaptiveBatchSize(10, 10, 5)
    performed, _ = engine.handle()
    assert [one.outcome for one in performed] == [HandlerOutcome.NOT_BEGUN]
    assert (len(system.done), engine.unrecorded[0].claimed.task.attempts) == (1, 0)


def test_a_center_that_leaves_writes_down_what_it_has_done_and_sent(party: BareCenter) -> None:
    """Nothing is performed or sent a second time by the next process, though no round followed the last ones."""
    system = System()
    engine = _turns(party, system, party.store)
    engine.handle()
    engine.relay()
    engine.end(0)
    assert len(system.done) == 1
    with party.store.reading() as tx:
        assert inbox.figures(tx)["waiting"] == 0
        assert set(tx.execute(select(t.outbox.c.attempts)).scalars()) == {1}
    assert engine.relay().results == []


def test_what_a_batch_came_to_is_written_down_with_the_next_claim(party: BareCenter) -> None:
    """One commit for each batch; and what could not be written down is, as soon as the store is well again."""
    store = Failing(str(party.store.url))
    engine = _turns(party, System(), store)
    engine.handle()
    engine.handle()
    sent = engine.relay()
    assert sent.by_peer(SendResult.CONFIRMED).total() == len(sent.results) > 0
    store.full = lambda: True
    with pytest.raises(StoreUnavailable):
        engine.relay()
    store.full = lambda: False
    assert engine.relay().results == []
    with party.store.reading() as tx:
        assert set(tx.execute(select(t.outbox.c.attempts)).scalars()) == {1}
    store.close()


def test_what_could_not_be_applied_is_tried_again_and_then_settled(party: BareCenter) -> None:
    """Deliveries of a failed commit are not left in the transport's window: the next round applies and settles them."""
    store = Failing(str(party.store.url))
    engine = _turns(party, System(), store)
    bag = Road([Delivery(b"{", None, 1), Delivery(b"[", None, 2)])
    engine.transport = bag
    store.full = lambda: True
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            engine.receive(0)
    assert bag.settled == []
    store.full = lambda: False
    assert engine.receive(0) == 2
    assert [delivery.tag for delivery in bag.settled] == [1, 2]
    store.close()


def test_an_outcome_that_can_never_be_written_is_parked_alone(
    party: BareCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands that the store will not have park their own task; it is not tried for ever."""
    system = System()
    engine = _turns(party, system, party.store)

    def hopeless(*_: object, **__: object) -> int:
        raise StoreUnavailable("these rows cannot be written", passing=False)

    monkeypatch.setattr("bus.store.unit_of_work.UnitOfWork.link", hopeless)
    engine.handle()
    engine.handle()
    with party.store.reading() as tx:
        figures = inbox.figures(tx)
    assert (figures["waiting"], figures["parked"]) == (0, 1)

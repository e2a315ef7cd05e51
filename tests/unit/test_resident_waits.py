"""The wait of a new holder for the resident's details, in the store: no fault, no obstacle, urged, parked, ended."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bus.contract import messages as k
from bus.contract.case import Case, Person
from bus.contract.envelope import Message
from bus.custody import Record
from bus.custody.commands import Accept, Offer, Register, Urge
from bus.pipeline.handle import CircuitBreaker, RetryPolicy, finish, finish_and_claim, perform
from bus.sdk.center import Center, HandlerContext
from bus.security.directory import MASKING_NEEDS
from bus.store import cases, inbox, parked
from bus.store import tables as t
from bus.store.resident_waits import AWAITED
from tests.harness.signing_county import notarised
from tests.harness.step import BareCenter, a_case, carry

MEDIA, PARTY, CIVIL = "media_center-150402", "party_service-150402", "civilization_center-150402"
WHO = Person(name="张三丰", phone="13900001234", address="某小区某号楼")


class Desk:
    """A center of one function: what it was given to do."""

    def __init__(self, *kinds: type[k.CaseKind]) -> None:
        self.done: list[str] = []
        self.center: Center[Any] = Center(kind="party_service", connect=lambda _: None)
        for kind in kinds:
            self.center.on(kind)(self._do)

    def _do(self, context: HandlerContext[Any], message: Message[Any]) -> list[Any]:
        person = context.record.case.resident
        self.done.append(f"{message.data.kind} {person.name if person else '-'}")
        return []

    def works(self, bare: BareCenter) -> list[str]:
        """Every task that is due; what became of each."""
        breaker = CircuitBreaker(RetryPolicy())
        outcomes: list[Any] = []
        while True:
            _, tasks = finish_and_claim(bare.store, bare.context, [], breaker, bare.now, 100)
            if not tasks:
                return outcomes
            done = [perform(self.center, None, lambda _: b"", task, bare.now) for task in tasks]
            finish(bare.store, bare.context, done, breaker, bare.now)
            assert breaker.failures == 0, "a wait is no fault of the center's own system"
            outcomes += [str(one.outcome) for one in done]


class County:
    """Three centers that mask: the case is at the party center, which waits."""

    def __init__(self, folder: Path) -> None:
        notaries = notarised([MEDIA, PARTY, CIVIL], reads=(MASKING_NEEDS,))
        self.media, self.party, self.civil = (BareCenter(name, folder, security=notaries[name]) for name in notaries)
        self.desk = Desk(k.Offered, k.Urged, k.Handed)
        self.sent: set[str] = set()
        self.case = a_case(MEDIA, resident=WHO)
        self.media.execute(Register(case=self.case), Offer(case_id=self.case.case_id, to=(PARTY,)))
        carry(self.media, self.party)
        self.party.execute(Accept(case_id=self.case.case_id))

    def known(self, bare: BareCenter) -> Case:
        """The case as a center knows it."""
        return self.record(bare).case

    def record(self, bare: BareCenter) -> Record:
        """Its record there."""
        with bare.store.reading() as tx:
            return cases.read(tx, [self.case.case_id])[self.case.case_id]

    def waits(self) -> list[tuple[str, str, int]]:
        """State, reason and urgings of each wait in the party center's store."""
        with self.party.store.reading() as tx:
            rows = tx.execute(select(t.work).where(t.work.c.kind == k.Handed.kind)).all()
        return [(row.state, row.reason, row.attempts) for row in rows]

    def later(self, hours: float) -> None:
        """Time passes everywhere."""
        for bare in (self.media, self.party, self.civil):
            bare.later(hours * 3600)

    def urged(self) -> list[str]:
        """Whom the party center urges now; what is sent again for want of a receipt does not count."""
        said = [one for one in self.party.relay() if one.kind == k.Urged.kind and one.message_id not in self.sent]
        self.sent |= {one.message_id for one in said}
        return sorted(one.recipient for one in said)


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    """A party center that has taken a case, and knows a hint of its resident."""
    made = County(tmp_path)
    yield made
    for bare in (made.media, made.party, made.civil):
        bare.close()


def test_the_wait_ends_when_the_resident_comes(county: County) -> None:
    """The order is completed by the word of the center that knew; the wait leaves no trace but in the journal."""
    assert county.desk.works(county.party) == ["done", "not-now"]
    assert county.waits() == [("waiting", AWAITED, 0)]
    carry(county.media, county.party)
    assert county.desk.works(county.party) == ["done"]
    assert county.desk.done == ["case.offered 张*", "case.handed 张三丰"]
    assert county.waits() == []
    with county.party.store.reading() as tx:
        lines = tx.execute(select(t.journal).where(t.journal.c.way == "desk", t.journal.c.kind == k.Handed.kind)).all()
    assert sorted(line.peer for line in lines) == [MEDIA, PARTY]


def test_a_wait_that_is_due_when_the_resident_comes_ends_once(county: County) -> None:
    """A restart makes every task due: the wait and the word that ends it are claimed in one round."""
    county.desk.works(county.party)
    carry(county.media, county.party)
    county.party.store.write(lambda tx: inbox.free_claims(tx, int(county.party.now.timestamp() * 1000)))
    county.desk.works(county.party)
    assert county.waits() == []
    with county.party.store.reading() as tx:
        ended = select(t.journal.c.message_id).where(t.journal.c.way == "desk", t.journal.c.kind == k.Handed.kind)
        lines = tx.execute(ended).scalars().all()
    assert len(lines) == len({*lines}) == 2, "the word of the other center, and the wait"


def test_a_wait_holds_up_no_other_task(county: County) -> None:
    """What others say of the case meanwhile reaches the own system, though the wait is older."""
    county.desk.works(county.party)
    county.media.now = county.party.now
    with county.media.store.reading() as tx:
        assert cases.read(tx, [county.case.case_id])[county.case.case_id].holder == MEDIA
    county.media.execute(Urge(case_id=county.case.case_id, text="请尽快"))
    county.party.receive(*[one.body for one in county.media.relay()])
    assert county.desk.works(county.party) == ["done"]
    assert county.desk.done[-1].startswith("case.urged")
    assert county.waits() == [("waiting", AWAITED, 0)]


def test_it_urges_after_an_hour_then_seldom_and_is_parked_after_a_day(county: County) -> None:
    """Four times in the day; then it stands before an operator, with a cure."""
    county.urged()  # the acceptance leaves; nobody hears it
    urged: list[float] = []
    for quarter in range(1, 97):
        county.desk.works(county.party)
        urged += [quarter / 4] * len(county.urged())
        county.later(0.25)
    assert [round(hour) for hour in urged] == [1, 3, 7, 15]
    assert county.waits() == [("waiting", AWAITED, 4)]
    county.desk.works(county.party)
    assert county.waits() == [("parked", AWAITED, 4)]
    with county.party.store.reading() as tx:
        (item,) = [row for row in parked.listed(tx) if row["place"] == parked.DESK]
        assert inbox.figures(tx)["oldest_ms"] == 0
    assert (item["code"], item["owner"]) == (AWAITED, PARTY)
    assert "origin" in item["hint"]


def test_what_was_parked_ends_too(county: County) -> None:
    """The resident comes after two days: nothing is left to replay."""
    county.later(48)
    for _ in range(3):
        county.desk.works(county.party)
        county.later(0.3)
    assert county.waits() == [("parked", AWAITED, 1)]
    carry(county.media, county.party)
    county.desk.works(county.party)
    assert county.waits() == []
    with county.party.store.reading() as tx:
        assert [row for row in parked.listed(tx) if row["place"] == parked.DESK] == []


def test_a_wait_that_is_replayed_urges_again(county: County) -> None:
    """An operator has rung up the other center, and wants to be told."""
    county.later(48)
    county.desk.works(county.party)
    county.urged()
    county.later(0.3)
    county.desk.works(county.party)
    assert county.waits()[0][0] == "parked"
    with county.party.store.reading() as tx:
        (message_id,) = tx.execute(select(t.work.c.message_id)).scalars()
    county.party.store.write(lambda tx: inbox.replay_work(tx, message_id, int(county.party.now.timestamp() * 1000)))
    county.desk.works(county.party)
    assert county.waits() == [("waiting", AWAITED, 1)]
    assert county.urged() == [MEDIA]


def test_who_is_urged_tells_once_more(county: County) -> None:
    """The first word is lost on the way; the urging brings another, and leaves no work on the other's desk."""
    accepted = county.party.relay()
    county.media.receive(*[one.body for one in accepted])
    county.media.relay()  # the resident, and nobody hears it
    county.later(1.1)
    county.desk.works(county.party)
    (urging,) = [one for one in county.party.relay() if one.kind == k.Urged.kind]
    with county.media.store.reading() as tx:
        before = inbox.figures(tx)["waiting"]
    county.media.receive(urging.body)
    with county.media.store.reading() as tx:
        assert inbox.figures(tx)["waiting"] == before
    carry(county.media, county.party)
    assert county.known(county.party).resident == WHO


def test_an_adapter_without_a_handler_has_it_journaled(county: County) -> None:
    """One of v0.1.0 knows no such message: nothing is parked, and the record is whole all the same."""
    old = Desk(k.Offered, k.Urged)
    old.works(county.party)
    carry(county.media, county.party)
    assert old.works(county.party) == ["done"]
    assert county.known(county.party).resident == WHO
    with county.party.store.reading() as tx:
        assert list(parked.listed(tx)) == []
        lines = tx.execute(select(t.journal.c.note).where(t.journal.c.kind == k.Handed.kind)).scalars().all()
    assert "no-handler" in lines


def test_a_kind_of_v0_1_0_without_a_handler_is_parked_as_before(county: County) -> None:
    """Only what it could not know is journaled."""
    none = Desk()
    assert "not-ever" in none.works(county.party)

"""认领: a matter is claimed once in each round, whoever asks at once; who comes later is told who has it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bus.contract import messages as k
from bus.custody import ReceivedOffer, Record, Refusal, decide, register
from bus.custody import commands as c
from bus.figures.answers import figures_of
from bus.figures.facts import facts_of
from bus.figures.period import Reckoning
from bus.pipeline.intake import Reply
from bus.store import Store, cases, schema
from bus.store.figures import count
from bus.store.rows import LinkRow
from bus.store.timestamps import ms
from stories import s16
from stories.stage import PARTY as HERE
from tests.harness import claimants
from tests.unit.custody_model.cases import MEDIA, NOW, PARTY, matter

HOUR = timedelta(hours=1)
Claimed = tuple[int, int, str, str, str]
"""(matter, leader, status, code, cure)"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a fresh store."""
    of_file = f"sqlite:///{tmp_path}/s.db"
    found: str = of_file if request.param == "sqlite" else request.getfixturevalue("database_url")
    with closing(Store(found)) as store:
        schema.upgrade(store)
    return found


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """That store, with the 47 matters on the board."""
    opened = Store(url)
    claimants.take(opened, [("entry", s16.matter(number)) for number in range(s16.MATTERS)])
    yield opened
    opened.close()


def _held() -> Record:
    return register(c.Register(case=matter(PARTY)), PARTY, None).record


def _claim(record: Record, who: str = "领导甲", post: str | None = "区委常委") -> c.Claim:
    return c.Claim(case_id=record.case.case_id, claimant=who, post=post)


def test_the_first_claim_has_the_matter_and_the_second_is_told_who() -> None:
    """Nobody else is told by it, and custody stays."""
    record = _held()
    first = decide(record, _claim(record), NOW)
    assert (first.outgoing, first.record.holder, first.record.version) == ((), PARTY, 1)
    with pytest.raises(Refusal, match="领导甲（区委常委）") as no:
        decide(first.record, _claim(record, "领导乙"), NOW)
    assert no.value.code == "claimed"


def test_a_matter_is_claimed_where_it_is_and_while_it_is_open() -> None:
    """Or where an offer of it waits; a new round may be claimed anew, and the figures keep the first."""
    record = _held()
    elsewhere = record.with_(holder=MEDIA, version=2)
    with pytest.raises(Refusal, match="not-holder"):
        decide(elsewhere, _claim(record), NOW)
    offer = ReceivedOffer(offer_id=record.case.case_id, offerer=MEDIA, mode=k.Mode.OPEN, version=2, at=NOW)
    assert decide(elsewhere.with_(offer_in=offer), _claim(record), NOW).record.claim is not None
    record = decide(record, _claim(record), NOW).record
    about: dict[str, Any] = {"case_id": record.case.case_id}
    record = decide(record, c.Resolve(**about, outcome=k.Outcome.DONE, public_reply="已办"), NOW).record
    with pytest.raises(Refusal, match="not-open"):
        decide(record, _claim(record), NOW)
    record = decide(record, c.Reopen(**about, text="又坏了"), NOW + HOUR).record
    record = decide(record, _claim(record, "领导乙", None), NOW + 2 * HOUR).record
    assert record.claim is not None
    assert (record.claim.who, record.claim.round) == ("领导乙", 2)
    assert facts_of(record).claimed_ms == ms(NOW)


def _judge(said: list[Claimed]) -> dict[int, int]:
    """Matter → its winner; every other claim is refused, and names the winner."""
    assert len(said) == s16.MATTERS * s16.LEADERS
    won = {number: leader for number, leader, status, _, _ in said if status == "taken"}
    assert len([one for one in said if one[2] == "taken"]) == len(won) == s16.MATTERS
    for number, leader, status, code, cure in said:
        if status != "taken":
            assert (status, code) == ("refused", "claimed")
            assert f"领导{won[number]}（" in cure, (number, leader)
    return won


def _claims_of(store: Store) -> dict[int, str]:
    with store.reading() as tx:
        records = cases.read(tx, cases.ids(tx)).values()
        return {int(r.case.source.record[3:]): r.claim.claimant for r in records if r.claim is not None}


def test_of_thirty_two_leaders_at_once_one_has_each_of_forty_seven_matters(store: Store) -> None:
    """S16: eight threads on one store, every leader after every matter: 47 winners, the others told who."""
    said: list[Claimed] = []

    def heard(number: int, leader: int, reply: Reply) -> None:
        said.append((number, leader, reply.status, reply.code, reply.cure))

    with ThreadPoolExecutor(8) as people:
        fours = [range(first, first + 4) for first in range(0, s16.LEADERS, 4)]
        list(people.map(lambda leaders: claimants.all_claims(store, leaders[0], leaders, heard), fours))
    won = _judge(said)
    assert _claims_of(store) == {number: f"领导{leader}" for number, leader in won.items()}


def test_two_processes_on_one_postgresql_have_one_winner_each(database_url: str) -> None:
    """S16: both call the intake step on one store; what each of them says agrees with the other."""
    with closing(Store(database_url)) as store:
        schema.upgrade(store)
        claimants.take(store, [("entry", s16.matter(number)) for number in range(s16.MATTERS)])
        half = s16.LEADERS // 2
        groups = (range(half), range(half, s16.LEADERS))
        said: list[Claimed] = [tuple(one) for one in claimants.at_once(database_url, groups)]
        won = _judge(said)
        assert {leader < half for leader in won.values()} == {True, False}  # neither was there alone
        assert _claims_of(store) == {number: f"领导{leader}" for number, leader in won.items()}


def test_the_district_counts_what_was_claimed_solved_and_held(store: Store) -> None:
    """S16 in full: 47 claimed, 329 solved, 163 activities."""
    claimants.take(store, [("claim", s16.claim(number, number % s16.LEADERS)) for number in range(s16.MATTERS)])
    for number in range(s16.MATTERS):
        event = {"action": "resolve", "reply": "已解决。"}
        acted = {"event_id": f"e{number}", "matter_no": f"DS-{number:04d}", "event": event}
        assert claimants.take(store, [("order-event", acted)])[0].status == "taken"
    claimants.take(store, [("ledger", s16.solved(number)) for number in range(s16.MATTERS, s16.SOLVED)])
    claimants.take(store, [("activity", s16.activity(number)) for number in range(s16.ACTIVITIES)])
    with store.reading() as tx:
        counts = count(tx, HERE, s16.PERIOD, ms(datetime.now(UTC) + HOUR), Reckoning())
    found = {one.figure.code: one.numerator for one in figures_of(counts)}
    assert (found["claimed"], found["resolution-rate"], found["activities"]) == (47, 329, 163)


def test_an_offered_matter_is_taken_by_its_claim(store: Store) -> None:
    """The new form does what the act does; a claim of an older program, which has left its ticket alone, holds."""
    with store.reading() as tx:
        case_id = cases.find(tx, "matter", "DS-0000")
    assert case_id is not None

    def ticket(tx: Any) -> None:
        cases.link(tx, [LinkRow("claim", f"{case_id}/1", str(case_id))])

    store.write(ticket)
    (refused,) = claimants.take(store, [("claim", s16.claim(0, 1))])
    assert (refused.status, refused.code) == ("refused", "claimed")
    (nobody,) = claimants.take(store, [("claim", s16.claim(0, 2) | {"matter_no": "DS-none"})])
    assert (nobody.status, nobody.code) == ("refused", "unknown-record")
    (other,) = claimants.take(store, [("claim", s16.claim(1, 3) | {"case_id": UUID(int=7)})])
    assert (other.status, other.code) == ("refused", "unknown-case")

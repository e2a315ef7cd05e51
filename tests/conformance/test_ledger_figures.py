"""The ledger's kept sums: for any period and any as-of they are what a recount of the cases says."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import case, func, select

from bus.context import Keeping
from bus.contract.case import Urgency
from bus.contract.facts import CaseState, Fact, FactsTold
from bus.contract.messages import Accepted, Declined, Offered, Outcome
from bus.figures.cells import COUNTY
from bus.figures.definitions import Part
from bus.figures.period import CHINA, Period, Reckoning
from bus.store import Store, Tx, ledger, ledger_cells
from bus.store import tables as t
from bus.store.figures import Asked, conditions_of, projects_of
from bus.store.ledger_figures import KEPT, count
from bus.store.ledger_parts_of_days import OF_CASES, OF_OFFERS, OF_PROJECTS
from bus.store.timestamps import ms

BEGIN = datetime(2026, 7, 1, tzinfo=CHINA)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CENTERS = ("media_center-150402", "party_service-150402")
RECKONING = Reckoning(
    day_begins=time(12), rating_days=3, reopening_days=4, weights=(0, 100, 600, 800, 1000), contact_hours=30,
    rework_days=5,
)  # fmt: skip
PERIODS = (
    Period(BEGIN + 12 * HOUR, BEGIN + 10 * DAY + 12 * HOUR),
    Period(BEGIN + 5 * HOUR, BEGIN + 7 * DAY + 3 * HOUR),
    Period(BEGIN + 13 * HOUR, BEGIN + 20 * HOUR),
    Period(BEGIN - 50 * DAY, BEGIN + 50 * DAY),
)
AS_OFS = (BEGIN - DAY, BEGIN + 3 * DAY, BEGIN + 6 * DAY + 7 * HOUR, BEGIN + 12 * DAY + 12 * HOUR, BEGIN + 60 * DAY)


def _moment(chance: random.Random, after: datetime, days: int) -> datetime:
    """Often at the cut of a day, where one thing happens as another does."""
    moment = after + chance.randint(0, days * 24) * HOUR
    return moment.replace(hour=12) if chance.random() < 0.2 else moment


def _state(chance: random.Random, number: int, center: str) -> CaseState:
    """A case at any stage of its life."""
    opened = _moment(chance, BEGIN - 3 * DAY, 14)
    told: dict[str, Any] = {
        "case_id": UUID(int=number), "origin": center, "holder": center, "version": 1, "round": 1, "status": "open",
        "category": chance.choice(("housing", "roads", "roads.light")), "urgency": Urgency.NORMAL, "opened": opened,
        "division": chance.choice((None, "150402001", "150402006", "150402")),
    }  # fmt: skip
    if chance.random() < 0.4:
        told["project"] = UUID(int=10_000 + chance.randint(1, 30))
    if chance.random() < 0.6:
        told["due"] = _moment(chance, opened, 5)
    if chance.random() < 0.3:
        told["claimed"] = _moment(chance, opened, 3)
    if chance.random() < 0.6:
        told["taken"] = _moment(chance, opened, 4)
        if chance.random() < 0.6:
            told["contacted"] = _moment(chance, told["taken"], 3)
    if chance.random() < 0.75:
        resolved = _moment(chance, opened - HOUR, 8)
        outcome = chance.choice((Outcome.DONE, Outcome.PARTLY, Outcome.CANCELLED)).value
        told |= {"resolved": resolved, "status": "resolved", "outcome": outcome, "hand_overs": chance.randint(0, 3),
                 "instant": chance.random() < 0.2, "first_right": chance.random() < 0.5}  # fmt: skip
        if chance.random() < 0.4:
            told |= {"called_back": _moment(chance, resolved, 5), "solved": chance.random() < 0.6}
        if chance.random() < 0.7:
            told |= {"closed": _moment(chance, resolved, 3), "status": "closed"}
        if chance.random() < 0.4:
            told |= {"rated": _moment(chance, resolved, 6), "grade": chance.randint(1, 5)}
        if chance.random() < 0.3:
            told |= {"reopened": _moment(chance, resolved, 9), "status": "open", "round": 2}
            if chance.random() < 0.7:
                told["answered_again"] = _moment(chance, told["reopened"], 5)
        if chance.random() < 0.05:
            told |= {"resolved": None}
    return CaseState(**{name: value for name, value in told.items() if value is not None})


def _offers(chance: random.Random, state: CaseState) -> list[Fact]:
    """An offer to one center or two, and perhaps its answer."""
    at = _moment(chance, state.opened, 3)
    peers = chance.sample(("a-150402", "b-150402"), chance.choice((1, 1, 2)))
    on: dict[str, Any] = {"case_id": state.case_id, "holder": state.holder, "version": state.version, "round": 1}
    due = _moment(chance, at, 2) if chance.random() < 0.7 else None
    said = [Fact(**on, at=at, way="said", kind=Offered.kind, peer=peer, due=due) for peer in peers]
    answer = chance.choice((None, Accepted.kind, Declined.kind))
    if answer is None:
        return said
    why = chance.choice(("not-duty", "duplicate")) if answer == Declined.kind else None
    return [*said, Fact(**on, at=_moment(chance, at, 3), way="heard", kind=answer, peer=peers[0], code=why)]


def _tell(store: Store, center: str, told: FactsTold) -> None:
    store.write(lambda tx: ledger.take(tx, center, told, 0, ms(BEGIN), Keeping(RECKONING)))


@pytest.fixture
def filled(store: Store, request: pytest.FixtureRequest) -> Store:
    """A ledger that two centers have told of their cases, many of them several times."""
    chance = random.Random(getattr(request, "param", 0))  # noqa: S311 - cases, not secrets
    store.write(lambda tx: tx.execute(t.ledger_reckoning.delete()))
    ledger_cells.recount(store, Keeping(RECKONING), lambda _count: None)
    for number in range(300):
        center = chance.choice(CENTERS)
        first = _state(chance, number, center)
        _tell(store, center, FactsTold(states=(first,), facts=tuple(_offers(chance, first))))
        for _ in range(chance.randint(0, 2)):
            _tell(store, center, FactsTold(states=(_state(chance, number, center),)))
        if chance.random() < 0.3:  # another center has the case too, and counts it not
            other = next(one for one in CENTERS if one != center)
            _tell(store, other, FactsTold(states=(first,)))
    return store


def _recount(tx: Tx, period: Period, at: datetime) -> dict[Part, int]:
    """Each part, by a look at every case and every offer."""
    asked = Asked(ms(period.begin), ms(period.end), ms(at))
    own = t.ledger_states.c.center == t.ledger_states.c.origin
    found: dict[Part, int] = {}
    for part, condition in conditions_of(t.ledger_states.c, asked, RECKONING).items():
        found[part] = tx.execute(select(func.count()).where(own, condition)).scalar_one()
    each = projects_of(t.ledger_states, own, asked)
    resolved = func.coalesce(func.sum(case((each.c.done, 1), else_=0)), 0)
    projects = tx.execute(select(func.count(), resolved).select_from(each)).one()
    found[Part.PROJECTS], found[Part.PROJECTS_RESOLVED] = (int(number) for number in projects)
    offers = [row for row in tx.execute(select(t.ledger_offers)).all() if row.recipients == 1]
    found |= _recount_offers([row for row in offers if asked.begin_ms <= row.offered_ms < asked.end_ms], asked)
    return found


def _recount_offers(offers: Sequence[Any], asked: Asked) -> dict[Part, int]:
    found: Counter[Part] = Counter(dict.fromkeys(OF_OFFERS, 0))
    for one in offers:
        if one.offered_ms >= asked.as_of_ms:
            continue
        answered = one.answered_ms is not None and one.answered_ms < asked.as_of_ms
        found[Part.OFFERS_ANSWERED] += answered
        found[Part.OFFERS_DECLINED] += answered and one.declined
        if one.sign_by_ms is not None and one.sign_by_ms <= asked.as_of_ms:
            found[Part.SIGN_DUE] += 1
            found[Part.SIGNED_IN_TIME] += one.answered_ms is not None and one.answered_ms <= one.sign_by_ms
    return dict(found)


@pytest.mark.parametrize("filled", range(3), indirect=True)
def test_kept_sums_are_those_of_a_recount(filled: Store) -> None:
    """At whole days and within them, before, in and after the period, for each part."""
    seen: Counter[Part] = Counter()
    for period in PERIODS:
        for at in AS_OFS:
            with filled.reading() as tx:
                counted, recounted = count(tx, period, ms(at), RECKONING), _recount(tx, period, at)
            both = {part: (counted.parts[part], recounted[part]) for part in KEPT}
            assert not {part: pair for part, pair in both.items() if pair[0] != pair[1]}, (period, at)
            assert counted.parts[Part.SATISFIED] == recounted[Part.SATISFIED]
            seen += Counter({part: number for part, number in counted.parts.items() if number})
    assert {*seen} >= KEPT  # nothing was equal because it was 0 everywhere


def test_sums_counted_anew_are_the_same(filled: Store) -> None:
    """From the states alone; and by another reckoning they are counted by themselves."""

    def sums(tx: Tx) -> Any:
        cells = t.ledger_cells.c
        return {tuple(row) for row in tx.execute(select(t.ledger_cells).where(cells.cases != 0))}

    before = filled.write(sums)
    filled.write(lambda tx: tx.execute(t.ledger_reckoning.delete()))
    ledger_cells.recount(filled, Keeping(RECKONING), lambda _count: None)
    assert filled.write(sums) == before
    other = Reckoning(rating_days=9)
    ledger_cells.recount(filled, Keeping(other), lambda _count: None)
    assert filled.write(ledger_cells.counted_by) == ledger_cells.name_of(other)
    assert filled.write(sums) != before


@pytest.mark.parametrize("anew", [False, True])
def test_totals_are_the_sums_of_all_days(filled: Store, anew: bool) -> None:
    """Of the county, and of what this ledger has counted itself; also after all was counted anew."""
    c, totals = t.ledger_cells.c, t.ledger_totals.c
    if anew:
        ledger_cells.recount(filled, Keeping(Reckoning(rating_days=9)), lambda _count: None)
    with filled.reading() as tx:
        summed = select(c.part, c.cohort_day, c.value, func.sum(c.cases)).where(c.scope == COUNTY, c.teller == "")
        by_cohort = tx.execute(summed.group_by(c.part, c.cohort_day, c.value)).all()
        kept = tx.execute(select(totals.part, totals.cohort_day, totals.value, totals.cases)).all()
    assert {tuple(row) for row in kept if row[3]} == {tuple(row) for row in by_cohort if row[3]} != set()


def test_each_part_alone_is_that_of_a_recount(filled: Store) -> None:
    """Of each part only its own moments are looked at: early in a day, and late."""
    wrong = []
    for number in range(12):
        at = BEGIN + number * DAY + (5 if number % 2 else 18) * HOUR
        with filled.reading() as tx:
            recounted = _recount(tx, PERIODS[3], at)
            wrong += [
                (at, part) for part in KEPT
                if count(tx, PERIODS[3], ms(at), RECKONING, (part,)).parts[part] != recounted[part]
            ]  # fmt: skip
    assert not wrong


def test_one_figure_is_asked_for_alone(filled: Store) -> None:
    """What is not asked for is not counted."""
    with filled.reading() as tx:
        counted = count(tx, PERIODS[0], ms(AS_OFS[3]), RECKONING, (Part.SATISFIED, Part.RATED))
    assert set(counted.parts) == {Part.RATED, Part.SATISFIED, Part.WEIGHTED, Part.WEIGHTABLE}
    assert not (OF_CASES | OF_PROJECTS) - {Part.RATED} & set(counted.parts)

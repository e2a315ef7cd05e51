"""The counts of a store against a recount from its records, on SQLite and on PostgreSQL."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bus.contract.case import Place
from bus.contract.messages import Outcome, Rater
from bus.custody import Record, Status, decide, register
from bus.custody import commands as c
from bus.custody.first import FirstHandOver
from bus.figures.answers import PARTS_OF, Counts, combined
from bus.figures.definitions import Part
from bus.figures.period import Period, Reckoning
from bus.figures.tree import LEVELS, Tally, tree
from bus.store import Store, activities, cases
from bus.store.activities import ActivityRow
from bus.store.figures import by_division, count
from bus.store.timestamps import ms
from tests.harness.step import a_case

ME, PEER = "media_center-150402", "party_service-150402"
BEGIN = datetime(2026, 6, 30, 16, tzinfo=UTC)
DAY = timedelta(days=1)
PERIOD = Period(BEGIN, BEGIN + 31 * DAY)
RECKONING = Reckoning(
    rating_days=3,
    reopening_days=6,
    weights=(0, 100, 600, 900, 1000),
    rater_weights=(900, 100, 200, 300),
    contact_hours=48,
    rework_days=4,
)
PARTS = {*Part} - {Part.OFFERS_ANSWERED, Part.OFFERS_DECLINED, Part.SIGN_DUE, Part.SIGNED_IN_TIME}
"""What a center counts."""
MANY = 400
HELD = tuple(BEGIN + days * DAY for days in (-1, 0, 7, 8, 31))
"""When activities were held."""
DIVISIONS = ("150402006006", "150402006007", "150402007001", "150402006", "150402", "150404001001", "152223")


def _a_life(chance: random.Random) -> Record:
    """A case with some of what may happen to one. Many moments fall on the ends of days, and so on each other."""
    heard = BEGIN + chance.randint(-5, 35) * DAY
    due = heard + chance.choice((3, 5)) * DAY if chance.random() < 0.8 else None
    origin = PEER if chance.random() < 0.1 else ME
    place = Place(division=chance.choice(DIVISIONS))
    case = a_case(origin, received_at=heard, due=due, place=place)
    record = register(c.Register(case=case), origin, None).record
    if chance.random() < 0.3:
        record = record.with_(path=(origin, PEER, "civil-150402")[: chance.randint(2, 3)])
        record = record.with_(first_hand_over=_handed_over(chance, heard))
    if chance.random() < 0.5:
        record = decide(record, c.Join(case_id=case.case_id, project=f"P-{chance.randint(1, 60)}"), heard).record
    if chance.random() < 0.3 and origin == ME and record.mine:
        claim = c.Claim(case_id=case.case_id, claimant="领导甲")
        record = decide(record, claim, heard + chance.randint(0, 20) * DAY).record
    if chance.random() < 0.2:
        return record
    on: dict[str, Any] = {"case_id": case.case_id}
    at = heard + chance.randint(0, 8) * DAY
    outcome = chance.choice((Outcome.DONE, Outcome.DONE, Outcome.EXPLAINED, Outcome.CANCELLED))
    instant = chance.random() < 0.1
    record = decide(record, c.Resolve(**on, outcome=outcome, public_reply="已办", instant=instant), at).record
    if chance.random() < 0.05:
        return record.with_(resolved_at=None)  # resolved under an older program
    if chance.random() < 0.8:
        at += chance.randint(0, 2) * DAY
        record = decide(record, c.Close(**on, replied_at=at), at).record
    if chance.random() < 0.3:
        record = decide(record, c.CallBack(**on, solved=chance.random() < 0.7), at + chance.randint(0, 3) * DAY).record
    for rater in Rater:
        if chance.random() < 0.5:
            record = decide(record, c.Rate(**on, grade=chance.randint(1, 5), rater=rater), at + DAY).record
    if chance.random() < 0.3:
        at += chance.randint(1, 4) * DAY
        record = decide(record, c.Reopen(**on, text="又坏了"), at).record
        if chance.random() < 0.5:
            record = decide(record, c.Resolve(**on, outcome=Outcome.PARTLY, public_reply="再办"), at + DAY).record
            record = decide(record, c.Rate(**on, grade=1), at + DAY).record
        if chance.random() < 0.7 and record.status is Status.RESOLVED:
            record = decide(record, c.Close(**on, replied_at=at), at + chance.randint(1, 3) * DAY).record
            record = decide(record, c.CallBack(**on, solved=True), at + 3 * DAY).record
    return record


def _handed_over(chance: random.Random, heard: datetime) -> FirstHandOver:
    taken = heard + chance.randint(0, 3) * DAY
    contacted = taken + chance.randint(0, 3) * DAY if chance.random() < 0.7 else None
    return FirstHandOver(taken_by=chance.choice((ME, PEER, None)), taken_at=taken, contacted_at=contacted)


def _recount(records: Sequence[Record], at: datetime) -> Counts:
    """The same counts, case by case, from what the records say and nothing else."""
    found: Counter[Part] = Counter()
    hand_overs: Counter[int] = Counter()
    for record in records:
        if record.case.origin == ME and record.case.received_at < at:
            for part, size in _of_one(record, at, hand_overs):
                found[part] += size
    projects = _projects(records, at)
    found[Part.COMBINED], found[Part.COMBINABLE] = combined(found, RECKONING.rater_weights)
    found[Part.ACTIVITIES] = sum(PERIOD.begin <= held < min(PERIOD.end, at) for held in HELD)
    found[Part.PROJECTS], found[Part.PROJECTS_RESOLVED] = len(projects), sum(map(all, projects.values()))
    return Counts({part: found[part] for part in PARTS}, dict(hand_overs))


def _projects(records: Sequence[Record], at: datetime) -> dict[str, list[bool]]:
    """Project whose first demand is of the period → whether each of its demands, registered by then, is resolved."""
    demands: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for record in records:
        first = record.first
        resolved = first.resolved_at if first else record.resolved_at
        outcome = first.outcome if first else record.result.outcome if record.result else None
        taken_back = outcome is Outcome.CANCELLED and resolved is not None
        if record.case.origin == ME and record.project is not None and not taken_back:
            demands.setdefault(record.project, []).append((record.case.received_at, resolved))
    return {
        project: [resolved is not None and resolved < at for heard, resolved in each if heard < at]
        for project, each in demands.items()
        if PERIOD.begin <= min(heard for heard, _ in each) < min(PERIOD.end, at)
    }


def _of_one(record: Record, at: datetime, hand_overs: Counter[int]) -> Iterator[tuple[Part, int]]:
    heard, first = record.case.received_at, record.first
    begins_here = PERIOD.begin <= heard < PERIOD.end
    resolved = first.resolved_at if first else record.resolved_at
    closed = first.closed_at if first else record.closed_at
    outcome = first.outcome if first else record.result.outcome if record.result else None
    done = resolved is not None and resolved < at
    if done and outcome is Outcome.CANCELLED:
        yield Part.CANCELLED, begins_here
        return
    undated = resolved is None and (record.status is not Status.OPEN or first is not None)
    is_open, due = not done and not undated, record.case.due
    again = first is not None and first.reopened_at < at
    yield Part.OPEN, is_open
    yield Part.OVERDUE, is_open and due is not None and due < at
    yield Part.RESOLVED_IN_PERIOD, done and resolved is not None and PERIOD.begin <= resolved < PERIOD.end
    if closed is not None and PERIOD.begin <= closed < min(PERIOD.end, at):
        yield Part.CLOSED_IN_PERIOD, 1
        yield Part.REOPENED, again
    if not begins_here:
        return
    yield Part.REGISTERED, 1
    claimed = first.claimed_at if first else record.claim.at if record.claim else None
    yield Part.CLAIMED, claimed is not None and claimed < at
    yield Part.UNDATED, undated
    if due is not None and due <= at:
        yield Part.DUE, 1
        yield Part.ON_TIME, resolved is not None and resolved <= due
    handed = record.first_hand_over
    if handed is not None and handed.taken_at is not None and handed.taken_at + 2 * DAY <= at:
        yield Part.CONTACT_DUE, 1
        yield Part.CONTACTED_IN_TIME, bool(handed.contacted_at and handed.contacted_at <= handed.taken_at + 2 * DAY)
    if done and resolved is not None:
        yield from _of_resolved(record, at - resolved, again, at)
        times = first.hand_overs if first else len(record.path) - 1
        hand_overs[times] += 1
        yield Part.HAND_OVERS, times
        yield Part.INSTANT, first.instant if first else record.result is not None and record.result.instant


def _of_resolved(record: Record, age: timedelta, again: bool, at: datetime) -> Iterator[tuple[Part, int]]:
    first = record.first
    yield Part.RESOLVED, 1
    by = first.by if first else record.result.by if record.result else None
    yield Part.FIRST_RIGHT, record.first_hand_over is not None and record.first_hand_over.taken_by == by
    called, solved = (first.called_back_at, first.solved) if first else (record.called_back_at, record.solved)
    if called is not None and called < at:
        yield Part.CALLED_BACK, 1
        yield Part.CONFIRMED_SOLVED, bool(solved)
    if age >= RECKONING.reopening_days * DAY:
        yield Part.WINDOW_ENDED, 1
        yield Part.SETTLED_FOR_GOOD, not again
    for given in record.ratings:
        if given.rater is not Rater.RESIDENT and given.round == 1 and given.at is not None and given.at < at:
            satisfied, every = PARTS_OF[given.rater]
            yield every, 1
            yield satisfied, given.grade >= 3
    own = [g for g in record.ratings if g.rater is Rater.RESIDENT and g.round == 1 and g.at is not None and g.at < at]
    yield Part.RATABLE, bool(own) or age >= RECKONING.rating_days * DAY
    for rating in own:
        yield Part.RATED, 1
        yield Part.WEIGHTABLE, 1000
        yield Part.SATISFIED, rating.grade in (3, 4, 5)
        yield Part.WEIGHTED, RECKONING.weights[rating.grade - 1]
        by_then = (rating.at or at) + RECKONING.rework_days * DAY
        if rating.grade < 3 and by_then <= at:
            yield Part.REWORK_DUE, 1
            again_at = first.answered_again_at if first else None
            yield Part.REWORKED_IN_TIME, again_at is not None and again_at <= by_then


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_a_recount(store: Store, seed: int) -> None:
    """Each part of each figure, at moments before, in and after the period."""
    chance = random.Random(seed)  # noqa: S311 - cases, not secrets
    records = [_a_life(chance) for _ in range(MANY)]
    store.write(lambda tx: cases.keep(tx, records, 1))
    held = [ActivityRow("activity", f"a{n}", ms(day), "150402", ("法院",)) for n, day in enumerate(HELD)]
    store.write(lambda tx: activities.keep(tx, held))
    seen: Counter[Part] = Counter()
    for days in (-6, 0, 7, 20, 31, 60):
        at = BEGIN + days * DAY
        with store.reading() as tx:
            counted = count(tx, ME, PERIOD, ms(at), RECKONING)
        assert counted == _recount(records, at), days
        seen += Counter({part: number for part, number in counted.parts.items() if number})
    assert set(seen) == PARTS  # nothing was equal because it was 0 everywhere


def test_a_division_is_its_children_and_what_lies_in_none_of_them(store: Store) -> None:
    """At every level the total is that of a recount; a project whose demands lie apart counts once, above both."""
    chance = random.Random(4)  # noqa: S311 - cases, not secrets
    records = [_a_life(chance) for _ in range(MANY)]
    store.write(lambda tx: cases.keep(tx, records, 1))
    at = BEGIN + 40 * DAY
    with store.reading() as tx:
        nodes = {node.code: node for node in tree(by_division(tx, ME, PERIOD, ms(at), RECKONING))}
        whole = count(tx, ME, PERIOD, ms(at), RECKONING)
    parts = (Part.REGISTERED, Part.RESOLVED, Part.PROJECTS, Part.PROJECTS_RESOLVED)
    assert nodes[""].total == Tally(*(whole.parts[part] for part in parts))
    for code, node in nodes.items():
        below = [other for other in nodes if other.startswith(code) and _level(other) == _level(code) + 1]
        total = node.unplaced
        for child in below:
            total = total.plus(nodes[child].total)
        assert node.total == total, code
        here = [record for record in records if record.case.place.division.startswith(code)]
        counted = _recount(here, at)
        assert node.total[:2] == (counted.parts[Part.REGISTERED], counted.parts[Part.RESOLVED])
    assert nodes["150402"].unplaced.registered > 0
    assert nodes["15"].unplaced.projects > 0


def test_a_center_without_a_county_above_it_counts_in_its_region(store: Store) -> None:
    """S19: whatever county its cases are in, they are in the region's total and in no county's; likewise of a city.
    Added to those of a county's center, each case is counted once."""
    chance = random.Random(5)  # noqa: S311 - cases, not secrets
    records = [_a_life(chance) for _ in range(60)]
    store.write(lambda tx: cases.keep(tx, records, 1))
    at = ms(BEGIN + 40 * DAY)
    with store.reading() as tx:
        inside = by_division(tx, ME, PERIOD, at, RECKONING)
        whole = next(tree(inside)).total
        for counted_in, node in (("150000", "15"), ("150700", "1507")):
            outside = by_division(tx, ME, PERIOD, at, replace(RECKONING, counted_in=counted_in))
            nodes = {one.code: one for one in tree(outside)}
            assert set(nodes) == {node[:digits] for digits in (0, 2, 4) if digits <= len(node)}
            assert nodes[node].unplaced == nodes[node].total == nodes["15"].total
            assert nodes["15"].total == Tally(*whole)
            both = {one.code: one for one in tree({**inside, **outside})}
            assert both["15"].total.registered == 2 * whole.registered
            assert both["150402"].total == {one.code: one for one in tree(inside)}["150402"].total


def test_the_codes_of_a_region_and_of_a_city_stand_above_their_counties() -> None:
    """150000 is the region and 150400 the city; a case that says no more lies in none of the counties below."""
    nodes = {one.code: one for one in tree({"150000": Tally(1), "150400": Tally(2), "150402": Tally(4)})}
    assert {code: (node.total[0], node.unplaced[0]) for code, node in nodes.items()} == {
        "": (7, 0), "15": (7, 1), "1504": (6, 2), "150402": (4, 4),
    }  # fmt: skip


def _level(code: str) -> int:
    return (0, *LEVELS).index(len(code))


def test_an_empty_store_counts_nothing(store: Store) -> None:
    """And fails on no sum."""
    with store.reading() as tx:
        counted = count(tx, ME, PERIOD, ms(BEGIN), RECKONING)
    assert counted == Counts(dict.fromkeys(PARTS, 0), {})

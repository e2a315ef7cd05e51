"""Roll-up: ledgers tell the ledger above what they have counted, and each case is counted once (S17 in full)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from bus.context import Ledger
from bus.contract.case import Urgency
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.facts import MOST_FACTS, CaseState, FactsAsked, FactsTold, Sum, lane_of
from bus.figures.definitions import Part
from bus.figures.period import CHINA, Period, Reckoning
from bus.figures.rounding import percent
from bus.figures.tree import Node, tree
from bus.store import Tx, ledger, ledger_cells, ledger_figures
from bus.store import tables as t
from bus.store.timestamps import ms
from tests.harness.step import BareCenter, carry, opened

COUNTIES = ("150402", "150403", "150404", "150421", "150422")
LEAGUE, REGION = "ledger-150400", "ledger-150000"
DEMANDS, PROJECTS, CLOSED = 137_000, 62_000, 39_000
BEGIN = datetime(2023, 1, 1, tzinfo=CHINA)
YEAR = Period(BEGIN, datetime(2024, 1, 1, tzinfo=CHINA))
AS_OF = datetime(2024, 3, 1, tzinfo=CHINA)
AT_ONCE = 20
"""Messages that arrive together."""


class Teller:
    """A center that tells its ledger the state of its cases, in its lane; it repeats itself now and then."""

    def __init__(self, name: str, county: BareCenter, luck: Random) -> None:
        self.name, self.county, self._luck = name, county, luck
        self.known: list[CaseState] = []
        self._sequence = 0
        self._bodies: list[bytes] = []

    def tell(self, states: list[CaseState]) -> None:
        """Tell these, and a tenth of the messages twice."""
        self.known += states
        self._say(states)
        self._hand_in()

    def tell_all(self) -> None:
        """Answer the ledger, which has asked for everything."""
        self._say(self.known, whole=True)
        self._hand_in()

    def _say(self, states: list[CaseState], *, whole: bool = False) -> None:
        for start in range(0, len(states), MOST_FACTS):
            part = states[start : start + MOST_FACTS]
            told = FactsTold(states=tuple(part), whole=whole and start + MOST_FACTS >= len(states))
            self._sequence += 1
            subject, now = lane_of(self.name), self.county.now
            to = self.county.context.me
            message = compose(told, source=self.name, recipient=to, now=now, subject=subject, sequence=self._sequence)
            self._bodies += [encode(message)] * (1 if self._luck.random() < 0.9 else 2)

    def _hand_in(self) -> None:
        for start in range(0, len(self._bodies), AT_ONCE):
            self.county.receive(*self._bodies[start : start + AT_ONCE])
        self._bodies.clear()


def _tells(center: BareCenter, above: str) -> BareCenter:
    center.context = replace(
        center.context, ledger=Ledger(above), reads=lambda name, kind: (name, kind) == (above, FactsTold.kind)
    )
    return center


def _ledger(name: str, folder: Path) -> BareCenter:
    center = BareCenter(name, folder)
    center.now = AS_OF
    ledger_cells.recount(center.store, center.context.keeping, lambda _count: None)
    return center


@pytest.fixture
def county_ledgers(tmp_path: Path) -> Iterator[list[BareCenter]]:
    """The ledgers of five counties, each of which tells the league's."""
    found = [_tells(_ledger(f"ledger-{county}", tmp_path), LEAGUE) for county in COUNTIES]
    yield found
    for one in found:
        one.close()


@pytest.fixture
def above(tmp_path: Path) -> Iterator[tuple[BareCenter, BareCenter]]:
    """The ledger of the league, and that of the region, which it tells."""
    league, region = _tells(_ledger(LEAGUE, tmp_path), REGION), _ledger(REGION, tmp_path)
    yield league, region
    league.close()
    region.close()


def _cases(number: int, county: str, demands: int, projects: int, closed: int, luck: Random) -> list[CaseState]:
    """The demands of one center. Each project has one or several; all demands of ``closed`` projects are resolved."""
    found = []
    for demand in range(demands):
        project = demand if demand < projects else luck.randrange(projects)
        opened = BEGIN + timedelta(minutes=luck.randrange(360 * 24 * 60))
        ends: dict[str, object] = {}
        if project < closed:
            resolved = opened + timedelta(hours=luck.randrange(200))
            ends = {"resolved": resolved, "status": "resolved", "outcome": "done", "hand_overs": luck.randrange(3)}
        state = {
            "case_id": UUID(int=(number << 32) + demand), "origin": f"media_center-{county}{number:03}", "version": 1,
            "holder": f"media_center-{county}{number:03}", "round": 1, "status": "open", "category": "housing",
            "urgency": Urgency.NORMAL, "opened": opened, "division": f"{county}{luck.randrange(1, 9):03}",
            "project": UUID(int=(1 << 100) + (number << 32) + project),
        }  # fmt: skip
        found.append(CaseState.model_validate(state | ends))
    luck.shuffle(found)
    return found


def _settle(counties: list[BareCenter], above: tuple[BareCenter, BareCenter]) -> None:
    """Let all sums arrive."""
    carry(*counties, *above, rounds=2000)


def _counted(center: BareCenter) -> tuple[dict[Part, int], dict[str, Node]]:
    def count(tx: Tx) -> tuple[dict[Part, int], dict[str, Node]]:
        parts = ledger_figures.count(tx, YEAR, ms(AS_OF), Reckoning()).parts
        nodes = tree(ledger_figures.by_division(tx, YEAR, ms(AS_OF), Reckoning()))
        return {part: number for part, number in parts.items() if number}, {node.code: node for node in nodes}

    return center.store.write(count)


def test_137000_demands_of_fifty_centers_are_rolled_up(
    county_ledgers: list[BareCenter], above: tuple[BareCenter, BareCenter]
) -> None:
    """What is told twice counts once, a county's ledger is told all anew in the middle, and each level says what the
    cases say: 62.90 % of the projects."""
    luck = Random(17)  # noqa: S311 - cases, not secrets
    tellers = []
    for number in range(50):
        county = county_ledgers[number % 5]
        demands, projects, closed = (whole // 50 for whole in (DEMANDS, PROJECTS, CLOSED))
        cases = _cases(number, COUNTIES[number % 5], demands, projects, closed, luck)
        teller = Teller(f"media_center-{COUNTIES[number % 5]}{number:03}", county, luck)
        tellers.append(teller)
        teller.tell(cases)
        if number == 25:
            _told_anew(tellers)
    _settle(county_ledgers, above)
    league, region = (_counted(one) for one in above)
    assert league == region
    parts, nodes = region
    assert (parts[Part.REGISTERED], parts[Part.PROJECTS], parts[Part.PROJECTS_RESOLVED]) == (DEMANDS, PROJECTS, CLOSED)
    assert percent(parts[Part.PROJECTS_RESOLVED], parts[Part.PROJECTS]) == "62.90 %"
    assert nodes["15"].total.registered == DEMANDS
    for place, county in zip(COUNTIES, county_ledgers, strict=True):
        own, below = _counted(county)
        assert below[place] == nodes[place]
        assert own[Part.REGISTERED] == nodes[place].total.registered == DEMANDS // 5
    recounted = [state for teller in tellers for state in teller.known if state.resolved and state.resolved < AS_OF]
    assert parts[Part.RESOLVED] == len(recounted)


def _told_anew(tellers: list[Teller]) -> None:
    """A county's ledger has lost what it had kept, and lets everybody tell it anew."""
    county = tellers[0].county
    here = [one for one in tellers if one.county is county]

    def lose(tx: Tx) -> None:
        for table in (t.ledger_states, t.ledger_facts, t.ledger_cells, t.ledger_totals, t.ledger_offers):
            tx.execute(table.delete())
        ledger.ask_anew(tx, [one.name for one in here], ms(county.now))

    county.store.write(lose)
    asked = [opened(parcel) for parcel in county.relay() if isinstance(opened(parcel).data, FactsAsked)]
    assert {message.recipient for message in asked} == {one.name for one in here}
    for one in here:
        one.tell_all()
    county.later(3600)  # what else it has sent above in that round was lost, and is sent again


def test_sums_that_are_told_anew_replace_all_before(
    county_ledgers: list[BareCenter], above: tuple[BareCenter, BareCenter]
) -> None:
    """A ledger that has forgotten a case, as after a restore, is believed, up to the region."""
    luck = Random(3)  # noqa: S311 - cases, not secrets
    county = county_ledgers[0]
    teller = Teller("media_center-150402000", county, luck)
    teller.tell(_cases(0, "150402", 30, 10, 5, luck))
    _settle([county], above)
    assert _counted(above[1])[0][Part.REGISTERED] == 30
    _told_anew([teller])
    county.store.write(lambda tx: tx.execute(t.ledger_cells.delete().where(t.ledger_cells.c.part == Part.OPEN.value)))
    before = _counted(above[1])[0]
    assert before[Part.OPEN]
    above[0].store.write(lambda tx: ledger.ask_anew(tx, [county.context.me], ms(AS_OF)))
    carry(county, *above, rounds=60)
    assert _counted(above[1])[0] == {part: number for part, number in before.items() if part is not Part.OPEN}


def test_two_ledgers_that_have_counted_too_much_stop_nobody(
    county_ledgers: list[BareCenter], above: tuple[BareCenter, BareCenter]
) -> None:
    """Each tells the largest sum that there is: together it is more than can be told, and the ledger above goes on."""
    league, _ = above
    most = Sum(part=Part.REGISTERED, cohort_day=20_000, event_day=20_000, cases=2**31 - 1)

    def take(tx: Tx) -> None:
        for one in county_ledgers[:2]:
            ledger.take(tx, one.context.me, FactsTold(sums=(most,)), 0, ms(AS_OF), league.context.keeping)

    league.store.write(take)
    (told,) = [opened(one).data for one in league.relay() if one.recipient == REGION]
    assert [one.cases for one in told.sums] == [2**31 - 1]

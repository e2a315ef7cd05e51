"""S03 and S17 in full, by batches of forms: 16,263 ratings in any order, and 137,000 demands of 62,000 projects."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any

from adapters.government_service import handlers as government
from adapters.party_service import handlers as party
from bus.contract.case import Attachment
from bus.figures.answers import Counts, figures_of
from bus.figures.definitions import FIGURES, OF_A_LEDGER, Figure
from bus.figures.period import Reckoning
from bus.figures.tree import LEVELS, Tally, tree
from bus.pipeline.intake import IntakeDeps, Submission, intake
from bus.sdk.center import Center
from bus.store import Tx, cases, early_forms, ledger_cells, ledger_figures, parked
from bus.store.figures import by_division, count
from bus.store.ledger_breakdown import By, split
from bus.store.timestamps import ms
from stories import s03, s17
from stories.stage import GOVERNMENT, PARTY, Json
from tests.harness.step import BareCenter
from tests.unit.test_facts_told import LEDGER, with_ledger

FORMS = {s03.ORDERS: "ledger", s03.RATINGS: "rating"}
BATCH = 500


class NoRoutes:
    """Nobody is responsible for anything."""

    def find(self, category: str, division: str) -> str | None:
        """None."""
        return None


def batched(told: Iterable[tuple[str, Json]], size: int) -> Iterator[list[tuple[str, Json]]]:
    """So many at a time."""
    source = iter(told)
    while some := list(islice(source, size)):
        yield some


def _no_attachment(_tx: Tx, _sha256: str) -> Attachment | None:
    return None


class Door:
    """A center that takes forms in batches."""

    def __init__(self, center: Center[Any], name: str, folder: Path) -> None:
        self.center, self.bare = center, BareCenter(name, folder)
        self.deps = IntakeDeps(self.bare.context, NoRoutes(), _no_attachment, center.forms)
        self.replies: Counter[tuple[str, str]] = Counter()

    def take(self, told: Iterable[tuple[str, Json]]) -> None:
        """Hand all of it in: (form, body)."""
        for some in batched(told, BATCH):
            forms = [(self.center.forms[name], body) for name, body in some]
            batch = [Submission(form, form.model.model_validate(body, strict=False)) for form, body in forms]
            for one, reply in zip(batch, intake(self.bare.store, self.deps, batch, datetime.now(UTC)), strict=True):
                self.replies[one.form.name, reply.status] += 1


class Hall(Door):
    """A government service center, and the county's ledger, which it tells."""

    def __init__(self, folder: Path) -> None:
        super().__init__(government.center, GOVERNMENT, folder)
        self.deps = replace(self.deps, context=with_ledger(self.bare).context)
        self.ledger = BareCenter(LEDGER, folder)
        ledger_cells.recount(self.ledger.store, self.ledger.context.keeping, lambda _count: None)

    def tell(self) -> "Counter[str]":
        """Let everything arrive at the ledger, each tenth message twice. Returns how many arrived and were repeated."""
        self.bare.now = self.ledger.now = datetime.now(UTC)
        arrived: Counter[str] = Counter()
        while parcels := [*self.bare.relay(), *self.ledger.relay()]:
            for parcel in parcels:
                to = self.ledger if parcel.recipient == LEDGER else self.bare
                to.receive(parcel.body)
                arrived["messages"] += 1
                if arrived["messages"] % 10 == 0:
                    to.receive(parcel.body)
                    arrived["twice"] += 1
        return arrived

    def told(self) -> tuple[int, int | None, str]:
        """The same as the ledger has it: of the county, which is this one center."""
        with self.ledger.store.reading() as tx:
            counts = ledger_figures.count(tx, s03.HALF_YEAR, ms(s03.AS_OF), Reckoning())
            (center,) = split(tx, By.CENTER, s03.HALF_YEAR, ms(s03.AS_OF), Reckoning()).items()
        figures = [_satisfaction(one, OF_A_LEDGER) for one in (counts, center[1])]
        assert (center[0], figures[0]) == (GOVERNMENT, figures[1])
        return figures[0]

    def satisfaction(self) -> tuple[int, int | None, str]:
        """Numerator, denominator, and the rate."""
        with self.bare.store.reading() as tx:
            counts = count(tx, GOVERNMENT, s03.HALF_YEAR, ms(s03.AS_OF), Reckoning())
        return _satisfaction(counts, FIGURES)


def _satisfaction(counts: Counts, figures: Iterable[Figure]) -> tuple[int, int | None, str]:
    found = next(one for one in figures_of(counts, figures) if one.figure.code == "satisfaction-rate")
    return found.numerator, found.denominator, found.value


def test_sixteen_thousand_ratings_count_once_each(tmp_path: Path) -> None:
    """Exactly 16,263 of 16,263 are 100.00 %; with one more that is not satisfied it is 100 % no longer. The county's
    ledger says the same, although a tenth of what it is told comes twice."""
    hall, told = Hall(tmp_path), s03.replay(s03.ALL)
    first = {body["order_no"] for path, body in told[:BATCH] if path == s03.RATINGS}
    assert first & set(s03.early(told))
    hall.take((FORMS[path], body) for path, body in told)
    assert hall.satisfaction() == (16_263, 16_263, "100.00 %")
    assert hall.replies == {
        ("ledger", "taken"): s03.ALL, ("rating", "taken"): s03.ALL, ("rating", "repeated"): s03.ALL // 10,
    }  # fmt: skip
    assert hall.tell()["twice"]
    assert hall.told() == (16_263, 16_263, "100.00 %")
    hall.take((FORMS[path], body) for path, body in s03.one(s03.ALL, "不满意"))
    hall.tell()
    assert hall.satisfaction() == hall.told() == (16_263, 16_264, "99.99 %")
    with hall.bare.store.reading() as tx:
        assert early_forms.figures(tx) == (0, 0)
        assert parked.listed(tx) == []
        assert len(cases.ids(tx)) == s03.ALL + 1
    hall.bare.store.close()
    hall.ledger.close()


def demand(number: int) -> tuple[str, Json]:
    """A demand of the region's, and the form that takes it."""
    return "ledger", s17.demand(number)


def _above(division: str) -> list[str]:
    """The division and all that it lies in, the lowest first."""
    return [division[:digits] for digits in reversed((0, *LEVELS)) if digits <= len(division)]


def test_137000_demands_are_62000_projects_of_which_39000_are_closed(tmp_path: Path) -> None:
    """62.90 % of the projects, from village to region; what comes twice counts once."""
    door = Door(party.center, PARTY, tmp_path)
    door.take(map(demand, range(s17.DEMANDS)))
    door.take(map(demand, range(0, s17.DEMANDS, 100)))
    assert door.replies == {("ledger", "taken"): s17.DEMANDS, ("ledger", "repeated"): s17.DEMANDS // 100}
    with door.bare.store.reading() as tx:
        nodes = {n.code: n for n in tree(by_division(tx, PARTY, s17.YEAR, ms(s17.YEAR.end), Reckoning()))}
        figures = figures_of(count(tx, PARTY, s17.YEAR, ms(s17.YEAR.end), Reckoning()))
    rate = next(one for one in figures if one.figure.code == "project-resolution-rate")
    assert (rate.numerator, rate.denominator, rate.value) == (s17.CLOSED, s17.PROJECTS, "62.90 %")
    recount = Counter(code for number in range(s17.DEMANDS) for code in _above(demand(number)[1]["division"]))
    assert {code: node.total.registered for code, node in nodes.items()} == recount
    assert nodes["15"].total[2:] == (s17.PROJECTS, s17.CLOSED)
    for node in nodes.values():  # children and unplaced are the whole
        below = (n.total for n in nodes.values() if _above(n.code)[1:2] == [node.code])
        assert node.total == reduce(Tally.plus, below, node.unplaced), node.code
    door.bare.store.close()

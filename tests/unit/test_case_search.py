"""A center's console finds cases by what a person knows of them, page by page, at the same cost in a large store."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bus.contract.case import Place as Where
from bus.contract.messages import Outcome
from bus.custody.commands import Close, Offer, Register, Resolve
from bus.custody.strangers import UNKNOWN_CENTER
from bus.store import Tx, case_search, cases
from bus.store.case_search import Listing, Place, Wanted, search
from bus.store.rows import JournalLine, LinkRow
from bus.store.timestamps import ms
from tests.harness.step import MEDIA, NOW, PARTY, BareCenter, a_case

STREETS = ("150402006", "150402101")
CATEGORIES = ("housing", "road", "health")
SIZE = 12


@pytest.fixture
def center(tmp_path: Path) -> Iterator[BareCenter]:
    """Twelve cases, an hour apart, over two streets and three categories; the first one is closed."""
    here = BareCenter(MEDIA, tmp_path)
    for number in range(SIZE):
        here.now = NOW + timedelta(hours=number)
        case = a_case(
            MEDIA, number=f"N-{number}", category=CATEGORIES[number % 3],
            place=Where(division=STREETS[number % 2] + "006"), received_at=here.now,
            due=NOW + timedelta(days=20 + number),
        )  # fmt: skip
        here.execute(Register(case=case))
    first = _id(here, "N-0")
    here.execute(Resolve(case_id=first, outcome=Outcome.DONE, public_reply="已办。"))
    here.execute(Close(case_id=first, replied_at=here.now))
    yield here
    here.close()


def _id(center: BareCenter, number: str) -> UUID:
    with center.store.reading() as tx:
        found = cases.by_number(tx, number)
    assert found is not None
    return found


def _found(center: BareCenter, wanted: Wanted, limit: int = 5) -> list[str]:
    """The numbers of all pages of a list."""
    numbers: list[str] = []
    after: Place | None = None
    while True:
        with center.store.reading() as tx:
            page = search(tx, wanted, after, limit)
            records = cases.read(tx, [one[0] for one in page.found])
        numbers += [records[one[0]].case.number for one in page.found]
        if page.more is None:
            return numbers
        after = page.more


def _numbers(*which: int) -> list[str]:
    return [f"N-{one}" for one in which]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(), _numbers(*range(SIZE - 1, -1, -1))),
        (Wanted(category="road"), _numbers(10, 7, 4, 1)),
        (Wanted(street=STREETS[1]), _numbers(11, 9, 7, 5, 3, 1)),
        (Wanted(street=STREETS[1], category="road"), _numbers(7, 1)),
        (Wanted(status="closed"), _numbers(0)),
        (Wanted(begin_ms=ms(NOW + timedelta(hours=2)), end_ms=ms(NOW + timedelta(hours=4))), _numbers(3, 2)),
        (Wanted(center=PARTY), []),
        (Wanted(Listing.OVERDUE, before_ms=ms(NOW + timedelta(days=22, seconds=1))), _numbers(1, 2)),
        (Wanted(Listing.OVERDUE, street=STREETS[0], before_ms=ms(NOW + timedelta(days=25))), _numbers(2, 4)),
        (Wanted(Listing.SILENT, before_ms=ms(NOW + timedelta(hours=3))), _numbers(1, 2)),
    ],
    ids=str,
)
def test_a_list_holds_what_fits(center: BareCenter, wanted: Wanted, numbers: list[str]) -> None:
    """All of it once, over as many pages as there are, and nothing else."""
    assert _found(center, wanted) == numbers


def test_an_offer_without_an_answer_is_listed_until_it_is_answered(center: BareCenter) -> None:
    """Nobody has it while nobody has said yes."""
    assert _found(center, Wanted(Listing.OFFERED)) == []
    center.execute(Offer(case_id=_id(center, "N-4"), to=(PARTY,)))
    assert _found(center, Wanted(Listing.OFFERED)) == ["N-4"]


def test_a_case_that_a_route_led_to_nobody_is_listed_until_somebody_does_something(center: BareCenter) -> None:
    """What was done with it since is what the person wanted to know."""
    case_id = str(_id(center, "N-5"))
    refused = JournalLine(case_id, 1, "refused", "offer", "nobody-150402", None, MEDIA, 1, UNKNOWN_CENTER)
    center.store.write(lambda tx: cases.note(tx, [refused]))
    assert _found(center, Wanted(Listing.STRANDED)) == ["N-5"]
    center.store.write(lambda tx: cases.note(tx, [JournalLine(case_id, 2, "did", "offer", PARTY, None)]))
    assert _found(center, Wanted(Listing.STRANDED)) == []


def test_a_case_that_goes_from_hand_to_hand_is_listed_the_worst_first(center: BareCenter) -> None:
    """By how often it has changed hands."""
    for number, version in ((3, 6), (7, 9), (8, 4)):
        _with_version(center, f"N-{number}", version)
    assert _found(center, Wanted(Listing.ROUND), 1) == ["N-7", "N-3"]


def _with_version(center: BareCenter, number: str, version: int) -> None:
    case_id = _id(center, number)
    with center.store.reading() as tx:
        record = cases.read(tx, [case_id])[case_id]
    center.store.write(lambda tx: cases.keep(tx, [record.model_copy(update={"version": version})], ms(center.now)))


def test_a_page_looks_at_so_many_cases_and_says_where_it_stopped(
    center: BareCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a page costs does not grow with the store, and nothing is passed over."""
    monkeypatch.setattr(case_search, "WALK", 3)
    with center.store.reading() as tx:
        page = search(tx, Wanted(status="closed"), None, 5)
    assert page.found == []
    assert page.more is not None
    assert _found(center, Wanted(status="closed")) == ["N-0"]


def test_the_own_systems_number_of_a_record_finds_its_case(center: BareCenter) -> None:
    """In whichever of the center's systems it is, and in several of them."""
    two, three = _id(center, "N-2"), _id(center, "N-3")
    links = [LinkRow("order", "A-1", str(two)), LinkRow("ticket", "A-1", str(three)), LinkRow("order", "B-1", str(two))]
    center.store.write(lambda tx: cases.link(tx, links))
    with center.store.reading() as tx:
        found = [set(case_search.of_native_id(tx, one)) for one in ("A-1", "B-1", "C-1")]
    assert found == [{two, three}, {two}, set()]


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({"category": "water"}, Wanted(category="water")),
        ({"place": Where(division="150402999")}, Wanted(street="150402999")),
    ],
)
def test_a_case_that_is_told_anew_is_found_by_what_it_is_now(
    center: BareCenter, told: dict[str, object], wanted: Wanted
) -> None:
    """Columns that hardly ever change are written again when they do; what else changes leaves them as they were."""
    case_id = _id(center, "N-5")

    def tell(changes: dict[str, object], urges: int) -> None:
        def anew(tx: Tx) -> None:
            record = cases.load(tx, [case_id])[case_id]
            after = record.with_(case=record.case.model_copy(update=changes), urges=urges)
            cases.keep(tx, [after], ms(NOW))

        center.store.write(anew)

    tell({}, 1)
    assert "N-5" in _found(center, Wanted(category="health"))
    tell(told, 2)
    assert _found(center, wanted) == ["N-5"]
    tell({}, 3)
    assert _found(center, wanted) == ["N-5"]
    tell({"number": "N-55"}, 4)
    assert _id(center, "N-55") == case_id

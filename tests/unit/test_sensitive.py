"""Cases of children and of the sick: marked, shown to fewer, erased sooner."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bus.contract.case import Case, Person, Sensitive, marks_of
from bus.contract.messages import Outcome
from bus.custody import Record, Refusal
from bus.custody.commands import Accept, AskAssist, Close, Offer, Register, Resolve
from bus.operations import erasure
from bus.security.master_key import FileKey
from bus.settings import Retention
from bus.store import cases
from bus.store import tables as t
from bus.store.encryption import CaseEncryption
from tests.harness.step import NOW, BareCenter, a_case, carry
from tests.unit.test_types import id_card

MEDIA, PARTY, CIVILIZATION = "media_center-150402", "party_service-150402", "civilization_center-150402"
WHEN = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[BareCenter, BareCenter]]:
    """Two centers whose stores are hidden."""
    made = tuple(BareCenter(name, tmp_path, encryption=CaseEncryption(FileKey(b"m" * 32))) for name in (MEDIA, PARTY))
    yield made[0], made[1]
    for center in made:
        center.close()


@pytest.mark.parametrize(
    ("born", "category", "marks"),
    [
        ("20121124", "identity", {Sensitive.MINOR}),  # fourteen tomorrow
        ("20121123", "identity", set()),  # fourteen today
        ("19491231", "health", {Sensitive.MEDICAL}),
        ("19491231", "health.clinic", {Sensitive.MEDICAL}),
        ("20211001", "health", {Sensitive.MINOR, Sensitive.MEDICAL}),
        ("19491231", "healthy", set()),
    ],
)
def test_a_child_is_told_by_the_card_and_the_sick_by_the_category(
    born: str, category: str, marks: set[Sensitive]
) -> None:
    """Fourteen years to the day; nobody has to think of it."""
    resident = Person(name="居民甲", id_card=id_card("150929", born))
    assert marks_of(category, resident, WHEN) == marks
    assert Sensitive.MINOR not in marks_of(category, Person(name="居民甲"), WHEN)


def _marked() -> Case:
    return a_case(MEDIA, sensitive=(Sensitive.MINOR,))


def _known(center: BareCenter, case: Case) -> Record:
    with center.store.reading() as tx:
        return cases.read(tx, [case.case_id])[case.case_id]


def test_a_helper_is_never_told_who_the_child_is(pair: tuple[BareCenter, BareCenter]) -> None:
    """Not by the holder's wish either; the neighbour that takes the case over is told, and knows that it is marked."""
    media, party = pair
    case = _marked()
    media.execute(Register(case=case))
    with pytest.raises(Refusal) as no:
        media.execute(AskAssist(case_id=case.case_id, to=CIVILIZATION, ask="请上门", show_resident=True))
    assert no.value.code == "sensitive"
    media.execute(AskAssist(case_id=case.case_id, to=CIVILIZATION, ask="请上门"))
    media.execute(Offer(case_id=case.case_id, to=(PARTY,)))
    carry(media, party)
    party.execute(Accept(case_id=case.case_id))
    taken = _known(party, case).case
    assert (taken.sensitive, taken.resident) == ((Sensitive.MINOR,), case.resident)


def test_marked_cases_are_erased_sooner_and_stay_marked(pair: tuple[BareCenter, BareCenter]) -> None:
    """The others wait for their own time."""
    media = pair[0]
    marked, other = _marked(), a_case(MEDIA)
    for case in (marked, other):
        media.execute(Register(case=case))
        media.execute(Resolve(case_id=case.case_id, outcome=Outcome.DONE, public_reply="办结"))
        media.execute(Close(case_id=case.case_id, replied_at=NOW))
    media.store.write(lambda tx: tx.execute(t.work.delete()))
    erased = [erasure.erase_old(media.blobs, media.context, 2**60, 9, NOW, sensitive=True) for _ in range(2)]
    assert erased == [1, 0]
    assert (_known(media, marked).case.text, _known(media, other).case.text) == (erasure.BLANK, other.text)
    assert _known(media, marked).case.sensitive == marked.sensitive
    assert erasure.erase_old(media.blobs, media.context, 2**60, 9, NOW) == 1


def test_what_is_erased_soonest_counts_against_what_neighbours_may_ask() -> None:
    """Sooner only, never later."""
    assert Retention(erase_after_days=400, erase_sensitive_after_days=100).soonest == 100
    assert Retention(erase_after_days=400).soonest == 400

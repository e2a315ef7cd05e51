"""Cases that an older program has written are found and counted as others, after housekeeping has read them once."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from bus.contract.case import Place as Where
from bus.custody import Record
from bus.store import Store, cases, older_cases
from bus.store import tables as t
from bus.store.case_columns import DERIVED
from bus.store.case_search import Wanted, search
from bus.store.database import Tx
from tests.harness.step import MEDIA, NOW, PARTY, a_case

SIZE = 7
HOUSING = Wanted(category="housing")


def _keep(store: Store) -> list[Record]:
    """Seven cases, as an older program leaves them: the columns that it does not know are empty."""
    made = [
        Record(me=MEDIA, case=case, holder=MEDIA, version=1, path=(MEDIA,), due=NOW + timedelta(days=1))
        for number in range(SIZE)
        for case in [a_case(MEDIA if number else PARTY, number=f"N-{number}", category="housing",
                            place=Where(division="150402006006"))]
    ]  # fmt: skip
    store.write(lambda tx: cases.keep(tx, made, 1))
    return made


def _forget(store: Store) -> None:
    store.write(lambda tx: tx.execute(update(t.cases).values(dict.fromkeys(DERIVED))))


def _rows(tx: Tx) -> list[object]:
    return list(tx.execute(select(t.cases).order_by(t.cases.c.case_id)))


def _found(store: Store, wanted: Wanted) -> set[UUID]:
    with store.reading() as tx:
        return {one[0] for one in search(tx, wanted, None, 2 * SIZE).found}


def _refresh(store: Store, most: int) -> int:
    """Until there is no other. Returns the number of rounds."""
    after: str | None = ""
    for rounds in range(2 * SIZE):
        after = store.write(lambda tx, after=after: older_cases.refresh(tx, after, most))  # type: ignore[misc]
        if after is None:
            return rounds
    pytest.fail("it does not end")


@pytest.mark.parametrize("most", [1, 3, SIZE, 100])
def test_what_an_older_program_has_not_kept_is_read_from_its_records(store: Store, most: int) -> None:
    """Bit by bit, until the rows are as if this program had written them, their last change included."""
    records = _keep(store)
    with store.reading() as tx:
        whole = _rows(tx)
    _forget(store)
    assert _found(store, HOUSING) == set()
    assert _refresh(store, most) == -(-SIZE // most)
    with store.reading() as tx:
        assert _rows(tx) == whole
    assert _found(store, HOUSING) == {one.case.case_id for one in records}
    assert _found(store, Wanted(street="150402006")) == {one.case.case_id for one in records}
    assert _refresh(store, most) == 0


def test_a_change_before_that_takes_nothing_from_it(store: Store) -> None:
    """A case that was changed in between is filled all the same."""
    records = _keep(store)
    _forget(store)

    def change(tx: Tx) -> None:
        read = cases.load(tx, [records[1].case.case_id])
        cases.keep(tx, [one.with_(due=NOW) for one in read.values()], 2)

    store.write(change)
    _refresh(store, 3)
    assert _found(store, HOUSING) == {one.case.case_id for one in records}


def test_a_record_that_cannot_be_read_stops_no_other(store: Store) -> None:
    """It stays as it is, and is looked at again when the center starts again."""
    records = _keep(store)
    bad = str(sorted(one.case.case_id for one in records)[0])
    _forget(store)
    store.write(lambda tx: tx.execute(update(t.cases).where(t.cases.c.case_id == bad).values(record="{")))
    assert [_refresh(store, 2) for _ in range(2)] == [-(-SIZE // 2), 1]
    assert _found(store, HOUSING) == {one.case.case_id for one in records} - {UUID(bad)}
    with store.reading() as tx:
        assert tx.execute(select(func.count()).where(t.cases.c.category.is_(None))).scalar() == 1

"""The count of cases that a store keeps: right after every change, and told without a look at the closed ones."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import event, func, select

from bus.attachments.blob_store import BlobStore
from bus.contract.messages import Outcome, Reason
from bus.custody import Refusal
from bus.custody.commands import Accept, Close, Command, Decline, Offer, Register, Reopen, Resolve
from bus.operations.metrics import Metrics
from bus.store import Store, Tx, case_count, schema
from bus.store import tables as t
from bus.store.unit_of_work import UnitOfWork
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case, carry


@pytest.fixture
def center(store: Store, tmp_path: Path) -> BareCenter:
    """The media center over a store of either kind."""
    schema.upgrade(store)
    made = BareCenter(MEDIA, tmp_path)
    made.store.close()
    made.store, made.blobs = store, BlobStore(store, tmp_path / "files")
    return made


@pytest.fixture
def other(tmp_path: Path) -> Iterator[BareCenter]:
    """The party service."""
    made = BareCenter(PARTY, tmp_path)
    yield made
    made.close()


def counted(store: Store) -> tuple[int, int, int]:
    """Open, resolved, closed: what the store says, which is what a look at each case says."""
    with store.reading() as tx:
        said = case_count.by_status(tx)
        rows = tx.execute(select(t.cases.c.status, func.count()).group_by(t.cases.c.status)).all()
    looked = {str(status): int(number) for status, number in rows}
    assert said == {"closed": 0, **looked}
    return looked.get("open", 0), looked.get("resolved", 0), looked.get("closed", 0)


def test_it_is_right_through_the_life_of_a_case(center: BareCenter, other: BareCenter) -> None:
    """Registered, offered, declined or accepted, resolved, closed, reopened, resolved and closed again: at the
    origin and at the center that heard of it, on either database."""
    case, second = a_case(MEDIA), a_case(MEDIA)
    offer = Offer(case_id=case.case_id, to=(PARTY,))
    resolve = Resolve(case_id=case.case_id, outcome=Outcome.DONE, public_reply="已办。")
    close = Close(case_id=case.case_id, replied_at=center.now)
    life: list[tuple[BareCenter, Command, tuple[int, int, int]]] = [
        (center, Register(case=case), (1, 0, 0)),
        (center, Register(case=second), (2, 0, 0)),
        (center, offer, (2, 0, 0)),
        (center, Offer(case_id=second.case_id, to=(PARTY,)), (2, 0, 0)),
        (other, Decline(case_id=second.case_id, reason=Reason.NOT_DUTY), (2, 0, 0)),
        (other, Accept(case_id=case.case_id), (2, 0, 0)),
        (other, resolve, (1, 1, 0)),
        (center, close, (1, 0, 1)),
        (center, Reopen(case_id=case.case_id, text="还是不亮"), (2, 0, 0)),
        (other, resolve, (1, 1, 0)),
        (center, close, (1, 0, 1)),
    ]
    for who, command, expected in life:
        who.execute(command)
        carry(center, other)
        assert counted(center.store) == expected, command
        counted(other.store)
    assert counted(other.store)[2] == 1


def test_what_was_not_kept_is_not_counted(center: BareCenter) -> None:
    """A command that is refused, an attempt within a batch that ends, a transaction that fails: none leaves a trace."""
    kept, refused, twice = a_case(MEDIA), a_case(MEDIA), a_case(MEDIA)

    def batch(tx: Tx, fails: bool = False) -> None:
        uow = UnitOfWork(tx, center.context, center.now)
        with uow.savepoint():
            uow.execute(Register(case=kept))
        with suppress(Refusal), uow.savepoint():
            uow.execute(Register(case=refused))
            uow.execute(Reopen(case_id=refused.case_id, text="未办结"))
        with uow.savepoint():
            uow.execute(Register(case=twice))
        with suppress(Refusal), uow.savepoint():
            uow.execute(Offer(case_id=twice.case_id, to=(PARTY,)))
            uow.execute(Reopen(case_id=twice.case_id, text="未办结"))
        uow.flush()
        if fails:
            raise LookupError

    with pytest.raises(LookupError):
        center.store.write(lambda tx: batch(tx, fails=True))
    assert counted(center.store) == (0, 0, 0)
    center.store.write(batch)
    assert counted(center.store) == (2, 0, 0)


def test_many_threads_add_to_it(center: BareCenter) -> None:
    """More than it has rows, all at once."""

    def register() -> None:
        for _ in range(3):
            center.execute(Register(case=a_case(MEDIA)), Register(case=a_case(MEDIA)))

    threads = [Thread(target=register) for _ in range(case_count.SLOTS + 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted(center.store) == (6 * len(threads), 0, 0)


def test_an_upgrade_counts_what_is_there(center: BareCenter) -> None:
    """A store of the version before has cases and no count; one that goes back and comes again counts anew."""
    center.execute(*(Register(case=a_case(MEDIA)) for _ in range(5)))
    schema.downgrade(center.store, "0014")
    schema.upgrade(center.store)
    assert counted(center.store) == (5, 0, 0)
    center.execute(Register(case=a_case(MEDIA)))
    assert counted(center.store) == (6, 0, 0)


def test_the_page_of_figures_has_no_other_statement_about_cases(center: BareCenter) -> None:
    """``/metrics`` tells the count, and asks for cases by the prepared statements alone; how those find their rows,
    ``test_store_plans`` sees."""
    center.execute(*(Register(case=a_case(MEDIA)) for _ in range(3)))
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(center.store.engine, "before_cursor_execute", note)
    page = Metrics(MEDIA, center.store, center.transport).page().decode()
    event.remove(center.store.engine, "before_cursor_execute", note)
    assert f'bus_cases{{center="{MEDIA}",status="open"}} 3.0' in page
    assert f'bus_cases{{center="{MEDIA}",status="closed"}} 0.0' in page
    assert any("FROM outbox" in statement for statement in said)
    assert [statement for statement in said if re.search(r"\bcases\b", statement)] == []

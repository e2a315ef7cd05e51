"""What stands or falls together in one commit; each of these turns red for a planted defect."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bus.custody import commands as c
from bus.store import StoreUnavailable, cases, outbox
from bus.store import tables as t
from bus.transports.port import Delivery
from tests.harness.center import on_harness
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case


def _full(*_: object) -> None:
    raise StoreUnavailable("disk full", passing=True)


def test_stores_before_it_settles(tmp_path: Path) -> None:
    """When the store fails, nothing is settled, and nothing is receipted: the road still has it."""
    settled: list[Delivery] = []
    with on_harness("media_center", tmp_path) as harness:
        process = harness.process
        process._leaving.set()
        for thread in process._threads[:4]:
            thread.join(10)
        transport: Any = process.transport
        transport.receive = lambda *_: [Delivery(b"{}", None, None)]
        transport.settle = settled.extend
        writing, process.store.write = process.store.write, _full  # type: ignore[method-assign,assignment]  # to plant it
        with pytest.raises(StoreUnavailable):
            process._receive()
        process.store.write = writing  # type: ignore[method-assign]  # and to mend it
        assert settled == [], "settled before the commit"


def test_receipts_only_what_is_stored(media: BareCenter, party: BareCenter) -> None:
    """When the commit fails, no receipt has left the transaction alone."""
    case = c.Register(case=a_case(MEDIA))
    media.execute(case, c.Offer(case_id=case.case_id, to=(PARTY,)))
    (parcel,) = media.relay()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cases, "keep", _full)
        with pytest.raises(StoreUnavailable):
            party.receive(parcel.body)
        assert party.relay() == [], "receipted before the commit"


def test_case_and_message_stand_or_fall_together(media: BareCenter) -> None:
    """When the message cannot be written, the change of the case that it tells of is not written either."""
    case = c.Register(case=a_case(MEDIA))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "enqueue", _full)
        with pytest.raises(StoreUnavailable):
            media.execute(case, c.Offer(case_id=case.case_id, to=(PARTY,)))
    with media.store.reading() as tx:
        assert not list(tx.execute(select(t.cases.c.case_id))), "the case changed without its message"

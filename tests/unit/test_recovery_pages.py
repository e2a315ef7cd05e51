"""Pages that a peer tells, right in form and of no use: none of them stops a recovery."""

from pathlib import Path

import pytest
from sqlalchemy import select

from bus.contract import messages as k
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.epochs import EPOCH
from bus.contract.ids import new_id
from bus.store import recovery
from bus.store import tables as t
from tests.harness.step import NOW, BareCenter

ME, PEER = "party-150402", "media-150402"


@pytest.mark.parametrize("body", ["A", "AAA", "AAAAA", "AB=", "A=="])
def test_an_entry_that_is_no_base64_is_passed_over(tmp_path: Path, body: str) -> None:
    """The schema lets such a text through; it is no message, like any other bytes, and the page is taken all the same.
    Called poison, it would keep the peer asked for ever."""
    center, number = BareCenter(ME, tmp_path), new_id()
    center.store.write(lambda tx: recovery.begin(tx, str(number), 1, [PEER], 1))
    told = k.LogTold(recovery=number, era=1, cursor="0", entries=(k.LogEntry(way=k.Way.SAID, body=body),))
    page = compose(told, source=PEER, recipient=ME, now=NOW, sequence=EPOCH)
    assert center.receive(encode(page))["told"] == 1
    with center.store.reading() as tx:
        assert [one.state for one in recovery.peers(tx)] == [recovery.TOLD]
        assert tx.execute(select(t.parked.c.code)).scalars().all() == []
    center.close()

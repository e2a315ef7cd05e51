"""Queries of the peers whose receipts carry digests."""

from collections.abc import Iterable

from sqlalchemy import select

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert_new
from bus.store.statements import Prepared, among, as_list

_KNOWN = Prepared(lambda _: select(t.vouching_peers.c.peer).where(among("peers", t.vouching_peers.c.peer)))


def known(tx: Tx, peers: Iterable[str]) -> set[str]:
    """Those of these peers whose receipts have carried digests before."""
    wanted = sorted({*peers})
    return {row[0] for row in _KNOWN.rows(tx, peers=as_list(wanted))} if wanted else set()


def remember(tx: Tx, peer: str, now_ms: int) -> None:
    """Record that the peer's receipts carry digests."""
    insert_new(tx, t.vouching_peers, [{"peer": peer, "since_ms": now_ms}], ["peer"])

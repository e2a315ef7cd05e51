"""A ledger that takes no facts: its center would be refused one message after the other, for ever.

The first refusal ends the lane for now: what was refused is given up, the center's operator reads one parked row, and
no more is told. It is taken up with a single message once the directory is another one, the settings name another
ledger, or a day has passed; the ledger then asks for what it lacks.
"""

from contextlib import suppress
from typing import NamedTuple

from bus.context import CenterContext
from bus.contract.facts import FactsAsked, FactsTold
from bus.figures.spans import DAY_MS
from bus.pipeline.receive_batch import ReceiveBatch
from bus.security.errors import KeyUnusable
from bus.store import facts, facts_refused, ledger_sums, outbox, parked
from bus.store.database import Tx
from bus.store.facts_refused import FactsRefused
from bus.store.outbox import OutboxRow

KINDS = frozenset({FactsTold.kind, FactsAsked.kind})
Refused = list[tuple[OutboxRow, str]]
"""Own messages, each with the code by which its recipient has refused it."""
CODE = "facts-refused"
HINT = "it takes no facts: is it the ledger that [facts] names, and does it run? none is told until then"
NOT_OF_FACTS = frozenset({"sequence-reused"})
"""Refusals that are not about facts: this store was put back."""


def end_refused_facts(batch: ReceiveBatch, peer: str, refused: Refused) -> Refused:
    """Give up what ``peer`` has refused of a lane of facts, and let one parked row say so. Returns the other refused
    messages."""
    tx, context, now_ms = batch.uow.tx, batch.uow.context, batch.uow.now_ms
    given_up = [(row, code) for row, code in refused if row.kind in KINDS and code not in NOT_OF_FACTS]
    if not given_up:
        return refused
    for row, _ in given_up:
        outbox.drop(tx, row.message_id, now_ms)
    item = parked.row(parked.PEER, CODE, HINT, known_by=_row_of(peer), owner=context.me, now_ms=now_ms, peer=peer)
    batch.park.append(item)
    if context.ledger is not None and context.ledger.name == peer:
        facts_refused.keep(tx, FactsRefused(peer, given_up[-1][1], now_ms, edition(context)))
        _lacks_them(tx, context, now_ms)
    return [one for one in refused if one not in given_up]


def _row_of(peer: str) -> bytes:
    """What the parked row is known by: of each peer there is one."""
    return f"{CODE} {peer}".encode()


def _lacks_them(tx: Tx, context: CenterContext, now_ms: int) -> None:
    """What was given up is missing at the ledger: a row without facts says so, and a ledger's sums are told anew."""
    if context.keeps_facts:
        ledger_sums.all_untold(tx)
    else:
        facts.keep(tx, [facts.FactsRow(now_ms, 0, b"", b"")])


class Room(NamedTuple):
    """How many messages may be made for the ledger now."""

    messages: int
    again: bool = False
    """Whether it is tried again with this one."""


def room(tx: Tx, context: CenterContext, ledger: str, underway: int, now_ms: int, most: int) -> Room:
    """``most`` messages underway; one where the ledger is tried again, and none while it takes no facts."""
    refused = facts_refused.kept(tx, ledger)
    if refused is not None and refused.tried_ms and not underway:  # receipted, and not refused again
        facts_refused.end(tx)
        parked.take_known(tx, parked.PEER, _row_of(ledger))
        refused = None
    if refused is None:
        return Room(most - underway)
    waits = refused.edition == edition(context) and refused.at_ms <= now_ms < refused.at_ms + DAY_MS
    return Room(0) if waits or refused.tried_ms or underway else Room(1, again=True)


def tried_again(tx: Tx, now_ms: int) -> None:
    """Note that the ledger was told one message again."""
    facts_refused.tried(tx, now_ms)


def edition(context: CenterContext) -> str:
    """Which directory it is, in a word; empty without one."""
    with suppress(KeyUnusable):
        directory = context.security.current_directory()
        if directory is not None:
            return f"{directory.serial} {directory.digest.hex()}"
    return ""

"""Telling: what the county's ledger has not been told becomes messages, a few at a time, in one lane.

It runs in the transaction in which the relay claims; its messages are the newest there, so they are claimed last. At
most ``UNDERWAY`` of them wait for the ledger's receipt. A ledger that is away holds up nobody: what is not told stays
in a table of its own, and is given up beyond its bound.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from bus.context import CenterContext, Ledger
from bus.contract.codec import encode
from bus.contract.envelope import Message, compose
from bus.contract.facts import MOST_FACTS, FactsAsked, FactsTold, lane_of
from bus.figures.spans import DAY_MS
from bus.pipeline import facts_refused
from bus.store import cases, facts, lanes, ledger, ledger_sums, outbox
from bus.store.database import Tx
from bus.store.rows import JournalLine
from bus.store.timestamps import ms

UNDERWAY = 4
"""Messages to the ledger without a receipt; more are made when it has taken these."""
ASK_AGAIN_MS = 6 * 3_600_000
"""After so long without an answer a center is asked again for the state of every case."""
PAGE = 200
"""Cases whose state is told in one message, where the ledger has asked for all."""
MOST_BYTES = 200_000
"""Bytes of the facts and states of one message."""
CUT = "facts-cut"
"""The line of the journal that says so much was given up."""
_IN_WORK = "sums"
"""Where a ledger has begun to tell all its sums."""


@dataclass(slots=True)
class _Window:
    """What fits in one message."""

    rows: list[facts.TakenRow] = field(default_factory=list)
    count: int = 0
    size: int = 0

    def takes(self, row: facts.TakenRow) -> bool:
        """Add a row, if there is room."""
        size = len(row.facts) + len(row.states)
        if self.rows and (self.count + row.lines > MOST_FACTS or self.size + size > MOST_BYTES):
            return False
        self.rows.append(row)
        self.count, self.size = self.count + row.lines, self.size + size
        return True

    def told(self) -> "Told":
        """The message."""
        kept = [row for row in self.rows if row.lines]
        cut = len(kept) < len(self.rows)
        return Told(FactsTold(cut=cut), b",".join(row.facts for row in kept), b",".join(row.states for row in kept))


class Told(NamedTuple):
    """A message whose facts and states, if any, are JSON already."""

    data: FactsTold | FactsAsked
    facts: bytes = b""
    states: bytes = b""

    def written_into(self, body: bytes) -> bytes:
        """The encoded message, with its facts and states in their places."""
        told = b'"facts":[' + self.facts + b'],"states":[' + self.states + b"]"
        return body.replace(b'"facts":[],"states":[]', told, 1)


def tell(tx: Tx, context: CenterContext, now: datetime, epoch: int) -> None:
    """Put what is untold into messages for the ledger; at the ledger, ask the centers of which something is missing."""
    if context.keeps_facts:
        _ask(tx, context, now, epoch)
    county = context.ledger
    if county is None or not context.tells_facts:
        return
    lane = str(lane_of(context.me))
    _keep_within_bounds(tx, county, lane, context.me, ms(now))
    underway = outbox.waiting_in(tx, county.name, lane)
    room = facts_refused.room(tx, context, county.name, underway, ms(now), UNDERWAY)
    for _ in range(room.messages):
        told = _sums(tx, county.name) if context.keeps_facts else _changes(tx) or _page(tx, context, county.name)
        if told is None:
            return
        say(tx, context, county.name, told, lane_of(context.me), now, epoch)
        if room.again:
            facts_refused.tried_again(tx, ms(now))


def _ask(tx: Tx, context: CenterContext, now: datetime, epoch: int) -> None:
    for teller in ledger.to_ask(tx, ms(now)):
        asked = Told(FactsAsked(why=teller.why or ledger.Why.NEW))
        say(tx, context, teller.center, asked, lane_of(teller.center), now, epoch)
        ledger.asked(tx, teller, ms(now) + ASK_AGAIN_MS)


def _changes(tx: Tx) -> Told | None:
    """The oldest changes that fit in one message; they are not untold any more."""
    window = _Window()
    for row in facts.in_order(tx):
        if not window.takes(row):
            break
    facts.forget(tx, window.rows)
    return window.told() if window.rows else None


def _sums(tx: Tx, recipient: str) -> Told | None:
    """At a ledger: the sums that have changed since the ledger above was told them; where it has asked, all."""
    asked = facts.asked(tx, recipient)
    anew = asked is not None and not asked.after
    if anew:
        ledger_sums.all_untold(tx)
        facts.ask(tx, recipient, _IN_WORK)
    sums = ledger_sums.next_sums(tx, MOST_FACTS)
    whole = asked is not None and len(sums) < MOST_FACTS
    if whole:
        facts.answered(tx)
    return Told(FactsTold(sums=sums, anew=anew, whole=whole)) if sums or whole else None


def _page(tx: Tx, context: CenterContext, recipient: str) -> Told | None:
    """The states of the next cases, where the ledger has asked for all. A case whose record cannot be read is passed
    over: it is parked, and told once it changes."""
    asked = facts.asked(tx, recipient)
    if asked is None:
        return None
    found = facts.cases_after(tx, asked.after, PAGE)
    records = cases.read_each(tx, [UUID(case_id) for case_id in found]).records
    last = len(found) < PAGE
    if last:
        facts.answered(tx)
    else:
        facts.ask(tx, recipient, found[-1])
    return Told(FactsTold(whole=last), states=facts.states_of(records.values(), context.clocks))


def say(tx: Tx, context: CenterContext, to: str, told: Told, lane: UUID, now: datetime, epoch: int = 0) -> None:
    """Put a message into the outbox, in a lane of facts."""
    key = (to, str(lane))
    last = lanes.next_sequences(tx, {key: 1}, epoch)[key]
    message: Message[Any] = compose(
        told.data, source=context.me, recipient=to, now=now, subject=lane, sequence=last + 1
    )
    outbox.enqueue(tx, [outbox.OutboxRow.of(message, told.written_into(encode(message)), ms(now))])


def _keep_within_bounds(tx: Tx, county: Ledger, lane: str, me: str, now_ms: int) -> None:
    """Give up what waits, beyond its bound in number or in age. A row without facts stands for it: by it the ledger
    learns that it must ask this center anew."""
    waits = facts.figures(tx)
    too_old = waits.oldest_ms and waits.oldest_ms < now_ms - county.keep_days * DAY_MS
    if waits.rows <= county.keep and not too_old:
        return
    facts.forget_all(tx)
    facts.keep(tx, [facts.FactsRow(now_ms, 0, b"", b"")])
    cases.note(tx, [JournalLine(lane, now_ms, CUT, FactsTold.kind, county.name, None, me)])

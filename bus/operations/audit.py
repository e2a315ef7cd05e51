"""The live auditor: a round looks at the cases that were told of since the last one, at those whose patience has ended,
and at every center. Whatever calls it, calls it every few seconds.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from bus.audit import (
    CaseView,
    ClockSample,
    Code,
    Finding,
    Pair,
    Teller,
    Violation,
    clock_samples,
    clocks,
    cure,
    judge,
    lacks_word,
    lanes_set_back,
    other_half_may_come,
    silent,
    unmet,
    what,
)
from bus.audit.holders import DELIVERY_MS
from bus.bilingual import Bilingual
from bus.log import log
from bus.operations.audit_bounds import clear_bounds, within_bounds
from bus.store import audit, audit_views, findings
from bus.store.audit import Mark
from bus.store.database import Tx
from bus.store.findings import FindingRow

MOST_CASES = 500
"""Cases that one round looks at for each reason: some hundred milliseconds."""
SWEPT = 50
"""Cases of the slow walk over all of them, which finds what no message has touched: a million in a day and a half of
rounds every five seconds, without being noticed."""
AGAIN_MS = 30_000
"""When an open finding is looked at again, if nothing has touched its case: some heal by the passing of time."""
UNSEEN_MS = 30_000
"""A longer pause between two rounds does not count as patience: the ledger was away, and has much to hear first."""
RETRIED_MS = 15 * 60_000
"""After a downtime of the ledger no center is called silent so soon: the longest pause of its retries is ten minutes
and a quarter of jitter, and what it tells waits for the message before."""
SOON_MS = 120_000
"""What has more patience left is not watched yet."""
OF_DATES = (Code.STUCK_OFFER, Code.UNANSWERED)
"""Codes of what is not answered by a date. After a downtime of the ledger the answer may come as late as a retry."""
OF_CENTERS = (Code.SILENT_CENTER, Code.CLOCKS_APART)


class AuditRound(NamedTuple):
    """What one round has done."""

    looked: int = 0
    """Cases that it has looked at."""
    opened: int = 0
    cleared: int = 0
    more: bool = False
    """Whether cases are left that were told of: another round is due at once."""


class Listed(NamedTuple):
    """A finding, and what operators read of it."""

    finding: Finding
    what: Bilingual
    cure: Bilingual


class _Settled(NamedTuple):
    opened: int
    cleared: int


def audit_round(tx: Tx, now_ms: int, most: int = MOST_CASES) -> AuditRound:
    """Look at what there is to look at by now, and write what has opened and cleared."""
    before = audit.mark(tx)
    mark = _back(tx, before, now_ms)
    tellers = audit.tellers(tx)
    touched, walk = audit.touched(tx, tellers, most), audit.cases_after(tx, before.swept, SWEPT)
    again = audit.told_again(tx, touched)  # before the facts are read: what is told meanwhile is looked at next time
    for center, teller in tellers.items():
        if teller.told_ms >= before.seen_ms:
            findings.release(tx, center, teller.reached_ms, now_ms + DELIVERY_MS)
    due, dated = findings.due(tx, now_ms, most), dict.fromkeys(audit.dated(tx, now_ms, most))
    cases = dict.fromkeys((*(row.case_id for row in touched), *due, *dated, *walk))
    views = audit_views.views(tx, cases, tellers)
    by_case = _cases(tx, views, tellers, mark.back_ms, now_ms)
    audit.keep_dates(tx, (view for view in views if view.case_id in dated), now_ms)
    by_center = _centers(tx, tellers, mark.back_ms, now_ms)
    audit.looked_at(tx, again or touched)
    audit.keep_mark(tx, mark._replace(swept=walk[-1] if len(walk) == SWEPT else ""))
    opened = by_case.opened + by_center.opened
    cleared = by_case.cleared + by_center.cleared + clear_bounds(tx, now_ms)
    return AuditRound(len(views), opened, cleared, most in (len(touched), len(due), len(dated)))


def _back(tx: Tx, before: Mark, now_ms: int) -> Mark:
    """Where the auditor stands now. After a downtime of its own it is patient anew with what it watches."""
    away_ms = now_ms - before.seen_ms
    if away_ms <= UNSEEN_MS:
        return before._replace(seen_ms=now_ms)
    if not before.seen_ms:
        return before._replace(seen_ms=now_ms)
    findings.postpone_all(tx, away_ms)
    return before._replace(seen_ms=now_ms, back_ms=now_ms)


class _Judged(NamedTuple):
    """What one case shows."""

    found: list[Violation]
    waiting: set[tuple[str, str, str]]
    """Those that are not to be opened before their center tells more."""
    samples: list[ClockSample]


def _cases(tx: Tx, views: Sequence[CaseView], tellers: Mapping[str, Teller], back_ms: int, now_ms: int) -> _Settled:
    judged = {view.case_id: one for view in views if (one := _judged(view, back_ms, now_ms)) is not None}
    found = [violation for one in judged.values() for violation in one.found]
    waiting = {key for one in judged.values() for key in one.waiting}
    audit.keep_samples(tx, (sample for one in judged.values() for sample in one.samples))
    return _settle(tx, findings.of_subjects(tx, judged), found, tellers, now_ms, now_ms + AGAIN_MS, waiting)


def _judged(view: CaseView, back_ms: int, now_ms: int) -> _Judged | None:
    """What a case shows; None where this program fails at it: it must not hold up all others. What is not over for
    long is not watched: the case is looked at when its date is."""
    retried_ms = back_ms + RETRIED_MS - now_ms
    try:
        found = [
            one._replace(patience_ms=max(one.patience_ms, retried_ms)) if one.code in OF_DATES else one
            for one in judge(view, now_ms)
            if one.patience_ms <= SOON_MS
        ]
        waiting = {one.key for one in found if lacks_word(one, view)}
        return _Judged(found, waiting, list(clock_samples(view)))
    except Exception as fault:
        log().error("fault", step="audit", case=view.case_id, fault=type(fault).__name__)
        return None


def _centers(tx: Tx, tellers: Mapping[str, Teller], back_ms: int, now_ms: int) -> _Settled:
    """Rules about centers, all of them each time: they are few."""
    reached = {center: teller.reached_ms for center, teller in tellers.items()}
    unheard = {} if now_ms < back_ms + RETRIED_MS else findings.unheard(tx, reached)
    found = [
        *silent(tellers, unheard),
        *clocks(audit.samples(tx)),
        *lanes_set_back(audit.reused(tx, tellers)),
    ]
    kept = [
        *findings.of_codes(tx, OF_CENTERS),
        *(row for row in findings.of_subjects(tx, tellers) if row.code == Code.SET_BACK.value),
    ]
    return _settle(tx, kept, found, tellers, now_ms, None)


def audit_labels(tx: Tx, pairs: Sequence[Pair], read_ms: int, now_ms: int) -> int:
    """Judge these labels and facts, and write what has opened and cleared. ``read_ms``: up to when the broker's journal
    was read. Returns how many have opened."""
    tellers = audit.tellers(tx)
    judged = [half.message_id for pair in pairs for half in pair if half is not None]
    found = list(unmet(pairs, {center: teller.first_ms for center, teller in tellers.items()}))
    waiting = {one.key for one in found if other_half_may_come(one, tellers, read_ms)}
    return _settle(tx, findings.of_subjects(tx, judged), found, tellers, now_ms, None, waiting).opened


def _settle(
    tx: Tx,
    kept: Sequence[FindingRow],
    found: Sequence[Violation],
    tellers: Mapping[str, Teller],
    now_ms: int,
    then_ms: int | None,
    waiting: Collection[tuple[str, str, str]] = (),
) -> _Settled:
    """Compare what is kept with what was found. ``then_ms``: the next look at what stays; None: it is looked at anyway.
    ``waiting``: not to be opened before their center tells more."""
    there = {row.key: row for row in kept}
    new = within_bounds(tx, (one for one in found if one.key not in there), tellers, now_ms)
    findings.watch(tx, new, now_ms, looks=then_ms is not None)
    now = {one.key for one in found}
    findings.healed(tx, gone := [row for row in kept if row.key not in now], now_ms)
    stays = [row for row in kept if row.key in now and row.opens_ms <= now_ms]
    opens = [row for row in stays if row.opened_ms is None and row.key not in waiting]
    findings.open_(tx, opens, now_ms, then_ms)
    findings.look_again(tx, [row for row in stays if row.opened_ms is not None], then_ms)
    findings.look_again(tx, [row for row in stays if row.opened_ms is None and row.key in waiting], None)
    return _Settled(len(opens), sum(row.opened_ms is not None for row in gone))


def open_findings(tx: Tx, limit: int = 1000) -> list[Listed]:
    """The open findings, the oldest first, in both languages."""
    return [Listed(one, what(one), cure(one)) for one in findings.listed(tx, limit)]

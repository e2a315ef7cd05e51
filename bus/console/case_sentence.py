"""The one sentence about a case: who has it, since when, until when, and what comes next. Pure."""

from typing import NamedTuple

from bus.bilingual import Bilingual
from bus.console.rendering import Words
from bus.custody import Record, Status
from bus.store.timestamps import ms


class Standing(NamedTuple):
    """Where a case stands, as a center's record or the ledger has it."""

    status: Status
    holder: str
    origin: str
    since_ms: int | None
    """Since when it is at this stage: held, resolved or closed."""
    due_ms: int | None
    awaited: Bilingual
    """What comes next while it is open."""


def sentence(standing: Standing, words: Words) -> str:
    """The sentence, in the language of this person."""
    holder, origin, since = standing.holder, standing.origin, standing.since_ms
    if standing.status is Status.CLOSED:
        return words.text("已答复居民", "The resident has the answer") + _at(since, words) + words.text("。", ".")
    if standing.status is Status.RESOLVED:
        answer = Bilingual(f"由 {origin} 答复居民", f"{origin} answers the resident")
        return words.text(f"{holder} 已办结", f"{holder} has resolved it") + _at(since, words) + _next(answer, words)
    held = words.text(f"由 {holder} 承办", f"{holder} has it")
    return held + _since(since, words) + _until(standing.due_ms, words) + _next(standing.awaited, words)


def of_record(record: Record) -> Standing:
    """Where a case stands at this center."""
    since = {Status.CLOSED: record.closed_at, Status.RESOLVED: record.resolved_at}.get(record.status, record.since)
    due = ms(record.due) if record.due is not None else None
    at = ms(since) if since is not None else None
    return Standing(record.status, record.holder, record.case.origin, at, due, _awaited(record))


def offer_awaited(names: str) -> Bilingual:
    """Those who were asked to take the case over."""
    return Bilingual(f"等 {names} 答复转办", f"{names} must answer the offer")


def resolving_awaited(holder: str) -> Bilingual:
    """The holder, and nobody else."""
    return Bilingual(f"由 {holder} 办结", f"{holder} resolves it")


def _awaited(record: Record) -> Bilingual:
    offer, asked = record.offer_out, record.offer_in
    if offer is not None and offer.pending:
        return offer_awaited(", ".join(offer.pending))
    if asked is not None:
        return Bilingual(
            f"等本中心答复 {asked.offerer} 的转办", f"this center must answer the offer of {asked.offerer}"
        )
    if record.arbitration is not None and record.arbiter is not None:
        return Bilingual(f"等 {record.arbiter} 裁定", f"{record.arbiter} must rule who has it")
    return resolving_awaited(record.holder)


def _next(what: Bilingual, words: Words) -> str:
    return words.text(f"；下一步：{what.zh}。", f"; next: {what.en}.")


def _at(at_ms: int | None, words: Words) -> str:
    if at_ms is None:
        return ""
    at = words.moment(at_ms)
    return words.text(f"（{at}）", f" ({at})")


def _since(at_ms: int | None, words: Words) -> str:
    if at_ms is None:
        return ""
    at = words.moment(at_ms)
    return words.text(f"（自 {at}）", f" (since {at})")


def _until(due_ms: int | None, words: Words) -> str:
    if due_ms is None:
        return ""
    at = words.moment(due_ms)
    if due_ms < ms(words.now):
        return words.text(f"，期限 {at} 已过", f", its date of {at} has passed")
    return words.text(f"，期限 {at}", f", due {at}")

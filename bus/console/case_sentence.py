"""The one sentence about a case: who has it, since when, until when, and what comes next. Pure."""

from datetime import datetime

from bus.bilingual import Bilingual
from bus.console.rendering import Words
from bus.custody import Record, Status
from bus.store.timestamps import ms


def sentence(record: Record, words: Words) -> str:
    """The sentence, in the language of this person."""
    if record.status is Status.CLOSED:
        return (
            words.text("已答复居民", "The resident has the answer")
            + _at(record.closed_at, words)
            + words.text("。", ".")
        )
    if record.status is Status.RESOLVED:
        done = words.text(f"{record.holder} 已办结", f"{record.holder} has resolved it")
        return done + _at(record.resolved_at, words) + _next(Bilingual(
            f"由 {record.case.origin} 答复居民", f"{record.case.origin} answers the resident"
        ), words)  # fmt: skip
    held = words.text(f"由 {record.holder} 承办", f"{record.holder} has it")
    return held + _since(record.since, words) + _until(record.due, words) + _next(_what_next(record), words)


def _what_next(record: Record) -> Bilingual:
    offer, asked = record.offer_out, record.offer_in
    if offer is not None and offer.pending:
        names = ", ".join(offer.pending)
        return Bilingual(f"等 {names} 答复转办", f"{names} must answer the offer")
    if asked is not None:
        return Bilingual(
            f"等本中心答复 {asked.offerer} 的转办", f"this center must answer the offer of {asked.offerer}"
        )
    if record.arbitration is not None and record.arbiter is not None:
        return Bilingual(f"等 {record.arbiter} 裁定", f"{record.arbiter} must rule who has it")
    return Bilingual(f"由 {record.holder} 办结", f"{record.holder} resolves it")


def _next(what: Bilingual, words: Words) -> str:
    return words.text(f"；下一步：{what.zh}。", f"; next: {what.en}.")


def _at(moment: datetime | None, words: Words) -> str:
    if moment is None:
        return ""
    at = words.moment(ms(moment))
    return words.text(f"（{at}）", f" ({at})")


def _since(moment: datetime | None, words: Words) -> str:
    if moment is None:
        return ""
    at = words.moment(ms(moment))
    return words.text(f"（自 {at}）", f" (since {at})")


def _until(due: datetime | None, words: Words) -> str:
    if due is None:
        return ""
    at = words.moment(ms(due))
    if due < words.now:
        return words.text(f"，期限 {at} 已过", f", its date of {at} has passed")
    return words.text(f"，期限 {at}", f", due {at}")

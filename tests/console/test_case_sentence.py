"""The one sentence about a case says who has it, since when, until when, and what comes next."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bus.console.case_sentence import of_record, sentence
from bus.console.rendering import Words
from bus.console.told_cases import ToldCase
from bus.contract.ids import new_id
from bus.contract.messages import Mode
from bus.custody import Record, Status
from bus.custody.record import ReceivedOffer, SentOffer
from bus.store.ledger_lists import ToldFact, ToldState
from bus.store.timestamps import ms
from tests.harness.step import MEDIA, NOW, PARTY, a_case

CASE = a_case(MEDIA, received_at=NOW - timedelta(days=2))
HELD = Record(me=MEDIA, case=CASE, holder=MEDIA, version=1, path=(MEDIA,), since=NOW - timedelta(hours=3))
SENT = SentOffer(offer_id=new_id(), mode=Mode.EXCLUSIVE, version=1, pending=(PARTY,), asked=(PARTY,), at=NOW)
HEARD = ReceivedOffer(offer_id=new_id(), offerer=PARTY, mode=Mode.EXCLUSIVE, version=1, at=NOW)
ARBITER = "government_service-150402"


@pytest.mark.parametrize(
    ("record", "zh"),
    [
        (HELD, f"由 {MEDIA} 承办（自 14:00:00）；下一步：由 {MEDIA} 办结。"),
        (
            HELD.with_(since=None, due=NOW + timedelta(hours=1)),
            f"由 {MEDIA} 承办，期限 18:00:00；下一步：由 {MEDIA} 办结。",
        ),
        (
            HELD.with_(since=None, due=NOW - timedelta(hours=1)),
            f"由 {MEDIA} 承办，期限 16:00:00 已过；下一步：由 {MEDIA} 办结。",
        ),
        (HELD.with_(since=None, offer_out=SENT), f"由 {MEDIA} 承办；下一步：等 {PARTY} 答复转办。"),
        (
            HELD.with_(since=None, holder=PARTY, offer_in=HEARD),
            f"由 {PARTY} 承办；下一步：等本中心答复 {PARTY} 的转办。",
        ),
        (HELD.with_(since=None, arbiter=ARBITER, arbitration=ARBITER), f"由 {MEDIA} 承办；下一步：等 {ARBITER} 裁定。"),
        (HELD.with_(holder=PARTY, status=Status.RESOLVED), f"{PARTY} 已办结；下一步：由 {MEDIA} 答复居民。"),
        (HELD.with_(status=Status.CLOSED, closed_at=NOW), "已答复居民（17:00:00）。"),
    ],
)
def test_the_sentence_says_all(record: Record, zh: str) -> None:
    """Whatever stage the case is at."""
    assert sentence(of_record(record), Words("zh", NOW)) == zh


TOLD = ToldState(
    center=PARTY, case_id="", origin=MEDIA, holder=PARTY, version=2, round=1, status="open", category="",
    opened_ms=0, due_ms=None, offered_to="", told_ms=0,
)  # fmt: skip
FACTS = (
    ToldFact(MEDIA, ms(NOW) - 9_000_000, "heard", "case.accepted", PARTY, "a", None, PARTY, 1, 0),
    ToldFact(PARTY, ms(NOW) - 7_200_000, "heard", "case.granted", MEDIA, "b", None, PARTY, 2, 1),
    ToldFact(PARTY, ms(NOW) - 3_600_000, "said", "case.resolved", MEDIA, "c", None, PARTY, 2, 1),
    ToldFact(MEDIA, ms(NOW) - 1_800_000, "heard", "case.resolved", PARTY, "c", None, PARTY, 2, 1),
    ToldFact(MEDIA, ms(NOW), "said", "case.closed", PARTY, "d", None, PARTY, 2, 1),
)


@pytest.mark.parametrize(
    ("state", "facts", "zh"),
    [
        (TOLD, FACTS[:2], f"由 {PARTY} 承办（自 15:00:00）；下一步：由 {PARTY} 办结。"),
        (TOLD._replace(offered_to=ARBITER), (), f"由 {PARTY} 承办；下一步：等 {ARBITER} 答复转办。"),
        (
            TOLD._replace(due_ms=ms(NOW) - 1_800_000),
            (),
            f"由 {PARTY} 承办，期限 16:30:00 已过；下一步：由 {PARTY} 办结。",
        ),
        (TOLD._replace(status="resolved"), FACTS[:4], f"{PARTY} 已办结（16:00:00）；下一步：由 {MEDIA} 答复居民。"),
        (TOLD._replace(status="resolved", round=0), FACTS[:4], f"{PARTY} 已办结；下一步：由 {MEDIA} 答复居民。"),
        (TOLD._replace(status="frozen"), FACTS[:2], f"由 {PARTY} 承办（自 15:00:00）；下一步：由 {PARTY} 办结。"),
        (TOLD._replace(status="closed"), FACTS, "已答复居民（17:00:00）。"),
    ],
)
def test_a_ledger_says_the_same_from_what_it_was_told(state: ToldState, facts: Sequence[ToldFact], zh: str) -> None:
    """By the facts of the version and round that the case is at; one that is not kept is not made up."""
    standing = ToldCase([state], facts).standing
    assert standing is not None
    assert sentence(standing, Words("zh", NOW)) == zh


def test_it_is_said_in_english() -> None:
    """For a person who has chosen it."""
    said = sentence(of_record(HELD.with_(due=NOW - timedelta(hours=1))), Words("en", NOW))
    assert said == f"{MEDIA} has it (since 14:00:00), its date of 16:00:00 has passed; next: {MEDIA} resolves it."

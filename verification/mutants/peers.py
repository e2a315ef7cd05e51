"""Defects against a peer with a faulty program: what is believed, and how much of it is taken."""

from typing import Any

import pytest

import bus.custody.strangers
import bus.operations.discard
import bus.recovery.requester
import bus.recovery.responder
import bus.store.unit_of_work
from bus.bilingual import Bilingual
from bus.contract.envelope import Message
from bus.contract.epochs import epoch_of
from bus.contract.messages import LogAsked
from bus.pipeline.quotas import PeerQuotas
from bus.store import archive, cases
from bus.store.database import Tx
from verification.mutants.defect import tested

UNIT = Bilingual("单元测试", "unit tests")
ALL_ARE_HONEST = Bilingual("模拟中各中心都守约", "every center of a simulated county keeps the contract")
ASKED, TOLD = "tests/unit/test_asked_of_us.py", "tests/unit/test_told_of_us.py"
PARKED = "tests/unit/test_cli_parked.py"
RECORDS, QUOTAS = "tests/unit/test_record_bounds.py", "tests/unit/test_quotas.py"


@tested(
    "对方自称任何纪元都信", "begins any epoch that a peer asks in",
    f"{ASKED}::test_a_question_in_a_wild_era_begins_none[2147]",
    by=UNIT, why=ALL_ARE_HONEST,
)  # fmt: skip
def any_era_is_begun(patch: pytest.MonkeyPatch) -> None:
    def take_asked(tx: Tx, message: Message[LogAsked], now_ms: int) -> None:
        peer, asked, era = message.source, message.data, epoch_of(message.sequence)
        known, recovery = archive.epochs(tx, [peer]).get(peer, (0, ""))
        if known < era or (era == known and recovery == ""):
            archive.begin_epoch(tx, peer, era, str(asked.recovery))
        archive.owe_pages(tx, [archive.OwedPage(peer, str(asked.recovery), asked.cursor, now_ms)])

    patch.setattr(bus.recovery.responder, "take_asked", take_asked)


@tested(
    "对方说本中心用过任何纪元都信", "begins an epoch after any that a peer claims",
    f"{TOLD}::test_a_wild_era_that_a_peer_claims_is_refused_and_moves_ours_nowhere[150]",
    by=UNIT, why=ALL_ARE_HONEST,
)  # fmt: skip
def any_era_is_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.recovery.requester, "MOST_ERAS_LOST", 2**31)


@tested(
    "对方要的页坏了，发件箱也停", "makes the pages that peers ask for in the outbox's own transaction",
    f"{ASKED}::test_a_store_that_owes_a_page_that_cannot_be_made_goes_on_after_a_restart",
    by=UNIT, why=ALL_ARE_HONEST,
)  # fmt: skip
def page_stops_the_outbox(patch: pytest.MonkeyPatch) -> None:
    def page(store: Any, row: archive.OwedPage, is_member: Any) -> object:
        with store.reading() as tx:
            return bus.recovery.responder.log_page(tx, row, is_member)

    patch.setattr(bus.recovery.responder, "_page_or_none", page)


@tested(
    "案件记录不设上限", "writes records of any size",
    f"{RECORDS}::test_a_path_that_grows_past_its_bound_is_refused_and_all_tasks_are_claimed",
    by=UNIT, why=ALL_ARE_HONEST,
)  # fmt: skip
def record_without_bound(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.store.unit_of_work, "check_growth", lambda *_: None)


@tested(
    "一个坏记录停住所有案件", "claims no task while one record cannot be read",
    f"{RECORDS}::test_a_record_that_cannot_be_read_parks_its_own_task_alone",
    by=UNIT, why=Bilingual("模拟中库不会损坏", "no store is damaged in a simulation"),
)  # fmt: skip
def one_record_stops_all(patch: pytest.MonkeyPatch) -> None:
    plain = cases._records

    def strict(query: Any, tx: Tx, ids: Any) -> cases.Loaded:
        return cases.Loaded(cases._all(plain(query, tx, ids)))

    patch.setattr(cases, "_records", strict)


@tested(
    "名录外的名称也收进案件", "believes names that the directory does not list",
    f"{TOLD}::test_an_offer_that_names_a_center_outside_the_directory_is_refused",
    f"{TOLD}::test_names_that_an_honest_center_has_believed_before_are_left_out",
    by=UNIT, why=ALL_ARE_HONEST,
)  # fmt: skip
def strangers_are_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.custody.strangers, "new_strangers", lambda *_: set())


@tested(
    "邻居要多少收多少", "takes however much a peer sends",
    f"{QUOTAS}::test_offers_beyond_the_quota_are_put_off_until_one_is_answered",
    f"{QUOTAS}::test_requests_for_help_beyond_the_quota_are_put_off_until_one_is_answered",
    by=UNIT, why=ALL_ARE_HONEST,
)  # fmt: skip
def no_quota(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PeerQuotas, "exceeded", lambda *_: "")


@tested(
    "放弃早到的消息却不告知发送方", "gives up an early message and does not tell its sender",
    f"{PARKED}::test_an_early_message_that_is_given_up_is_refused",
    by=UNIT, why=Bilingual("模拟中几乎总有人等得到", "in a simulated county what it waits for nearly always comes"),
)  # fmt: skip
def discarded_comes_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.operations.discard, "refuse_early", lambda *_: None)

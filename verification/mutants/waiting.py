"""Defects of waiting items: a refused or held message, an older directory, a receipt not yet taken."""

from dataclasses import replace
from datetime import datetime

import pytest

import bus.operations.replay
import bus.pipeline.control
import bus.pipeline.receiving.order
import bus.pipeline.relay
from bus.bilingual import Bilingual
from bus.pipeline.relay import SentBatch
from bus.security.directory import Directory
from bus.security.key_request import KeyRequest
from bus.store import Tx, directories
from bus.transports.port import SendResult
from verification.mutants.defect import tested
from verification.mutants.security import ATTACKS, NOBODY_FORGES

STEPS = Bilingual("环节测试", "tests of the steps")
COMES_AGAIN = Bilingual(
    "模拟中发件方没有回执就再发，于是又得到回执", "in a simulation its sender asks again, and gets another receipt"
)
REFUSED, ROLLED_BACK = "tests/unit/test_refused_once.py", "tests/unit/test_directory_rollback.py"
DELIVERY, DIGESTS = "tests/unit/test_delivery.py", "tests/unit/test_receipt_digests.py"


@tested(
    "回执未发出就忘掉", "forgets a receipt that the broker has refused or that was lost",
    f"{DELIVERY}::test_a_receipt_is_owed_until_the_road_has_taken_it[SendResult.NACKED]",
    f"{DELIVERY}::test_a_receipt_is_owed_until_the_road_has_taken_it[SendResult.UNKNOWN]",
    by=STEPS, why=COMES_AGAIN,
)  # fmt: skip
def receipt_forgotten_unsent(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.relay._record

    def write_down(tx: Tx, sent: SentBatch, now_ms: int) -> None:
        of_messages = sent.results[: len(sent.messages)]
        plain(tx, replace(sent, results=[*of_messages, *[SendResult.CONFIRMED] * len(sent.bundles)]), now_ms)

    patch.setattr(bus.pipeline.relay, "_record", write_down)


@tested(
    "重放时不再核对签名", "asks nobody who has signed what is replayed",
    f"{REFUSED}::test_a_replay_at_a_refused_place_asks_who_has_signed[without a signature]",
    f"{REFUSED}::test_a_replay_at_a_refused_place_asks_who_has_signed[by a thief with a revoked key]",
    by=ATTACKS, why=NOBODY_FORGES,
)  # fmt: skip
def replayed_unasked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.operations.replay, "fault_by_now", lambda *_: "")


@tested(
    "暂存的报文轮到时不再核对", "applies what it held back although its key was revoked meanwhile",
    f"{REFUSED}::test_what_was_held_back_is_not_applied_when_its_key_was_revoked_meanwhile",
    f"{REFUSED}::test_a_thief_cannot_lay_a_message_aside_for_later",
    by=ATTACKS, why=NOBODY_FORGES,
)  # fmt: skip
def held_unasked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.receiving.order, "fault_by_now", lambda *_: "")


@tested(
    "重启后忘掉用过的名录版次", "forgets with a restart which directory was in use",
    f"{ROLLED_BACK}::test_an_older_directory_is_refused_after_a_restart",
    f"{ROLLED_BACK}::test_the_memory_keeps_the_newest_and_tells_a_trouble_once",
    by=ATTACKS, why=NOBODY_FORGES,
)  # fmt: skip
def directory_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(directories, "keep", lambda *_: None)


@tested(
    "凭密钥名称就当作已登记", "takes a listed name for a listed key",
    "tests/unit/test_keys_and_directory.py::test_a_listed_name_alone_proves_no_application",
    by=ATTACKS, why=NOBODY_FORGES,
)  # fmt: skip
def name_is_proof(patch: pytest.MonkeyPatch) -> None:
    plain = KeyRequest.proven

    def proven(self: KeyRequest, directory: Directory, now: datetime) -> bool:
        return self.key.kid in directory.listed or plain(self, directory, now)

    patch.setattr(KeyRequest, "proven", proven)


@tested(
    "对方不再担保内容也不提示", "says nothing when a peer vouches for no bytes any more",
    f"{DIGESTS}::test_a_peer_that_stops_to_say_for_which_bytes_is_told_of[signed]",
    f"{DIGESTS}::test_a_peer_that_stops_to_say_for_which_bytes_is_told_of[plain]",
    by=STEPS, why=NOBODY_FORGES,
)  # fmt: skip
def silence_unseen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.control, "_is_silent", lambda *_: False)

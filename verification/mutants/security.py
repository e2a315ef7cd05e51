"""Defects of signatures and encryption: a tenth of the simulated counties sign, and nobody there forges or
eavesdrops."""

from datetime import datetime

import pytest

import bus.pipeline.control
import bus.security.keyed_security
from bus.bilingual import Bilingual
from bus.contract import signed_document
from bus.security.directory import Directory
from bus.security.keyed_security import KeyedSecurity
from bus.security.signature import check, once_signed
from verification.mutants.defect import tested

ATTACKS = Bilingual("攻击测试", "the attacks")
NOBODY_FORGES = Bilingual("模拟中无人伪造，也无人偷看", "nobody forges or reads along in a simulation")
SIGNED, SEALED = "tests/unit/test_signed_transport.py", "tests/unit/test_sealed_transport.py"


@tested(
    "报文签名但不加密", "lets what is signed leave open",
    f"{SEALED}::test_who_carries_a_message_reads_nothing_of_it",
    "tests/security/test_seals.py::test_the_broker_holds_nothing_of_a_resident[sealed]",
    by=ATTACKS, why=NOBODY_FORGES,
)  # fmt: skip
def sent_open(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(KeyedSecurity, "protect", lambda self, body, _recipient, now: self.signed(body, now))


@tested(
    "收件方没有密钥就明文寄出", "sends open what it cannot seal",
    f"{SEALED}::test_what_is_for_a_center_without_a_key_waits_and_holds_up_nobody",
    by=ATTACKS, why=NOBODY_FORGES,
)  # fmt: skip
def open_for_want_of_a_key(patch: pytest.MonkeyPatch) -> None:
    plain = KeyedSecurity.protect

    def leaving(self: KeyedSecurity, body: bytes, recipient: str, now: datetime) -> bytes:
        known = self.directory.current().current(recipient, now)
        return plain(self, body, recipient, now) if known else self.signed(body, now)

    patch.setattr(KeyedSecurity, "protect", leaving)


@tested(
    "签名对就信，不问密钥是谁的", "believes any valid signature, and does not ask whose key it is",
    f"{SIGNED}::test_a_forged_message_is_parked_and_changes_nothing[signed by another center]",
    f"{SEALED}::test_what_is_sealed_and_wrong_is_parked_and_changes_nothing[a thief's signature under the seal]",
    by=ATTACKS, why=NOBODY_FORGES,
)  # fmt: skip
def any_signature_will_do(patch: pytest.MonkeyPatch) -> None:
    def signer(self: KeyedSecurity, signed: bytes, now: datetime) -> None:
        signature, body = signed_document.split_message(signed)
        check(body, signature, self.directory.current(), now)

    patch.setattr(KeyedSecurity, "signer", signer)


@tested(
    "吊销的密钥仍然算数", "goes on believing a key that was taken back",
    f"{SIGNED}::test_keys_rotate_in_mid_traffic_and_nothing_is_lost",
    by=ATTACKS, why=NOBODY_FORGES,
)  # fmt: skip
def revoked_key_counts(patch: pytest.MonkeyPatch) -> None:
    def forgiving(body: bytes, signature: str | None, directory: Directory, _now: datetime) -> object:
        plain = {kid: one.model_copy(update={"revoked": None}) for kid, one in directory.listed.items()}
        return once_signed(body, signature or "", Directory(directory.serial, directory.issued, plain))

    patch.setattr(bus.security.keyed_security, "check", forgiving)


@tested(
    "不看回执担保的是哪份内容", "takes a receipt for other bytes",
    "tests/unit/test_receipt_digests.py::test_a_receipt_for_other_bytes_ends_nothing[signed]",
    "tests/unit/test_receipt_digests.py::test_a_receipt_for_other_bytes_ends_nothing[plain]",
    by=ATTACKS, why=NOBODY_FORGES,
)  # fmt: skip
def receipt_for_anything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.control, "_for_what_was_said", lambda items, _said: ([*items], []))

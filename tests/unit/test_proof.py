"""What a neighbour has signed for can be shown to others, who check it by the directory alone."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bus.contract import signed_document
from bus.contract.case import Case
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.messages import Receipt, ReceiptItem, Verdict
from bus.custody.commands import Accept, Offer, Register
from bus.demo.county_keys import county_keys
from bus.operations.proof import Judgement, Proof, Vouched, judge, of_case
from bus.security import directory
from bus.security.directory import Directory
from bus.security.keyed_security import KeyedSecurity, security_of
from bus.security.keyring import read_public_key
from bus.settings import Trust
from tests.harness.step import NOW, BareCenter, a_case, carry
from tests.unit.test_cli_run import bus
from verification.checker.canaries import canaries
from verification.checker.leak_scan import scan

MEDIA, PARTY = "media_center-150402", "party_service-150402006"
WHO = canaries(seed=77, n=1)[0]


@dataclass
class Matter:
    """A case that has been handed over, and where the keys lie."""

    rm: BareCenter
    case: Case
    keys: Path
    neighbour: KeyedSecurity
    """Of the center that has taken it over."""

    @property
    def known(self) -> Directory:
        """The county's directory."""
        return directory.read_file(self.keys / "county.directory", read_public_key(self.keys / "operator.pub"))

    def proof(self) -> Proof:
        """As the giver shows it."""
        with self.rm.store.reading() as tx:
            return of_case(tx, MEDIA, self.case.case_id)


@pytest.fixture
def matter(tmp_path: Path) -> Iterator[Matter]:
    """Offered and accepted, between centers that sign."""
    keys = county_keys(tmp_path / "keys", {MEDIA: None, PARTY: None})
    media, party = (BareCenter(name, tmp_path, security=security_of(Trust(**keys[name]))) for name in (MEDIA, PARTY))
    case = a_case(MEDIA, title=WHO.words, resident=WHO.person())
    media.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,)))
    carry(media, party)
    party.execute(Accept(case_id=case.case_id))
    carry(media, party)
    assert isinstance(party.context.security, KeyedSecurity)
    yield Matter(media, case, tmp_path / "keys", party.context.security)
    media.close()
    party.close()


def test_what_was_signed_for_is_proven_and_tells_nothing_of_the_resident(matter: Matter) -> None:
    """The offer, vouched for by its recipient."""
    shown = matter.proof()
    assert [(one.kind, one.recipient, one.verdict.value) for one in shown.said] == [("case.offered", PARTY, "applied")]
    assert [judge(one, matter.known) for one in shown.said] == [Judgement.VOUCHED]
    receipts = [("receipt", base64.b64decode(one.receipt)) for one in shown.said]
    assert scan([WHO], [("proof", shown.model_dump_json()), *receipts]) == []


def _resigned(one: Vouched, change: Callable[[bytes], bytes]) -> Vouched:
    signature, document = signed_document.split_message(base64.b64decode(one.receipt))
    raw = signed_document.join(change(document), [signature or ""])
    return one.model_copy(update={"receipt": base64.b64encode(raw).decode()})


WRONG: dict[str, tuple[Callable[[Vouched], Vouched], Judgement]] = {
    "for other bytes": (lambda one: one.model_copy(update={"digest": "0" * 64}), Judgement.OTHERWISE),
    "of another message": (
        lambda one: one.model_copy(update={"message_id": one.message_id.__class__(int=7)}), Judgement.OTHERWISE,
    ),
    "by somebody else": (lambda one: one.model_copy(update={"recipient": MEDIA}), Judgement.NOT_THEIRS),
    "altered": (lambda one: _resigned(one, lambda body: body.replace(b"applied", b"refused")), Judgement.NOT_THEIRS),
    "unsigned": (
        lambda one: one.model_copy(
            update={
                "receipt": base64.b64encode(
                    signed_document.split_message(base64.b64decode(one.receipt))[1]
                ).decode()
            }
        ),
        Judgement.NOT_THEIRS,
    ),
    "no base64": (lambda one: one.model_copy(update={"receipt": "€"}), Judgement.NOT_THEIRS),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_nothing_else_is_proven(name: str, matter: Matter) -> None:
    """A receipt for other bytes, of another message, by another hand."""
    change, judgement = WRONG[name]
    (one,) = matter.proof().said
    assert judge(change(one), matter.known) is judgement


def _receipted(matter: Matter, digest: str | None, verdict: Verdict = Verdict.APPLIED) -> Vouched:
    """The same message, with another receipt that its recipient has truly signed."""
    (one,) = matter.proof().said
    item = ReceiptItem(message_id=one.message_id, verdict=verdict, digest=digest)
    receipt = encode(compose(Receipt(items=(item,)), source=PARTY, recipient=MEDIA, now=NOW))
    signed = matter.neighbour.signed(receipt, NOW)
    return one.model_copy(update={"receipt": base64.b64encode(signed).decode()})


def test_a_receipt_that_names_no_bytes_proves_that_it_came(matter: Matter) -> None:
    """It ends the message and says nothing else of it; another verdict, or other bytes, do."""
    assert judge(_receipted(matter, None), matter.known).value == "bytes-not-vouched"
    assert judge(_receipted(matter, None, Verdict.SUPERSEDED), matter.known) is Judgement.OTHERWISE
    assert judge(_receipted(matter, "0" * 64), matter.known) is Judgement.OTHERWISE


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "已签收，但没有内容摘要"), ("en", "receipted, without a digest of the bytes")]
)
def test_a_proof_without_bytes_is_told_in_words(lang: str, words: str, matter: Matter, tmp_path: Path) -> None:
    """In both languages; it is less than a whole proof, so the exit code says so."""
    out = tmp_path / "proof.json"
    shown = Proof(center=MEDIA, case_id=matter.case.case_id, said=(_receipted(matter, None),))
    out.write_text(shown.model_dump_json())
    ways = ("--directory", matter.keys / "county.directory", "--operator", matter.keys / "operator.pub")
    code, said, _ = bus("proof", "check", out, *ways, "--lang", lang)
    assert (code, words in said) == (1, True)


def test_the_commands_export_and_check_it_without_the_store(matter: Matter, tmp_path: Path) -> None:
    """What was exported is checked with the directory and the operator's key alone; one that was altered is told."""
    config, out = tmp_path / "c.toml", tmp_path / "proof.json"
    config.write_text(
        f'center = "{MEDIA}"\nstore = "sqlite:///{tmp_path}/{MEDIA}.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
    )
    assert bus("proof", "export", matter.case.number, "--out", out, "--config", config)[0] == 0
    ways = ("--directory", matter.keys / "county.directory", "--operator", matter.keys / "operator.pub")
    code, said, _ = bus("proof", "check", out, *ways)
    assert (code, "属实" in said) == (0, True)
    document: dict[str, Any] = json.loads(out.read_text())
    document["said"][0]["digest"] = "0" * 64
    out.write_text(json.dumps(document))
    code, said, _ = bus("proof", "check", out, *ways, "--json")
    assert (code, [one["judgement"] for one in json.loads(said)]) == (1, ["otherwise"])
    out.write_text("{}")
    assert bus("proof", "check", out, *ways)[0] == 2
    assert bus("proof", "export", "N-none", "--out", out, "--config", config)[0] == 1

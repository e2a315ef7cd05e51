"""`bus ledger findings`: what the auditor has found, as a person and as a script reads it."""

import json
from pathlib import Path

from bus.audit import Code, Evidence, Violation
from bus.store import Tx, findings
from tests.harness.step import MEDIA, PARTY, BareCenter
from tests.unit.test_cli_run import bus
from tests.unit.test_facts_told import LEDGER

CASE = "01900000-0000-7000-8000-000000000001"


def _finds(ledger: BareCenter) -> None:
    """An offer that nobody answers, open for an hour."""
    shown = (Evidence(MEDIA, "said case.offered", 1_000, MEDIA, 1, PARTY, "m-1"),)
    one = Violation(Code.STUCK_OFFER, CASE, PARTY, PARTY, 1_000, 0, shown)

    def write(tx: Tx) -> None:
        findings.watch(tx, {one: MEDIA}, 1_000, looks=True)
        findings.open_(tx, findings.of_subjects(tx, [CASE]), 2_000, None)

    ledger.store.write(write)


def test_a_finding_is_shown_with_its_evidence_and_its_cure(tmp_path: Path) -> None:
    """Exit code 1 while one is open, 0 where none is; and in Chinese for the people on duty."""
    ledger = BareCenter(LEDGER, tmp_path)
    config = tmp_path / "ledger.toml"
    config.write_text(f'center = "{LEDGER}"\nstore = "sqlite:///{tmp_path}/{LEDGER}.db"\n', encoding="utf-8")
    words = ("ledger", "findings", "--config", config)
    assert bus(*words, "--lang", "en")[:2] == (0, "nothing is wrong\n")
    _finds(ledger)
    code, out, said = bus(*words, "--json", "--lang", "en")
    assert code == 1, said
    (told,) = json.loads(out)
    assert (told["code"], told["subject"], told["center"]) == ("stuck-offer", CASE, PARTY)
    assert told["evidence"][0]["message_id"] == "m-1"
    assert told["found"]
    assert told["cure"]
    code, out, _ = bus(*words, "--lang", "zh")
    assert code == 1
    assert CASE in out
    assert bus(*words, "--cleared", "--lang", "en")[:2] == (0, "nothing is wrong\n")
    ledger.close()

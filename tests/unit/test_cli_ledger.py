"""`bus ledger` and what else a county's ledger is asked on a machine: its settings, its keys, its figures."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bus.contract.facts import FactsTold
from bus.contract.messages import LATER_KINDS, Outcome
from bus.custody import commands as c
from bus.security import key_request
from bus.settings import BadSettings, load
from bus.store import tables as t
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case, carry
from tests.unit.test_cli_run import bus
from tests.unit.test_facts_told import LEDGER, settled, with_ledger


@pytest.fixture
def media(tmp_path: Path) -> Iterator[BareCenter]:
    """The media center."""
    center = with_ledger(BareCenter(MEDIA, tmp_path))
    yield center
    center.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[BareCenter]:
    """The ledger's store."""
    center = BareCenter(LEDGER, tmp_path)
    yield center
    center.close()


@pytest.fixture
def config(tmp_path: Path, ledger: BareCenter) -> Path:
    """The ledger's settings: it has no system of its own, and needs no secret."""
    path = tmp_path / "ledger.toml"
    path.write_text(f'center = "{LEDGER}"\nstore = "sqlite:///{tmp_path}/{LEDGER}.db"\n', encoding="utf-8")
    return path


def asked(*words: object) -> Any:
    """What a command says in JSON."""
    code, out, said = bus(*words, "--json", "--lang", "en")
    assert code == 0, said
    return json.loads(out)


def test_status_says_which_centers_tell(config: Path, media: BareCenter, ledger: BareCenter) -> None:
    """And of how many cases; at first it waits for the answer to its question."""
    settled(media)
    carry(media, ledger)
    (told,) = asked("ledger", "status", "--config", config)
    assert (told["center"], told["cases"], told["differing"], told["why"]) == (MEDIA, 1, 0, None)


def test_rebuild_lets_the_centers_tell_all_anew(config: Path, media: BareCenter, ledger: BareCenter) -> None:
    """What the ledger has otherwise is counted, and put right."""
    for _ in range(3):
        settled(media)
    carry(media, ledger)
    damaged = t.ledger_states.c.case_id
    with ledger.store.reading() as tx:
        victim = tx.execute(t.ledger_states.select().limit(1)).one().case_id
    ledger.store.write(lambda tx: tx.execute(t.ledger_states.update().where(damaged == victim).values(version=77)))
    (told,) = asked("ledger", "rebuild", MEDIA, "--no-wait", "--config", config)
    assert told["why"] == "rebuild"
    media.now = ledger.now = datetime.now(UTC) + timedelta(minutes=1)  # the command asks by the real time
    carry(ledger, media)
    carry(media, ledger)
    (told,) = asked("ledger", "status", "--config", config)
    assert (told["why"], told["differing"], told["cases"]) == (None, 1, 3)


def test_a_center_that_never_told_is_not_asked(config: Path) -> None:
    """A slip in its name is told."""
    code, _, said = bus("ledger", "rebuild", PARTY, "--config", config, "--lang", "en")
    assert (code, said.strip()) == (2, f"never told this ledger: {PARTY}")


@pytest.mark.parametrize("word", ["run", "status", "rebuild", "reconcile"])
def test_settings_of_a_center_are_no_ledgers(tmp_path: Path, word: str) -> None:
    """Each command says so, and touches nothing."""
    path = tmp_path / "media.toml"
    store = f'store = "sqlite:///{tmp_path}/none.db"'
    path.write_text(f'center = "{MEDIA}"\n{store}\n[backend]\nurl = "http://127.0.0.1:1"\n', encoding="utf-8")
    code, _, said = bus("ledger", word, "--config", path, "--lang", "en", BUS_INTAKE_SECRET="whsec_" + "A" * 44)
    assert (code, said.strip()) == (2, "these are no settings of a ledger, such as ledger-150402")
    assert not (tmp_path / "none.db").exists()


def test_stats_count_the_county_at_its_ledger(config: Path, media: BareCenter, ledger: BareCenter) -> None:
    """Cases of each center once, with the figures of offers and without those that no ledger is told."""
    settled(media)
    offered, taken_back = c.Register(case=a_case(MEDIA)), c.Register(case=a_case(MEDIA))
    media.execute(offered, c.Offer(case_id=offered.case_id, to=(PARTY,)))
    end = c.Resolve(case_id=taken_back.case_id, outcome=Outcome.CANCELLED, public_reply="居民撤回")
    media.execute(taken_back, end)
    carry(media, ledger)
    document = asked("stats", "--month", "2026-11", "--by-division", "--as-of", "2026-12-01", "--config", config)
    figures = {one["code"]: (one["numerator"], one["denominator"]) for one in document["figures"]}
    assert figures["resolution-rate"] == (1, 2)
    assert figures["cancelled"] == (1, None)
    assert {"signing-rate", "return-rate"} <= {*figures}
    assert not {"self-satisfaction", "activities"} & {*figures}
    assert {one["division"]: one["registered"] for one in document["divisions"]}["150402006"] == 2


def test_its_key_says_that_it_reads_facts_and_hinders_nobody(tmp_path: Path) -> None:
    """It reads every later kind, so that residents stay masked in a county with a ledger."""
    keys, request = tmp_path / "ledger.keys.json", tmp_path / "ledger.application"
    assert bus("keys", "new", LEDGER, "--file", keys)[0] == 0
    assert bus("keys", "publish", "--file", keys, "--out", request)[0] == 0
    reads = key_request.read(request.read_bytes()).reads
    assert {*(reads or ())} == {*LATER_KINDS, FactsTold.kind}


def test_new_settings_of_a_ledger_load(tmp_path: Path) -> None:
    """Without a system of its own, a secret of an intake, or an adapter."""
    code, out, _ = bus("doctor", "--new-settings", LEDGER)
    assert code == 0
    path = tmp_path / "new.toml"
    path.write_text(out, encoding="utf-8")
    assert load(path).center == LEDGER
    above = re.sub(r"(?m)^# (\[facts\]|ledger =)", r"\1", out)
    path.write_text(above, encoding="utf-8")
    assert load(path).facts.ledger == "ledger-150400"


def test_a_ledger_that_names_itself_is_refused(tmp_path: Path) -> None:
    """It would tell itself what it has counted, and count that."""
    path = tmp_path / "ledger.toml"
    store = f'store = "sqlite:///{tmp_path}/x.db"'
    path.write_text(f'center = "{LEDGER}"\n{store}\n[facts]\nledger = "{LEDGER}"\n', encoding="utf-8")
    with pytest.raises(BadSettings, match="does not tell itself"):
        load(path)


def test_doctor_names_who_tells_and_who_is_not_told(config: Path, media: BareCenter, ledger: BareCenter) -> None:
    """At the ledger each center; at a center, that the directory says of no ledger that it reads facts."""

    def told(path: Path) -> list[tuple[str, str]]:
        _, out, said = bus("doctor", "--config", path, "--json", "--lang", "en", BUS_INTAKE_SECRET="whsec_" + "A" * 44)
        assert out, said
        checks = json.loads(out)
        assert not {"adapter", "vendor"} & {one["check"] for one in checks} or path is not config
        return [(one["severity"], one["found"]) for one in checks if one["check"] == "facts"]

    assert told(config) == [("warning", "no center has told anything yet")]
    settled(media)
    carry(media, ledger)
    ((severity, found),) = told(config)
    assert (severity, found.partition(",")[0]) == ("ok", MEDIA)
    here = config.with_name("media.toml")
    store = f'store = "sqlite:///{config.parent}/{MEDIA}.db"\n[backend]\nurl = "http://127.0.0.1:1"'
    here.write_text(f'center = "{MEDIA}"\n{store}\n[facts]\nledger = "{LEDGER}"\n', encoding="utf-8")
    assert told(here) == [("warning", f"no {LEDGER} in the directory that reads facts: none is told")]

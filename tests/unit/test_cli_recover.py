"""`bus recover`: the operator's word, whom it asks, how far it is; and what the doctor says of a store set back."""

import json
from pathlib import Path
from typing import Any

import pytest

from bus import recovery
from bus.store import parked, schema
from bus.store.database import Store
from tests.harness.step import NOW, BareCenter
from tests.unit.test_cli_doctor import findings
from tests.unit.test_cli_run import bus

HERE, THERE, ELSEWHERE = "media_center-150402", "party_service-150402", "civilization_center-150402"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A center's settings, and its store."""
    path = tmp_path / "here.toml"
    path.write_text(
        f'center = "{HERE}"\nstore = "sqlite:///{tmp_path}/{HERE}.db"\narbiter = "{ELSEWHERE}"\n'
        f'[backend]\nurl = "http://127.0.0.1:1"\n[[routes]]\nto = "{THERE}"\n'
    )
    BareCenter(HERE, tmp_path).close()
    return path


def told(*arguments: str | Path) -> Any:
    """What the command prints as JSON."""
    code, out, said = bus("recover", *arguments, "--json")
    assert code == 0, said
    return json.loads(out)


def test_it_asks_the_routes_the_arbiter_and_who_is_named(config: Path) -> None:
    """And the status tells of each how far it is, without beginning anything."""
    before = told("--config", config, "--status")
    assert before == {"going_on": False, "era": 0, "told": 0, "peers": {}}
    begun = told("--config", config, "--ask", "grid-150402")
    assert begun["going_on"]
    assert begun["peers"] == dict.fromkeys((ELSEWHERE, "grid-150402", THERE), "asked")
    assert told("--config", config, "--status") == begun


def test_said_twice_it_begins_anew(config: Path) -> None:
    """The store may have been put back to a backup that was made while it recovered: all are asked again, in a later
    era, and whoever was asked by name before too."""
    told("--config", config, "--ask", "grid-150402")
    again = told("--config", config)
    assert (again["era"], len(again["peers"])) == (2, 3)
    assert "grid-150402" in again["peers"]


def test_without_somebody_who_will_never_answer(config: Path) -> None:
    """It is no longer waited for; of a stranger the command says that nobody waits for it."""
    told("--config", config)
    assert told("--config", config, "--without", THERE)["peers"][THERE] == "excused"
    code, _, said = bus("recover", "--config", config, "--without", "grid-150402", "--lang", "en")
    assert (code, "is not being waited for" in said) == (1, True)


def test_a_name_that_is_none_is_wrong_usage(config: Path) -> None:
    """Exit code 2, before anything is begun."""
    assert bus("recover", "--config", config, "--ask", "nobody")[0] == 2
    assert not told("--config", config, "--status")["going_on"]


def test_people_read_it_in_both_languages(config: Path) -> None:
    """What to do next stands in the answer."""
    assert "启动 bus run" in bus("recover", "--config", config)[1]
    assert "start `bus run`" in bus("recover", "--config", config, "--lang", "en")[1]


def test_a_backup_of_an_older_version_is_brought_up_to_date(config: Path, tmp_path: Path) -> None:
    """The backup may have been made by an older program."""
    path = tmp_path / f"{HERE}.db"
    path.unlink()
    store = Store(f"sqlite:///{path}")
    schema.upgrade(store, "0002")
    store.close()
    assert told("--config", config)["going_on"]


def test_the_doctor_sees_a_recovery_and_a_store_that_was_set_back_unsaid(config: Path, tmp_path: Path) -> None:
    """The one wants patience, the other the command."""
    store = Store(f"sqlite:///{tmp_path}/{HERE}.db")
    row = parked.row(parked.PEER, "sequence-reused", "", known_by=b"x", owner=HERE, now_ms=1)
    store.write(lambda tx: parked.park(tx, [row]))
    _, found = findings(config)
    assert (found["recovery"]["severity"], "bus recover" in found["recovery"]["cure"]) == ("error", True)
    told("--config", config)
    _, found = findings(config)
    assert (found["recovery"]["severity"], THERE in found["recovery"]["found"]) == ("warning", True)
    for peer in (THERE, ELSEWHERE):
        recovery.excuse(store, peer, NOW)
    store.close()

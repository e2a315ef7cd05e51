"""compose.yml with a ledger: keys for all, each container with its own alone, and settings that fit."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bus.cli.lookups import context_of
from bus.contract.facts import FactsTold
from bus.settings import load
from bus.store import Store, schema
from tests.harness.promtool import promtool
from tests.services.test_compose import CENTERS, ROOT, SERVICES

OVERLAY: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose/ledger.yml").read_text(encoding="utf-8"))
ADDED: dict[str, Any] = {name: one for name, one in OVERLAY["services"].items() if name not in SERVICES}
LEDGER = "ledger-150402"
KEYS = "/var/lib/keys"


def _environment(folder: Path, center: str) -> dict[str, str]:
    """What the environment file of a center says, after ``make secrets`` with the ledger."""
    lines = (folder / f"{center}.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def _own_part(service: Mapping[str, Any]) -> str:
    """The part of the volume with keys that a service sees."""
    (mount,) = [one for one in service["volumes"] if isinstance(one, dict)]
    assert (mount["source"], mount["target"], mount["read_only"]) == ("keys", KEYS, True)
    part: str = mount["volume"]["subpath"]
    return part


def test_each_container_sees_its_own_keys_alone() -> None:
    """The centers, the ledger and the consoles; the operator's key is seen by the one container that lists keys."""
    seen = {
        name: _own_part(one)
        for name, one in OVERLAY["services"].items()
        if "BUS_TRUST__KEYS" in one.get("environment", {})
    }
    running = {name: one["command"][-1] for name, one in SERVICES.items() if one.get("command", [""])[0] == "run"}
    assert {name: seen[name] for name in running} == {name: Path(file).stem for name, file in running.items()}
    assert {name: seen[name] for name in set(seen) - set(running)} == {
        "console": CENTERS[0], "ledger": LEDGER, "county-console": LEDGER,
    }  # fmt: skip
    assert [name for name, one in OVERLAY["services"].items() if "keys:/var/lib/bus" in one.get("volumes", ())] == [
        "directory"
    ]


def test_what_is_added_has_no_rights_it_does_not_need() -> None:
    """Read-only, without capabilities, never pulled; on loopback alone, at ports that nobody has; mounts are there."""
    ports = [port for one in (*SERVICES.values(), *ADDED.values()) for port in one.get("ports", [])]
    assert len({port.split(":")[1] for port in ports}) == len(ports)
    assert all(port.startswith("127.0.0.1:") for port in ports)
    for name, one in ADDED.items():
        assert (one["read_only"], one["cap_drop"], one["pull_policy"]) == (True, ["ALL"], "never"), name
        assert set(one["depends_on"]) <= {*SERVICES, *ADDED}, name
    mounts = [mount for one in OVERLAY["services"].values() for mount in one["volumes"] if isinstance(mount, str)]
    sources = {mount.split(":")[0] for mount in mounts}
    assert {source for source in sources if "/" not in source} <= set(OVERLAY["volumes"])
    assert [source for source in sources if "/" in source and not (ROOT / source).is_file()] == []


def test_the_county_has_its_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script makes what all settings name: each center can sign, and the directory says that the ledger reads
    facts. A second run changes nothing."""
    subprocess.run([ROOT / "deploy/compose/secrets", tmp_path / "secrets", LEDGER], check=True, capture_output=True)
    _, *centers = OVERLAY["services"]["directory"]["command"]
    assert centers == [*CENTERS, LEDGER]
    assert tomllib.loads((ROOT / "deploy/compose/ledger-county.toml").read_text(encoding="utf-8"))["centers"] == centers
    command = [ROOT / "deploy/compose/directory", tmp_path / "keys", *centers]
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(command, check=True, capture_output=True, env=os.environ | path)
    before = {one: one.read_bytes() for one in (tmp_path / "keys").rglob("*.*")}
    subprocess.run(command, check=True, capture_output=True, env=os.environ | path)
    assert {one: one.read_bytes() for one in (tmp_path / "keys").rglob("*.*")} == before
    for one in OVERLAY["services"].values():
        given = one.get("environment", {})
        if "BUS_TRUST__KEYS" in given and "BUS_CONSOLE_STORE" not in given:
            _fits(tmp_path, _own_part(one), given, monkeypatch)


def _fits(folder: Path, center: str, given: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its settings are whole, its key is listed, and facts are told to a ledger that reads them."""
    with monkeypatch.context() as patch:
        for name, value in {**_environment(folder / "secrets", center), **given}.items():
            patch.setenv(name, value.replace(KEYS, str(folder / "keys" / center)))
        settings = load(ROOT / f"deploy/compose/{center}.toml")
    assert settings.center == center
    assert settings.facts.ledger == (None if center == LEDGER else LEDGER)
    store = Store("sqlite://")
    schema.upgrade(store)
    try:
        context = context_of(settings, store)
        assert context.reads(LEDGER, FactsTold.kind)
        assert context.security.trouble(datetime.now(UTC)) is None
    finally:
        store.close()


def test_prometheus_asks_the_ledger_too(tmp_path: Path) -> None:
    """And the county's console."""
    (mount,) = OVERLAY["services"]["prometheus"]["volumes"]
    shutil.copy(ROOT / mount.split(":")[0], tmp_path / "prometheus.yml")
    shutil.copy(ROOT / "deploy/prometheus/rules.yml", tmp_path)
    code, said = promtool("check", "config", tmp_path / "prometheus.yml")
    assert code == 0, said
    scraped = yaml.safe_load((tmp_path / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    targets = {target for job in scraped for target in job["static_configs"][0]["targets"]}
    alone = yaml.safe_load((ROOT / "deploy/compose/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert targets == {one for job in alone for one in job["static_configs"][0]["targets"]} | {
        "ledger:8080", "county-console:8501",
    }  # fmt: skip

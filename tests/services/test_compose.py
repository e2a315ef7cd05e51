"""compose.yml is one county: what it names exists, nothing secret stands in it, and its scripts do what they say."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from verification.services import PostgresNode
from verification.services.private_postgres import newest_programs

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
CENTERS = [f"{kind}-150402" for kind in ("media_center", "civilization_center", "party_service", "government_service")]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("four-center-bus:")}


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, dict[str, str]]:
    """The environment files as `make secrets` makes them: file name to its variables."""
    subprocess.run([ROOT / "deploy/compose/secrets", tmp_path], check=True, capture_output=True)
    return {
        path.name: dict(line.split("=", 1) for line in path.read_text().splitlines()) for path in tmp_path.iterdir()
    }


def test_each_center_has_a_process_and_a_stand_in_for_its_system() -> None:
    """Four centers run, four systems are simulated, and the topology is applied once."""
    commands = [" ".join(service["command"]) for service in OURS.values()]
    files = [f"deploy/compose/{center}.toml" for center in CENTERS]
    wanted = [f"{verb} --config {file}" for file in files for verb in ("run", "simulate")]
    assert sorted(commands) == sorted([*wanted, "topology apply --file deploy/compose/county.toml"])


def test_what_is_referred_to_is_declared() -> None:
    """Services waited for, volumes and configs that a service names stand in the file; files it mounts are its own."""
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        assert {config["source"] for config in service.get("configs", [])} <= set(COMPOSE["configs"]), name
        sources = [mount.split(":")[0] for mount in service.get("volumes", [])]
        assert {source for source in sources if "/" not in source} <= set(COMPOSE["volumes"]), name
        assert {source.removeprefix("./") for source in sources if "/" in source} <= {*service.get("command", [])}, name


def test_our_containers_have_no_rights_they_do_not_need() -> None:
    """Read-only, without capabilities, built here and never pulled; the image's user is not root."""
    for name, service in OURS.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert [name for name, service in OURS.items() if service["pull_policy"] != "never"] == ["topology"]
    assert OURS["topology"]["pull_policy"] == "build"
    users = re.findall(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["10001:10001"]


def test_nothing_is_published_beyond_loopback() -> None:
    """Each published port says 127.0.0.1, and no two are the same."""
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    assert len({port.split(":")[1] for port in ports}) == len(ports)


def test_secrets_come_from_files_that_are_not_in_the_repository(secrets: dict[str, dict[str, str]]) -> None:
    """Each environment file a service asks for is made by `make secrets`, git ignores it, and no variable is inline."""
    asked = {file for service in SERVICES.values() for file in service.get("env_file", [])}
    assert asked == {f".local/compose/{name}" for name in secrets}
    assert "/.local/" in (ROOT / ".gitignore").read_text().splitlines()
    inline = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert inline == {"POSTGRES_INITDB_ARGS"}
    assert not re.search(r"^(ARG|ENV) .*(PASS|SECRET|TOKEN|KEY)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_each_secret_is_random_and_both_sides_know_it(secrets: dict[str, dict[str, str]], tmp_path: Path) -> None:
    """A center's broker password is the one the topology sets; no two secrets are equal; a second run changes none."""
    known = json.loads(secrets["topology.env"]["BUS_CENTER_PASSWORDS"])
    assert sorted(known) == sorted(CENTERS)
    for center in CENTERS:
        assert secrets[f"{center}.env"]["BUS_BROKER"] == f"amqp://{center}:{known[center]}@rabbitmq:5672/%2F"
    tokens = [secrets[f"{center}.env"][name] for center in CENTERS for name in ("BUS_BACKEND__TOKEN", "BUS_STORE")]
    assert len({*tokens, *known.values()}) == 3 * len(CENTERS)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    subprocess.run([ROOT / "deploy/compose/secrets", tmp_path], check=True, capture_output=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


def test_a_fifth_center_is_added_by_one_file(tmp_path: Path) -> None:
    """It has a process, a simulator, settings, secrets and a queue; what it runs with is mounted. Of the four nothing
    changes but the list of the county, and no port is taken twice."""
    fifth = yaml.safe_load((ROOT / "deploy/compose/fifth.yml").read_text(encoding="utf-8"))
    added = {name: one for name, one in fifth["services"].items() if name not in SERVICES}
    center = "command_center-150402"
    settings = f"deploy/compose/{center}.toml"
    assert [one["command"] for one in added.values()] == [
        ["run", "--config", settings],
        ["simulate", "--config", settings],
    ]
    assert set(fifth["services"]) - set(added) == {"topology"}
    assert tomllib.loads((ROOT / settings).read_text(encoding="utf-8"))["center"] == center
    listed = tomllib.loads((ROOT / fifth["services"]["topology"]["command"][-1]).read_text(encoding="utf-8"))["centers"]
    assert listed == [*CENTERS, center]
    ports = [port for one in (*SERVICES.values(), *added.values()) for port in one.get("ports", [])]
    assert len({port.split(":")[1] for port in ports}) == len(ports)
    for one in added.values():
        assert (one["read_only"], one["cap_drop"], one["pull_policy"]) == (True, ["ALL"], "never")
        assert one["environment"]["PYTHONPATH"] in {mount.split(":")[1] for mount in one["volumes"]}
        assert {mount.split(":")[0] for mount in one["volumes"]} & set(fifth["volumes"])
    subprocess.run([ROOT / "deploy/compose/secrets", tmp_path, center], check=True, capture_output=True)
    assert {Path(file).name for one in added.values() for file in one["env_file"]} <= {
        p.name for p in tmp_path.iterdir()
    }
    assert center in (tmp_path / "topology.env").read_text(encoding="utf-8")


@pytest.mark.database
def test_each_center_enters_its_own_database_only(secrets: dict[str, dict[str, str]], tmp_path: Path) -> None:
    """The script that the database container runs at its first start makes four roles that cannot enter each other."""
    script = COMPOSE["configs"]["postgres-centers"]["content"].replace("$$", "$")
    with PostgresNode(tmp_path / "server") as server:
        env = {
            "PATH": f"{newest_programs()}:/usr/bin:/bin",
            "PGHOST": server.host,
            "PGPORT": str(server.port),
            "PGPASSWORD": server.password,
            "PGDATABASE": "postgres",
            "CENTER_DATABASES": secrets["postgres.env"]["CENTER_DATABASES"],
        }
        script = script.replace("--username postgres", f"--username {server.user}")
        subprocess.run(["/bin/sh", "-c", script], env=env, check=True, capture_output=True, timeout=300)
        doors = [
            secrets[f"{center}.env"]["BUS_STORE"]
            .replace("postgresql+psycopg", "postgresql")
            .replace("@postgres:5432", f"@{server.host}:{server.port}")
            for center in CENTERS
        ]
        for door in doors:
            psycopg.connect(door).close()
        foreign = doors[0].rpartition("/")[0] + "/" + doors[1].rpartition("/")[2]
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(foreign)

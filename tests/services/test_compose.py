"""compose.yml is one county: what it names exists, nothing secret stands in it, and its scripts do what they say."""

import json
import re
import shutil
import subprocess
import tomllib
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from bus.cli import console as console_command
from tests.harness.promtool import promtool
from tests.unit.test_cli_run import bus
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
    console = " ".join(SERVICES["console"]["command"])
    assert sorted(commands) == sorted([*wanted, console, "topology apply --file deploy/compose/county.toml"])


def test_what_is_referred_to_is_declared() -> None:
    """Services waited for, volumes and configs that a service names stand in the file; files it mounts are its own."""
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        assert {config["source"] for config in service.get("configs", [])} <= set(COMPOSE["configs"]), name
        sources = [mount.split(":")[0] for mount in service.get("volumes", [])]
        assert {source for source in sources if "/" not in source} <= set(COMPOSE["volumes"]), name
        files = {source.removeprefix("./") for source in sources if "/" in source}
        assert files <= {word.rpartition("=")[2] for word in service.get("command", files)}, name
        assert {file for file in files if not (ROOT / file).is_file()} == set(), name


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
    assert inline == {"POSTGRES_INITDB_ARGS", "BUS_HTTP__HOST", "BUS_CONSOLE_STORE"}
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


def test_the_console_is_that_of_a_center(
    secrets: dict[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its command is taken as it stands, with the center's own secrets and the broker's; it asks the center's process
    by its name, is opened at loopback, and its persons lie in its volume."""
    console = SERVICES["console"]
    for file in console["env_file"]:
        for name, value in secrets[Path(file).name].items():
            monkeypatch.setenv(name, value)
    for name, value in console["environment"].items():
        monkeypatch.setenv(name, value)
    given: dict[str, Any] = {}
    monkeypatch.setattr(console_command, "opened_store", lambda settings: nullcontext(given.update(settings=settings)))
    monkeypatch.setattr(console_command, "_own", lambda url: nullcontext(given.update(own=url)))
    monkeypatch.setattr(
        console_command, "ConsoleProcess", lambda _made, *where: given.update(where=where[:3]) or _Served()
    )
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.chdir(ROOT)
    code, _, said = bus(*console["command"])
    assert code == 0, said
    assert given["where"] == ("0.0.0.0", 8500, "http://127.0.0.1:8500")  # noqa: S104 - in its container
    assert given["settings"].http.host in SERVICES
    assert f"{given['settings'].http.host}:{given['settings'].http.port}" == "media-center:8080"
    assert given["own"].startswith("sqlite:////var/lib/bus/")
    assert "console:/var/lib/bus" in console["volumes"]
    assert set(console["depends_on"]) == {given["settings"].http.host}


class _Served:
    """A console that is never served."""

    url = ""

    def run(self) -> None:
        """Nothing."""


def test_a_console_in_clear_is_refused_beyond_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a host nor an address of browsers that only looks like this machine's."""
    monkeypatch.chdir(ROOT)
    settings = "--config=deploy/examples/media_center-150402.toml"
    for origin in ("http://console.county.example", "http://127.0.0.1.evil.example", ""):
        code, _, said = bus("console", "run", settings, "--host=0.0.0.0", f"--origin={origin}", "--lang=en")
        assert (code, "beyond this machine it needs TLS" in said) == (2, True), said


def test_prometheus_asks_every_center_and_has_the_rules(tmp_path: Path) -> None:
    """Its settings are right by its own tool; each center, the console and the broker are asked where they listen."""
    mounts = dict(mount.split(":")[:2] for mount in SERVICES["prometheus"]["volumes"])
    for source, target in mounts.items():
        if source.startswith("./"):
            shutil.copy(ROOT / source, tmp_path / Path(target).name)
    code, said = promtool("check", "config", tmp_path / "prometheus.yml")
    assert (code, "1 rule files found" in said) == (0, True), said
    scraped = yaml.safe_load((tmp_path / "prometheus.yml").read_text())["scrape_configs"]
    targets = {job["job_name"]: set(job["static_configs"][0]["targets"]) for job in scraped}
    running = {name for name, service in OURS.items() if service["command"][0] == "run"}
    assert targets["bus"] == {f"{name}:8080" for name in running}
    assert targets["console"] == {"console:8500"}
    assert targets["rabbitmq"] == {"rabbitmq:15692"}
    assert SERVICES["prometheus"]["read_only"] is True


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

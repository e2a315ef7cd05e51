"""`bus topology plan`, `export`, `bus schemas`: what needs no broker, and what is said when one is missing."""

import json
from pathlib import Path

import pytest

from bus.cli.county_file import CountySettings, load_county
from bus.contract.facts import is_ledger
from bus.security.passwords import is_weak
from bus.settings import CenterSettings, load
from tests.unit.test_cli_run import SECRET, bus

DEPLOY = Path(__file__).parents[2] / "deploy"
CENTERS = 'centers = ["media_center-150402", "party_service-150402"]\n'


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """A county of two centers."""
    path = tmp_path / "county.toml"
    path.write_text(CENTERS + "[bounds]\njournal_days = 7\n", encoding="utf-8")
    return path


def test_the_plan_is_told_without_a_broker(county: Path) -> None:
    """Every center's exchange and inbox stand in the plan, with the county's own bounds."""
    code, out, _ = bus("topology", "plan", "--file", county)
    assert code == 0
    assert "queue inbox.party_service-150402 (quorum)" in out
    assert "max-age=7D" in out
    code, out, _ = bus("topology", "plan", "--file", county, "--json")
    assert "exchange cases (topic)" in json.loads(out)


def test_definitions_hold_hashes_and_never_passwords(county: Path, tmp_path: Path) -> None:
    """Users whose password is known are exported, as hashes, into a file for its owner alone; who is left out and whose
    password can be guessed is told."""
    out = tmp_path / "definitions.json"
    out.touch(mode=0o644)
    known = json.dumps({"media_center-150402": "geheim-wort"})
    code, told, said = bus(
        "topology", "export", "--file", county, "--out", out, "--lang", "en", BUS_CENTER_PASSWORDS=known
    )
    written = out.read_text(encoding="utf-8")
    assert code == 0
    assert "with 1 of 3 users" in told
    assert "left out: party_service-150402, auditor" in said
    assert "can be guessed: media_center-150402;" in said
    assert "geheim" not in told + said
    assert [user["name"] for user in json.loads(written)["users"]] == ["media_center-150402"]
    assert "geheim-wort" not in written
    assert out.stat().st_mode & 0o077 == 0


def test_a_county_of_certificates_is_exported_whole(county: Path) -> None:
    """Without passwords no user is written, and that is told; with the option all are, with rights and no hash."""
    code, out, said = bus("topology", "export", "--file", county, "--lang", "en")
    assert (code, json.loads(out)["users"], "--without-password" in said) == (0, [], True)
    code, out, said = bus("topology", "export", "--file", county, "--lang", "en", "--without-password")
    users = json.loads(out)["users"]
    assert code == 0
    assert [user["name"] for user in users] == ["media_center-150402", "party_service-150402", "auditor"]
    assert {user["password_hash"] for user in users} == {""}
    assert [one["user"] for one in json.loads(out)["permissions"]] == [user["name"] for user in users]
    assert "by certificate only" in said


def test_passwords_are_drawn_for_users_who_have_none(county: Path, tmp_path: Path) -> None:
    """Into a file for its owner alone; what is there stays, a second run changes nothing, and none is printed."""
    secrets = tmp_path / "passwords.json"
    code, _, said = bus("topology", "passwords", "--file", county, "--lang", "en")
    assert (code, "passwords_file" in said) == (2, True)
    county.write_text(f'{CENTERS}passwords_file = "{secrets}"\n', encoding="utf-8")
    secrets.write_text('{"party_service-150402": "geheim-wort"}', encoding="utf-8")
    secrets.chmod(0o644)
    for drew in (2, 0):
        code, out, said = bus("topology", "passwords", "--file", county, "--lang", "en")
        assert (code, f"drew {drew} passwords" in out) == (0, True)
        known = json.loads(secrets.read_text(encoding="utf-8"))
        assert known["party_service-150402"] == "geheim-wort"
        assert not any(password in out + said for password in known.values())
    assert not any(is_weak(known[name], name) for name in ("media_center-150402", "auditor"))
    assert secrets.stat().st_mode & 0o077 == 0
    assert bus("topology", "export", "--file", county, "--lang", "en")[2].count("left out") == 0


def test_passwords_may_come_from_a_file(county: Path, tmp_path: Path) -> None:
    """A JSON object in a file of the operator's does the same; a broken one is told without a word of its content."""
    secrets = tmp_path / "passwords.json"
    county.write_text(f'{CENTERS}passwords_file = "{secrets}"\n', encoding="utf-8")
    secrets.write_text('{"party_service-150402": "geheim-wort"}', encoding="utf-8")
    _, out, _ = bus("topology", "export", "--file", county)
    assert [user["name"] for user in json.loads(out)["users"]] == ["party_service-150402"]
    secrets.write_text('{"party_service-150402": geheim-wort', encoding="utf-8")
    code, out, said = bus("topology", "export", "--file", county, "--lang", "en")
    assert (code, "passwords_file" in said, "geheim" in out + said) == (2, True, False)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("centers = []\n", "centers"),
        ('centers = ["media"]\n', "centers"),
        ('centers = ["media_center-150402", "media_center-150402"]\n', "twice"),
        (CENTERS + "speed = 3\n", "speed"),
        (CENTERS + "[bounds]\ninbox_bytes = 0\n", "bounds.inbox_bytes"),
        ("centers = [", "TOML"),
    ],
)
def test_a_wrong_county_file_is_told(county: Path, content: str, word: str) -> None:
    """What is wrong in the file is named, and the exit code is 2."""
    county.write_text(content, encoding="utf-8")
    code, _, said = bus("topology", "plan", "--file", county, "--lang", "en")
    assert (code, word in said) == (2, True)


def test_an_operator_without_password_or_broker_reads_the_cure(county: Path) -> None:
    """No password: settings, 2. Nobody at the management URL: a failure, 1, with the port to look for."""
    code, _, said = bus("topology", "verify", "--file", county, "--lang", "en", BUS_MANAGEMENT_PASSWORD="")
    assert (code, "BUS_MANAGEMENT_PASSWORD" in said) == (2, True)
    away = {"BUS_MANAGEMENT_PASSWORD": "geheim", "BUS_MANAGEMENT_URL": "http://127.0.0.1:1"}
    code, out, said = bus("topology", "verify", "--file", county, "--lang", "en", **away)
    assert (code, "rabbitmq_management" in said, "geheim" in out + said) == (1, True, False)


def test_the_schemas_are_written_checked_and_locked(tmp_path: Path) -> None:
    """Written files pass the check, a changed one does not, and publishing names what it locks."""
    folder = tmp_path / "schemas"
    assert bus("schemas", "--folder", folder)[0] == 0
    assert bus("schemas", "--folder", folder, "--check")[0] == 0
    (folder / "contract.json").write_text("{}", encoding="utf-8")
    code, _, said = bus("schemas", "--folder", folder, "--check")
    assert (code, "contract.json" in said) == (1, True)
    code, out, _ = bus("schemas", "--folder", folder, "--publish")
    assert (code, "case.offered.v1.json" in out) == (0, True)


def test_the_shipped_county_files_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files under deploy/ load as they are, given the secrets that stand in the environment."""
    monkeypatch.setenv("BUS_INTAKE_SECRET", SECRET)
    counties = [*DEPLOY.glob("*/*county.toml")]
    assert {path.relative_to(DEPLOY).as_posix() for path in counties} == {
        "compose/county.toml", "compose/fifth-county.toml", "compose/ledger-county.toml", "examples/county.toml",
    }  # fmt: skip
    loaded: list[CountySettings] = [load_county(path) for path in counties]
    names = {name for county in loaded for name in county.topology().centers}
    assert len(names) == 6, "five centers and the ledger"
    monkeypatch.setenv("BUS_STORE", "sqlite:///x.db")
    settings: list[CenterSettings] = [load(path) for path in DEPLOY.glob("*/*-150402.toml")]
    assert {one.center for one in settings} == names
    assert {route.to for one in settings for route in one.routes} <= names
    routed = [one for one in settings if not is_ledger(one.center)]  # a ledger holds no case
    assert all(one.routes and one.find("other", "150402") != one.center for one in routed)

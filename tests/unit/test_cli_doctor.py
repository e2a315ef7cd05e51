"""`bus doctor` without a broker: each thing that is missing is found, has its cure, and hides no other."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bus.cli import check_running, check_store, check_transport, checks
from bus.demo.county_keys import county_keys
from bus.sdk.simulator import BackendSimulator
from bus.security import pki
from bus.security.keyring import new_keyring, write_keyring
from bus.security.private_file import write_private
from bus.settings import load
from bus.store import schema
from bus.store.database import Store
from bus.transports.port import SendResult, TransportState
from tests.unit.http_door import Door, signed
from tests.unit.test_cli_run import SECRET, WHOLE, bus


@pytest.fixture
def vendor() -> Iterator[str]:
    """A center's own system that answers."""
    system = BackendSimulator("system")
    yield system.start()
    system.stop()


@pytest.fixture
def config(tmp_path: Path, vendor: str) -> Path:
    """Settings whose broker nobody has started; all else is there."""
    path = tmp_path / "c.toml"
    text = WHOLE.format(folder=tmp_path).replace('url = "http://127.0.0.1:1"', f'url = "{vendor}"')
    path.write_text(f'{text}[[routes]]\nto = "party_service-150402"\n', encoding="utf-8")
    return path


def findings(config: Path, *words: object, **env: str) -> tuple[int, dict[str, Any]]:
    """Exit code, and what was found by what was looked at."""
    code, out, said = bus("doctor", "--config", config, "--json", "--lang", "en", *words, **env)
    assert out, said
    return code, {one["check"]: one for one in json.loads(out)}


def test_a_new_secret_is_one_that_the_settings_take() -> None:
    """Two are made, they differ, and each is what Standard Webhooks asks for."""
    made = {bus("doctor", "--new-secret")[1].strip() for _ in range(2)}
    assert len(made) == 2
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in made)


def test_what_is_well_is_told_as_well_and_the_missing_broker_as_wrong(config: Path) -> None:
    """Only the broker is away: one error with a cure, and everything else has been looked at all the same."""
    code, found = findings(config, BUS_INTAKE_SECRET=SECRET)
    assert code == 1
    assert {what for what, one in found.items() if one["severity"] == "error"} == {"broker"}
    assert "127.0.0.1:1" in found["broker"]["cure"]
    well = {"settings", "intake secret", "adapter", "store", "door", "vendor", "clock"}
    assert well <= {what for what, one in found.items() if one["severity"] == "ok"}
    assert not (config.parent / "media.db").exists()


def test_a_missing_secret_hides_nothing_else(config: Path) -> None:
    """Without the secret the settings are not whole, and yet the rest is looked at."""
    code, found = findings(config, BUS_INTAKE_SECRET="")
    assert (code, found["intake secret"]["severity"], found["vendor"]["severity"]) == (1, "error", "ok")
    assert "--new-secret" in found["intake secret"]["cure"]


def test_each_fault_is_found(config: Path, tmp_path: Path) -> None:
    """No adapter, no system, no store, a foreign route: each is an error of its own."""
    env = {
        "BUS_INTAKE_SECRET": SECRET, "BUS_ADAPTER": "adapters.nobody", "BUS_BACKEND__URL": "http://127.0.0.1:1",
        "BUS_STORE": "postgresql+psycopg://u:geheim@127.0.0.1:1/x", "BUS_BROKER": "amqp://u:geheim@[half",
        "BUS_CENTERS": "", "BUS_MANAGEMENT_PASSWORD": "geheim", "BUS_MANAGEMENT_URL": "http://127.0.0.1:1",
    }  # fmt: skip
    county = tmp_path / "county.toml"
    county.write_text('centers = ["media_center-150402"]\n')
    del env["BUS_CENTERS"]
    code, found = findings(config, "--county", county, **env)
    wrong = {what for what, one in found.items() if one["severity"] == "error"}
    assert (code, wrong) == (1, {"adapter", "vendor", "store", "broker", "routes", "topology"})
    assert all(found[what]["cure"] for what in wrong)
    assert "geheim" not in json.dumps(found)


def test_a_store_of_another_version_and_a_secret_in_the_file_want_a_look(config: Path, tmp_path: Path) -> None:
    """They work, so they are warnings; a store of ours is told with its version."""
    config.chmod(0o640)
    config.write_text(f'intake_secret = "{SECRET}"\n' + config.read_text(encoding="utf-8"), encoding="utf-8")
    store = Store(f"sqlite:///{tmp_path}/media.db")
    schema.upgrade(store, "0001")
    _, found = findings(config)
    assert (found["store"]["severity"], found["secrets"]["severity"]) == ("warning", "warning")
    schema.upgrade(store)
    store.close()
    _, found = findings(config)
    assert (found["store"]["severity"], schema.newest() in found["store"]["found"]) == ("ok", True)


@pytest.mark.parametrize(("apart", "severity"), [(5, None), (-25, None), (40, "error"), (-3600, "error")])
def test_clocks_may_differ_by_half_a_minute(apart: int, severity: str | None) -> None:
    """A clock that is too early or too late is told, since signatures would be refused."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=apart), usegmt=True)
    (check,) = checks.clock("vendor", httpx.Response(200, headers={"Date": date}))
    assert (check.severity.value if check.severity else None) == severity
    assert list(checks.clock("vendor", httpx.Response(200))) == []


def test_a_network_disk_is_no_place_for_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest mount above the folder tells its file system; on NFS the store is refused."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"d / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\n")
    assert check_store.filesystem(tmp_path / "deep", mounts) == "nfs4"
    monkeypatch.setattr(check_store, "filesystem", lambda _: "nfs4")
    assert [one.what for one in check_store.room("store", tmp_path)] == ["store disk"]
    monkeypatch.setattr(check_store, "DISK_FREE", 1 << 80)
    assert [one.severity and one.severity.value for one in check_store.room("store", tmp_path)] == ["warning", "error"]


def test_a_port_that_another_program_has_is_told(config: Path, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers there without being a center of ours has taken the door."""
    monkeypatch.setenv("BUS_INTAKE_SECRET", SECRET)
    monkeypatch.setenv("BUS_HTTP__PORT", vendor.rpartition(":")[2])
    (check,) = check_running.http_address(load(config))
    assert check.severity is not None
    assert "cannot listen" in check.found.en


def test_the_table_is_in_the_language_asked_for(config: Path) -> None:
    """Chinese by default, English on request."""
    _, zh, _ = bus("doctor", "--config", config, BUS_INTAKE_SECRET=SECRET)
    _, en, _ = bus("doctor", "--config", config, "--lang", "en", BUS_INTAKE_SECRET=SECRET)
    assert "连不上消息服务器" in zh
    assert "the broker cannot be reached" in en


def test_a_broker_that_never_answers_is_told_with_a_cure(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the connection and says nothing gives no fault; the doctor says how long it has waited."""
    monkeypatch.setattr(check_transport, "ANSWER", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("BUS_BROKER", f"amqp://127.0.0.1:{silent.getsockname()[1]}/%2F")
        monkeypatch.setenv("BUS_INTAKE_SECRET", SECRET)
        (check,) = check_transport.broker(load(config))
    assert check.severity is not None
    assert "no answer within" in check.cure.en
    assert "没有应答" in check.cure.zh


def test_one_connection_that_is_later_than_the_other_is_waited_for(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The inbox is read before the connection for sending is up: the broker is not away."""
    seen = [(False, False), (False, True), (True, True)]
    states = iter([TransportState(sends, 0, 0, reads, blocked=False, trouble="") for sends, reads in seen])

    class Road:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def state(self) -> TransportState:
            return next(states)

        def send(self, *_: object) -> list[SendResult]:
            return [SendResult.UNROUTABLE]

        def open(self) -> None:
            pass

        def close(self, _: float) -> None:
            pass

    monkeypatch.setattr(check_transport, "RabbitTransport", Road)
    monkeypatch.setenv("BUS_BROKER", "amqp://127.0.0.1:5672/%2F")
    monkeypatch.setenv("BUS_INTAKE_SECRET", SECRET)
    assert [(one.what, one.severity) for one in check_transport.broker(load(config))] == [
        ("broker", None),
        ("inbox", None),
        ("out exchange", None),
    ]


def _trusting(config: Path, folder: Path, required: str = "true") -> dict[str, Path]:
    """The settings name keys that are listed; where everything lies."""
    told = county_keys(folder / "keys", {"media_center-150402": None})["media_center-150402"]
    section = "".join(f'{name} = "{path}"\n' for name, path in told.items())
    config.write_text(
        config.read_text(encoding="utf-8") + f"[trust]\n{section}required = {required}\n", encoding="utf-8"
    )
    return {name: Path(path) for name, path in told.items()}


def test_keys_are_looked_at(config: Path, tmp_path: Path) -> None:
    """Without keys a warning; listed ones are well; a file that others may read, and a directory that does not list
    this center, are errors with their cure."""
    found = findings(config, BUS_INTAKE_SECRET=SECRET)[1]
    assert (found["trust"]["severity"], "keys" in found) == ("warning", False)
    places = _trusting(config, tmp_path)
    assert findings(config, BUS_INTAKE_SECRET=SECRET)[1]["keys"]["severity"] == "ok"
    places["keys"].chmod(0o644)
    found = findings(config, BUS_INTAKE_SECRET=SECRET)[1]["keys"]
    assert (found["severity"], "chmod 600" in found["cure"]) == ("error", True)
    places["keys"].chmod(0o600)
    places["directory"].write_bytes(places["directory"].read_bytes()[:-1])
    assert "not signed by the county's operator" in findings(config, BUS_INTAKE_SECRET=SECRET)[1]["keys"]["cure"]


@pytest.mark.parametrize(("days", "severity"), [(400, "ok"), (12, "warning"), (0, "error")])
def test_the_end_of_a_certificate_is_told_in_time(days: int, severity: str, config: Path, tmp_path: Path) -> None:
    """A month before a center could no longer log in; and whoever may read its key."""
    now = datetime.now(UTC)
    issued = pki.for_center(pki.new_authority("150402", now), "media_center-150402", now - timedelta(hours=1), days)
    certificate, key = tmp_path / "me.pem", tmp_path / "me.key"
    certificate.write_bytes(issued.certificate)
    write_private(key, issued.key)
    env = {"BUS_INTAKE_SECRET": SECRET, "BUS_TLS__CERTIFICATE": str(certificate), "BUS_TLS__KEY": str(key)}
    assert findings(config, **env)[1]["certificate"]["severity"] == severity
    key.chmod(0o644)
    found = findings(config, **env)[1]["certificate"]
    assert (found["severity"], "chmod 600" in found["cure"]) == ("error", True)


def test_a_center_that_is_not_listed_is_told_so(config: Path, tmp_path: Path) -> None:
    """Its key file is right, and the directory lists others."""
    places = _trusting(config, tmp_path)
    write_keyring(places["keys"], new_keyring("media_center-150402", datetime.now(UTC)))
    found = findings(config, BUS_INTAKE_SECRET=SECRET)[1]["keys"]
    assert (found["severity"], "bus keys publish" in found["cure"]) == ("error", True)


def test_a_county_that_goes_over_to_signatures_is_reminded(config: Path, tmp_path: Path) -> None:
    """While what is not signed is taken too."""
    _trusting(config, tmp_path, "false")
    found = findings(config, BUS_INTAKE_SECRET=SECRET)[1]["trust"]
    assert (found["severity"], "required" in found["cure"]) == ("warning", True)


def test_a_running_center_says_what_does_not_move_and_what_is_lost(config: Path, tmp_path: Path) -> None:
    """Doctor asks it: forms with fields that they do not have, and a road that is away, are findings."""
    door = Door(tmp_path, flow=lambda: {"flow": False, "faults": [{"loop": "relay", "kind": "broker"}]})
    try:
        content = b'{"id": "1", "text": "x", "colour": "red"}'
        assert door.ask("POST", "/intake/note", content=content, headers=signed(content)).status_code == 202
        _, found = findings(config, BUS_INTAKE_SECRET=SECRET, BUS_HTTP__PORT=str(door.port))
    finally:
        door.close()
    assert found["door"]["found"] == "runs and is ready"
    assert found["flow"]["found"] == "no progress: relay: broker"
    assert "note (1)" in found["forms"]["found"]
    assert found["forms"]["severity"] == found["flow"]["severity"] == "warning"


def test_a_route_to_a_center_that_is_not_listed_is_told(config: Path, tmp_path: Path) -> None:
    """Its cases stay here until the route is mended or the center is listed."""
    _trusting(config, tmp_path)
    _, out, said = bus("doctor", "--config", config, "--json", "--lang", "en", BUS_INTAKE_SECRET=SECRET)
    assert out, said
    told = [one["found"] for one in json.loads(out) if one["check"] == "routes"]
    assert told == ["the directory does not list party_service-150402"]


def test_new_settings_are_strict_and_the_example_is_one_of_them(tmp_path: Path) -> None:
    """Whoever begins with them has every refusal that comes with 0.3; the file in ``deploy`` is what is printed."""
    code, out, _ = bus("doctor", "--new-settings", "party_service-150402006")
    assert code == 0
    path = tmp_path / "new.toml"
    path.write_text(out, encoding="utf-8")
    settings = load(path, intake_secret=SECRET)
    assert (settings.center, settings.strict, settings.production) == ("party_service-150402006", True, True)
    shipped = Path(__file__).parents[2] / "deploy/examples/media_center-150402.toml"
    assert bus("doctor", "--new-settings", "media_center-150402")[1] == shipped.read_text(encoding="utf-8")
    assert bus("doctor", "--new-settings", "Media")[0] == 2


@pytest.mark.parametrize("password", ["p@ss/w#rd", "word@", "a/b", "x?y"])
def test_a_password_that_is_not_encoded_is_told_and_not_shown(config: Path, password: str) -> None:
    """No piece of it stands in what is printed: a host named after half a password is one."""
    broker = f"amqp://media_center-150402:{password}@127.0.0.1:5672/%2F"
    for words in (("doctor", "--json"), ("doctor",), ("run",)):
        code, out, said = bus(*words, "--config", config, "--lang", "en", BUS_INTAKE_SECRET=SECRET, BUS_BROKER=broker)
        assert code != 0
        assert "percent-encoded" in out + said
        for piece in (password, password.partition("@")[2] or password, "ss/w", "w#rd"):
            assert piece not in (out + said).replace("percent-encoded: @ is %40, / is %2F, # is %23, ? is %3F", "")

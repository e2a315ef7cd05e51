"""Each weakness of the settings is found with its cure; a grave one keeps a center from starting in production."""

from pathlib import Path
from typing import Any

import pytest

from bus.cli.production_checks import production_checks
from bus.demo.county_keys import county_keys
from bus.settings import load
from tests.unit.test_cli_run import SECRET, WHOLE, bus

ME = "media_center-150402"
DRAWN = "k7fMw2RqXn9sTbVzHc4pLdYe"


@pytest.fixture
def safe(tmp_path: Path) -> dict[str, Any]:
    """Settings without a weakness, by the names of the environment."""
    keys = county_keys(tmp_path / "keys", {ME: None})[ME]
    return {
        "BUS_INTAKE_SECRET": SECRET,
        "BUS_BROKER": f"amqps://{ME}:{DRAWN}@broker.example:5671/x",
        "BUS_BACKEND__URL": "https://app.example/api",
        "BUS_HTTP__PUBLIC_URL": "https://media.example/bus",
        "BUS_PRODUCTION": "true",
        "BUS_AT_REST__KEY": str(tmp_path / "store-key"),
        "BUS_RETENTION__ERASE_AFTER_DAYS": "1095",
        **{f"BUS_TRUST__{name.upper()}": path for name, path in keys.items()},
    }


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A settings file that only the service may read."""
    path = tmp_path / "c.toml"
    lines = WHOLE.format(folder=tmp_path).splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("broker")), encoding="utf-8")
    path.chmod(0o640)
    return path


def found(config: Path, env: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """What is weak, and whether it is grave."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return {one.what: one.grave for one in production_checks(load(config), config)}


WEAK: dict[str, tuple[dict[str, str], str, bool]] = {
    "guest": ({"BUS_BROKER": "amqps://guest:guest@broker.example/x"}, "broker login", True),
    "no login": ({"BUS_BROKER": "amqps://broker.example/x"}, "broker login", True),
    "another's login": ({"BUS_BROKER": f"amqps://operator:{DRAWN}@broker.example/x"}, "broker login", False),
    "plain to the broker": ({"BUS_BROKER": f"amqp://{ME}:{DRAWN}@broker.example/x"}, "broker TLS", True),
    "one plain node": ({"BUS_BROKER": f"amqp://{ME}:{DRAWN}@127.0.0.1,two.example/x"}, "broker TLS", True),
    "unsigned taken": ({"BUS_TRUST__REQUIRED": "false"}, "trust", False),
    "plain to the own system": ({"BUS_BACKEND__URL": "http://app.example/api"}, "vendor TLS", False),
    "plain attachments": ({"BUS_HTTP__PUBLIC_URL": "http://media.example/bus"}, "attachments TLS", False),
    "a door to the network": ({"BUS_HTTP__HOST": "0.0.0.0"}, "door TLS", False),  # noqa: S104 - nothing listens
    "a short intake secret": ({"BUS_INTAKE_SECRET": "whsec_YWJj"}, "weak intake secret", False),
    "a short intake secret, strictly": (
        {"BUS_INTAKE_SECRET": "whsec_YWJj", "BUS_STRICT": "true"},
        "weak intake secret",
        True,
    ),
    "a database far away": ({"BUS_STORE": f"postgresql+psycopg://u:{DRAWN}@db.example/x"}, "store TLS", False),
    "a broker's password that is guessed": (
        {"BUS_BROKER": f"amqps://{ME}:Media_2026@broker.example/x"},
        "weak password",
        False,
    ),
    "the same, strictly": (
        {"BUS_BROKER": f"amqps://{ME}:Media_2026@broker.example/x", "BUS_STRICT": "true"},
        "weak password",
        True,
    ),
    "a database's password that is guessed": (
        {"BUS_STORE": "postgresql+psycopg://u:geheim@127.0.0.1/x"},
        "weak password",
        False,
    ),
}


@pytest.mark.parametrize("name", WEAK)
def test_a_weakness_is_found(name: str, config: Path, safe: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """It alone, and as grave as it is."""
    env, what, grave = WEAK[name]
    assert found(config, safe | env, monkeypatch) == {what: grave}


def test_safe_settings_have_none(config: Path, safe: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback needs no TLS, and a database that is verified is well."""
    assert found(config, safe, monkeypatch) == {}
    near = {
        "BUS_BROKER": f"amqp://{ME}:{DRAWN}@127.0.0.1:5672,[::1]:5672/x",
        "BUS_BACKEND__URL": "http://localhost:1",
        "BUS_STORE": f"postgresql+psycopg://u:{DRAWN}@db.example/x?sslmode=verify-full",
    }
    assert found(config, safe | near, monkeypatch) == {}


def test_settings_without_keys_are_grave(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is signed and nothing is sealed."""
    weak = {"trust": True, "attachments": False, "store key": False}
    assert found(config, {"BUS_INTAKE_SECRET": SECRET}, monkeypatch) == weak


def test_attachments_from_anywhere_are_grave_where_settings_are_strict(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has said where the centers serve their files, so a message may name any address."""
    assert found(config, {"BUS_INTAKE_SECRET": SECRET, "BUS_STRICT": "true"}, monkeypatch)["attachments"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f'intake_secret = "{SECRET}"', "intake_secret"),
        (f'broker = "amqps://{ME}:geheim@broker.example/x"', "broker"),
    ],
)
def test_a_secret_in_the_file_is_grave_when_others_may_read_it(
    line: str, name: str, config: Path, safe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, and not shown."""
    config.write_text(f"{line}\n{config.read_text(encoding='utf-8')}", encoding="utf-8")
    assert found(config, safe, monkeypatch) == {"secrets": False}
    config.chmod(0o644)
    (one,) = production_checks(load(config), config)
    assert one.grave
    assert name in one.found.en
    assert "geheim" not in f"{one}"


def test_in_production_a_grave_weakness_keeps_a_center_from_starting(config: Path, safe: dict[str, Any]) -> None:
    """All grave ones are named at once, with their cures, in both languages; exit 2, and no store was made."""
    weak = safe | {"BUS_BROKER": "amqp://guest:guest@broker.example/x"}
    code, _, zh = bus("run", ME, "--config", config, **weak)
    _, _, en = bus("run", ME, "--config", config, "--lang", "en", **weak)
    assert code == 2
    assert [word for word in ("broker login", "broker TLS", "production") if word not in zh or word not in en] == []
    assert "正式运行不启动" in zh
    assert "does not start in production" in en
    assert not list(config.parent.glob("*.db"))


def test_doctor_says_error_in_production_and_look_on_trial(config: Path) -> None:
    """The same weakness; and that it is a trial is told as well."""
    for production, severity in (("false", "注意"), ("true", "错误")):
        _, out, _ = bus("doctor", "--config", config, BUS_INTAKE_SECRET=SECRET, BUS_PRODUCTION=production)
        (line,) = [line for line in out.splitlines() if "报文不签名" in line]
        assert severity in line
        assert ("试运行" in out) == (production == "false")


@pytest.mark.parametrize("show", [repr, str])
def test_settings_never_show_a_password(show: Any) -> None:
    """Whoever prints them for a colleague, or a traceback that does, gives nothing away."""
    settings = load(
        None,
        center=ME,
        store="postgresql+psycopg://u:geheim1@db.example/x?sslmode=require&password=geheim2",
        broker=f"amqps://{ME}:geh@im3@one.example:5671,two.example/x",
        backend={"url": "http://u:geheim4@app.example/api", "token": "geheim5"},
        intake_secret="whsec_geheim6",
    )
    shown = show(settings)
    assert "geh" not in shown
    assert "db.example/x?sslmode=require" in shown
    assert "one.example:5671,two.example" in shown

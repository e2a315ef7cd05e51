"""``bus console run`` at a ledger: the key and the addresses with which it reaches the county's centers."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from bus.cli import console_doors
from bus.cli.output import Lang, Output
from bus.console.doors import Doors
from bus.http.address import is_private
from bus.security.keyring import new_keyring, write_keyring
from bus.settings import BadSettings, CenterSettings, load
from tests.harness.duty import LEDGER
from tests.harness.signing_county import MEDIA
from tests.unit.test_cli_run import SECRET, bus

DOORS = f'[doors]\n"{MEDIA}" = "https://media.county.example/bus"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of a ledger, a console's key, and the doors."""
    for name in (LEDGER, MEDIA):
        (tmp_path / f"{name}.toml").write_text(f'center = "{name}"\nstore = "sqlite:///{tmp_path}/{name}.db"\n')
    for owner in ("staff-console", "staff-" + "a" * 30, MEDIA):
        write_keyring(tmp_path / f"{owner}.json", new_keyring(owner, datetime.now(UTC)))
    (tmp_path / "doors.toml").write_text(DOORS)
    return tmp_path


def _settings(center: str) -> CenterSettings:
    return load(
        None,
        center=center,
        store="sqlite:///nowhere.db",
        data="data",
        intake_secret=SECRET,
        backend={"url": "http://127.0.0.1:9"},
    )


def _doors(folder: Path, key: str = "staff-console", center: str = LEDGER) -> Doors:
    with console_doors.doors_of(
        Output(Lang.EN), _settings(center), folder / f"{key}.json", folder / "doors.toml"
    ) as found:
        return found


def test_a_ledger_with_a_key_and_addresses_has_doors(folder: Path) -> None:
    """The centers are those of the file; without both options there are none."""
    assert _doors(folder).centers == (MEDIA,)
    with console_doors.doors_of(Output(Lang.EN), _settings(LEDGER), None, None) as none:
        assert none.centers == ()


@pytest.mark.parametrize(("key", "center", "said"), [
    ("staff-console", MEDIA, "a ledger's console alone"), (MEDIA, LEDGER, "no staff key"),
    ("staff-" + "a" * 30, LEDGER, "25 characters"),
])  # fmt: skip
def test_what_is_no_countys_console_is_told(
    folder: Path, key: str, center: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The settings of a center, the key of a center, and a name for which a journal has no room."""
    with pytest.raises(typer.Exit):
        _doors(folder, key, center)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("written", [
    "", "[doors]\n", '[doors]\n"Media" = "https://media.example"\n', DOORS + "more = 1\n",
    f'[doors]\n"{MEDIA}" = "http://media.county.example"\n', f'[doors]\n"{MEDIA}" = "media.county.example"\n',
])  # fmt: skip
def test_a_wrong_file_of_doors_is_told(folder: Path, written: str) -> None:
    """No doors, a name that is none, something unknown, and an address without TLS."""
    (folder / "doors.toml").write_text(written)
    with pytest.raises(BadSettings):
        _doors(folder)


def test_both_options_belong_together(folder: Path) -> None:
    """A key without addresses opens nothing, and the command says so before it listens."""
    config = ("--config", folder / f"{LEDGER}.toml", "--store", f"sqlite:///{folder}/console.db", "--lang", "en")
    code, _, said = bus("console", "run", *config, "--staff-key", folder / "staff-console.json")
    assert (code, "both --staff-key and --doors" in said) == (2, True), said


def test_beyond_this_machine_a_door_needs_tls() -> None:
    """On loopback it does not: a demo, and tests."""
    assert is_private("https://media.county.example/bus")
    assert is_private("http://127.0.0.1:8080")
    assert not any(is_private(url) for url in ("http://media.example", "ftp://x", "", "https://"))

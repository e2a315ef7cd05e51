"""What the environment says: the language, the variables that look like settings, and the completion of shells."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bus.cli.output import Lang
from bus.cli.production_checks import production_checks
from bus.cli.variables import Strange, strange_variables
from bus.settings import load
from tests.unit.test_cli_run import SECRET, WHOLE, bus


@pytest.mark.parametrize(
    ("said", "lang"),
    [
        ({}, Lang.ZH), ({"LANG": "zh_CN.UTF-8"}, Lang.ZH), ({"LANG": "en_GB.UTF-8"}, Lang.EN), ({"LANG": "C"}, Lang.ZH),
        ({"LANG": "POSIX"}, Lang.ZH), ({"LANG": "cs_CZ"}, Lang.EN), ({"LC_ALL": "zh_HK", "LANG": "en"}, Lang.ZH),
        ({"LC_ALL": "", "LC_MESSAGES": "de_DE", "LANG": "zh_CN"}, Lang.EN),
    ],
)  # fmt: skip
def test_the_language_is_that_of_the_environment(said: dict[str, str], lang: Lang) -> None:
    """Chinese where nobody says; what a command is told comes first."""
    assert Lang.AUTO.settled(said) is lang
    assert Lang.EN.settled(said) is Lang.EN


def test_commands_follow_it(tmp_path: Path) -> None:
    """As a person on an English machine would expect; and the option goes before."""
    code, _, said = bus("trace", "N-1", "--config", tmp_path / "none.toml", LC_ALL="en_US.UTF-8")
    assert (code, "cannot be read" in said or "No such file" in said) == (2, True), said
    _, _, chinese = bus("trace", "N-1", "--config", tmp_path / "none.toml", "--lang", "zh", LC_ALL="en_US.UTF-8")
    assert "读不到" in chinese


def test_variables_that_look_like_settings_are_named() -> None:
    """A slip with what was meant; another one of that beginning without; those of ours and of others not at all."""
    found = strange_variables(
        [
            "BUS_BROKR", "BUS_INTAKE_SECERT", "BUS_BACKEND_TOKEN", "BUS_PORT", "BUS_SERVICE_HOST", "BUS_LANG",
            "BUS_MANAGEMENT_PASSWORD", "BUS_BROKER", "BUS_HTTP__PORT", "bus_store", "BUS_VENDOR__TOKEN", "BUS_HANDS",
            "PATH", "BUS_STOR",
        ]
    )  # fmt: skip
    assert found == [
        Strange("BUS_BACKEND_TOKEN", "BUS_BACKEND__TOKEN"), Strange("BUS_BROKR", "BUS_BROKER"),
        Strange("BUS_INTAKE_SECERT", "BUS_INTAKE_SECRET"), Strange("BUS_PORT"), Strange("BUS_SERVICE_HOST"),
        Strange("BUS_STOR"),
    ]  # fmt: skip


@pytest.mark.parametrize("strict", [False, True])
def test_a_slip_in_a_variable_is_grave_where_settings_are_strict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strict: bool
) -> None:
    """Its author meant a setting that does not hold; other variables are only named."""
    path = tmp_path / "c.toml"
    path.write_text(f"strict = {str(strict).lower()}\n" + WHOLE.format(folder=tmp_path), encoding="utf-8")
    monkeypatch.setenv("BUS_INTAKE_SECRET", SECRET)
    monkeypatch.setenv("BUS_BROKR", "amqp://user:word@host")
    monkeypatch.setenv("BUS_PORT", "tcp://10.0.0.1:80")
    found = [one for one in production_checks(load(path), path) if one.what == "variables"]
    assert [(one.grave, "BUS_BROKER" in one.found.en) for one in found] == [(strict, True), (False, False)]
    assert "word" not in str(found)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    """As typed so far; options of a command, too."""
    words = {"COMP_WORDS": "bus par", "COMP_CWORD": "1"} if shell == "bash" else {"_TYPER_COMPLETE_ARGS": "bus par"}
    more = {"_TYPER_COMPLETE_FISH_ACTION": "get-args"} if shell == "fish" else {}
    env = {**os.environ, **words, **more, "_BUS_COMPLETE": f"complete_{shell}"}
    command = [sys.executable, "-c", "from bus.cli import app; app(prog_name='bus')"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert "parked" in done.stdout, done


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "gbk", "utf-8"])
@pytest.mark.parametrize(
    "words", [("--help",), ("doctor", "--new-settings", "media_center-150402"), ("trace", "€", "x")]
)
def test_terminals_without_chinese_get_no_traceback(encoding: str, words: tuple[str, ...]) -> None:
    """A script would read its exit code 1 as a finding; whoever looks reads question marks."""
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "COLUMNS": "80"}
    done = subprocess.run([sys.executable, "-m", "bus", *words], env=env, capture_output=True, check=False)
    assert done.returncode == (2 if words[0] == "trace" else 0), done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout + done.stderr

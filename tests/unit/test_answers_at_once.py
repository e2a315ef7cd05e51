"""A command answers at once: it loads what it needs, and none of the libraries that only other commands need."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from alembic.config import Config
from alembic.script import ScriptDirectory
from typer.core import TyperCommand, TyperGroup

from bus.cli import app
from bus.cli.lazy import LazyCommand
from bus.store import schema
from bus.store.database import Store
from tests.unit.test_cli_run import SECRET, WHOLE

HEAVY = {"pydantic", "sqlalchemy", "pika", "fastapi", "openpyxl"}
"""What neither help nor version needs."""
NOT_FOR_LISTS = {"pika", "kombu", "fastapi", "alembic", "openpyxl", "uvicorn", "httpx"}
"""What no listing of a store or of keys needs."""
RUN = """
import atexit, json, sys
from pathlib import Path
atexit.register(lambda: Path({out!r}).write_text(json.dumps(sorted(sys.modules))))
sys.argv = ["bus", *{words!r}]
from bus.cli import main
main()
"""


def loaded(folder: Path, *words: str) -> set[str]:
    """The packages that a command has in memory when it ends."""
    out = folder / "modules.json"
    code = RUN.format(out=str(out), words=list(words))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "BUS_INTAKE_SECRET": SECRET},
    )
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(out.read_text(encoding="utf-8"))}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The settings of a center that has an empty store."""
    path = tmp_path / "media_center-150402.toml"
    path.write_text(WHOLE.format(folder=tmp_path), encoding="utf-8")
    store = Store(f"sqlite:///{tmp_path}/media.db")
    schema.upgrade(store)
    store.close()
    return path


@pytest.mark.parametrize("words", [("--help",), ("--version",)], ids=" ".join)
def test_help_and_version_load_no_machinery(words: tuple[str, ...], tmp_path: Path) -> None:
    """Whoever asks what there is waits for no model, store, broker, server or spreadsheet."""
    assert loaded(tmp_path, *words) & HEAVY == set()


@pytest.mark.parametrize("words", [("parked", "list"), ("access", "list")], ids=" ".join)
def test_lists_load_no_broker_server_migration_or_spreadsheet(
    words: tuple[str, ...], config: Path, tmp_path: Path
) -> None:
    """A listing reads a store: it needs its tables, and nothing that runs a center or changes a schema."""
    assert loaded(tmp_path, *words, "--config", str(config)) & NOT_FOR_LISTS == set()


@pytest.mark.parametrize("words", [("keys", "--help"), ("parked", "--help"), ("proof", "--help")], ids=" ".join)
def test_the_help_of_a_group_runs_no_center(words: tuple[str, ...], tmp_path: Path) -> None:
    """The help of a group loads that group."""
    assert loaded(tmp_path, *words) & {"pika", "kombu", "fastapi", "openpyxl"} == set()


def lazy_commands(group: TyperGroup, above: str = "bus") -> Iterator[tuple[str, LazyCommand]]:
    """Every command that stands in a list before it is loaded, with its words; those of groups too."""
    for name, command in group.commands.items():
        if isinstance(command, LazyCommand):
            yield f"{above} {name}", command
            if isinstance(command.loaded, TyperGroup):
                yield from lazy_commands(command.loaded, f"{above} {name}")


def root() -> TyperGroup:
    """The group of all commands."""
    found = typer.main.get_command(app)
    assert isinstance(found, TyperGroup)
    return found


LAZY = dict(lazy_commands(root()))


@pytest.mark.parametrize("words", [words for words, one in LAZY.items() if not one.hidden])
def test_the_list_says_of_a_command_what_it_says_of_itself(words: str) -> None:
    """The text in the list stands there so that the command need not be loaded; it is the command's own."""
    command = LAZY[words]
    assert isinstance(command.loaded, TyperCommand | TyperGroup)
    assert command.loaded.name == command.name
    assert command.help == (command.loaded.help or "").partition("\n\n")[0]


def test_an_unknown_command_is_refused_and_a_near_one_told() -> None:
    """The list is known without loading any of it."""
    done = subprocess.run([sys.executable, "-m", "bus", "queue"], capture_output=True, text=True, check=False)
    assert (done.returncode, "queues" in done.stderr) == (2, True)


def test_versions_of_the_schema_are_read_from_the_names_of_their_files() -> None:
    """They are those of Alembic, which a listing does not load: each of them, the head, and the one a store is at."""
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert schema.newest() == scripts.get_current_head()
    assert all(schema.known(one.revision) for one in scripts.walk_revisions())
    assert not schema.known("9999")

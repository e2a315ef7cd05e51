"""``releases.toml``, and the program of a release: built from the history, or one sentence that says how to get it."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from verification.mixed.release import NoRelease, installed, previous, releases


def _git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=test", "-c", "user.email=test@county.example")
    done = subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository of two commits; the first is the release, whose ``.ci/venv`` makes an empty venv."""
    origin = tmp_path / "origin"
    (origin / ".ci").mkdir(parents=True)
    script = origin / ".ci" / "venv"
    script.write_text('#!/bin/sh\nmkdir -p .venv && echo "$1" >> .venv/made\n')
    script.chmod(0o755)
    _git(origin, "init", "--quiet", "--initial-branch=main")
    for number in range(2):
        (origin / "file").write_text(f"{number}\n")
        _git(origin, "add", ".")
        _git(origin, "commit", "--quiet", "-m", f"{number}")
    return origin


def test_the_first_release_is_named_by_its_commit() -> None:
    """v0.1.0 stands in ``releases.toml`` with its whole commit id and the modules that are run of it."""
    first = releases()["0.1.0"]
    assert first.commit == "cab126693e916bdc07ae2650b41d877fc578da8d"
    assert {first.county, first.keys} == {f"bus.testing.{name}" for name in ("county", "keys")}


def test_a_release_is_taken_out_of_the_history_and_built_once(origin: Path, tmp_path: Path) -> None:
    """Its files are those of its commit; asked for again, the tree stays, and its own script is asked for the venv."""
    release = replace(previous(), commit=_git(origin, "rev-parse", "HEAD~1"))
    found = installed(release, origin, tmp_path / "built")
    assert (found.folder / "file").read_text() == "0\n"
    (found.folder / "mark").touch()
    assert installed(release, origin, tmp_path / "built") == found
    assert (found.folder / "mark").exists()
    assert (found.folder / ".venv" / "made").read_text() == "runtime\nruntime\n"


def test_a_shallow_clone_is_told_how_to_get_the_history(origin: Path, tmp_path: Path) -> None:
    """One sentence in both languages: ``git fetch --unshallow``; and nothing half-made is left."""
    release = replace(previous(), commit=_git(origin, "rev-parse", "HEAD~1"))
    shallow = tmp_path / "shallow"
    _git(tmp_path, "clone", "--quiet", "--depth=1", origin.as_uri(), str(shallow))
    with pytest.raises(NoRelease, match="run git fetch --unshallow") as told:
        installed(release, shallow, tmp_path / "built")
    assert "请运行 git fetch --unshallow" in str(told.value)
    assert "\n" not in str(told.value)
    assert not [path for path in (tmp_path / "built").iterdir() if path.is_dir()]
    _git(shallow, "fetch", "--quiet", "--unshallow")
    assert (installed(release, shallow, tmp_path / "built").folder / "file").exists()


def test_a_folder_without_history_is_told_to_clone(origin: Path, tmp_path: Path) -> None:
    """Sources without ``.git`` cannot give an old program: one sentence says so, and to use ``git clone``."""
    shutil.rmtree(origin / ".git")
    with pytest.raises(NoRelease, match="get the repository with git clone") as told:
        installed(previous(), origin, tmp_path / "built")
    assert "没有 git 历史" in str(told.value)


def test_another_history_is_told_to_fetch(origin: Path, tmp_path: Path) -> None:
    """A whole history that does not hold the commit: fetch main."""
    with pytest.raises(NoRelease, match="run git fetch origin main"):
        installed(previous(), origin, tmp_path / "built")


def test_a_venv_that_cannot_be_made_is_told_with_its_reason(origin: Path, tmp_path: Path) -> None:
    """What the release's own script said is told, in place of a broken program."""
    (origin / ".ci" / "venv").write_text("#!/bin/sh\necho no room on the disk >&2\nexit 1\n")
    _git(origin, "commit", "--quiet", "-am", "broken")
    with pytest.raises(NoRelease, match="no room on the disk"):
        installed(replace(previous(), commit=_git(origin, "rev-parse", "HEAD")), origin, tmp_path / "built")

"""The locks are what `make` relies on, and its scripts say the cure where they cannot go on."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = [f"requirements{of}.lock" for of in ("", "-dev", "-bench", "-build", "-supply", "-clients")]


def _entries(lock: str) -> list[str]:
    return [part for part in re.split(r"\n(?=\S)", (ROOT / lock).read_text()) if part.strip()]


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_is_pinned_and_hashed_and_no_registry_is_named(lock: str) -> None:
    """Every entry is an exact version with hashes; the addresses are the business of whoever installs."""
    for entry in _entries(lock):
        assert re.match(r"[a-z0-9][a-z0-9.-]*==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
        assert "://" not in entry, entry


@pytest.mark.parametrize("lock", ["requirements-dev.lock", "requirements-bench.lock"])
def test_what_is_tested_and_measured_runs_on_what_the_product_runs_on(lock: str) -> None:
    """Each pin of requirements.lock stands in the others too: .ci/venv takes one for the other."""
    versions = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE):
        assert versions.get(name) == version, name


def test_an_old_python_is_refused_with_the_cure(tmp_path: Path) -> None:
    """Where no Python of 3.11 or newer is found, the words say what to do, and nothing is made."""
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for lock in [*LOCKS, "pyproject.toml"]:
        (tmp_path / lock).write_bytes((ROOT / lock).read_bytes())
    env = {"PATH": os.environ["PATH"], "PYTHON": str(old)}
    done = subprocess.run(
        [ROOT / ".ci/venv", "runtime"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_ci_passes_the_exit_code_on_and_ends_with_the_tests_last_line(tmp_path: Path) -> None:
    """When the tests fail, .ci/run fails, and make's remark does not follow pytest's closing line."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci/run").write_bytes((ROOT / ".ci/run").read_bytes())
    (tmp_path / "Makefile").write_text("test:\n\t@echo '== 1 failed in 1s =='; exit 1\n")
    done = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode != 0
    assert (done.stdout + done.stderr).splitlines()[-1] == "== 1 failed in 1s =="


@pytest.mark.parametrize("closed", [False, True])
def test_a_python_that_other_users_cannot_run_is_told(tmp_path: Path, closed: bool) -> None:
    """A service with a user of its own would not start by it; the folder is named, and the Python that is open."""
    for lock in [*LOCKS, "pyproject.toml"]:
        (tmp_path / lock).write_bytes((ROOT / lock).read_bytes())
    home = tmp_path / "home"
    home.mkdir(mode=0o700 if closed else 0o755)
    python = home / "python3"
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *base_prefix*) echo {home if closed else "/usr"}/python3; echo /usr;;\n'
        '"-m venv"*) exit 9;; esac\n'
    )
    python.chmod(0o755)
    env = {"PATH": os.environ["PATH"], "PYTHON": str(python)}
    done = subprocess.run(
        [ROOT / ".ci/venv", "runtime"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 9
    assert (f"since {home} is closed" in done.stderr, "/usr/bin/python3" in done.stderr) == (closed, closed)

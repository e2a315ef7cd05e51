"""With CI set no test may stay out: each way of not running makes the run fail."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PASSES = "import pytest\npytestmark = pytest.mark.broker\ndef test_fine() -> None: ...\n"
SKIPS = "import pytest\ndef test_lazy() -> None:\n    pytest.skip('no broker')\n"
WAYS = {
    "skip": SKIPS,
    "mark": "import pytest\n@pytest.mark.skip\ndef test_lazy() -> None: ...\n",
    "fixture": "import pytest\n@pytest.fixture\ndef f(): pytest.skip('no')\ndef test_lazy(f) -> None: ...\n",
    "module": "import pytest\npytest.importorskip('there_is_no_such_thing')\ndef test_lazy() -> None: ...\n",
    "xfail": "import pytest\n@pytest.mark.xfail\ndef test_lazy() -> None: assert False\n",
    "xpass": "import pytest\n@pytest.mark.xfail\ndef test_lazy() -> None: ...\n",
}
PROCESSES = ("0", "2")
"""In the process of pytest itself, and in workers of their own."""


def _run(folder: Path, source: str, *arguments: str, ci: bool = True) -> tuple[int, list[str]]:
    (folder / "test_it.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  broker\n  database\n")
    env = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "tests.guard", *arguments, folder],
        env=env | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | ({"CI": "true"} if ci else {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("processes", PROCESSES)
def test_a_whole_run_passes(tmp_path: Path, processes: str) -> None:
    """Where every test ran the guard says nothing."""
    code, lines = _run(tmp_path, PASSES, "-n", processes)
    assert code == 0
    assert "1 passed" in lines[-1]


@pytest.mark.parametrize("processes", PROCESSES)
@pytest.mark.parametrize("way", WAYS)
def test_a_test_that_did_not_run_fails_the_run(tmp_path: Path, way: str, processes: str) -> None:
    """A skip, an xfail or an xpass gives exit code 1 and is named in the output."""
    code, lines = _run(tmp_path, PASSES + WAYS[way].replace("import pytest\n", "", 1), "-n", processes)
    assert code == 1
    assert "instead of skipping it" in "\n".join(lines)


def test_a_test_that_its_worker_forgot_fails_the_run(tmp_path: Path) -> None:
    """What was collected and reported by no worker is named, though every report that came was good."""
    forgets = "import pytest\n@pytest.hookimpl(tryfirst=True)\ndef pytest_runtest_protocol(item):\n"
    (tmp_path / "conftest.py").write_text(forgets + "    return 'forgotten' in item.name or None\n")
    code, lines = _run(tmp_path, PASSES + "def test_forgotten() -> None: ...\n", "-n", "1")
    assert code == 1
    assert any("test_forgotten did not run" in line for line in lines)


@pytest.mark.parametrize("processes", PROCESSES)
def test_a_server_test_may_not_be_deselected(tmp_path: Path, processes: str) -> None:
    """Leaving out the tests that need a broker fails the run, though all others passed; the closing line is last."""
    more = PASSES + "@pytest.mark.chaos\ndef test_other() -> None: ...\n"
    code, lines = _run(tmp_path, more, "-k", "other", "-n", processes)
    assert code == 1
    assert any("test_fine was deselected" in line for line in lines)
    assert lines[-1].startswith("===")


def test_outside_of_ci_a_skip_is_a_skip(tmp_path: Path) -> None:
    """On a developer's own machine pytest's rules stay as they are."""
    code, lines = _run(tmp_path, SKIPS, ci=False)
    assert code == 0
    assert "1 skipped" in lines[-1]

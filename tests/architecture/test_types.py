"""mypy, as ``make types`` runs it: a test among others, since it has one processor to itself for more than a minute."""

import subprocess
import sys
from pathlib import Path


def test_the_types_hold() -> None:
    """With the settings of pyproject.toml, mypy finds nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy"], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

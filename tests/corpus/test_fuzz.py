"""A short run of the coverage-guided fuzzer on each target; a long one is ``make fuzz SECONDS=…``."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SHORT = 6
"""Seconds of each target."""


def fuzz(program: list[str], target: str, seconds: int, folder: Path) -> tuple[int, str]:
    """(exit code, everything that was said)."""
    words = [sys.executable, *program, target, str(seconds), "--folder", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=600, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("target", ["decode", "receive", "recover", "application", "directory"])
def test_the_fuzzer_finds_nothing(target: str, tmp_path: Path) -> None:
    """No input makes a target raise anything that is no verdict, or call anything internal or poison."""
    code, said = fuzz(["-m", "verification.corpus.fuzz"], target, SHORT, tmp_path)
    assert code == 0, said[-6000:]
    runs = re.search(r"Done (\d+) runs", said)
    assert runs, said[-2000:]
    assert int(runs[1]) > 100


def test_the_fuzzer_finds_a_planted_fault(tmp_path: Path) -> None:
    """A decode that stumbles over a document that was cut short is found; else a clean run would say nothing."""
    planted = (
        "import verification.corpus.fuzz as f\n"
        "plain = f.decode\n"
        "def faulty(data):\n"
        "    if data[:1] == b'{' and data[-1:] != b'}': raise KeyError\n"
        "    return plain(data)\n"
        "f.decode = faulty\n"
        "f.main()\n"
    )
    code, said = fuzz(["-c", planted], "decode", 30, tmp_path)
    assert code != 0
    assert "KeyError" in said

"""Prometheus' own tool (Debian's), which tries rules and judges metrics."""

import shutil
import subprocess
from pathlib import Path


def promtool(*words: str | Path, given: bytes = b"") -> tuple[int, str]:
    """Run it. Exit code, and all that it says. Missing, the test fails: rules that nobody has tried are not tested."""
    assert shutil.which("promtool"), "make services installs it"
    done = subprocess.run(["promtool", *map(str, words)], input=given, capture_output=True, check=False, timeout=120)
    return done.returncode, (done.stdout + done.stderr).decode()

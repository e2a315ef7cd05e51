"""``python -m verification.mutants``: plants each defect, and checks that it is found.

A defect that nothing finds is printed as NOT FOUND, and the exit code is 1.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from verification.mutants.defects import DEFECTS
from verification.mutants.finding import Found
from verification.mutants.report import PAGE, load, machine, page, save

HERE = Path(__file__).resolve().parents[2]
PATIENCE = 1800
"""Seconds until a child counts as hanging."""


def main() -> int:
    """Search for the defects named on the command line, by default all; 1 if one was not found."""
    asked = _arguments()
    found = []
    for name in asked.only or DEFECTS:
        one = _in_a_child(name, asked.limit)
        found.append(one)
        _tell(one)
        if asked.write:  # at once: an interrupted run keeps its results
            known = {known.name: known for known in load()} | {name: one}
            save([known[name] for name in DEFECTS if name in known], machine())
            PAGE.write_text(page())
    missed = [one.name for one in found if not one.by]
    print(f"{len(found) - len(missed)} / {len(found)}")  # noqa: T201 - a command
    return bool(missed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m verification.mutants", description="植入缺陷 / planted defects")
    parser.add_argument("--only", nargs="+", choices=list(DEFECTS), metavar="NAME", help="只植入这些 / only these")
    parser.add_argument("--limit", type=int, default=100, help="最多播种数 / seeds to play at most (default 100)")
    parser.add_argument("--write", action="store_true", help="写入表格 / write docs/mutants.md and found.json")
    return parser.parse_args()


def _in_a_child(name: str, limit: int) -> Found:
    """Search in a child process, which takes the defect with it. Raises ``RuntimeError`` if the child fails."""
    command = [sys.executable, "-m", "verification.mutants.child", name, str(limit)]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{name}: the child failed\n{done.stderr[-2000:]}")
    return Found(**json.loads(done.stdout.splitlines()[-1]))


def _tell(found: Found) -> None:
    after = f"{found.seeds} seeds, {found.seconds} s" if found.seeds else f"{found.seconds} s"
    print(f"{found.name:32} {found.by or 'NOT FOUND':60} {after}", flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    sys.exit(main())

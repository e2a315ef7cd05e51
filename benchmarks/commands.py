"""``python -m benchmarks.commands``: the CPU time of each command, of this checkout and of the previous release.

Each command is run eleven times in turn with either program; the medians of its CPU time are shown side by side. A
command that a program does not have is left out of its column.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import describe
from bus.cli.downgrade import V0_1_0
from bus.store import schema
from bus.store.database import Store
from verification.mixed.release import clean_environment, installed, previous

SETTINGS = """
center = "media_center-150402"
store = "sqlite:///{folder}/{name}.db"
data = "{folder}/data"
[{backend}]
url = "http://127.0.0.1:1"
"""
COMMANDS: tuple[tuple[str, ...], ...] = (("--help",), ("--version",), ("parked", "list"), ("access", "list"))
OLD, NEW = "old", "new"


def main() -> int:
    """Measure; print one line per command, and everything as JSON."""
    asked = _arguments()
    before = installed(previous())
    programs = {OLD: [str(before.python), "-m", "bus"], NEW: [sys.executable, "-m", "bus"]}
    told: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="commands-") as place:
        folder = Path(place)
        configs = {
            OLD: _center(folder, OLD, V0_1_0, "vendor"),
            NEW: _center(folder, NEW, schema.newest(), "backend"),
        }
        for words in COMMANDS:
            medians = _medians(programs, configs, words, asked.rounds)
            told.append({"command": " ".join(words), **medians})
            shown = "  ".join(f"{name} {_shown(medians[name])}" for name in programs)
            sys.stderr.write(f"bus {' '.join(words):14}  {shown}\n")
    result = {"against": before.release.version, "rounds": asked.rounds, "cpu_seconds": told, "machine": describe()}
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    return 0


def _medians(
    programs: dict[str, list[str]], configs: dict[str, Path], words: Sequence[str], rounds: int
) -> dict[str, float | None]:
    """The median of each program. The programs alternate in every round, so that both meet the same machine load."""
    measured: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(rounds + 1):
        for name, program in programs.items():
            options = ["--config", str(configs[name])] if words[-1] == "list" else []
            seconds = _cpu([*program, *words, *options], configs[name].parent)
            if number and seconds is not None:  # the first run fills the disk caches
                measured[name].append(seconds)
    return {name: round(statistics.median(took), 3) if took else None for name, took in measured.items()}


def _cpu(command: Sequence[str], folder: Path) -> float | None:
    """CPU time of one run, its children included; None if the program has no such command."""
    environment = {**clean_environment(), "BUS_INTAKE_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet) as running:
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime if running.returncode == 0 else None


def _center(folder: Path, name: str, version: str, backend: str) -> Path:
    """The settings of a center with an empty store at this schema version. ``backend``: the release's setting for the
    center's own system."""
    store = Store(f"sqlite:///{folder}/{name}.db")
    schema.upgrade(store, version)
    store.close()
    path = folder / f"{name}.toml"
    path.write_text(SETTINGS.format(folder=folder, name=name, backend=backend), encoding="utf-8")
    return path


def _shown(seconds: float | None) -> str:
    return "   —  " if seconds is None else f"{seconds:.3f} s"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commands", description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="每条命令的次数 / runs of each command (default 11)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""``python -m benchmarks.ledger_import``: a large ledger through a running center, its rate and the importer's memory.

The ledger has the columns of New York's public requests and is made here. The figures of each tenth of the rows stand
side by side: a steady rate and flat memory show as equal tenths.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from benchmarks.machine import describe
from bus.demo.command_settings import command_settings
from bus.demo.local_county import LocalCounty

CENTER = "media_center-150402"
COLUMNS = ("Unique Key", "Created Date", "Complaint Type", "Descriptor", "Incident Address", "City", "Borough",
           "Resolution Description", "Latitude", "Longitude", "Location Type", "Incident Zip")  # fmt: skip
MAPPING = Path(__file__).parents[1] / "deploy" / "examples" / "nyc311.mapping.toml"
TENTHS = 10
LOOK_S = 0.2
"""Seconds between two looks at the importer and the center."""


class Tenth(NamedTuple):
    """A tenth of the rows: how fast it went, and what the importer held in memory at its end."""

    rows_per_second: float
    memory_mib: float


def main() -> int:
    """Measure, and print all of it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger_import", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="ledger-") as place:
        folder = Path(place)
        county = LocalCounty(folder / "county", (CENTER,), processes="one")
        try:
            county.open()
            tenths, told = _measure(county, folder, rows)
        finally:
            county.close()
    told.pop("rejects")
    figures = {"rows": rows, **told, "tenths": [tenth._asdict() for tenth in tenths], "machine": describe()}
    sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    return 0


def _measure(county: LocalCounty, folder: Path, rows: int) -> tuple[list[Tenth], dict[str, object]]:
    file, config, out = _ledger(folder / "ledger.csv", rows), command_settings(county, CENTER), folder / "out"
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "bus",
        "import",
        file,
        "--config",
        config,
        "--mapping",
        MAPPING,
        "--json",
    ]
    tenths: list[Tenth] = []
    with out.open("w") as told:
        child = subprocess.Popen([*command, "--url", county.urls[CENTER]], stdout=told)
        began = time.monotonic()
        while child.poll() is None:
            if _cases(county) >= rows * (len(tenths) + 1) // TENTHS:
                now = time.monotonic()
                tenths.append(Tenth(round(rows / TENTHS / (now - began)), _memory_mib(child.pid)))
                sys.stderr.write(f"{len(tenths)}/{TENTHS}: {tenths[-1]}\n")
                began = now
            time.sleep(LOOK_S)
    return tenths, json.loads(out.read_text())


def _ledger(path: Path, rows: int) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for n in range(rows):
            told = ("06/26/2018 10:58:54 AM", "Street Condition", "Pothole", f"{n} EAST STREET", "NEW YORK", "BRONX")
            writer.writerow([39_000_000 + n, *told, "x" * (n * 9 % 900), "40.69", "-73.84", "", ""])
    return path


def _cases(county: LocalCounty) -> int:
    with county.store(CENTER).reading() as tx:
        return int(tx.execute(text("SELECT count(*) FROM cases")).scalar_one())


def _memory_mib(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


if __name__ == "__main__":
    raise SystemExit(main())

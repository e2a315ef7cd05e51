"""Bulk: a thousand dirty rows through the media center to four centers over RabbitMQ, each accepted one answered."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bus.demo.command_settings import command_settings
from bus.demo.local_county import LocalCounty
from stories.stage import ARBITER, CIVILIZATION, GOVERNMENT, MEDIA, PARTY
from tests.conftest import Vhost
from tests.harness.county import Counties, logins
from tests.journeys.crowd import PEOPLE, seen

ROOT = Path(__file__).parents[2]
ROWS = 1000
"""Of ``make whole``."""
SAMPLE = 200
"""Of ``make test``."""
CENTERS = (MEDIA, CIVILIZATION, PARTY, GOVERNMENT)
ROUTES = {
    MEDIA: [
        {"category": "volunteer", "to": CIVILIZATION},
        {"category": "government-service", "to": GOVERNMENT},
        {"category": "road", "to": PARTY},
        {"division": "150402003", "to": CIVILIZATION},
        {"division": "150402004", "to": GOVERNMENT},
        {"to": PARTY},
    ]
}
KINDS = ("Noise - Residential", "Street Condition", "Homeless Encampment", "Consumer Complaint", "Strange Things")
BOROUGHS = ("BRONX", "BROOKLYN", "MANHATTAN", "QUEENS", "STATEN ISLAND", "Unspecified", "")


def _rows(path: Path, rows: int) -> None:
    """Rows of the public 311 columns, made here; every fiftieth has a date that is none."""
    columns = [
        "Unique Key", "Created Date", "Complaint Type", "Descriptor", "Location Type", "Incident Zip",
        "Incident Address", "City", "Borough", "Resolution Description", "Latitude", "Longitude",
    ]  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for number in range(rows):
            writer.writerow(
                {
                    "Unique Key": 39_000_000 + number,
                    "Created Date": "next Tuesday" if number % 50 == 7 else "06/26/2018 10:58:54 AM",
                    "Complaint Type": KINDS[number % len(KINDS)],
                    "Descriptor": f"Loud\u2003Music {PEOPLE[number].words}" if number % 3 else "",
                    "Incident Address": f"{number} EAST  {number % 90} STREET {PEOPLE[number].address}",
                    "City": "NEW YORK" if number % 4 else "",
                    "Borough": BOROUGHS[number % len(BOROUGHS)],
                    "Resolution Description": "x" * (number * 9 % 5000),
                    "Latitude": "40.69" if number % 2 else "",
                    "Longitude": "-73.84" if number % 2 else "",
                }
            )


def run_import(county: LocalCounty, file: Path) -> dict[str, Any]:
    """Import ``file`` into the running media center with the command line, and return what it prints."""
    mapping = ROOT / "deploy" / "examples" / "nyc311.mapping.toml"
    config = command_settings(county, MEDIA)
    command = [sys.executable, "-m", "bus", "import", str(file), "--config", str(config), "--mapping", str(mapping)]
    done = subprocess.run(
        [*command, "--url", county.urls[MEDIA], "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=900,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr  # 1: rows were rejected
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def test_two_hundred_rows_are_taken_or_named_and_each_taken_one_is_answered(
    make_county: Counties, vhost: Vhost, tmp_path: Path
) -> None:
    """Accepted and rejected make two hundred, each accepted case is answered, a second run imports nothing, and none
    of the residents is left in a file."""
    _all_taken_or_named(make_county, vhost, tmp_path, SAMPLE)


@pytest.mark.whole
def test_a_thousand_rows_are_taken_or_named_and_each_taken_one_is_answered(
    make_county: Counties, vhost: Vhost, tmp_path: Path
) -> None:
    """The same of a thousand."""
    _all_taken_or_named(make_county, vhost, tmp_path, ROWS)


def _all_taken_or_named(make_county: Counties, vhost: Vhost, tmp_path: Path, rows: int) -> None:
    file = tmp_path / "rows.csv"
    _rows(file, rows)
    county = make_county(CENTERS, routes=ROUTES, brokers=logins(vhost, CENTERS), arbiter=ARBITER)
    for vendor in county.backends.values():
        vendor.autopilot = True
    first = run_import(county, file)
    assert first["imported"] + first["rejected"] == rows
    assert first["rejected"] == rows // 50
    county.until("every case answered", lambda: county.drained() and county.audit().answered == first["imported"], 900)
    audit = county.audit()
    assert (audit.cases, audit.lost, audit.twice, audit.parked) == (first["imported"], 0, 0, 0)
    again = run_import(county, file)
    assert (again["imported"], again["repeated"], again["rejected"]) == (0, first["imported"], first["rejected"])
    assert county.audit().cases == first["imported"]
    assert seen(county, vhost.node) == []

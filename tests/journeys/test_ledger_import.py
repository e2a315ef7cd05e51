"""S07 in full: an old ledger by ``bus import``, as CSV and as XLSX, and its figures by ``bus stats``."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bus import workorders as w
from bus.custody import Status
from bus.demo.local_county import LocalCounty
from bus.store import waiting
from stories import s07
from stories.stage import PARTY
from tests.harness.county import Counties

ROOT = Path(__file__).parents[2]
MAPPING = ROOT / "deploy" / "examples" / "party-ledger.mapping.toml"
HEADS = (
    "事项编号", "居民姓名", "联系电话", "类别", "标题", "内容", "区划代码", "地点", "登记时间", "办结时间", "办理时限",
    "办理结果", "答复",
)  # fmt: skip
WORDS = {"已解决": "办结"}
"""What this ledger calls it."""


def _cells(line: dict[str, Any]) -> list[Any]:
    who = [line["matter_no"], f"居民{line['matter_no']}", "/"]
    told = [line[name] for name in ("sphere", "title", "text", "division")]
    at = [_moment(line.get(name)) for name in ("received_at", "settled_at")]
    return [*who, *told, "一号楼", *at, None, WORDS.get(line.get("finding", "")), line.get("reply")]


def _moment(told: str | None) -> datetime | None:
    """As a spreadsheet has it: local, without an offset."""
    return datetime.fromisoformat(told).replace(tzinfo=None) if told else None


def as_csv(path: Path, lines: Sequence[dict[str, Any]]) -> Path:
    """The ledger as a CSV file in GBK, as Excel writes it there."""
    path = path.with_suffix(".csv")
    with path.open("w", newline="", encoding="gb18030") as file:
        out = csv.writer(file)
        out.writerow(HEADS)
        for line in lines:
            out.writerow(f"{one:%Y-%m-%d %H:%M}" if isinstance(one, datetime) else one for one in _cells(line))
    return path


def as_xlsx(path: Path, lines: Sequence[dict[str, Any]]) -> Path:
    """The ledger as an XLSX file with real dates."""
    path = path.with_suffix(".xlsx")
    path.write_bytes(w.sheets.as_xlsx([HEADS, *map(_cells, lines)], "台账"))
    return path


class Ledgers:
    """``bus`` beside a running center."""

    def __init__(self, county: LocalCounty) -> None:
        self.county, self.config = county, county.folder / "party.toml"
        settings = next(c for plan in county._plans.values() for c in plan.centers if c["center"] == PARTY)
        self.config.write_text(
            f'center = "{PARTY}"\nstore = "{settings["store"]}"\nintake_secret = "{settings["intake_secret"]}"\n'
            f'[backend]\nurl = "{settings["backend"]["url"]}"\n',
            encoding="utf-8",
        )

    def _bus(self, *words: object) -> Any:
        command = [sys.executable, "-m", "bus", *map(str, words), "--config", str(self.config), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def imported(self, file: Path) -> tuple[int, int, int]:
        """Import a ledger: (imported, repeated, rejected)."""
        said = self._bus("import", file, "--mapping", MAPPING, "--url", self.county.urls[PARTY])
        return said["imported"], said["repeated"], said["rejected"]

    def resolution(self, as_of: str) -> tuple[int, int, str]:
        """The resolution rate of the matters from January to July."""
        said = self._bus("stats", "--from", "2021-01-01", "--to", "2021-08-01", "--as-of", as_of)
        found = next(one for one in said["figures"] if one["code"] == "resolution-rate")
        return found["numerator"], found["denominator"], found["value"]


@pytest.mark.parametrize("write", [as_csv, as_xlsx], ids=["csv", "xlsx"])
def test_an_old_ledger_is_entered_settled_later_and_entered_again(
    make_county: Counties, tmp_path: Path, write: Callable[[Path, Sequence[dict[str, Any]]], Path]
) -> None:
    """1706/2400 = 71.08 % by the end of July; what was settled at midnight is August's; a repeat changes nothing."""
    county = make_county((PARTY,))
    ledgers, rest = Ledgers(county), s07.ALL - s07.SETTLED
    july = write(tmp_path / "july", s07.ledger(s07.ALL, s07.SETTLED))
    assert ledgers.imported(july) == (s07.ALL, 0, 0)
    assert ledgers.resolution("2021-08-01") == (1706, 2400, "71.08 %")
    august = write(tmp_path / "august", s07.ledger(s07.ALL, s07.SETTLED, later=True))
    assert ledgers.imported(august) == (rest, s07.SETTLED, 0)
    assert ledgers.resolution("2021-08-01") == (1706, 2400, "71.08 %")
    assert ledgers.resolution("2021-08-01T00:00:01") == (1707, 2400, "71.13 %")
    assert ledgers.imported(august) == (0, s07.ALL, 0)
    records = county.records(PARTY).values()
    assert len(records) == s07.ALL
    assert {(record.status, record.path) for record in records} == {(Status.CLOSED, (PARTY,))}
    with county.store(PARTY).reading() as tx:
        assert waiting.counts(tx) == waiting.Counts(0, 0, 0, 0)
    assert county.backends[PARTY].effects == []

"""S07 as the county's ledger tells it: an old ledger is imported at a center, and counted where the county is."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bus.demo.local_county import LocalCounty
from bus.store import Tx, ledger
from stories import s07
from stories.stage import COUNTY, GOVERNMENT, PARTY
from tests.harness.county import Counties
from tests.journeys.test_ledger_import import ROOT, Ledgers, as_csv

LEDGER = f"ledger-{COUNTY}"
JULY = ("--from", "2021-01-01", "--to", "2021-08-01", "--as-of")


class CountyLedger:
    """``bus`` beside the running ledger."""

    def __init__(self, county: LocalCounty) -> None:
        self.county, self.config = county, county.folder / "ledger.toml"
        self.config.write_text(f'center = "{LEDGER}"\nstore = "{county.store_url(LEDGER)}"\n', encoding="utf-8")

    def asked(self, *words: str) -> Any:
        """What a command says in JSON."""
        command: Sequence[str] = (*(sys.executable, "-m", "bus"), *words, "--config", str(self.config), "--json")
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def wait(self, closed: int) -> None:
        """Wait until so many matters are told as closed."""

        def told() -> bool:
            with self.county.store(LEDGER).reading() as tx:
                return _closed(tx) == closed

        self.county.until(f"{closed} closed matters at the ledger", told, 240)

    def resolution(self, as_of: str, *more: str) -> tuple[int, int, str]:
        """The resolution rate of the matters from January to July."""
        (found,) = self.asked("stats", "--figure", "resolution-rate", *JULY, as_of, *more)["figures"]
        return found["numerator"], found["denominator"], found["value"]


def _closed(tx: Tx) -> int:
    return int(tx.exec_driver_sql("SELECT count(*) FROM ledger_states WHERE status = 'closed'").scalar_one())


def test_an_old_ledger_is_counted_by_the_countys(make_county: Counties, tmp_path: Path) -> None:
    """1706/2400 = 71.08 % by the end of July; what was settled at midnight is August's. The open ones are listed by
    their ids, and they are the center's own."""
    county = make_county((PARTY, GOVERNMENT), ledger=LEDGER)
    entered, told = Ledgers(county), CountyLedger(county)
    rest = s07.ALL - s07.SETTLED
    assert entered.imported(as_csv(tmp_path / "july", s07.ledger(s07.ALL, s07.SETTLED))) == (s07.ALL, 0, 0)
    told.wait(s07.SETTLED)
    assert told.resolution("2021-08-01") == (1706, 2400, "71.08 %")
    late = as_csv(tmp_path / "august", s07.ledger(s07.ALL, s07.SETTLED, later=True))
    assert entered.imported(late) == (rest, s07.SETTLED, 0)
    told.wait(s07.ALL)
    assert told.resolution("2021-08-01") == entered.resolution("2021-08-01") == (1706, 2400, "71.08 %")
    assert told.resolution("2021-08-01T00:00:01") == (1707, 2400, "71.13 %")
    listed = told.asked("ledger", "cases", "--figure", "open", "--limit", "1000", *JULY, "2021-08-01")
    assert {one["center"] for one in listed["cases"]} == {PARTY}
    assert len(listed["cases"]) == rest
    with county.store(LEDGER).reading() as tx:
        assert ledger.cases_of(tx)[PARTY] == s07.ALL

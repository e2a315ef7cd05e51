"""Figures on the console: both numbers beside each rate, files without formulas, and the cases that a ledger counts."""

import csv
import io
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import openpyxl
import pytest

from bus.console import exports
from bus.context import Keeping
from bus.contract.facts import FactsTold
from bus.figures.period import Reckoning
from bus.store import Store, ledger, ledger_cells
from bus.store import tables as t
from bus.store.timestamps import ms
from tests.conformance.test_ledger_figures import BEGIN, CENTERS, DAY, _state
from tests.console.test_mending import signed_in
from tests.harness.consoled import ConsoledCenter, consoled
from tests.harness.step import BareCenter

LEDGER = "ledger-150402"
PERIOD = {"from": f"{BEGIN:%Y-%m-%d}", "to": f"{BEGIN + 9 * DAY:%Y-%m-%d}"}


def test_a_rate_stands_beside_both_its_numbers(desk: ConsoledCenter) -> None:
    """On the page, as CSV and as XLSX, with the formula and the as-of."""
    with signed_in(desk, "wang") as client:
        today = {"from": "2026-01-01", "to": "2026-12-31"}
        assert "期内受理" in _counted(client, today)
        told = client.get("/figures/export/csv", params=today)
        rows = list(csv.reader(io.StringIO(told.content.decode("utf-8-sig"))))
        book = openpyxl.load_workbook(io.BytesIO(client.get("/figures/export/xlsx", params=today).content))
    assert rows[0] == ["中心", desk.center.context.me]
    assert rows[3] == ["指标", "数值", "分子", "分母", "口径"]
    rates = [row for row in rows[4:] if row[1].endswith("%")]
    assert rates
    assert all(row[2] and row[3] and row[4] for row in rates)
    sheet = [["" if cell is None else str(cell) for cell in row] for row in book.worksheets[0].values]
    assert [row[:5] for row in sheet[3:]] == [row[:5] for row in rows[3:]]


def _counted(client: httpx.Client, asked: dict[str, str]) -> str:
    """The page, once its figures are counted."""
    for _ in range(100):
        page = client.get("/figures", params=asked).text
        if "正在统计" not in page:
            break
        time.sleep(0.1)
    return page


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"])
def test_no_cell_is_carried_out(cell: str) -> None:
    """A cell that begins like a formula is written as a text."""
    assert exports.inert(cell) == f"'{cell}"
    assert exports.inert("71.08%") == "71.08%"


@pytest.mark.parametrize("asked", ["from=yesterday", "from=2026-09-01&to=2026-08-01", "as_of=soon"])
def test_a_period_that_is_none_is_refused_with_an_example(desk: ConsoledCenter, asked: str) -> None:
    """The page says how a day is written."""
    with signed_in(desk, "wang") as client:
        answer = client.get(f"/figures?{asked}")
    assert (answer.status_code, "2026-07-01" in answer.text) == (400, True)


@pytest.fixture
def county(tmp_path: Path) -> Iterator[ConsoledCenter]:
    """A ledger that knows two centers' cases, and its console."""
    here = BareCenter(LEDGER, tmp_path)
    fill_ledger(here.store)
    with consoled(here, tmp_path) as found:
        yield found
    here.close()


def fill_ledger(store: Store) -> None:
    """Let a ledger know 260 cases of two centers."""
    chance = random.Random(7)  # noqa: S311 - cases, not secrets
    store.write(lambda tx: tx.execute(t.ledger_reckoning.delete()))
    ledger_cells.recount(store, Keeping(Reckoning()), lambda _count: None)
    for number in range(260):
        center = CENTERS[number % 2]
        told = FactsTold(states=(_state(chance, number, center),))
        store.write(
            lambda tx, told=told, center=center: ledger.take(  # type: ignore[misc]  # mypy: a lambda with defaults
                tx, center, told, 0, ms(BEGIN), Keeping(Reckoning())
            )
        )


def test_the_cases_behind_a_number_are_as_many(county: ConsoledCenter) -> None:
    """A ledger lists them page by page, by their ids, and each once."""
    until = datetime.now(UTC).isoformat(timespec="seconds")
    with signed_in(county, "wang") as client:
        table = client.get("/figures/export/csv", params=PERIOD | {"as_of": until}).content.decode("utf-8-sig")
        registered = int(next(row for row in csv.reader(io.StringIO(table)) if row[0] == "受理")[2])
        found: list[str] = []
        path = str(httpx.URL("/figures/cases", params=PERIOD | {"figure": "registered", "as_of": until}))
        while path:
            page = client.get(path).text
            found += [row.split("</td>")[0] for row in page.split("<tr><td>")[1:]]
            path = page.split('<a href="')[-1].split('"')[0].replace("&amp;", "&") if "下一页" in page else ""
    assert registered > 100
    assert len(found) == len({*found}) == registered


def test_at_a_ledger_the_audit_has_a_page(county: ConsoledCenter) -> None:
    """Where nothing is wrong it says so."""
    with signed_in(county, "wang") as client:
        assert "没有问题" in client.get("/findings").text
        assert 'href="/findings"' in client.get("/").text

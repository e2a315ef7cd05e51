"""Ledgers, mappings and settings that no command may stumble over: each ends in words, and no cell stands in them."""

import warnings
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from verification.corpus import file_items, settings_items
from verification.corpus.file_items import HEADER, FileItem
from verification.corpus.items import SEED, Canary, Dealer
from verification.corpus.judge_files import judge, judge_settings, read


def test_every_file_gets_its_verdict_and_no_cell_is_told(tmp_path: Path) -> None:
    """Taken, rejected by field and problem, or told to be no ledger: as expected, and never a traceback."""
    items = list(file_items.items(Dealer(SEED)))
    assert len(items) >= 700
    faults = list(judge(tmp_path, items))
    assert not faults, "\n".join(["", *faults[:60], f"{len(faults)} in all"])


def test_every_settings_file_gets_its_verdict_and_no_secret_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The places at fault are named, all at once; what stands there may be a secret and is not."""
    monkeypatch.delenv("BUS_INTAKE_SECRET", raising=False)
    faults = list(judge_settings(tmp_path, settings_items.items(Dealer(SEED))))
    assert not faults, "\n".join(["", *faults])


def test_a_cell_that_openpyxl_warns_of_is_not_repeated(tmp_path: Path) -> None:
    """A phone number in a column of dates is out of every calendar: openpyxl's warning would print it. The number is
    lost, and the row says so."""
    canary = Canary(1)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER.split(","))
    sheet.append(["1", canary.word, "1", datetime(2026, 11, 23), "x", "是", 1])
    sheet["C2"].number_format = "yyyy-mm-dd"
    sheet["C2"].value = 13_800_138_000
    book.save(tmp_path / "a.xlsx")
    item = FileItem("", "", (tmp_path / "a.xlsx").read_bytes(), "", ".xlsx")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        verdict, told = read(tmp_path, item)
    assert verdict == "rejected:phone: spreadsheet-error"
    assert "13800138000" not in told + " ".join(str(one.message) for one in warned)


def test_the_judge_of_files_can_say_no(tmp_path: Path) -> None:
    """A verdict that is not met is told, and so is a canary."""
    item = next(item for item in file_items.items(Dealer(SEED)) if item.verdict == "bad-file")
    wrong = FileItem(item.kind, item.name, item.file, "form", item.suffix, item.mapping)
    assert list(judge(tmp_path, [wrong])) == [f"{item.kind}: {item.name}: bad-file, expected form"]

"""Ledgers in the shapes of four cities, made here: every row is imported, repeated, or rejected for its own reason."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles import PatternFill

from bus.demo.command_settings import command_settings
from bus.demo.local_county import LocalCounty
from tests.harness.county import Counties

CENTER = "media_center-150402"
ROWS, MORE = 300, 3000
FLAT_MIB = 24
"""What ten times as many rows may cost in memory: their ids are remembered, their texts are not."""


@dataclass(slots=True)
class Shape:
    """A ledger on the disk, its mapping, and what must become of it."""

    mapping: str
    lines: list[list[Any]]
    """The header's too."""
    repeated: int = 0
    rejected: dict[int, str] = field(default_factory=dict)
    """Row → how its reason begins."""


def new_york(rows: int) -> Shape:
    """Comma-separated, twelve-hour dates, a number as id, a coordinate left out; some dates are words."""
    shape = Shape(
        'form = "message"\nnative_id = "message_id"\ntimezone = "America/New_York"\n[fields]\n'
        'message_id = {column = "Unique Key"}\nclient_name = {constant = "311"}\n'
        'left_at = {column = "Created Date", date = "%m/%d/%Y %I:%M:%S %p"}\n'
        'text = {template = "{Complaint Type}\\n{Descriptor}"}\ndivision = {constant = "150402"}\n'
        'latitude = {column = "Latitude", type = "number"}\nlongitude = {column = "Longitude", type = "number"}\n',
        [["Unique Key", "Created Date", "Complaint Type", "Descriptor", "Latitude", "Longitude"]],
    )
    for n in range(rows):
        day = "next Tuesday" if n % 50 == 7 else "06/26/2018 10:58:54 AM"
        shape.lines.append([39_000_000 + n, day, "Noise", 'Loud, "live" music\nat night', *_place(n % 2 == 0)])
        if n % 50 == 7:
            shape.rejected[n + 2] = "left_at: not-a-date"
    return shape


def san_francisco(rows: int) -> Shape:
    """0.0 where no place is known, ISO dates without a zone, the same request exported twice."""
    shape = Shape(
        'form = "message"\nnative_id = "message_id"\n[fields]\nmessage_id = {column = "CaseID"}\n'
        'client_name = {constant = "311"}\nleft_at = {column = "Opened", date = "iso"}\n'
        'text = {column = "Request Details"}\ndivision = {constant = "150402"}\n'
        'latitude = {column = "Latitude", type = "number", none = ["0"]}\n'
        'longitude = {column = "Longitude", type = "number", none = ["0"]}\n',
        [["CaseID", "Opened", "Request Details", "Latitude", "Longitude"]],
    )
    for n in range(rows):
        twice = n % 20 == 19
        known = n - 1 if twice else n
        where = ("0.0", "0.0") if known % 3 else ("37.77" if known % 50 else "377.7", "-122.41")
        shape.lines.append([f"SF-{known}", "2019-03-04T08:00:00", f"Encampment {known}", *where])
        if known % 150 == 0:
            shape.rejected[n + 2] = "latitude: less_than_equal"
        elif twice:
            shape.repeated += 1
    return shape


def hotline(rows: int) -> Shape:
    """A workbook: a merged title, telephone numbers as people note them, days as numbers, ids that Excel has rounded,
    and thousands of styled empty rows behind the last."""
    shape = Shape(
        'form = "message"\nnative_id = "message_id"\nheader_row = 2\n[fields]\nmessage_id = {column = "工单编号"}\n'
        'client_name = {column = "来电人", default = "匿名"}\n'
        'phone = {column = "联系电话", type = "phone", none = ["/", "无"]}\n'
        'left_at = {column = "受理时间", date = ["%Y年%m月%d日", "excel"]}\n'
        'text = {column = "诉求内容"}\ndivision = {constant = "150402"}\n',
        [
            ["红山区12345热线工单台账", None, None, None, None],
            ["工单编号", "来电人", "联系电话", "受理时间", "诉求内容"],
        ],
    )
    phones = ("13800000000", "0476-8000000转801", "１３８００００００００", "/", "13800000001、13800000002", "没留")
    wrong = {4: "phone: two-numbers", 5: "phone: not-a-phone"}
    for n in range(rows):
        number: object = f"2026110200{n:08d}" if n % 40 else 2.02611e17 + n * 1e6
        day: object = 46328 + n / 1440 if n % 2 else "2026年11月2日"
        shape.lines.append([number, "居民" if n % 3 else None, phones[n % len(phones)], day, f"路灯不亮 {n}"])
        reason = "message_id: digits-lost" if n % 40 == 0 else wrong.get(n % len(phones))
        if reason:
            shape.rejected[n + 3] = reason
    return shape


def county_office(rows: int) -> Shape:
    """GB 18030 with semicolons, one line in UTF-8 among them, full-width digits, 暂无 for nothing, a rounded id, and
    the end mark of old programs."""
    shape = Shape(
        'form = "message"\nnative_id = "message_id"\ndelimiter = ";"\n[fields]\nmessage_id = {column = "编号"}\n'
        'client_name = {column = "姓名"}\nphone = {column = "电话", type = "phone", none = ["暂无"]}\n'
        'left_at = {column = "日期", date = ["%Y/%m/%d", "%Y.%m.%d"]}\ntext = {column = "事项"}\n'
        'division = {constant = "150402"}\n',
        [["编号", "姓名", "电话", "日期", "事项"]],
    )
    for n in range(rows):
        number = "2.02611E+17" if n % 60 == 11 else f"台账{n:06d}"
        day = "1899/12/31" if n % 30 == 4 else "2026.11.02" if n % 2 else "2026/11/2"
        phone = "暂无" if n % 4 else "０４７６－８０００００１"
        shape.lines.append([number, "居民\ue81e" if n % 7 else "居民甲", phone, day, "供暖不热"])
        if n % 30 == 4:
            shape.rejected[n + 2] = "left_at: greater_than_equal"
        if n % 60 == 11:
            shape.rejected[n + 2] = "message_id: digits-lost"
    shape.rejected[rows // 2 + 2] = "row: another-encoding"
    return shape


def _place(known: bool) -> tuple[str, str]:
    return ("40.69", "-73.84") if known else ("", "")


SHAPES = {
    "New York": new_york,
    "San Francisco": san_francisco,
    "a hotline": hotline,
    "a county's office": county_office,
}


def written(folder: Path, name: str, rows: int) -> tuple[Shape, Path, Path]:
    """The shape with so many rows, its file and the file of its mapping."""
    shape = SHAPES[name](rows)
    mapping = folder / "ledger.toml"
    mapping.write_text(shape.mapping, encoding="utf-8")
    if name == "a hotline":
        return shape, _workbook(folder / "ledger.xlsx", shape.lines), mapping
    if name == "a county's office":
        lines = [";".join(map(str, cells)).encode("gb18030") for cells in shape.lines]
        lines[rows // 2 + 1] = ";".join(map(str, shape.lines[rows // 2 + 1])).encode()
        file = folder / "ledger.csv"
        file.write_bytes(b"\r\n".join([*lines, b"\x1a"]))
        return shape, file, mapping
    file = folder / "ledger.csv"
    with file.open("w", newline="", encoding="utf-8-sig") as out:
        csv.writer(out).writerows(shape.lines)
    return shape, file, mapping


def _workbook(path: Path, lines: list[list[Any]]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in lines:
        sheet.append(cells)
    sheet.merge_cells("A1:E1")
    for row in range(len(lines) + 1, len(lines) + 3001):
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor="FFFF00")
    book.save(path)
    return path


def run(config: Path, file: Path, mapping: Path, *more: str) -> tuple[dict[str, Any], float]:
    """What ``bus import`` prints, and how much memory it had at most, in MiB."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "bus",
        "import",
        file,
        "--config",
        config,
        "--mapping",
        mapping,
        "--json",
        *more,
    ]
    out, err = file.with_suffix(".out"), file.with_suffix(".err")
    with out.open("w") as told, err.open("w") as said:
        child = subprocess.Popen(command, stdout=told, stderr=said)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode in (0, 1), err.read_text()
    return json.loads(out.read_text()), used.ru_maxrss / 1024


@pytest.fixture
def center(make_county: Counties) -> tuple[LocalCounty, Path]:
    """A running media center, and its settings file for the command."""
    county = make_county((CENTER,))
    return county, command_settings(county, CENTER)


@pytest.mark.parametrize("name", SHAPES)
def test_imported_repeated_and_rejected_make_all_rows(
    tmp_path: Path, center: tuple[LocalCounty, Path], name: str
) -> None:
    """Each rejection is the row at fault with its own reason, each imported row is a case, and a second run repeats."""
    county, config = center
    shape, file, mapping = written(tmp_path, name, ROWS)
    told, _ = run(config, file, mapping)
    assert {one["row"]: one["reason"] for one in told["rejects"]}.keys() == shape.rejected.keys()
    for one in told["rejects"]:
        assert one["reason"].startswith(shape.rejected[one["row"]]), one["row"]
    assert told["imported"] + told["repeated"] + told["rejected"] == ROWS
    assert (told["repeated"], told["rejected"]) == (shape.repeated, len(shape.rejected))
    assert len(county.records(CENTER)) == told["imported"]
    again, _ = run(config, file, mapping)
    assert (again["imported"], again["repeated"]) == (0, told["imported"] + told["repeated"])


@pytest.mark.parametrize("name", SHAPES)
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, center: tuple[LocalCounty, Path], name: str) -> None:
    """Ten times as many rows are read in the same memory."""
    _, config = center
    used = []
    for rows in (ROWS, MORE):
        _, file, mapping = written(tmp_path, name, rows)
        told, most = run(config, file, mapping, "--check")
        assert told["imported"] + told["rejected"] == rows
        used.append(most)
    assert used[1] - used[0] < FLAT_MIB

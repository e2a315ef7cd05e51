"""`bus import`: ledgers of every kind into forms, what is rejected and why, and a second run that changes nothing."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from bus.cli import import_ledger
from bus.demo.command_settings import command_settings
from bus.demo.local_county import LocalCounty
from bus.importing.cell import BadFile
from bus.importing.mapping import UnmappableRow, fill, load_mapping
from bus.importing.spreadsheet import rows
from tests.harness.county import Counties
from tests.unit.test_cli_run import bus

HEADER = ["编号", "姓名", "电话", "日期", "事项", "加急", "经度"]
MAPPING = """
form = "message"
native_id = "message_id"
[fields]
message_id = { column = "编号" }
client_name = { column = "姓名", required = true }
phone = { column = "电话" }
left_at = { column = "日期", date = "%Y/%m/%d %H:%M" }
text = { template = "事项：{事项}\\n电话：{电话}" }
urgent = { column = "加急", type = "boolean", default = false }
longitude = { column = "经度", type = "number" }
division = { constant = "150402" }
category = { column = "事项", values = { "路灯" = "道路交通" }, otherwise = "其他" }
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """A mapping for the ledgers below."""
    path = tmp_path / "ledger.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


def write_csv(path: Path, lines: list[list[Any]], encoding: str = "utf-8-sig") -> Path:
    """A ledger with our header."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *lines])
    return path


def filled(path: Path, mapping: Path) -> list[dict[str, Any]]:
    """Every row as a form."""
    ledger = load_mapping(mapping)
    return [fill(ledger, row) for row in rows(path, ledger, ledger.columns())]


GOOD: list[list[Any]] = [
    ["A-1", "居民甲", "0476-0000001", "2026/11/20 09:30", "路灯", "是", "118.95"],
    ["A-2", "居民乙", "", "", "别的", "", ""],
]
FORMS = [
    {
        "message_id": "A-1",
        "client_name": "居民甲",
        "phone": "0476-0000001",
        "left_at": "2026-11-20T09:30:00+08:00",
        "text": "事项：路灯\n电话：0476-0000001",
        "urgent": True,
        "longitude": 118.95,
        "division": "150402",
        "category": "道路交通",
    },
    {
        "message_id": "A-2",
        "client_name": "居民乙",
        "text": "事项：别的",
        "urgent": False,
        "division": "150402",
        "category": "其他",
    },
]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030", "utf-16"])
def test_csv_in_every_usual_encoding_makes_the_same_forms(tmp_path: Path, mapping: Path, encoding: str) -> None:
    """What Excel, WPS and other programs save is told apart by its bytes; empty cells are left out of the form."""
    assert filled(write_csv(tmp_path / "a.csv", [*GOOD, [""] * 7], encoding), mapping) == FORMS


def write_xlsx(path: Path, lines: list[list[Any]]) -> None:
    """The same as a spreadsheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in [HEADER, *lines]:
        sheet.append(line)
    book.save(path)


def test_xlsx_makes_the_same_forms(tmp_path: Path, mapping: Path) -> None:
    """Cells that are dates, numbers and booleans give what the same words in a CSV give."""
    first = ["A-1", "居民甲", "0476-0000001", datetime(2026, 11, 20, 9, 30), "路灯", True, 118.95]
    write_xlsx(tmp_path / "a.xlsx", [first, GOOD[1]])
    assert filled(tmp_path / "a.xlsx", mapping) == FORMS


def test_numbers_that_excel_has_rounded_are_rejected(tmp_path: Path, mapping: Path) -> None:
    """A long number that was kept as a number has lost its last digits: better no form than a wrong one."""
    write_xlsx(tmp_path / "a.xlsx", [[1.0, "居民甲", 13800138000.0], [2, "居民乙", 150402198001010000]])
    ledger = load_mapping(mapping)
    first, second = rows(tmp_path / "a.xlsx", ledger, ledger.columns())
    assert (fill(ledger, first)["message_id"], fill(ledger, first)["phone"]) == ("1", "13800138000")
    with pytest.raises(UnmappableRow, match="phone: digits-lost"):
        fill(ledger, second)


def test_a_bad_row_is_told_by_field_and_problem_and_never_by_its_value(tmp_path: Path, mapping: Path) -> None:
    """All that is wrong in a row is told at once; a comma too many, which moves every column, is a fault too."""
    bad = ["", "", "1", "gestern", "路灯", "vielleicht", "东"]
    path = write_csv(tmp_path / "a.csv", [bad, [*GOOD[0], "居民丙"]])
    ledger = load_mapping(mapping)
    told = []
    for row in rows(path, ledger, ledger.columns()):
        with pytest.raises(UnmappableRow) as unfit:
            fill(ledger, row)
        told.append((row.number, str(unfit.value)))
    assert told == [
        (
            2,
            "message_id: missing; client_name: missing; left_at: not-a-date; urgent: not-a-boolean; "
            "longitude: not-a-number",
        ),
        (3, "row: more-cells-than-columns"),
    ]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (('column = "编号"', 'column = "号"'), "号"),
        (('native_id = "message_id"', 'native_id = "division"'), "native_id"),
        (('constant = "150402"', 'constant = "1", column = "编号"'), "one of column, template, constant"),
        (("[fields]", 'timezone = "Mars"\n[fields]'), "time zone"),
        (("[fields]", "speed = 1\n[fields]"), "speed"),
        (("[fields]", "[fields"), "TOML"),
    ],
)
def test_a_mapping_that_does_not_fit_is_told_before_anything_is_sent(
    tmp_path: Path, mapping: Path, change: tuple[str, str], word: str
) -> None:
    """A wrong mapping names its fault."""
    mapping.write_text(MAPPING.replace(*change), encoding="utf-8")
    with pytest.raises(BadFile, match=word):
        filled(write_csv(tmp_path / "a.csv", GOOD), mapping)


def test_files_that_are_no_ledger_are_told(tmp_path: Path, mapping: Path) -> None:
    """No file, no spreadsheet, no header, other bytes than named: each is said in words."""
    ledger = load_mapping(mapping)
    (tmp_path / "b.xlsx").write_bytes(b"PK no zip")
    (tmp_path / "c.csv").write_bytes(b"")
    for name, word in (("a.csv", "No such file"), ("b.xlsx", "no XLSX"), ("c.csv", "names of the columns")):
        with pytest.raises(BadFile, match=word):
            list(rows(tmp_path / name, ledger, ledger.columns()))
    (tmp_path / "d.csv").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(BadFile, match="encoding"):
        list(rows(tmp_path / "d.csv", ledger.model_copy(update={"encoding": "ascii"}), set()))


@pytest.fixture
def center(make_county: Counties, tmp_path: Path) -> tuple[LocalCounty, Path]:
    """A running media center, and its settings file for the command."""
    county = make_county(("media_center-150402",))
    return county, command_settings(county, "media_center-150402", tmp_path)


def test_rows_become_cases_and_a_second_run_makes_no_new_ones(
    tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path]
) -> None:
    """Through the real door: good rows are cases, bad ones are listed by row and reason, and again nothing is new."""
    county, config = center
    lines = [*GOOD, ["A-3", "居民丙", "kein Telefon", "", "路灯", "", ""], ["", "居民丁"]]
    path = write_csv(tmp_path / "a.csv", lines)
    rejects = tmp_path / "rejects.csv"
    code, out, said = bus("import", "media_center-150402", path, "--mapping", mapping, "--folder", tmp_path,
                          "--rejects", rejects)  # fmt: skip
    assert (code, out.splitlines()[-1]) == (1, "imported 2, repeated 0, rejected 2"), said
    head, *listed = list(csv.reader(rejects.read_text(encoding="utf-8-sig").splitlines()))
    assert head[-2:] == ["被拒行号 row", "原因 reason"]
    assert [line[-2:] for line in listed] == [["4", "phone: string_pattern_mismatch"], ["5", "message_id: missing"]]
    assert listed[0][:3] == ["A-3", "居民丙", "kein Telefon"]
    assert rejects.stat().st_mode & 0o077 == 0
    assert "kein Telefon" not in out + said
    assert len(county.records("media_center-150402")) == 2
    code, out, _ = bus("import", path, "--config", config, "--mapping", mapping, "--json")
    again = json.loads(out)
    assert (again["imported"], again["repeated"], again["rejected"]) == (0, 2, 2)
    assert len(county.records("media_center-150402")) == 2
    received = {record.case.received_at for record in county.records("media_center-150402").values()}
    assert datetime(2026, 11, 20, 1, 30, tzinfo=UTC) in received


def test_the_rejects_can_be_mended_and_sent_alone(
    tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path]
) -> None:
    """By the same mapping: the columns of the ledger stand in the file, and two more behind them."""
    county, config = center
    path = write_csv(tmp_path / "a.csv", [*GOOD, ["A-3", "居民丙", "kein Telefon", "", "路灯", "", ""]])
    rejects = tmp_path / "rejects.csv"
    words = ("--config", config, "--mapping", mapping)
    assert bus("import", path, *words, "--rejects", rejects)[0] == 1
    text = rejects.read_text(encoding="utf-8-sig").replace("kein Telefon", "13800000003")
    rejects.write_text(text, encoding="utf-8-sig")
    code, out, said = bus("import", rejects, *words)
    assert (code, out.splitlines()[-1]) == (0, "imported 1, repeated 0, rejected 0"), said
    assert len(county.records("media_center-150402")) == 3


def test_rejects_have_the_format_of_their_ledger(
    tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path]
) -> None:
    """Title, sign, encoding: the mapping names them, and imports the mended file. What stood too far to the right is
    kept, and is refused again before it is mended; so is a cell that only looked filled."""
    county, config = center
    book = Workbook()
    sheet: Any = book.active
    for line in (["台账"], [], HEADER, ["A-3", "居民丙", "", datetime(2026, 11, 20, 9, 30), "路灯", "", "", "多"]):
        sheet.append(line)
    sheet.append(["A-4", None, "0476-0000001", None, "路灯", "", "o"])
    sheet.merge_cells("B4:B5")
    path, rejects = tmp_path / "a.xlsx", tmp_path / "rejects.csv"
    book.save(path)
    mapping.write_text('header_row = 3\ndelimiter = ";"\nencoding = "gbk"\n' + MAPPING, encoding="utf-8")
    words = ("--config", config, "--mapping", mapping)
    rejects.touch(0o644)
    assert bus("import", path, *words, "--rejects", rejects)[1].splitlines()[-1].endswith("rejected 2")
    assert rejects.stat().st_mode & 0o777 == 0o600
    _, out, said = bus("import", rejects, *words, "--json")
    assert [one["reason"] for one in json.loads(out)["rejects"]] == [
        "row: more-cells-than-columns", "client_name: spreadsheet-error; longitude: not-a-number",
    ], said  # fmt: skip
    text = rejects.read_text(encoding="utf-8-sig").replace(";多", "").replace(";o;", ";;")
    text = text.replace("#merged-cell", "居民丙")
    rejects.write_text(text, encoding="utf-8-sig")
    code, out, said = bus("import", rejects, *words)
    assert (code, out.splitlines()[-1]) == (0, "imported 2, repeated 0, rejected 0"), said
    received = {record.case.received_at for record in county.records("media_center-150402").values()}
    assert datetime(2026, 11, 20, 1, 30, tzinfo=UTC) in received


def test_a_file_of_rejects_that_cannot_be_written_is_told_first(
    tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path]
) -> None:
    """Not after an hour of import, as a traceback."""
    county, config = center
    path = write_csv(tmp_path / "a.csv", GOOD)
    words = ("--config", config, "--mapping", mapping, "--lang", "en", "--rejects", tmp_path / "none" / "rejects.csv")
    code, out, said = bus("import", path, *words)
    assert (code, out, "--rejects" in said) == (2, "", True)
    assert county.records("media_center-150402") == {}


def test_of_two_rows_with_one_id_the_earlier_one_is_taken(
    tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path]
) -> None:
    """Also where many rows are sent at once: else the later one could be taken, and the earlier one refused."""
    _, config = center
    lines = [[f"B-{number // 2}", "居民甲", "", "", f"事{number}", "", ""] for number in range(120)]
    path = write_csv(tmp_path / "a.csv", lines)
    _, out, _ = bus("import", path, "--config", config, "--mapping", mapping, "--json", "--parallel", 16)
    told = json.loads(out)
    assert [one["row"] for one in told["rejects"]] == [*range(3, 123, 2)]
    assert all(f"row {one['row'] - 1} has it" in one["reason"] for one in told["rejects"])


def test_a_check_judges_as_the_center_will(tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path]) -> None:
    """A required field without a source, a misspelt one, an id that stands twice, a form that is not there."""
    _, config = center
    path = write_csv(tmp_path / "a.csv", [*GOOD, [*GOOD[0][:4], "别的事", *GOOD[0][5:]]])
    words = ("import", path, "--config", config, "--mapping", mapping, "--lang", "en", "--check")
    code, out, _ = bus(*words)
    assert (code, "4\tid-reused" in out, out.splitlines()[-1]) == (1, True, "imported 2, repeated 0, rejected 1")
    mapping.write_text(MAPPING.replace("division =", "divisoin ="), encoding="utf-8")
    assert "division: missing" in bus(*words)[1]
    mapping.write_text(MAPPING.replace("phone =", "phon ="), encoding="utf-8")
    assert "phon: misspelt, phone" in bus(*words)[1]
    mapping.write_text(MAPPING.replace('"message"', '"mesage"'), encoding="utf-8")
    code, _, said = bus(*words)
    assert (code, "there is no form mesage" in said) == (2, True)


def test_the_faults_of_a_mapping_are_told_in_plain_words(
    tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path]
) -> None:
    """And not in those of the library that finds them."""
    _, config = center
    wrong = MAPPING.replace("type =", "typ =").replace("required = true", 'required = "maybe"')
    mapping.write_text("header_row = 0\n" + wrong.replace('"number"', '"tel"'), encoding="utf-8")
    words = ("import", write_csv(tmp_path / "a.csv", GOOD), "--config", config, "--mapping", mapping, "--check")
    code, _, said = bus(*words)
    assert (code, "Input" in said, "Extra" in said) == (2, False, False)
    assert "there is no such setting; check its spelling / 没有这一项，请检查拼写" in said
    assert "header_row: must be 1 or more" in said
    assert "required: must be true or false" in said


def test_an_address_that_is_none_is_told(tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path]) -> None:
    """No traceback, and no minute of waiting for it."""
    _, config = center
    words = ("import", write_csv(tmp_path / "a.csv", GOOD), "--config", config, "--mapping", mapping, "--lang", "en")
    for url in ("nonsense", "http://127.0.0.1:http"):
        code, _, said = bus(*words, "--url", url)
        assert (code, f"--url is no URL: {url}" in said) == (2, True)


def test_an_id_that_stands_twice_names_the_earlier_row(
    tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path]
) -> None:
    """Whoever looks for it need not search; of an earlier run nobody knows the row."""
    _, config = center
    other = [*GOOD[0][:4], "别的事", *GOOD[0][5:]]
    words = ("--config", config, "--mapping", mapping, "--json", "--parallel", 1)
    _, out, _ = bus("import", write_csv(tmp_path / "a.csv", [*GOOD, other]), *words)
    (reject,) = json.loads(out)["rejects"]
    assert (reject["row"], "row 2 has it" in reject["reason"]) == (4, True)
    _, out, _ = bus("import", write_csv(tmp_path / "b.csv", [other]), *words)
    assert "taken before" in json.loads(out)["rejects"][0]["reason"]


def test_a_check_sends_nothing(tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path]) -> None:
    """The mapping is tried on every row; the center need not even run."""
    county, config = center
    path = write_csv(tmp_path / "a.csv", [*GOOD, ["", "居民丁"]])
    code, out, _ = bus(
        "import", path, "--config", config, "--mapping", mapping, "--check", "--url", "http://127.0.0.1:1"
    )
    assert (code, out.splitlines()[-1]) == (1, "imported 2, repeated 0, rejected 1")
    assert county.records("media_center-150402") == {}


def test_who_breaks_it_off_reads_what_was_taken(
    tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C is no traceback: what is imported stays, and a second run goes on."""
    _, config = center
    plain = import_ledger._handed_in

    def handed_in(door: Any, one: Any) -> Any:
        if one.row.number == 3:
            raise KeyboardInterrupt
        return plain(door, one)

    monkeypatch.setattr(import_ledger, "_handed_in", handed_in)
    words = ("import", write_csv(tmp_path / "a.csv", GOOD), "--config", config, "--mapping", mapping, "--lang", "en")
    code, _, said = bus(*words, "--parallel", 1)
    assert code == 130
    assert "imported 1, repeated 0" in said
    assert "no row is repeated" in said
    monkeypatch.undo()


def test_progress_is_told_without_a_terminal(
    tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long run in a log or a pipe says how far it is."""
    _, config = center
    monkeypatch.setattr(import_ledger, "TELL_EVERY", 0)
    words = ("import", write_csv(tmp_path / "a.csv", GOOD), "--config", config, "--mapping", mapping, "--lang", "en")
    assert "2 / 2: imported 2" in bus(*words)[2]


def test_a_center_that_is_away_or_of_another_secret_ends_the_run(
    tmp_path: Path, mapping: Path, center: tuple[LocalCounty, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Away: 1, and it may be run again. A wrong secret or an unknown form: 2, after the first row."""
    _, config = center
    words = ("import", write_csv(tmp_path / "a.csv", GOOD), "--config", config, "--mapping", mapping, "--lang", "en")
    code, _, said = bus(*words, "--url", "http://127.0.0.1:1", "--patience", 0)
    assert (code, "run it again" in said) == (1, True)
    monkeypatch.setenv("BUS_INTAKE_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    code, _, said = bus(*words)
    assert (code, "signature" in said) == (2, True)
    monkeypatch.delenv("BUS_INTAKE_SECRET")
    mapping.write_text(MAPPING.replace('"message"', '"orders"'), encoding="utf-8")
    code, _, said = bus(*words)
    assert (code, "form" in said) == (2, True)


def test_the_shipped_mapping_fits_its_columns() -> None:
    """The mapping for New York's public requests reads only columns that the published file has."""
    ledger = load_mapping(Path(__file__).parents[2] / "deploy/examples/nyc311.mapping.toml")
    assert ledger.form == "message"
    assert {"Unique Key", "Created Date", "Complaint Type", "Latitude"} <= ledger.columns()

"""Ledgers as people and spreadsheets leave them: what can be read is read, and what cannot is named by its row."""

import csv
import tracemalloc
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook
from openpyxl.styles import PatternFill

from bus.importing.cell import BadFile, Cell
from bus.importing.cells import NotADate, TwoNumbers, date_of, phone_of
from bus.importing.mapping import FieldSource, LedgerMapping, UnmappableRow, fill
from bus.importing.spreadsheet import rows

HEADER = "编号,姓名,电话,内容,时间"
MAPPING = {
    "form": "message",
    "native_id": "message_id",
    "fields": {
        "message_id": FieldSource(column="编号"), "client_name": FieldSource(column="姓名"),
        "phone": FieldSource(column="电话"), "text": FieldSource(column="内容"),
        "left_at": FieldSource(column="时间", date="%Y/%m/%d %H:%M:%S"),
    },
}  # fmt: skip


def ledger(**changes: Any) -> LedgerMapping:
    """The mapping of these tests."""
    return LedgerMapping(**{**MAPPING, **changes})


def row(number: int, text: str = "路灯不亮", name: str = "居民甲") -> str:
    """One good row."""
    return f"A{number},{name},13800000000,{text},2026/11/2 08:00:00"


def read(path: Path, mapping: LedgerMapping | None = None) -> dict[int, Any]:
    """Row → its form, or why it is none."""
    mapping = mapping or ledger()
    found: dict[int, Any] = {}
    for one in rows(path, mapping, mapping.columns()):
        try:
            found[one.number] = fill(mapping, one)
        except UnmappableRow as unfit:
            found[one.number] = str(unfit)
    return found


def written(folder: Path, *lines: str, encoding: str = "utf-8", end: str = "\r\n") -> Path:
    """A CSV file."""
    path = folder / "ledger.csv"
    path.write_bytes(end.join([*lines, ""]).encode(encoding))
    return path


# -- encodings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, encoding: str) -> None:
    """Nobody names an encoding."""
    found = read(written(tmp_path, HEADER, row(1), encoding=encoding))
    assert (found[2]["text"], found[2]["left_at"]) == ("路灯不亮", "2026-11-02T08:00:00+08:00")


def test_the_euro_sign_of_windows_is_read(tmp_path: Path) -> None:
    """GBK has nothing at 0x80; Windows has."""
    path = written(tmp_path, HEADER, row(1, "押金#100未退"), encoding="gbk")
    path.write_bytes(path.read_bytes().replace(b"#", b"\x80"))
    assert read(path)[2]["text"] == "押金€100未退"


@pytest.mark.parametrize(("most", "one"), [("utf-8", "gbk"), ("gbk", "utf-8"), ("gb18030", "utf-8")])
def test_a_line_in_another_encoding_is_named_and_harms_no_other(tmp_path: Path, most: str, one: str) -> None:
    """Whichever of both the file is in: it is never read as other characters."""
    path = tmp_path / "ledger.csv"
    lines = [HEADER, row(1), row(2), row(3, "井盖坏了"), row(4)]
    path.write_bytes(b"\r\n".join(line.encode(one if at == 3 else most) for at, line in enumerate(lines)))
    found = read(path)
    assert found[4] == "row: another-encoding"
    assert [number for number, form in found.items() if isinstance(form, dict)] == [2, 3, 5]


def test_a_short_word_that_is_both_is_read_as_the_file_is(tmp_path: Path) -> None:
    """The word 联通 in GBK is valid UTF-8, too."""
    assert read(written(tmp_path, HEADER, row(1, "联通", "联通"), row(2), encoding="gbk"))[2]["text"] == "联通"


def test_characters_of_the_private_area_are_mapped_or_named(tmp_path: Path) -> None:
    """GB 18030 of 2022 has moved 24 of them; another one nobody can read but the program that made it."""
    found = read(written(tmp_path, HEADER, row(1, name="\ue81e某"), row(2, name="\ue816某"), row(3, name="\ue000某")))
    assert (found[2]["client_name"], found[3]["client_name"]) == ("\u9fb4某", "\U00020087某")
    assert found[4] == "row: private-character"


def test_marks_and_invisible_characters_in_the_header_are_passed_over(tmp_path: Path) -> None:
    """Every eye sees the column."""
    assert read(written(tmp_path, "\ufeff\ufeff" + HEADER, row(1)))[2]["message_id"] == "A1"
    assert read(written(tmp_path, HEADER.replace("电话", "电\u200b话\u00ad"), row(1)))[2]["phone"] == "13800000000"


def test_blanks_that_spread_a_name_are_passed_over(tmp_path: Path) -> None:
    """Line ends and spaces make a short header look better; nobody writes them into a mapping, and who does may."""
    path = written(tmp_path, '编  号,"姓　名",电话,"内容\n(必填)",时间', row(1))
    fields = {**ledger().fields, "text": FieldSource(template="{内容 (必填)}"), "phone": FieldSource(column="电 话")}
    assert read(path, ledger(fields=fields))[2] == {
        "message_id": "A1", "client_name": "居民甲", "phone": "13800000000", "text": "路灯不亮",
        "left_at": "2026-11-02T08:00:00+08:00",
    }  # fmt: skip


def test_an_invisible_character_in_an_id_is_named(tmp_path: Path) -> None:
    """Two rows would look alike, and be two."""
    found = read(written(tmp_path, HEADER, row(1).replace("A1", "A1\u200b"), row(2)))
    assert found[2] == "message_id: invisible-character"
    assert found[3]["message_id"] == "A2"


def test_the_end_mark_of_old_programs_is_no_row(tmp_path: Path) -> None:
    """Alone or behind the last one."""
    assert list(read(written(tmp_path, HEADER, row(1), "\x1a"))) == [2]
    assert read(written(tmp_path, HEADER, row(1) + "\x1a"))[2]["left_at"].startswith("2026-11-02")


# -- quotes and lengths ----------------------------------------------------------------------------------------------


def test_a_stray_quote_is_text(tmp_path: Path) -> None:
    """Read as a spreadsheet reads it, and its neighbours are as they were."""
    found = read(written(tmp_path, HEADER, row(1), row(2, '"门口写着"严禁停车"却停满了车"'), row(3), row(4, '5" 管')))
    assert found[3]["text"] == '门口写着严禁停车"却停满了车"'
    assert found[5]["text"] == '5" 管'
    assert found[2]["text"] == found[4]["text"] == "路灯不亮"


def test_a_quote_that_is_never_closed_harms_its_own_row(tmp_path: Path) -> None:
    """The rows after it are rows of their own, and not the text of one."""
    found = read(written(tmp_path, HEADER, row(1), row(2, '"没有收尾'), *(row(number) for number in range(3, 8))))
    assert found[3] == "row: quote-never-closed"
    assert [found[number]["message_id"] for number in (2, 4, 5, 8)] == ["A1", "A3", "A4", "A7"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_machine_ends_them(tmp_path: Path, end: str) -> None:
    """Also as on old Macs."""
    assert list(read(written(tmp_path, HEADER, row(1), row(2), end=end))) == [2, 3]


def test_texts_of_several_lines_are_one_row(tmp_path: Path) -> None:
    """With quotes in them, doubled as they are written; the next row has the next number."""
    found = read(written(tmp_path, HEADER, row(1, '"第一行\n第二行说""好""，\n第三行"'), row(2)))
    assert found[2]["text"] == '第一行\n第二行说"好"，\n第三行'
    assert found[3]["message_id"] == "A2"


def test_a_very_long_cell_is_read(tmp_path: Path) -> None:
    """What is too long the center refuses, by its row."""
    found = read(written(tmp_path, HEADER, row(1, "路" * 140_000), row(2)))
    assert len(found[2]["text"]) == 140_000
    assert found[3]["message_id"] == "A2"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rows_are_as_the_csv_module_reads_them(tmp_path: Path, delimiter: str) -> None:
    """What is written by the rules is read by them, whatever stands in it."""
    cells = [
        ["编号", "a"],
        ["1", 'x"y'],
        ["2", "一\n二"],
        ["3", f'"{delimiter}"'],
        ["4", ""],
        ["5", '""'],
        ["6", "\r\n"],
    ]
    path = tmp_path / "ledger.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(cells)
    mapping = ledger(delimiter=delimiter, fields={"message_id": FieldSource(column="编号")})
    found = [[one.cells["编号"], one.cells["a"]] for one in rows(path, mapping, {"编号"})]
    assert found == cells[1:]


# -- ids and numbers -------------------------------------------------------------------------------------------------


def test_an_id_that_a_spreadsheet_has_rounded_is_rejected(tmp_path: Path) -> None:
    """Two such ids look alike: one request would be lost as a repeat of the other."""
    lines = [row(1).replace("A1", "2.02611E+17"), row(2).replace("13800000000", "1.38E+10"), row(3, "1E+3 是多少")]
    found = read(written(tmp_path, HEADER, *lines))
    assert found[2] == "message_id: digits-lost"
    assert found[3] == "phone: digits-lost"
    assert found[4]["text"] == "1E+3 是多少"


def test_a_rounded_id_inside_a_template_is_rejected(tmp_path: Path) -> None:
    """The words beside it hide it, and two requests would have one id."""
    mapping = ledger(fields={"message_id": FieldSource(template="{区}-{编号}")})
    path = written(tmp_path, "区,编号", "红山,2.02611E+17", "红山,20261102")
    assert read(path, mapping) == {2: "message_id: digits-lost", 3: {"message_id": "红山-20261102"}}


def test_an_error_of_a_spreadsheet_is_no_value(tmp_path: Path) -> None:
    """A failed formula or a narrow column is nobody's name; a mapping may say that it means none."""
    path = written(tmp_path, "编号,姓名", "1,#N/A", "2,#REF!", "3,########", "4,#1 楼", "5,#DIV/0!")
    mapping = ledger(fields={"message_id": FieldSource(column="编号"), "name": FieldSource(column="姓名")})
    wrong = "name: spreadsheet-error"
    assert read(path, mapping) == {2: wrong, 3: wrong, 4: wrong, 5: {"message_id": "4", "name": "#1 楼"}, 6: wrong}
    known = FieldSource(column="姓名", none=("#N/A",))
    assert read(path, ledger(fields={**mapping.fields, "name": known}))[2] == {"message_id": "1"}


@pytest.mark.parametrize("word", ["合计", "总  计：", "小计", "Total"])
def test_a_row_of_totals_is_no_request(tmp_path: Path, word: str) -> None:
    """It has a text of its own, and would become a case."""
    found = read(written(tmp_path, HEADER, row(1), f"{word},居民甲,,共 1 件,"))
    assert found[3] == "message_id: row-of-totals"


def test_what_stands_for_nothing_is_nothing(tmp_path: Path) -> None:
    """A latitude of 0.0 is a place in the sea, and a slash is no telephone number."""
    mapping = ledger(
        fields={
            "message_id": FieldSource(column="编号"),
            "phone": FieldSource(column="电话", none=("/", "无", "0")),
            "latitude": FieldSource(column="纬度", type="number", none=("0",)),
        }
    )
    path = written(tmp_path, "编号,电话,纬度", "1,/,0.0", "2,无,0", "3,0,42.26", "4,13800000000,-0.0")
    assert read(path, mapping) == {
        2: {"message_id": "1"}, 3: {"message_id": "2"}, 4: {"message_id": "3", "latitude": 42.26},
        5: {"message_id": "4", "phone": "13800000000"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "forms", "moment"),
    [
        ("2026/11/2 08:00:00", ("%Y/%m/%d %H:%M:%S",), "2026-11-02T08:00:00+08:00"),
        ("2026-11-02", ("%Y/%m/%d", "iso"), "2026-11-02T00:00:00+08:00"),
        ("2026年11月2日", ("iso", "%Y年%m月%d日"), "2026-11-02T00:00:00+08:00"),
        ("２０２６/１１/２", ("%Y/%m/%d",), "2026-11-02T00:00:00+08:00"),
        ("46328", ("iso", "excel"), "2026-11-02T00:00:00+08:00"),
        (46328.5, ("excel",), "2026-11-02T12:00:00+08:00"),
        (date(2026, 11, 2), ("iso",), "2026-11-02T00:00:00+08:00"),
        (datetime(2026, 11, 2, 8), ("iso",), "2026-11-02T08:00:00+08:00"),
        ("1899-05-01", ("iso",), "1899-05-01T00:00:00+08:00"),
        ("2026-11-02T08:00:00+00:00", ("iso",), "2026-11-02T08:00:00+00:00"),
        ("2026-11-02T08:00:00", ("%Y/%m/%d",), "2026-11-02T08:00:00+08:00"),  # a date cell in a file of rejects
        ("2026/11/2 8：30", ("%Y/%m/%d %H：%M",), "2026-11-02T08:30:00+08:00"),
        ("\u202d2026-11-02\u202c", ("iso",), "2026-11-02T00:00:00+08:00"),
        ("20261102", ("%Y%m%d",), "2026-11-02T00:00:00+08:00"),
        ("", ("iso",), None),
    ],
)
def test_dates_are_read_in_several_forms(cell: Cell, forms: tuple[str, ...], moment: str | None) -> None:
    """One after the other, as the mapping has them; a date alone is the begin of its day."""
    assert date_of(forms, cell, "Asia/Shanghai") == moment


@pytest.mark.parametrize("cell", ["昨天", "2026/13/40", "12", "99999999", True])
def test_what_is_no_date_is_rejected(cell: Cell) -> None:
    """And never guessed."""
    with pytest.raises(NotADate):
        date_of(("iso", "%Y/%m/%d", "excel"), cell, "Asia/Shanghai")


@pytest.mark.parametrize("text", ["202611", "2026112", "2026111"])
def test_digits_without_a_sign_between_them_must_all_be_there(text: str) -> None:
    """November 2026 became 1 January in silence."""
    with pytest.raises(NotADate):
        date_of(("%Y%m%d",), text, "Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800000000", "13800000000"), ("１３８００００００００", "13800000000"),
        ("0476-5550103转801", "0476-5550103-801"),
        ("0476—5550103 分机 801", "0476-5550103-801"), ("+86 138 0000 0000", "+86 138 0000 0000"),
        ("\u202d13800000000\u202c", "13800000000"),  # as telephones copy a contact
        ("(0476)5550103", "(0476)5550103"), ("0476-5550103 ext. 12", "0476-5550103-12"),
    ],
)  # fmt: skip
def test_telephone_numbers_are_normalised(text: str, number: str) -> None:
    """Full-width digits, an extension in any words."""
    assert phone_of(text, "reject") == number


@pytest.mark.parametrize("text", ["13800000000/13800000001", "0476-5550103、5550104", "13800000000 13800000001"])
def test_two_numbers_in_a_cell_are_a_question(text: str) -> None:
    """Which one it shall be, the mapping says; else the row is rejected."""
    with pytest.raises(TwoNumbers):
        phone_of(text, "reject")
    assert phone_of(text, "first") in ("13800000000", "0476-5550103")


@pytest.mark.parametrize("text", ["找村长", "138", "12", "13800000000a"])
def test_what_is_no_number_is_rejected(text: str) -> None:
    """But for three digits, which are one: 110."""
    if text == "138":
        assert phone_of(text, "reject") == "138"
        return
    with pytest.raises(ValueError, match=r"."):
        phone_of(text, "reject")


# -- sheets ----------------------------------------------------------------------------------------------------------


def _sheet(folder: Path, *lines: list[Any], styled: int = 0, merge: tuple[str, ...] = ()) -> Path:
    book = Workbook()
    sheet: Any = book.active
    for line in lines:
        sheet.append(line)
    for number in range(len(lines) + 1, len(lines) + 1 + styled):
        sheet.cell(row=number, column=1).fill = PatternFill("solid", fgColor="FFFF00")
    for place in merge:
        sheet.merge_cells(place)
    path = folder / "ledger.xlsx"
    book.save(path)
    return path


def test_styled_empty_rows_are_passed_over_in_little_memory(tmp_path: Path) -> None:
    """However many follow: somebody has coloured a whole column."""
    path = _sheet(tmp_path, HEADER.split(","), row(1).split(","), styled=30_000)
    tracemalloc.start()
    found = read(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert list(found) == [2]
    assert most < 30 << 20


def test_a_cell_under_a_merged_one_is_named(tmp_path: Path) -> None:
    """It looks filled to its reader: a name that stands for three rows must not be lost in two of them."""
    lines: list[list[Any]] = [
        row(1).split(","),
        ["A2", None, None, "井盖", None],
        ["A3", None, "13800000002", "路灯", None],
    ]
    path = _sheet(tmp_path, HEADER.split(","), *lines, merge=("B2:B3", "D4:E4", "G2:H9"))
    found = read(path)
    assert (found[2]["client_name"], found[3]) == ("居民甲", "client_name: merged-cell")
    assert found[4] == "left_at: merged-cell"
    unused = ledger(fields={"message_id": FieldSource(column="编号"), "text": FieldSource(column="内容")})
    assert read(path, unused)[3] == {"message_id": "A2", "text": "井盖"}


def test_a_formula_that_was_never_calculated_is_named(tmp_path: Path) -> None:
    """Some programs write formulas without their values: the field would be lost. An empty result is a value."""
    path = _sheet(tmp_path, HEADER.split(","), row(1).split(","), ["A2", '="居民"&"乙"', '=IF(1,"")', "井盖", None])
    with ZipFile(path) as parts:
        contents = {name: parts.read(name) for name in parts.namelist()}
    page = contents["xl/worksheets/sheet1.xml"]
    empty = page.replace(b'<c r="C3"', b'<c r="C3" t="str"')
    assert empty != page
    with ZipFile(path, "w") as parts:
        for name, content in {**contents, "xl/worksheets/sheet1.xml": empty}.items():
            parts.writestr(name, content)
    assert read(path)[3] == "client_name: formula-without-value"
    unused = ledger(fields={"message_id": FieldSource(column="编号"), "phone": FieldSource(column="电话")})
    assert read(path, unused)[3] == {"message_id": "A2"}


def test_names_in_two_rows_are_found(tmp_path: Path) -> None:
    """A header of merged cells in two rows: nothing fits, and the message says why."""
    path = _sheet(tmp_path, ["编号", "来电人", None, "内容", "时间"], [None, "姓名", "电话", None, None])
    with pytest.raises(BadFile, match=r"two rows, 1 and 2.*header_row = 2"):
        read(path)


def test_names_in_another_sheet_are_found(tmp_path: Path) -> None:
    """The first sheet says how to fill in the second."""
    book = Workbook()
    book.active.append(["填表说明"])  # type: ignore[union-attr]  # a new book has a sheet
    second = book.create_sheet("台账")
    for line in (["台账"], HEADER.split(","), row(1).split(",")):
        second.append(line)
    book.save(tmp_path / "ledger.xlsx")
    with pytest.raises(BadFile, match=r'sheet = "台账", header_row = 2'):
        read(tmp_path / "ledger.xlsx")
    assert read(tmp_path / "ledger.xlsx", ledger(sheet="台账", header_row=2))[3]["message_id"] == "A1"


def test_a_file_is_read_as_what_it_is(tmp_path: Path) -> None:
    """Systems export web pages and workbooks under any name; the cure fits the contents."""
    sheet = _sheet(tmp_path, HEADER.split(","), row(1).split(","))
    for name in ("ledger.xls", "ledger.csv"):
        assert read(sheet.rename(sheet.with_name(name)))[2]["message_id"] == "A1"
        sheet = tmp_path / name
    path = tmp_path / "old.xls"
    for content, cure in ((b"\xd0\xcf\x11\xe0" + bytes(600), "without one"), (b"\n<HTML><table>", "web page")):
        path.write_bytes(content)
        with pytest.raises(BadFile, match=cure):
            read(path)


def test_a_title_above_the_names_is_found(tmp_path: Path) -> None:
    """Nobody must guess: the message says which row it is."""
    path = _sheet(tmp_path, ["诉求台账", None, None], [None], HEADER.split(","), row(1).split(","))
    with pytest.raises(BadFile, match=r"header_row = 3"):
        read(path)
    assert read(path, ledger(header_row=3))[4]["message_id"] == "A1"


@pytest.mark.parametrize(("sign", "word"), [(";", ";"), ("\t", r"\\t"), ("，", "，")])
def test_another_sign_between_the_columns_is_found(tmp_path: Path, sign: str, word: str) -> None:
    """The message says what to write."""
    path = written(tmp_path, HEADER.replace(",", sign), row(1).replace(",", sign))
    with pytest.raises(BadFile, match=f'delimiter = "{word}"'):
        read(path)
    assert read(path, ledger(delimiter=sign))[2]["message_id"] == "A1"


def test_a_file_of_another_kind_is_told_so(tmp_path: Path) -> None:
    """With the columns that are missing, and no proposal where there is none."""
    with pytest.raises(BadFile, match=r"缺少列: 内容, 姓名, 时间, 电话.*映射是否对应"):
        read(written(tmp_path, "编号,别的", "1,2"))
    with pytest.raises(BadFile, match="no row 1"):
        read(written(tmp_path))

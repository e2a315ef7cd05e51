"""`bus import --draft`: a mapping from a ledger's own headers, which a second look and `--check` then confirm."""

import tomllib
from pathlib import Path

import pytest
from openpyxl import Workbook

from bus.importing.cell import BadFile
from bus.importing.draft import draft
from bus.importing.mapping import LedgerMapping, fill, load_mapping
from bus.importing.spreadsheet import SpreadsheetFormat, rows
from bus.sdk import discovery
from tests.unit.test_cli_run import WHOLE, bus
from tests.unit.test_docs import ROOT

HEADERS = {
    "hotline": (
        "工单编号,来电人,联系电话,诉求标题,诉求内容,受理时间,诉求领域,事发地点",
        "government_service",
        "work-order",
    ),
    "village": ("序号,姓名,手机号,事项内容,登记时间,类别", "party_service", "entry"),
    "app": ("编号,昵称,电话,留言内容,留言时间,分类", "media_center", "message"),
}
"""The headers of ledgers as centers keep them, and whose form they become."""
ROW = {
    "hotline": "12345-1,居民甲,13800000000,路灯,路灯不亮,2026/11/2 8:00,市容环境,站前街",
    "village": "7,居民甲,13800000000,路灯不亮,2026年11月2日,从没听过",
    "app": "A-1,居民甲,/,路灯不亮,2026-11-02 08:00:00,物业",
}


def _drafted(folder: Path, which: str, *above: str) -> tuple[Path, LedgerMapping]:
    header, kind, form = HEADERS[which]
    path = folder / "ledger.csv"
    path.write_text("\n".join([*above, header, ROW[which], ""]), encoding="utf-8")
    one = discovery.find(kind).center().forms[form]
    native_id = {"work-order": "order_no", "entry": "matter_no", "message": "message_id"}[form]
    mapping = folder / "mapping.toml"
    text = draft(path, form, one.model, native_id, SpreadsheetFormat())
    mapping.write_text(text.replace('division = {constant = ""}', 'division = {constant = "150402"}'), encoding="utf-8")
    return path, load_mapping(mapping)


@pytest.mark.parametrize("which", HEADERS)
def test_a_draft_of_a_chinese_ledger_makes_forms(tmp_path: Path, which: str) -> None:
    """Once what is required and stands in no column is filled in by hand, each row is a form that its model takes."""
    path, mapping = _drafted(tmp_path, which)
    _, kind, form = HEADERS[which]
    (row,) = rows(path, mapping, mapping.columns())
    filled = fill(mapping, row)
    model = discovery.find(kind).center().forms[form].model
    model.model_validate(filled, strict=False)
    assert filled["text"] == "路灯不亮"
    assert next(str(value) for name, value in filled.items() if name.endswith("_at")).startswith("2026-11-02T")


def test_a_word_that_nobody_knows_is_the_lists_last(tmp_path: Path) -> None:
    """And a slash is no telephone number."""
    path, mapping = _drafted(tmp_path, "village")
    (row,) = rows(path, mapping, mapping.columns())
    assert fill(mapping, row)["sphere"] == "其他"
    path, mapping = _drafted(tmp_path, "app")
    (row,) = rows(path, mapping, mapping.columns())
    assert "phone" not in fill(mapping, row)


def test_a_title_above_the_headers_is_passed_over(tmp_path: Path) -> None:
    """The mapping says in which row they stand."""
    path, mapping = _drafted(tmp_path, "app", "诉求台账", "")
    assert mapping.header_row == 3
    assert [row.number for row in rows(path, mapping, mapping.columns())] == [4]


def test_what_is_guessed_is_marked_and_what_is_left_is_named(tmp_path: Path) -> None:
    """Whoever reads the draft sees where to look."""
    path = tmp_path / "ledger.csv"
    path.write_text("编号,居民联系电话（本人）,内容,满意度\n1,2,3,4\n", encoding="utf-8")
    model = discovery.find("media_center").center().forms["message"].model
    text = draft(path, "message", model, "message_id", SpreadsheetFormat())
    assert 'phone = {column = "居民联系电话（本人）"' in text
    assert "# 请核对 please check" in text
    assert "columns not used: 满意度" in text
    assert "# 必填，请填写 required" in text


def test_a_file_without_an_id_has_no_draft(tmp_path: Path) -> None:
    """Without one a second run would import everything twice."""
    path = tmp_path / "ledger.csv"
    path.write_text("姓名,内容\n居民甲,x\n", encoding="utf-8")
    model = discovery.find("media_center").center().forms["message"].model
    with pytest.raises(BadFile, match="looks like an id"):
        draft(path, "message", model, "message_id", SpreadsheetFormat())


def test_the_command_prints_a_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To standard output, so that it can be kept as a file; for a form that is not there it names those that are."""
    monkeypatch.setenv("BUS_INTAKE_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    config = tmp_path / "media.toml"
    config.write_text(WHOLE.format(folder=tmp_path), encoding="utf-8")
    book = Workbook()
    assert book.active is not None
    book.active.append(HEADERS["app"][0].split(","))
    book.save(tmp_path / "ledger.xlsx")
    code, out, said = bus("import", tmp_path / "ledger.xlsx", "--config", config, "--draft", "message", "--lang", "en")
    assert code == 0, said
    (tmp_path / "m.toml").write_text(out, encoding="utf-8")
    assert load_mapping(tmp_path / "m.toml").form == "message"
    code, _, said = bus("import", tmp_path / "ledger.xlsx", "--config", config, "--draft", "letter", "--lang", "en")
    assert (code, "message-batch" in said) == (2, True)
    code, _, said = bus("import", tmp_path / "ledger.xlsx", "--config", config, "--lang", "en")
    assert (code, "--draft" in said) == (2, True)


def test_the_example_of_a_chinese_ledger_makes_work_orders(tmp_path: Path) -> None:
    """The mapping that is shipped: a title above, two telephone numbers, a date with characters in it."""
    mapping = load_mapping(ROOT / "deploy" / "examples" / "hotline.mapping.toml")
    path = tmp_path / "ledger.csv"
    path.write_text(
        "诉求台账\n工单编号,来电人,联系电话,诉求标题,诉求内容,受理时间,事发地点,是否紧急,诉求领域\n"
        "GD-1,/,0476-5550103转801、13800000000,路灯,路灯不亮,2026年11月2日,站前街,是,供暖\n",
        encoding="utf-8",
    )
    (row,) = rows(path, mapping, mapping.columns())
    filled = fill(mapping, row)
    discovery.find("government_service").center().forms["work-order"].model.model_validate(filled, strict=False)
    assert (filled["phone"], filled["urgent"], filled["sphere"]) == ("0476-5550103-801", True, "水电气暖")
    assert "caller" not in filled


def test_the_names_are_looked_for_in_every_usual_place(tmp_path: Path) -> None:
    """Below two lines of titles, parted by another sign, on the second sheet, spread over lines: the draft says it."""
    header, kind, form = HEADERS["village"]
    model = discovery.find(kind).center().forms[form].model
    path = tmp_path / "ledger.csv"
    for sign, told in ((";", 'delimiter = ";"'), ("\t", 'delimiter = "\\t"')):
        lines = ("2026 年台账", "单位：甲,统计：乙", header, ROW["village"], "")
        path.write_text("\n".join(lines).replace(",", sign), encoding="utf-8")
        text = draft(path, form, model, "matter_no", SpreadsheetFormat())
        assert {told, "header_row = 3"} <= {*text.splitlines()}
        LedgerMapping(**tomllib.loads(text))
    book = Workbook()
    second = book.create_sheet("台账")
    second.append(["序\n号", "姓  名", "手机\r\n号", "事项内容"])
    book.save(tmp_path / "ledger.xlsx")
    text = draft(tmp_path / "ledger.xlsx", form, model, "matter_no", SpreadsheetFormat())
    mapping = LedgerMapping(**tomllib.loads(text))
    assert (mapping.sheet, {"序号", "姓名", "手机号"} <= mapping.columns()) == ("台账", True)

"""The console's pages in a real browser."""

from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from bus.console.scope import CenterScope
from bus.store import Tx, cases, parked, tables
from bus.store.rows import JournalLine
from tests.console.conftest import PATIENCE, Visit
from tests.console.test_mending import signed_in
from tests.harness.consoled import ConsoledCenter
from tests.harness.step import MEDIA, PARTY

PATHS = (
    "/", "/stuck", f"/stuck/group?place=wire&code=internal&peer={PARTY}", "/operations", "/operation-log", "/cases",
    "/cases?list=silent", "/alarms", "/system",
)  # fmt: skip


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_shows(visit: Visit, desk: ConsoledCenter, lang: str, width: int, tmp_path: Path) -> None:
    """In both languages, on a telephone and on a desk: nothing is wider than the page, and no rule is broken."""
    page = visit("zhao", lang=lang, width=width)
    for path in PATHS:
        page.goto(f"{desk.url}{path}")
        expect(page.locator("h1")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth")
        page.screenshot(path=tmp_path / f"{lang}-{width}{path.replace('/', '-')}.png", full_page=True)
        assert wide <= width, path


def test_what_somebody_writes_is_text(visit: Visit, desk: ConsoledCenter) -> None:
    """Tags in a number, a note, a peer's name and a reason are shown, and nothing of them runs."""
    evil = "<script>document.title='x'</script><img src=x onerror=alert(1)>"
    (case_id,) = desk.process.console.scope.named("N-2")
    row = parked.row("wire", "internal", "", known_by=b"evil", owner=evil[:60], now_ms=1, peer=evil[:60])
    line = JournalLine(str(case_id), 1, "said", evil[:60], evil[:60], None, evil[:60], 1, evil)

    def write(tx: Tx) -> None:  # what no door lets in
        parked.park(tx, [row])
        cases.note(tx, [line])
        tx.execute(tables.cases.update().where(tables.cases.c.number == "N-1").values(number=evil))

    desk.center.store.write(write)
    desk.renew()
    page = visit("li")
    for path in ("/", "/stuck", "/cases", f"/cases/{case_id}", f"/cases?q={quote(evil)}", f"/cases?peer={quote(evil)}"):
        page.goto(f"{desk.url}{path}")
        assert page.title() != "x"
        assert page.locator("main script, main img[src=x]").count() == 0
    expect(page.locator("input[name=peer]")).to_have_value(evil)


def test_pages_work_without_scripts(visit: Visit, desk: ConsoledCenter) -> None:
    """Signing in, looking, and previewing are plain pages and forms."""
    desk.renew()
    page = visit("li", scripts=False)
    page.goto(f"{desk.url}/stuck")
    page.click("text=打开")
    page.click("text=全部重放：先预览")
    expect(page.locator("main")).to_contain_text("已预览，未执行")
    page.click("text=执行：就这 2 件")
    expect(page.locator("main")).to_contain_text("执行中")


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_everybody_can_use_the_pages(visit: Visit, desk: ConsoledCenter, shade: str) -> None:
    """No serious finding of axe on any page, light or dark."""
    desk.renew()
    (case_id,) = desk.process.console.scope.named("N-2")
    page = visit("zhao")
    page.emulate_media(color_scheme=shade)  # type: ignore[arg-type]  # one of two
    axe = Axe()
    for path in (*PATHS, f"/cases/{case_id}", "/stuck/item/1"):
        page.goto(f"{desk.url}{path}")
        found = [one for one in axe.run(page).response["violations"] if one["impact"] in ("serious", "critical")]
        assert [(path, one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_a_center_that_falls_silent_turns_red_and_green_again(visit: Visit, desk: ConsoledCenter) -> None:
    """On the open page, by itself."""
    page = visit("wang")
    tile = page.locator(f"[data-center='{MEDIA}']")
    expect(tile).to_have_attribute("data-state", "fault", timeout=PATIENCE)  # an old message waits for its own system
    desk.center.store.write(_without_work)
    expect(tile).to_have_attribute("data-state", "well", timeout=PATIENCE)
    health = dict(desk.health)
    desk.health.clear()
    expect(tile).to_have_attribute("data-state", "fault", timeout=PATIENCE)
    expect(page.locator("#findings")).to_contain_text("本中心的总线程序未运行")
    desk.health.update(health)
    expect(tile).to_have_attribute("data-state", "well", timeout=PATIENCE)


def _without_work(tx: Tx) -> None:
    for table in (tables.work, tables.parked):
        tx.execute(table.delete())


def test_a_page_that_fails_says_so(desk: ConsoledCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the cure, without what it holds; and the other pages work."""

    def broken(*_: object) -> list[object]:
        raise ValueError("居民甲")

    monkeypatch.setattr(CenterScope, "operations", broken)
    with signed_in(desk, "wang") as client:
        answer = client.get("/operations")
        assert answer.status_code == 500
        assert "这一页出了故障" in answer.text
        assert "居民甲" not in answer.text
        assert client.get("/stuck").status_code == 200

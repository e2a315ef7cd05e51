"""``make screenshots``: every page of the console as a picture, in both languages, for a telephone and for a desk.

A person looks at them before a release: no test says whether a page is beautiful. They are written into
``build/screenshots`` and are not part of the repository.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from bus.alarms.incidents import begun
from bus.console.alarming import trouble_of
from bus.console.doors import Doors
from bus.console.findings import Finding, Severity
from bus.runtime.center_doors import CenterDoors
from bus.security import pki
from bus.settings import Tls
from bus.store import incidents, ledger_lists
from bus.store.incidents import Incident, State
from bus.store.timestamps import ms
from tests.console.conftest import CHROMIUM, QUIET
from tests.console.test_county import HANGING
from tests.console.test_figures import LEDGER, PERIOD, fill_ledger
from tests.harness import signing_county as center
from tests.harness.consoled import PASSWORD, ConsoledCenter, consoled, filled_center
from tests.harness.doored_county import doored_county
from tests.harness.step import MEDIA, PARTY, BareCenter

OUT = Path(__file__).parents[1] / "build" / "screenshots"
LANGUAGES = ("zh", "en")
WIDTHS = (390, 1280)
LOAD_ALL = """async () => {
  const images = [...document.images];
  for (const one of images) one.loading = "eager";
  await Promise.all(images.map((one) => one.decode().catch(() => null)));
}"""
"""Also curves below the screen, which are loaded late."""
SHADES = ("light", "dark")
"""Dark pages are taken of the first page alone: the colours are the same on all."""


def _pages_of_a_center(console: ConsoledCenter) -> dict[str, str]:
    """Name of a picture → the page's path."""
    (case_id,) = console.process.console.scope.named("N-2")
    operation = console.process.console.scope.operations()[0]["id"]
    group = f"place=wire&code=internal&peer={PARTY}"
    return {
        "overview": "/", "stuck": "/stuck", "group": f"/stuck/group?{group}", "item": "/stuck/item/1",
        "operations": "/operations", "operation": f"/operations/{operation}", "record": "/operation-log",
        "cases": "/cases", "silent": "/cases?list=silent", "filtered": "/cases?category=housing&street=150402006",
        "not-found": "/cases?q=123-456-7891", "case": f"/cases/{case_id}", "figures": "/figures", "system": "/system",
        "alarms": "/alarms", "fault": "/operations/none",
    }  # fmt: skip


def _pages_of_a_county(console: ConsoledCenter) -> dict[str, str]:
    asked = f"from={PERIOD['from']}&to={PERIOD['to']}"
    group = f"center={center.MEDIA}&place=wire&code=internal&peer={center.PARTY}"
    with console.center.store.reading() as tx:
        (told, *_) = ledger_lists.wanted(tx, ledger_lists.ToldFilter(), None, 1)
    return {
        "county-overview": "/", "county-stuck": "/stuck", "county-group": f"/stuck/group?{group}",
        "county-item": f"/stuck/item/1?center={center.MEDIA}", "county-cases": "/cases",
        "county-case": f"/cases/{told.case_id}", "county-findings": "/findings", "county-figures": f"/figures?{asked}",
        "county-behind": f"/figures/cases?{asked}&figure=registered", "county-alarms": "/alarms",
        "county-system": "/system",
    }  # fmt: skip


@contextmanager
def _center(folder: Path) -> Iterator[ConsoledCenter]:
    """A center with something on each page: a certificate that ends soon, and an operation that was previewed."""
    now = datetime.now(UTC)
    issued = pki.for_center(pki.new_authority("county", now), MEDIA, now, 20)
    certificate, key = folder / "center.pem", folder / "center.key"
    certificate.write_bytes(issued.certificate)
    key.write_bytes(issued.key)
    with filled_center(folder, tls=Tls(certificate=certificate, key=key)) as found:
        yield found


@contextmanager
def _county(folder: Path) -> Iterator[ConsoledCenter]:
    """A ledger with cases, whose console looks into centers: at one something is stuck, another does not answer."""
    here = BareCenter(LEDGER, folder)
    fill_ledger(here.store)
    with doored_county(folder) as county:
        county.park(center.MEDIA, "internal", center.PARTY)
        client = CenterDoors(county.addresses | {HANGING: "http://127.0.0.1:9"}, within=1.0)
        doors = Doors(county.key.keys[-1], (*county.addresses, HANGING), client.post, lambda: datetime.now(UTC))
        with consoled(here, folder, doors=doors) as found:
            for one in county.addresses:
                doors.look(one)
            found.own.write(lambda tx: incidents.keep(tx, [_opened(datetime.now(UTC))]))
            yield found
        client.close()
    here.close()


def _opened(now: datetime) -> Incident:
    trouble = trouble_of(Finding("door-silent", Severity.FAULT, HANGING, center=HANGING))
    return begun(trouble, ms(now))._replace(state=State.OPEN, opened_ms=ms(now), told="opened", told_ms=2**50)


def _signed_in(browser: Browser, console: ConsoledCenter, lang: str, width: int, shade: str) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=shade)  # type: ignore[arg-type]  # one of two
    page = context.new_page()
    page.goto(f"{console.url}/sign-in?lang={lang}")
    page.screenshot(path=OUT / f"sign-in-{lang}-{width}.png", full_page=True)
    page.fill("input[name=name]", "zhao")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{console.url}/")
    return page


def _previewed(browser: Browser, console: ConsoledCenter) -> None:
    page = _signed_in(browser, console, LANGUAGES[0], WIDTHS[1], SHADES[0])
    page.goto(f"{console.url}/stuck/group?place=wire&code=internal&peer={PARTY}")
    page.fill("input[name=why]", "cause-removed")
    page.click("button[value=replay]")
    page.wait_for_url(f"{console.url}/operations/*")
    page.context.close()


def _taken(browser: Browser, console: ConsoledCenter, pages: dict[str, str]) -> int:
    """Take each page. Returns how many are wider than the screen."""
    wide = 0
    for lang in LANGUAGES:
        for width in WIDTHS:
            page = _signed_in(browser, console, lang, width, SHADES[0])
            for name, path in pages.items():
                page.goto(f"{console.url}{path}")
                page.evaluate(LOAD_ALL)
                page.screenshot(path=OUT / f"{name}-{lang}-{width}.png", full_page=True)
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    wide += 1
                    _say(f"{name} ({lang}, {width} px) is wider than the screen")
            page.context.close()
    page = _signed_in(browser, console, LANGUAGES[0], WIDTHS[1], SHADES[1])
    page.evaluate(LOAD_ALL)
    page.screenshot(path=OUT / f"{next(iter(pages))}-dark.png", full_page=True)
    page.context.close()
    return wide


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main(_arguments: Sequence[str] = ()) -> int:
    """Take all pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        with TemporaryDirectory() as folder, _center(Path(folder)) as console:
            _previewed(browser, console)
            console.renew_slowly()
            wide = _taken(browser, console, _pages_of_a_center(console))
        with TemporaryDirectory() as folder, _county(Path(folder)) as console:
            console.renew_slowly()
            wide += _taken(browser, console, _pages_of_a_county(console))
        browser.close()
    _say(f"{len(list(OUT.glob('*.png')))} pictures in {OUT}")
    return int(wide > 0)


if __name__ == "__main__":
    sys.exit(main())

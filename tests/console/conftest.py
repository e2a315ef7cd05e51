"""A real browser (Debian's Chromium), a center with cases, and the console beside it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.harness.consoled import PASSWORD, ConsoledCenter, filled_center

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
"""Without them it looks up hosts of its maker's, which a test must not reach."""
PATIENCE = 20_000
"""Milliseconds for which an assertion waits: the machine may be busy."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser; missing, the tests fail: pages that nobody has looked at are not tested. Its event loop runs on this
    thread, so it ends with the file: other tests have loops of their own."""
    assert CHROMIUM.exists(), "make services installs Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield browser
        browser.close()


@dataclass
class Faults:
    """What a page may never do."""

    errors: list[str] = field(default_factory=list)
    """Errors of scripts and of the page's own rules (CSP)."""
    elsewhere: list[str] = field(default_factory=list)
    """Requests for other hosts."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ConsoledCenter]:
    """The media center with cases in each state, something parked, and its console."""
    with filled_center(tmp_path) as found:
        yield found


Visit = Callable[..., Page]


@pytest.fixture
def faults() -> Faults:
    """What the pages of this test have done that no page may do."""
    return Faults()


@pytest.fixture
def visit(browser: Browser, desk: ConsoledCenter, faults: Faults) -> Iterator[Visit]:
    """A page, signed in as somebody: ``visit("li")``. At the end nothing was asked of another host, and no rule of a
    page was broken."""
    contexts: list[BrowserContext] = []

    def open_(name: str | None, *, lang: str = "zh", width: int = 1280, scripts: bool = True) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("request", lambda request: _note(request.url, desk.url, faults))
        page.on("pageerror", lambda error: faults.errors.append(str(error)))
        page.on("console", lambda said: faults.errors.append(said.text) if said.type == "error" else None)
        page.goto(f"{desk.url}/sign-in?lang={lang}")
        if name is not None:
            page.fill("input[name=name]", name)
            page.fill("input[name=password]", PASSWORD)
            page.click("main button")
            page.wait_for_url(f"{desk.url}/")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults.elsewhere == []
    assert faults.errors == []


def _note(asked: str, own: str, faults: Faults) -> None:
    if not asked.startswith(own):
        faults.elsewhere.append(asked)

"""A person on duty before the console in a browser, with a stopwatch and a counter of clicks."""

import time
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page, expect

from tests.drills.stage import OURS
from tests.harness.consoled import PASSWORD
from verification.drills.record import keep

PATIENCE = 180_000
"""Milliseconds after which a finding counts as not shown: the machine may be busy."""


@dataclass
class Desk:
    """One browser, signed in."""

    page: Page
    url: str
    clicks: int = 0
    _struck: float = 0.0
    _seen: float = 0.0
    _code: str = ""
    found_s: float = 0.0

    def strikes(self) -> None:
        """The fault strikes now."""
        expect(self.page.locator("#findings .well")).to_be_visible(timeout=PATIENCE)
        self._struck = time.monotonic()

    def sees(self, code: str, *, about: str | None = None) -> None:
        """Wait on the first page until the finding is there. The first one of a drill stops the watch."""
        which = f"[data-code='{code}']" + (f"[data-about='{about}']" if about is not None else "")
        finding = self.page.locator(f"#findings li{which}")
        expect(finding.first).to_be_visible(timeout=PATIENCE)
        if not self._code:
            self._code, self._seen = code, time.monotonic()
            self.found_s = self._seen - self._struck

    def tile(self, center: str, state: str) -> None:
        """Wait until the tile of a center is in this state."""
        tile = self.page.locator(f"[data-center='{center}']")
        expect(tile).to_have_attribute("data-state", state, timeout=PATIENCE)

    def click(self, text: str) -> None:
        """One click more."""
        self.clicks += 1
        self.page.click(f"text={text}")

    def mended(self, drill: str, *centers: str) -> None:
        """Wait on the first page until nothing is found any more and the tiles are green; the watch stops. A drill
        without a name is kept nowhere."""
        if self.page.url != f"{self.url}/":
            self.page.goto(f"{self.url}/")
        expect(self.page.locator("#findings .well")).to_be_visible(timeout=PATIENCE)
        for center in (OURS, *centers):
            self.tile(center, "well")
        if drill:
            keep(drill, self._code, self.clicks, self.found_s, time.monotonic() - self._seen)


def signed_in(context: BrowserContext, url: str, name: str = "li") -> Desk:
    """A desk of this person."""
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{url}/sign-in?lang=zh")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{url}/")
    return Desk(page, url)

"""The runner of scenarios, one after the other, and their results."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bus.bilingual import Bilingual
from stories.stage import CENTERS
from verification.mixed.broker import logins
from verification.mixed.county import LEDGER, MixedCounty
from verification.mixed.release import Installed
from verification.mixed.scenarios import HALF, OTHERS, SCENARIOS, STORIES, story
from verification.services import RabbitNode, fresh_vhost


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """The result of one scenario."""

    name: str
    words: Bilingual
    old: tuple[str, ...]
    """The centers that ran the old program when it began."""
    seconds: float
    """Seconds of play until all was at rest, without the start of the centers."""
    trouble: str = ""
    """The fault; empty: every promise was kept."""


@dataclass(frozen=True, slots=True)
class Site:
    """The place of counties: a broker, the old program, and optionally a folder that is kept after faults."""

    rabbit: RabbitNode
    before: Installed
    keep: Path | None = None

    @contextmanager
    def county(
        self, old: Collection[str], *, set_up_by_old: bool = False, all_on: bool = False, ledger: bool = False
    ) -> Iterator[MixedCounty]:
        """An open county on a virtual host of its own."""
        with (
            fresh_vhost(self.rabbit, f"mixed-{secrets.token_hex(6)}") as name,
            tempfile.TemporaryDirectory(prefix="mixed-") as folder,
        ):
            members = (*CENTERS, LEDGER) if ledger else CENTERS
            urls = logins(self.rabbit, name, members, self.before if set_up_by_old else None)
            made = MixedCounty(Path(folder), urls, self.before, set(old), set_up_by_old, all_on)
            made.ledger = LEDGER if ledger else None
            with made as county:
                yield county

    def save(self, county: MixedCounty, name: str) -> None:
        """Keep the county's folder, if wanted."""
        if self.keep is not None:
            shutil.copytree(county.folder, self.keep / f"{name}-{county.folder.name}")


def play(site: Site, names: Collection[str]) -> Iterator[ScenarioResult]:
    """Play the named scenarios, and yield each result as soon as it is known. The stories of one half share a
    county."""
    stories = [name for name in STORIES if name in names]
    for old in (HALF, OTHERS) if stories else ():
        with site.county(old) as county:
            for name in stories:
                yield _result(site, name, STORIES[name], county, partial(story, name=name))
    for scenario in SCENARIOS.values():
        for old in scenario.begins if scenario.name in names else ():
            flags = (scenario.set_up_by_old, scenario.all_on, scenario.ledger)
            with site.county(old, set_up_by_old=flags[0], all_on=flags[1], ledger=flags[2]) as county:
                yield _result(site, scenario.name, scenario.words, county, scenario.play)


def _result(
    site: Site, name: str, words: Bilingual, county: MixedCounty, scene: Callable[[MixedCounty], None]
) -> ScenarioResult:
    old = tuple(one for one in CENTERS if one in county.old)
    began, trouble = time.monotonic(), ""
    try:
        scene(county)
        county.settle()
    except Exception as error:
        trouble = f"{type(error).__name__}: {error}"
        site.save(county, name)
    return ScenarioResult(name, words, old, time.monotonic() - began, trouble)

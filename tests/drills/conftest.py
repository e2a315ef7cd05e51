"""A county at work, its console in a real browser, and a person of it who is signed in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.console.conftest import browser as browser  # noqa: PLC0414 - the same browser, as a fixture here too
from tests.drills.desk import Desk, signed_in
from tests.drills.stage import Stage, stage
from verification.services import RabbitNode

SignIn = Callable[..., Desk]


@pytest.fixture(scope="module")
def county(rabbit: RabbitNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A county for all drills of a file. At the end its stores are judged: nothing is lost, and nothing done twice."""
    folder: Path = tmp_path_factory.mktemp("county")
    with stage(rabbit, folder) as found:
        yield found
        assert found.judge() == []


@pytest.fixture
def sign_in(browser: Browser) -> Iterator[SignIn]:
    """A browser of its own for each who signs in."""
    contexts: list[BrowserContext] = []

    def open_(on: Stage, name: str = "li") -> Desk:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        return signed_in(contexts[-1], on.url, name)

    yield open_
    for context in contexts:
        context.close()

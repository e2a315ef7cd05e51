"""``docs/signing.md``: its vector is right, and its curl and Python send a form that a running center takes."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from bus.demo.local_county import LocalCounty
from tests.unit.test_docs import ROOT, fenced

PAGES = [ROOT / "docs" / name for name in ("signing.md", "signing.zh-CN.md")]
MEDIA = "media_center-150402"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCounty]:
    """One center that runs."""
    made = LocalCounty(tmp_path_factory.mktemp("county"), [MEDIA])
    made.open()
    yield made
    made.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_vector_is_right(page: Path) -> None:
    """As a library of the standard signs it."""
    words = re.findall(r"^\|[^|]*\| `(.*)` \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    secret, message_id, timestamp, body, signature = words[-5:]
    at = datetime.fromtimestamp(int(timestamp), UTC)
    assert Webhook(secret).sign(message_id, at, body) == signature


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("language", ["sh", "python"])
def test_what_the_page_sends_is_taken(county: LocalCounty, page: Path, language: str, tmp_path: Path) -> None:
    """By a center that runs; a form that another page has sent was taken before."""
    (script,) = fenced(page, language)
    assert county.process is not None
    secret = county.process.centers[MEDIA].settings.intake_secret.get_secret_value()
    env = {**os.environ, "BUS_URL": county.urls[MEDIA], "BUS_INTAKE_SECRET": secret, "PYTHONIOENCODING": "utf-8"}
    command = ["/bin/sh", "-e", "-c", script] if language == "sh" else [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "MEDIACENTER-" in done.stdout
    assert re.search(r"taken|repeated", done.stdout)


def test_both_pages_show_the_same_code() -> None:
    """In each language of programs."""
    for language in ("sh", "python", "js", "php", "java"):
        english, chinese = (fenced(page, language) for page in PAGES)
        assert english == chinese
        assert len(english) == 1

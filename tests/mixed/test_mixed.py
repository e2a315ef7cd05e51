"""Centers of the release before and of the present program in one county: what of ``make mixed`` runs in CI."""

import subprocess
from pathlib import Path

import pytest

from stories.stage import CENTERS
from tests.conftest import Vhost
from verification.mixed.broker import logins
from verification.mixed.county import MixedCounty
from verification.mixed.release import Installed, clean_environment, installed, previous
from verification.mixed.scenarios import HALF, OTHERS, story


@pytest.fixture(scope="module")
def before() -> Installed:
    """The program of the release before; without history this fails, and says how to get it."""
    return installed(previous())


@pytest.mark.parametrize("old", [HALF, OTHERS], ids=["the-half", "the-others"])
def test_two_stories_are_played_by_two_releases(
    old: frozenset[str], before: Installed, vhost: Vhost, tmp_path: Path
) -> None:
    """S10 and S21 end with an answer, whichever half of the county runs the release before: both releases have a part,
    nothing is lost, applied twice or parked, and the checker finds nothing in any store."""
    brokers = logins(vhost.node, vhost.name, CENTERS)
    with MixedCounty(tmp_path / "county", brokers, before, set(old), shared=True) as county:
        for name in ("S10", "S21"):
            story(county, name)
        audit = county.settle()
    assert (audit.cases, audit.answered) == (2, 2)


def test_the_old_program_is_not_ours(before: Installed) -> None:
    """What an old center imports lies in the old tree, and is of that release."""
    asked = "import bus, importlib.metadata as m; print(bus.__file__, m.version('four-center-bus'))"
    told = subprocess.run(
        [str(before.python), "-c", asked], cwd=before.folder, env=clean_environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    file, version = told.stdout.split()
    assert Path(file).is_relative_to(before.folder)
    assert version == before.release.version

"""The adapter of a fifth kind of center, installed for the tests that ask for it, and for the processes they start."""

import os
import sys
from collections.abc import Iterator

import pytest

from verification.plug_ins import EXAMPLE, install_example


@pytest.fixture(scope="module")
def fifth_center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Found by its entry point, as long as the tests of a module run. Gives the name of its package."""
    site = str(install_example(tmp_path_factory.mktemp("site") / "packages"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [site, os.environ.get("PYTHONPATH", "")])))
        yield EXAMPLE.name
    for name in [one for one in sys.modules if one.partition(".")[0] == EXAMPLE.name]:
        del sys.modules[name]

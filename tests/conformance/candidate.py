"""A candidate for the center suite: the media center under another package, with samples that a test may spoil."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import adapters.media_center
from bus.sdk.center import Center
from bus.testing.adapter_harness import AdapterHarness

SHIPPED = Path(adapters.media_center.__file__).parent
Spoil = Callable[[Path], object]
"""Changes the candidate's folder before it is read."""


def rewrite(file: str, change: Callable[[dict[str, Any]], object]) -> Spoil:
    """A change of one JSON document in ``samples``."""

    def spoil(home: Path) -> None:
        path = home / "samples" / file
        document = json.loads(path.read_text(encoding="utf-8"))
        change(document)
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")

    return spoil


@contextmanager
def candidate(
    folder: Path, *spoils: Spoil, plant: Callable[[Center[Any]], Center[Any]] | None = None
) -> Iterator[AdapterHarness]:
    """The candidate on the harness; its package is named after the folder of the test."""
    name = f"candidate_{abs(hash(folder))}"
    home = folder / name
    home.mkdir()
    (home / "__init__.py").touch()
    (home / "handlers.py").write_text("from adapters.media_center.handlers import center as center\n", encoding="utf-8")
    (home / "simulator.py").write_text(
        "from adapters.media_center.simulator import Simulator as Simulator\n", encoding="utf-8"
    )
    shutil.copy(SHIPPED / "center.toml", home)
    shutil.copytree(SHIPPED / "samples", home / "samples")
    for spoil in spoils:
        spoil(home)
    sys.path.insert(0, str(folder))
    harness = AdapterHarness(name, folder / "harness", plant=plant, patience=10)
    try:
        yield harness.start()
    finally:
        harness.stop()
        sys.path.remove(str(folder))

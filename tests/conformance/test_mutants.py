"""Each planted defect turns its check red; a suite that stays green with them would prove nothing."""

import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bus.transports.port import SendResult
from tests.harness.center import on_harness
from tests.harness.step import MEDIA, PARTY, BareCenter
from verification.mutants.defect import CATCHES, Defect, InProcess
from verification.mutants.defects import DEFECTS

PLANTED = {
    one.finder.proof.partition("[")[2].removesuffix("]"): (one, one.finder)
    for one in DEFECTS.values()
    if isinstance(one.finder, InProcess) and one.finder.proof.startswith(CATCHES)
}
"""Those of the one registry that are found here."""
CENTERS = {"media": MEDIA, "party": PARTY}
PARAMETERS = {"SendResult.UNKNOWN": SendResult.UNKNOWN}
"""Parameters of tests, by their id."""


@pytest.mark.parametrize(("defect", "finder"), PLANTED.values(), ids=PLANTED)
def test_planted_fault_is_caught(
    defect: Defect, finder: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The named check fails while the fault is in."""
    defect.plant(monkeypatch)
    with pytest.raises((AssertionError, ValueError)):
        (_between_centers if "::" in finder.by else _on_the_harness)(finder, tmp_path)


def _on_the_harness(finder: InProcess, folder: Path) -> None:
    module, _, name = finder.by.partition(".")
    check: Callable[..., None] = getattr(import_module(f"bus.testing.{module}"), name)
    with on_harness("media_center", folder, patience=1.5) as harness:
        check(harness, *([finder.moods] if finder.moods else []))


def _between_centers(finder: InProcess, folder: Path) -> None:
    file, _, test = finder.by.partition("::")
    name, _, parameter = test.removesuffix("]").partition("[")
    check: Callable[..., None] = getattr(import_module(file.removesuffix(".py").replace("/", ".")), name)
    wanted = list(inspect.signature(check).parameters)
    centers = {short: BareCenter(CENTERS[short], folder) for short in wanted if short in CENTERS}
    given: dict[str, Any] = {"tmp_path": folder, **centers}
    if parameter:
        given[next(name for name in wanted if name not in given)] = PARAMETERS[parameter]
    try:
        check(**{name: given[name] for name in wanted})
    finally:
        for center in centers.values():
            center.close()


def test_there_are_at_least_twenty() -> None:
    """Twenty different faults at the least."""
    assert len(PLANTED) >= 20

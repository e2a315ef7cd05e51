"""Defects at the intake and in a center's output, found by the center suite and by tests of bare centers."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import bus.http.app
import bus.http.forms
import bus.pipeline.intake
import bus.store.unit_of_work
from bus.store import intakes, parked
from verification.mutants.defect import between_centers, on_the_harness


@on_the_harness(
    "不验受理签名", "does not check the signature of a form", "check_bad_input.believes_only_signed_forms",
)  # fmt: skip
def signature_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.http.app, "verify", lambda *_: None)
    patch.setattr(bus.http.forms, "verify", lambda *_: None)


@on_the_harness(
    "不记得收过的表单", "forgets which forms it has taken", "check_samples.answers_a_repeated_form_alike",
)  # fmt: skip
def intake_forgets_its_forms(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.intake, "_repeated", lambda *_: None)
    patch.setattr(intakes, "note", lambda *_: None)


@on_the_harness(
    "出错答复里带出表单内容", "repeats values of a form in its error answers",
    "check_privacy.keeps_the_resident_to_itself",
)  # fmt: skip
def values_in_error_answers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        bus.http.forms,
        "faults_of",
        lambda error: [{"field": "x", "problem": str(i.get("input"))} for i in error.errors()],
    )


@on_the_harness(
    "坏表单使受理入口报 500", "answers a broken form with a fault of its own", "check_bad_input.refuses_broken_forms",
)  # fmt: skip
def door_falls_over(patch: pytest.MonkeyPatch) -> None:
    def fallen_over(_body: bytes) -> None:
        raise ZeroDivisionError

    patch.setattr(bus.http.forms, "read_json", fallen_over)


@between_centers(
    "命令被拒后只撤一半", "carries out the half of an answer that custody has granted",
    "tests/unit/test_intake_and_handle.py::test_a_command_that_custody_refuses_parks_the_task",
)  # fmt: skip
def half_an_answer_carried_out(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def careless(_page: bus.store.unit_of_work.UnitOfWork) -> Iterator[None]:
        yield

    patch.setattr(bus.store.unit_of_work.UnitOfWork, "savepoint", careless)


@on_the_harness(
    "指标不动", "shows figures that stand still", "check_privacy.tells_how_it_is",
)  # fmt: skip
def figures_stand_still(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parked, "figures", lambda _tx: {"wire": 0, "desk": 0, "peer": 0, "oldest_ms": 0})

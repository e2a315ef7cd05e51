"""A test that only ``make whole`` runs has a smaller sibling in ``make test``: the marker hides nothing."""

import ast
from pathlib import Path

from tests.unit.test_docs import names

TESTS = Path(__file__).parents[1]
SIBLINGS = {
    "chaos/test_chaos.py::CASES": "test_fault",
    "corpus/test_doors.py::LARGE": "test_every_door_does_what_its_page_promises",
    "corpus/test_http.py::LARGE": "test_every_request_gets_its_answer_and_stores_nothing",
    **{
        f"drills/test_{name}.py::pytestmark": "drills/test_everyday.py::test_poison"
        for name in ("arbiter", "broker", "center", "trust")
    },
    "journeys/test_import.py::test_a_thousand_rows_are_taken_or_named_and_each_taken_one_is_answered": (
        "test_two_hundred_rows_are_taken_or_named_and_each_taken_one_is_answered"
    ),
    "journeys/test_stories.py::test_two_hundred_cases_through_ten_kills": "test_thirty_cases_through_three_kills",
    "model/test_model.py::LARGE": "test_one_custodian_no_deadlock_and_every_offer_ends",
    "simulation/test_simulation.py::LARGE": "test_a_seed_that_once_broke_a_promise",
    "simulation/test_simulation.py::test_no_seed_breaks_a_promise": "test_no_seed_of_a_sample_breaks_a_promise",
    "simulation/test_simulation.py::test_no_seed_of_a_whole_county_breaks_a_promise": (
        "test_no_seed_of_a_sample_of_whole_counties_breaks_a_promise"
    ),
}
"""Marked test, file, or name of parameters of which some are marked → the test that every run plays, of the same file
where none is named."""


def test_each_has_its_sibling() -> None:
    """The marker stands nowhere else, and the sibling is there, without it."""
    marked, plain = set(), set()
    for path in TESTS.rglob("test_*.py"):
        if path == Path(__file__):
            continue
        where = path.relative_to(TESTS).as_posix()
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef):
                marked |= {f"{where}::{name}" for name in names(node) if "mark.whole" in ast.unparse(node)}
                continue
            marks = [ast.unparse(mark) for mark in node.decorator_list]
            if "pytest.mark.whole" in marks:
                marked.add(f"{where}::{node.name}")
                continue
            plain.add(f"{where}::{node.name}")
            marked |= {f"{where}::LARGE" for mark in marks if "pytest.mark.whole if" in mark and "in LARGE" in mark}
            assert not any("mark.whole" in mark and "in LARGE" not in mark for mark in marks), node.name
    assert marked == SIBLINGS.keys()
    for where, sibling in SIBLINGS.items():
        assert (sibling if "::" in sibling else f"{where.partition('::')[0]}::{sibling}") in plain, where

"""No test of v0.1.0 is lost: each is collected at its old id or at its new one, or a collected test covers it."""

from verification.moved_tests import Dropped, Renamed, Rules, compare, look

OLD = "tests/unit/test_pace.py::test_it[bus/pace.py]"
NEW = "tests/unit/test_size.py::test_it[bus/size.py]"
PATHS = {"tests/unit/test_pace.py": "tests/unit/test_size.py", "bus/pace.py": "bus/size.py"}
GONE = Dropped(r"tests/unit/test_size\.py::(test_it)\[.*\]", r"tests/unit/test_all.py::\1", "one test asks all")


def test_every_test_of_the_release_before_is_there_or_covered() -> None:
    """The rules lead from each of its ids to a collected test of its own, or to a collected cover; none is idle."""
    outcome = look()
    assert outcome.lost == {}
    assert outcome.faults == []
    assert len(outcome.found) + len(outcome.dropped) == 3543


def test_a_test_and_its_parameter_are_found_at_their_new_paths() -> None:
    """A file that was renamed is known in front of the name of the test, and as its parameter."""
    outcome = compare([OLD], {NEW}, Rules(PATHS))
    assert outcome.found == {OLD: NEW}
    assert outcome.counts() == "same id 0, moved 1, dropped 0, lost 0"
    assert outcome.faults == []


def test_a_lost_test_is_noticed() -> None:
    """A test that is there under no id is lost, with a rule for its file as without one."""
    assert compare(["tests/a.py::test_x"], {"tests/a.py::test_y"}, Rules()).lost == {
        "tests/a.py::test_x": "tests/a.py::test_x"
    }
    assert compare([OLD], {OLD}, Rules(PATHS)).lost == {OLD: NEW}


def test_a_test_that_loses_one_of_its_parameters_is_noticed() -> None:
    """A case of a parametrised test is a test: neither the other cases nor the bare name stand in for it."""
    outcome = compare(["a.py::test_x[1]", "a.py::test_x[2]"], {"a.py::test_x", "a.py::test_x[1]"}, Rules())
    assert list(outcome.lost) == ["a.py::test_x[2]"]


def test_a_dropped_test_needs_a_cover_that_is_there() -> None:
    """The named cover counts when it is collected, and is a fault when it is not."""
    rules = Rules(PATHS, dropped=(GONE,))
    covered = compare([OLD], {"tests/unit/test_all.py::test_it"}, rules)
    assert covered.dropped == {OLD: "tests/unit/test_all.py::test_it"}
    assert covered.faults == []
    assert compare([OLD], set(), rules).faults == [f"its cover is not there: {OLD} → tests/unit/test_all.py::test_it"]


def test_a_test_that_is_there_is_not_dropped() -> None:
    """A rule that drops a living test is a fault: it would hide the day on which that test is lost."""
    now = {NEW, "tests/unit/test_all.py::test_it"}
    assert compare([OLD], now, Rules(PATHS, dropped=(GONE,))).faults == [f"dropped, but it is there: {OLD}"]


def test_a_rule_that_matches_nothing_is_a_fault() -> None:
    """Each kind of rule is told when it is idle."""
    renamed = Renamed("a.py::", "y$", "z", "no test ends with a y")
    faults = compare(["a.py::test_x"], {"a.py::test_x"}, Rules(PATHS, (renamed,), (GONE,))).faults
    assert len(faults) == len(PATHS) + 2
    assert all(fault.startswith("a rule that matches nothing: ") for fault in faults)


def test_two_tests_do_not_become_one_unsaid() -> None:
    """Where two old ids lead to one new one, one of them has to be dropped, with the other as its cover."""
    rules = Rules(renamed=(Renamed("a.py::", "[xy]$", "z", "both are z"),))
    outcome = compare(["a.py::test_x", "a.py::test_y"], {"a.py::test_z"}, rules)
    assert outcome.faults == ["2 old tests lead to one: a.py::test_z"]

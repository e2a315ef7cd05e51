"""The table of ``make brokers`` says of each release what its tests said, and calls nothing good that did not run."""

import pytest

from verification import brokers
from verification.brokers import Outcome, main, outcome

REPORT = """<testsuites><testsuite tests="12" failures="{failures}" errors="{errors}" skipped="{skipped}">
<properties><property name="rabbitmq" value="4.0.5"/></properties></testsuite></testsuites>"""


def _outcome(report: str) -> Outcome:
    return outcome("trixie", "broker", report, 1.0)


def test_a_report_is_counted() -> None:
    """The version that answered stands beside what passed."""
    found = _outcome(REPORT.format(failures=0, errors=0, skipped=0))
    assert (found.version, found.passed, found.failed, found.good) == ("4.0.5", 12, 0, True)


@pytest.mark.parametrize("count", ["failures", "errors", "skipped"])
def test_what_did_not_pass_has_failed(count: str) -> None:
    """A failure, an error and a skipped test each spoil the release."""
    found = _outcome(REPORT.format(**{"failures": 0, "errors": 0, "skipped": 0, count: 2}))
    assert (found.passed, found.failed, found.good) == (10, 2, False)


@pytest.mark.parametrize("report", ["<testsuites/>", '<testsuites><testsuite tests="3"/></testsuites>'])
def test_without_a_report_or_a_broker_nothing_is_good(report: str) -> None:
    """Tests that never ran, or that met no broker, prove nothing."""
    assert not _outcome(report).good


def test_one_bad_release_is_the_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """All releases stand in the table, and 1 is returned when one of them failed."""
    rows = [Outcome("trixie", "4.0.5", "broker", 125, 0, 1), Outcome("sid", "4.3.6", "broker", 124, 1, 1)]
    monkeypatch.setattr(brokers, "_play", lambda _: rows)
    assert main([]) == 1
    said = capsys.readouterr().out
    assert all(word in said for word in ("trixie", "4.0.5", "sid", "4.3.6", "124"))
    monkeypatch.setattr(brokers, "_play", lambda _: rows[:1])
    assert main([]) == 0


def test_an_unknown_release_is_refused_before_anything_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 2, and the words name what there is."""
    assert main(["--only", "trixy"]) == 2
    assert "bookworm, trixie, sid" in capsys.readouterr().err

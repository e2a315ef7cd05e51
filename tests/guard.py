"""A test that did not run proves nothing: with CI set, skips and unselected server tests are failures.

In a run of several processes (pytest-xdist) each worker turns its own skips into failures and hands what it complains
of to the controller, which counts whether everything that was collected has run somewhere.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

SERVERS = ("broker", "database")
CURE = "in CI every test runs: repair what it lacks instead of skipping it"


class EveryTestRuns:
    """Turns skipped, xfailed and xpassed tests into failed ones, and counts the tests."""

    def __init__(self, workeroutput: dict[str, Any] | None) -> None:
        self._workeroutput = workeroutput
        """What a worker hands to its controller; None where all runs in one process, and in the controller."""
        self._waiting: set[str] = set()
        self._complaints: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        report: pytest.TestReport = yield  # type: ignore[assignment] # pytest's wrappers are sent the result
        reason = getattr(report, "wasxfail", None)
        if report.skipped or reason is not None:
            if reason is not None:
                del report.wasxfail
            report.longrepr = f"{item.nodeid} was {'xfailed' if reason is not None else 'skipped'}: {CURE}"
            report.outcome = "failed"
        return report  # type: ignore[return-value] # see above

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._complaints.append(f"{report.nodeid} was skipped as a whole: {CURE}")

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._complaints += [
            f"{item.nodeid} was deselected: {CURE}" for item in items if needs_server(item) and not has_two_sizes(item)
        ]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if self._workeroutput is None:
            self._waiting |= {item.nodeid for item in getattr(session, "items", ())}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self._waiting |= set(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed:
            self._waiting.discard(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        # a worker that died has handed over nothing; its tests are still waited for
        self._complaints += set(getattr(node, "workeroutput", {}).get("complaints", ())) - set(self._complaints)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._workeroutput is not None:
            self._workeroutput["complaints"] = self._complaints
            return
        self._complaints += [f"{nodeid} did not run: {CURE}" for nodeid in sorted(self._waiting)]
        if self._complaints and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for complaint in self._complaints:
            terminalreporter.write_line(f"FAILED {complaint}", red=True)


def needs_server(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in SERVERS)


def has_two_sizes(item: pytest.Item) -> bool:
    """Whether ``make whole`` runs this test, and ``make test`` a smaller one (``docs/decisions/0042-two-sizes.md``)."""
    return item.get_closest_marker("whole") is not None


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("CI"):
        config.pluginmanager.register(EveryTestRuns(getattr(config, "workeroutput", None)), "every-test-runs")

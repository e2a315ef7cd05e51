"""``make brokers``: the broker tests on each RabbitMQ that Debian has, and on a cluster of the newest.

python -m verification.brokers --only trixie,sid
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from verification.chaos.lanes import covered
from verification.services import ServiceUnavailable
from verification.services.debian import ensure_packages
from verification.services.debian_release import CHOICE, NEWEST, RELEASES, release_named

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / ".local" / "brokers"
SUITE = ("tests/broker", "tests/conformance/test_transports.py")
CLUSTER = (
    "tests/services/test_cluster.py",
    *(f"tests/chaos/test_chaos.py::test_fault[{fault}-cluster]" for fault in sorted(covered("cluster"))),
)
"""Nodes and links are cut one by one, and six faults strike four working centers."""
HEADS = ("Debian", "RabbitMQ", "测试 / tests", "通过 / passed", "失败 / failed", "秒 / s")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one test run on one release."""

    release: str
    version: str
    """The version of the RabbitMQ that answered; empty if none did."""
    tests: str
    passed: int
    failed: int
    """Failed tests, skipped ones included: a skipped test proves nothing."""
    seconds: float

    @property
    def good(self) -> bool:
        """Whether tests ran on a broker that answered, and all of them passed."""
        return bool(self.version and self.passed and not self.failed)


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 every test passed on every release, 1 a test failed, 2 a release is unavailable."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        outcomes = list(_play(_arguments(arguments)))
    except ServiceUnavailable as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command
        return 2
    _show(console, outcomes)
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _arguments(arguments: list[str] | None) -> tuple[str, ...]:
    parser = argparse.ArgumentParser(prog="make brokers", description="各版本 RabbitMQ / each RabbitMQ of Debian")
    parser.add_argument(
        "--only", default=",".join(RELEASES), metavar="RELEASES", help=f"逗号分隔 / by comma: {','.join(RELEASES)}"
    )
    return tuple(parser.parse_args(arguments).only.split(","))


def _play(names: Sequence[str]) -> Iterator[Outcome]:
    """Run the tests on one release after the other; all releases are prepared before the first test."""
    releases = [release_named(name) for name in names]
    ensure_packages(releases=True)
    for release in releases:
        if release is not None:
            release.prepare()
    for name in names:
        yield _run(name, "broker", SUITE)
        if name == NEWEST:
            yield _run(name, "cluster", CLUSTER)


def _run(release: str, tests: str, selected: Sequence[str]) -> Outcome:
    """Run tests on a release's RabbitMQ; pytest writes to the terminal."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    report = REPORTS / f"{release}-{tests}.xml"
    report.unlink(missing_ok=True)
    print(f"\n== {release}: {tests}", flush=True)  # noqa: T201 - a command
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *selected]
    started = monotonic()
    subprocess.run(command, cwd=ROOT, env={**os.environ, CHOICE: release}, check=False)
    text = report.read_text(encoding="utf-8") if report.exists() else "<testsuites/>"
    return outcome(release, tests, text, monotonic() - started)


def outcome(release: str, tests: str, report: str, seconds: float) -> Outcome:
    """The outcome in a pytest report (JUnit's XML); without a suite in it nothing passed."""
    suite = ElementTree.fromstring(report).find("testsuite")  # noqa: S314 - pytest has just written it
    if suite is None:
        return Outcome(release, "", tests, 0, 0, seconds)
    failed = sum(int(suite.get(count, 0)) for count in ("failures", "errors", "skipped"))
    version = suite.find("properties/property[@name='rabbitmq']")
    said = "" if version is None else version.get("value", "")
    return Outcome(release, said, tests, int(suite.get("tests", 0)) - failed, failed, seconds)


def _show(console: Console, outcomes: Sequence[Outcome]) -> None:
    table = Table(title="各版本 RabbitMQ 的测试 / the broker suite on each RabbitMQ")
    for head in HEADS:
        table.add_column(head)
    for one in outcomes:
        cells = (one.release, one.version or "—", one.tests, str(one.passed), str(one.failed), f"{one.seconds:.0f}")
        table.add_row(*cells, style="green" if one.good else "red")
    console.print(table)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that cleanup runs
    sys.exit(main())

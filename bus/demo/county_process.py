"""Several centers in one process: a county on one machine, for the demo, for tests, and for trial.

``python -m bus.demo.county_process PLAN.json`` runs a plan until a signal stops it; it prints ``ready`` when all
centers run.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bus.log import set_up
from bus.runtime.ending import Ending, ended_by_signals
from bus.runtime.lease import TAKEN, StoreTaken
from bus.runtime.log_writer import LogWriter
from bus.runtime.process import CenterProcess, tune_garbage_collector
from bus.settings import load
from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport
from bus.transports.port import Transport
from bus.transports.rabbitmq import tls
from bus.transports.rabbitmq.transport import RabbitTransport


@dataclass(frozen=True, slots=True)
class CountyPlan:
    """The plan of a county process. ``centers``: the settings of each, as ``CenterSettings`` takes them."""

    centers: tuple[dict[str, Any], ...]
    log_file: str = ""

    def save(self, path: Path) -> None:
        """Write the plan for another process. The file holds test secrets; only its owner can read it."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
        path.chmod(0o600)

    @classmethod
    def read(cls, path: Path) -> "CountyPlan":
        """The plan in a file of ``save``."""
        plan = json.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(plan["centers"]), plan["log_file"])


@dataclass(frozen=True, slots=True)
class Program:
    """The program that runs a county process. By default this one; another release has a Python of its own."""

    python: str = sys.executable
    module: str = "bus.demo.county_process"
    """The module to run, with the plan's file as its only argument."""
    folder: Path | None = None
    """The working folder, first on the import path."""
    plan: Callable[[CountyPlan], CountyPlan] = lambda plan: plan
    """Translates a plan into the settings of that release."""

    def start(self, plan: Path) -> "subprocess.Popen[str]":
        """Run a plan; ``ready`` is printed when all of it runs."""
        command = [self.python, "-m", self.module, str(plan)]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True)


class CountyProcess:
    """The running centers of a plan, on one embedded transport, or each on the broker of its settings."""

    def __init__(self, plan: CountyPlan) -> None:
        self._broker = EmbeddedBroker([center["center"] for center in plan.centers])
        self.centers = {center["center"]: self._make(center) for center in plan.centers}

    def _make(self, given: dict[str, Any]) -> CenterProcess:
        settings = load(None, **given)
        transport: Transport = (
            RabbitTransport(settings.center, settings.broker, tls=tls.context(settings.tls))
            if settings.broker
            else EmbeddedTransport(settings.center, self._broker)
        )
        return CenterProcess(settings, transport)

    def start(self) -> None:
        """Start all centers, one after the other."""
        for process in self.centers.values():
            process.start()

    def stop(self) -> None:
        """Stop all centers in parallel."""
        leaving = [threading.Thread(target=process.stop) for process in self.centers.values()]
        for thread in leaving:
            thread.start()
        for thread in leaving:
            thread.join()
        self._broker.close()


def main() -> None:
    """Run the plan named on the command line."""
    with ended_by_signals() as ending:  # before an HTTP server starts: a client that sees it may signal at once
        _run(CountyPlan.read(Path(sys.argv[1])), ending)


def _run(plan: CountyPlan, ending: Ending) -> None:
    writer = LogWriter(os.open(plan.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)) if plan.log_file else None
    if writer is not None:
        set_up("county", writer.put)
    county = CountyProcess(plan)
    for process in county.centers.values():
        process.lease.when_lost = ending.set
    try:
        county.start()
    except StoreTaken as taken:
        sys.exit(_left(f"{taken.words.zh} / {taken.words.en}"))
    tune_garbage_collector()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    ending.wait()
    county.stop()
    if writer is not None:
        writer.flush(2)
    if any(process.lease.lost.is_set() for process in county.centers.values()):
        sys.exit(_left("the lease on a store was lost"))


def _left(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return TAKEN


if __name__ == "__main__":
    main()

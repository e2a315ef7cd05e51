"""Two processes that are measured together: started, waited for, let go at the same moment, and listened to."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Runner:
    """One measured process."""

    process: "subprocess.Popen[str]"
    marks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def wait_for(self, mark: str) -> float:
        """When it said ``mark``, on the machine's monotonic clock. Raises ``RuntimeError`` when it ends without."""
        assert self.process.stdout is not None
        while mark not in self.marks:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f"{self.process.args!r} ended ({self.process.wait()}) without saying {mark}")
            told = json.loads(line)
            self.marks[told["mark"]] = told
        at: float = self.marks[mark]["at"]
        return at

    def go(self) -> None:
        """Let it begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """It is over: it has left by itself, or is ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def pair(module: str, take: Sequence[str], give: Sequence[str]) -> Iterator[tuple[Runner, Runner]]:
    """Taker and giver, both ready and let go at the same moment; ended afterwards, whatever happens."""
    with _runner(module, take) as taker:
        taker.wait_for("ready")
        with _runner(module, give) as giver:
            giver.wait_for("ready")
            taker.go()
            giver.go()
            yield taker, giver


@contextmanager
def _runner(module: str, arguments: Sequence[str]) -> Iterator[Runner]:
    command = [sys.executable, "-m", module, *arguments]
    runner = Runner(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    try:
        yield runner
    finally:
        runner.end()

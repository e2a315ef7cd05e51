"""What the benchmarks measure with: a process that ends meanwhile ends no measurement, and no time is lost with it."""

import os
import subprocess
import sys

from benchmarks.process import busy_seconds

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_a_process_that_is_gone_costs_nothing() -> None:
    """It was listed, and has ended before it was read."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert busy_seconds([gone.pid]) == 0
    assert busy_seconds([os.getpid(), gone.pid]) > 0


def test_the_time_of_a_child_that_has_ended_counts_with_its_parent() -> None:
    """What is read later is never less than what was read before, whichever children have come and gone between."""
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}]); print(flush=True); input()"
    command = [sys.executable, "-c", parent]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        running.stdout.readline()
        assert busy_seconds([running.pid]) >= 0.3
        running.communicate("\n")

"""Ports are drawn by many test processes at once, long before anybody listens on them."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from verification.services import allocation

DRAW = """
import random, sys
from verification.services import allocation
random.sample = lambda ports, count: sorted(ports)
print(*allocation.free_ports(20), flush=True)
sys.stdin.read()
"""


@contextmanager
def _another() -> Iterator[set[int]]:
    """Another process that has drawn twenty ports, the lowest that it could have, and lives."""
    with subprocess.Popen(
        [sys.executable, "-c", DRAW], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield {int(port) for port in process.stdout.readline().split()}
        process.communicate()


def test_no_two_processes_draw_the_same_port_and_a_process_draws_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though all of them would like the lowest best; when a process has ended, its ports are for others again."""
    monkeypatch.setattr(random, "sample", lambda ports, _count: sorted(ports))
    with _another() as first, _another() as second:
        ours = {*allocation.free_ports(20), *allocation.free_ports(20)}
        assert [len(first), len(second), len(ours)] == [20, 20, 40]
        assert not first & second
        assert not (first | second) & ours
    assert set(allocation.free_ports(40)) & (first | second)

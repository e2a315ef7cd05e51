"""A child's clock is as wrong as we want while it runs, and its waits are as long as they should be."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from verification.faults import FakeClock
from verification.faults import clock as clock_module
from verification.services import ServiceUnavailable
from verification.services.allocation import free_ports

CHILD = """
import datetime, sys, threading, time
import fastapi, uvicorn
app = fastapi.FastAPI()
ticks = []
def tick():
    while True:
        threading.Event().wait(0.02)
        ticks.append(time.time())
threading.Thread(target=tick, daemon=True).start()
@app.get("/")
def now() -> dict:
    began = time.monotonic()
    time.sleep(0.05)
    threading.Event().wait(0.05)
    return {"now": time.time(), "utc": datetime.datetime.now(datetime.timezone.utc).timestamp(),
            "thread": ticks[-1], "ticks": len(ticks), "waited": time.monotonic() - began}
uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""
HOUR, MONTH = 3600, 30 * 86400
PATIENCE = 20.0


@contextmanager
def _served(clock: FakeClock) -> Iterator[httpx.Client]:
    """A web server with threads, as a center is one, under a wrong clock."""
    (port,) = free_ports(1)
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(port)], env=clock.env())
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE) as client:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    client.get("/")
                    break
                except httpx.ConnectError:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            yield client
    finally:
        child.kill()
        child.wait(10)


def _await_offset(client: httpx.Client, offset: float) -> dict[str, float]:
    """What the child says once all its clocks are off by ``offset``; the true time may pass in between."""
    deadline = time.monotonic() + PATIENCE
    while True:
        said: dict[str, float] = client.get("/").json()
        if all(abs(said[name] - offset - time.time()) < 60 for name in ("now", "utc", "thread")):
            return said
        assert time.monotonic() < deadline, said
        time.sleep(0.05)


def test_a_running_server_sees_its_clock_jump_and_waits_as_before() -> None:
    """An hour back, thirty days ahead, right again: every thread sees it, and no timer is upset by it."""
    with FakeClock(offset=HOUR) as clock, _served(clock) as client:
        before = _await_offset(client, HOUR)
        for offset in (-HOUR, MONTH, 0):
            clock.set_offset(offset)
            after = _await_offset(client, offset)
            assert after["ticks"] > before["ticks"]
            assert 0.09 < after["waited"] < PATIENCE
            before = after


def test_an_old_preload_is_kept(tmp_path: Path) -> None:
    """Whoever preloads something already goes on doing so; the rest of the environment stays."""
    with FakeClock(parent=tmp_path) as clock:
        env = clock.env({"LD_PRELOAD": "/lib/other.so", "PYTHONPATH": "/other", "HOME": "/"})
        assert env["PYTHONPATH"].endswith(":/other")
        assert env["LD_PRELOAD"].endswith("libfaketimeMT.so.1:/lib/other.so")
        assert env["HOME"] == "/"
    clock.close()
    assert os.listdir(tmp_path) == []


def test_without_the_library_the_error_says_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words name the package, in Chinese and English."""
    monkeypatch.setattr(clock_module, "LIBRARIES", "nowhere/*.so")
    with pytest.raises(ServiceUnavailable, match=r"请运行 make services.*\n.*apt-get install libfaketime"):
        FakeClock()

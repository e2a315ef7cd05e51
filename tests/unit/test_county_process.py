"""The county as a process of its own, as tests, chaos and demo start it."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from bus.demo.county_process import CountyPlan
from bus.settings import fresh_secret
from verification.services.allocation import free_ports


def _await_door(port: int, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as knocking:
            if not knocking.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.002)


def test_who_sees_the_door_open_may_ask_the_county_to_leave(tmp_path: Path) -> None:
    """SIGTERM in the moment in which the door opens is heard like any other: the county leaves in order, code 0."""
    (port,) = free_ports(1)
    center = {
        "center": "media_center-150403",
        "adapter": "adapters.media_center",
        "store": f"sqlite:///{tmp_path / 'media.db'}",
        "backend": {"url": "http://127.0.0.1:1"},
        "data": str(tmp_path / "media"),
        "broker": "amqp://nobody:nothing@127.0.0.1:1/",
        "intake_secret": fresh_secret(),
        "http": {"port": port},
    }
    plan = tmp_path / "plan.json"
    CountyPlan((center,), str(tmp_path / "log.jsonl")).save(plan)
    process = subprocess.Popen([sys.executable, "-m", "bus.demo.county_process", str(plan)], stdout=subprocess.DEVNULL)
    try:
        _await_door(port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait(10)

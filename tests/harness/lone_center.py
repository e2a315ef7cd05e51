"""``bus run`` of one center as a process of its own, without a broker: its road is embedded, and nobody else is on it.

``python -m tests.harness.lone_center CONFIG [FAULT …]`` plants faults and runs the command; the tests start it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import httpx
from standardwebhooks import Webhook

from bus.demo.local_county import free_port
from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport

ME, SECRET = "media_center-150402", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SETTINGS = """
center = "media_center-150402"
store = "sqlite:///{folder}/media.db"
data = "{folder}/data"
broker = "amqp://media_center-150402:word@127.0.0.1:1/%2F"
[http]
port = {port}
[backend]
url = "http://127.0.0.1:1"
"""
PATIENCE = 300
"""Seconds until something counts as not happening; waited out only where it does not."""


class LoneCenter:
    """A center's process, and somebody at its door."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process = process
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10)

    def hand_in(self, number: int, patience: float = PATIENCE) -> int:
        """A resident's message for a center that is not there: the relay warns of it. The status of the answer."""
        body = json.dumps({
            "message_id": f"M{number}", "client_name": "居民甲", "phone": "13800000001", "text": "楼道灯不亮",
            "place": "站前街道", "category": "市容环境", "division": "150402", "to": ["party_service-150402"],
        })  # fmt: skip
        now = datetime.now(UTC)
        signed = {"webhook-id": f"M{number}", "webhook-timestamp": str(int(now.timestamp()))}
        signed["webhook-signature"] = Webhook(SECRET).sign(f"M{number}", now, body)
        return self.http.post("/intake/message", content=body.encode(), headers=signed, timeout=patience).status_code

    def page(self, name: str) -> tuple[int, dict[str, Any]]:
        """Status and content of a health page; (0, {}) while nobody answers."""
        with suppress(httpx.TransportError):
            answer = self.http.get(f"/health/{name}")
            return answer.status_code, answer.json()
        return 0, {}

    def figure(self, name: str) -> float:
        """The value of the first metric whose line begins with ``name``."""
        lines = self.http.get("/metrics").text.splitlines()
        return float(next(line.rpartition(" ")[2] for line in lines if line.startswith(name)))

    def leaves(self) -> int:
        """Wait until the process has ended; its exit code."""
        return self.process.wait(PATIENCE)

    def lives(self) -> None:
        """Wait until forms are taken."""
        until(lambda: self.page("ready")[0] == 200, "the center is ready")


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait until ``condition`` gives something true, and return that."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not seen: {what}")


@contextmanager
def lone_center(
    folder: Path, *faults: str, stderr: IO[bytes] | int = subprocess.DEVNULL, **env: str
) -> Iterator[LoneCenter]:
    """A running center, killed at the end whatever happens."""
    port = free_port()
    config = folder / f"{ME}.toml"
    config.write_text(SETTINGS.format(folder=folder, port=port), encoding="utf-8")
    command = [sys.executable, "-m", "tests.harness.lone_center", str(config), *faults]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=stderr, env={**os.environ, "BUS_INTAKE_SECRET": SECRET, **env}
    )
    center = LoneCenter(process, port)
    try:
        yield center
    finally:
        center.http.close()
        process.kill()
        process.wait(10)


def main(config: str, *faults: str) -> None:
    """Run the command with these faults in it."""
    command = import_module("bus.cli.run")
    command._road = lambda settings: EmbeddedTransport(settings.center, EmbeddedBroker([settings.center]))  # type: ignore[attr-defined]  # a broker is not what is tried here
    for fault in faults:
        getattr(import_module("tests.harness.loop_faults"), fault)()
    import_module("bus.cli").app(["run", "--config", config])


if __name__ == "__main__":
    main(*sys.argv[1:])

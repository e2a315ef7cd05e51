"""An operator's commands at one center's machine."""

import json
import os
import subprocess
import sys
import time
from typing import Any

import httpx

from verification.chaos.centers import CenterProcess
from verification.chaos.scene import OVER
from verification.chaos.vendors import AGAIN

BUS = "from bus.cli import main; main()"


def bus(center: CenterProcess, *words: str, timeout: float = 300) -> Any:
    """Run ``bus WORDS --config … --json`` with the center's code and settings; returns its output as JSON.

    Raises RuntimeError with the output if it fails."""
    config = center.folder / f"{center.name}.toml"
    config.write_text(_toml(center.settings), encoding="utf-8")
    secret = {"BUS_INTAKE_SECRET": str(center.settings["intake_secret"])}
    done = subprocess.run(
        [sys.executable, "-c", BUS, *words, "--config", str(config), "--json"],
        check=False, cwd=center.code, env=os.environ | center.environment | secret, capture_output=True, text=True,
        timeout=timeout,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"bus {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}"[-1000:])
    return json.loads(done.stdout)


def _toml(settings: dict[str, Any]) -> str:
    """The settings that the commands need; the secret is not written to a file. A JSON string is a TOML string."""
    lines = [f"{name} = {json.dumps(settings[name])}" for name in ("center", "store", "broker", "data")]
    for table in ("backend", "vendor", "trust", "at_rest"):
        if table in settings:
            lines += [f"[{table}]", *(f"{name} = {json.dumps(value)}" for name, value in settings[table].items())]
    return "\n".join([*lines, ""])


def await_recovery(center: CenterProcess, timeout: float = 300) -> None:
    """Poll ``bus recover --status`` until all peers have told their logs. Raises TimeoutError, which names the missing
    ones."""
    deadline = time.monotonic() + timeout
    while (status := bus(center, "recover", "--status"))["going_on"]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{center.name} has not recovered in {timeout:g} s: {status['peers']}")
        OVER.wait(1)


def send_again(center: CenterProcess, since: float, timeout: float = 300) -> None:
    """Have the center's own system resend its forms since a time, in seconds since 1970: the last step of a restore.
    Raises httpx.HTTPError if that system is away for too long."""
    url = f"{center.settings['backend']['url']}{AGAIN}"
    httpx.post(url, json={"since": since}, timeout=timeout, trust_env=False).raise_for_status()

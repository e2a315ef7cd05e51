"""An operator's commands at one center's machine."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Collection
from typing import Any

import httpx

from verification.chaos.centers import CenterProcess
from verification.chaos.over import OVER
from verification.chaos.settings_file import BUS, settings_file
from verification.chaos.vendors import AGAIN


def bus(center: CenterProcess, *words: str, timeout: float = 300, ends: Collection[int] = (0,)) -> Any:
    """Run ``bus WORDS --config … --json`` with the center's code and settings; returns its output as JSON.

    Raises RuntimeError with the output if it ends with another code than these."""
    config = settings_file(center.folder, center.settings)
    secret = {"BUS_INTAKE_SECRET": center.settings["intake_secret"]} if "intake_secret" in center.settings else {}
    done = subprocess.run(
        [sys.executable, "-c", BUS, *words, "--config", str(config), "--json"],
        check=False, cwd=center.code, env=os.environ | center.environment | secret, capture_output=True, text=True,
        timeout=timeout,
    )  # fmt: skip
    if done.returncode not in ends:
        raise RuntimeError(f"bus {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}"[-1000:])
    return json.loads(done.stdout)


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

"""The observation of the besieged center from outside: memory and descriptors from ``/proc``, honest forms over
HTTP."""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks import Webhook

EVERY = 0.05
"""Seconds between two samples of the process."""


@dataclass(slots=True)
class Sight:
    """The measurements of one attack."""

    attack: str
    reached: int = 0
    """Requests or connections of the attack that have reached their target."""
    rss: int = 0
    """Highest resident memory, in bytes."""
    descriptors: int = 0
    """Highest number of open descriptors."""
    forms: Counter[int] = field(default_factory=Counter)
    """Status → number of honest forms with that answer; 0: no answer."""
    slowest: float = 0.0
    """Seconds of the slowest answer to an honest form."""
    health: Counter[int] = field(default_factory=Counter)
    """Status → number of answers of ``/health/live``."""

    @property
    def served(self) -> bool:
        """Whether every honest form was taken, and health always answered."""
        return {*self.forms} <= {200, 202} and {*self.health} == {200} and bool(self.forms)


@dataclass(frozen=True, slots=True)
class Besieged:
    """The center's address and process, as it has printed them."""

    pid: int
    url: str
    secret: str
    form: str
    body: dict[str, Any]

    @contextmanager
    def watched(self, attack: str) -> Iterator[Sight]:
        """Sample the process and send honest forms until the block ends."""
        sight, over = Sight(attack), threading.Event()
        looks = [threading.Thread(target=task, args=(sight, over)) for task in (self._measure, self._ask)]
        for one in looks:
            one.start()
        try:
            yield sight
        finally:
            over.set()
            for one in looks:
                one.join()

    def _measure(self, sight: Sight, over: threading.Event) -> None:
        process = Path(f"/proc/{self.pid}")
        while not over.wait(EVERY):
            status = (process / "status").read_text()
            if "VmRSS:" not in status:  # the process has ended, and answers no form
                return
            sight.rss = max(sight.rss, int(status.partition("VmRSS:")[2].split()[0]) * 1024)
            sight.descriptors = max(sight.descriptors, len(os.listdir(process / "fd")))

    def _ask(self, sight: Sight, over: threading.Event) -> None:
        with httpx.Client(base_url=self.url, timeout=30, trust_env=False) as client:
            while True:
                began = time.monotonic()
                sight.forms[self._form(client)] += 1
                sight.slowest = max(sight.slowest, time.monotonic() - began)
                sight.health[_status(client, "GET", "/health/live")] += 1
                if over.wait(0.25):
                    return

    def _form(self, client: httpx.Client) -> int:
        raw, now = json.dumps(self.body, ensure_ascii=False).encode(), datetime.now(UTC)
        headers = {
            "webhook-id": "honest",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign("honest", now, raw.decode()),
        }
        return _status(client, "POST", f"/intake/{self.form}", content=raw, headers=headers)


def _status(client: httpx.Client, method: str, path: str, **how: Any) -> int:
    try:
        return client.request(method, path, **how).status_code
    except httpx.HTTPError:
        return 0

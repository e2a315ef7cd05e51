"""``bus console run --alarms`` as a process: a finding that lasts reaches the receiver of its file."""

import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from bus.alarms.settings import AlarmSettings
from tests.alarms.receivers import http_taker, until
from tests.harness.step import MEDIA, BareCenter

ROOT = Path(__file__).parents[2]
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATIENCE = 120.0
"""Seconds: the machine may be busy."""


def test_a_center_that_is_down_is_told(tmp_path: Path) -> None:
    """The center's own process does not answer: its incident opens, the receiver is told, and the console ends well."""
    config, alarms, secret = tmp_path / "center.toml", tmp_path / "alarms.toml", tmp_path / "pager.secret"
    config.write_text(
        f'center = "{MEDIA}"\nstore = "sqlite:///{tmp_path}/{MEDIA}.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
        "[http]\nport = 9\n"
    )
    secret.touch(mode=0o600)
    secret.write_text(SECRET)
    BareCenter(MEDIA, tmp_path).close()
    with http_taker() as taker:
        alarms.write_text(
            f'open_after_seconds = 1\nleast = "fault"\n[[webhooks]]\nname = "pager"\nurl = "{taker.url}"\n'
            f'secret_file = "{secret}"\n'
        )
        command = [sys.executable, "-m", "bus", "console", "run", "--port", "0"]
        words = ["--config", config, "--alarms", alarms, "--store", f"sqlite:///{tmp_path}/console.db"]
        log = (tmp_path / "log").open("wb")
        with log, subprocess.Popen([*command, *map(str, words)], cwd=ROOT, stderr=log, stdout=log) as console:
            try:
                until(lambda: bool(taker.requests), PATIENCE)
            finally:
                console.send_signal(signal.SIGTERM)
            assert console.wait(PATIENCE) == 0
    headers, body = taker.requests[0]
    told = Webhook(SECRET).verify(body, headers)
    assert (told["type"], told["data"]["code"], told["data"]["scope"]) == ("incident.opened", "process-away", MEDIA)
    assert '"event": "incident"' in (tmp_path / "log").read_text()


@pytest.mark.parametrize("page", ["console.md", "console.zh-CN.md"])
def test_the_file_of_the_manual_is_right(page: str) -> None:
    """The settings that the manual shows are taken as they stand."""
    files = re.findall(r"^```toml\n(.*?)^```$", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (shown,) = (file for file in files if "[[webhooks]]" in file)
    settings = AlarmSettings(**tomllib.loads(shown))
    assert settings.rules == AlarmSettings().rules
    assert settings.mail is not None

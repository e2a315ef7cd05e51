"""`bus run`, `bus simulate`: what they refuse to start with, in both languages; how they start and how they leave."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from typer.testing import CliRunner

from bus.cli import app
from bus.demo.local_county import free_port
from bus.log import set_up
from bus.runtime.process import CenterProcess
from bus.settings import load
from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport
from tests.harness.lone_center import until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WHOLE = """
center = "media_center-150402"
store = "sqlite:///{folder}/media.db"
data = "{folder}/data"
broker = "amqp://media_center-150402:word@127.0.0.1:1/%2F"
[http]
port = 0
[backend]
url = "http://127.0.0.1:1"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A center's settings without anything wrong; its broker is away."""
    path = tmp_path / "media_center-150402.toml"
    path.write_text(WHOLE.format(folder=tmp_path), encoding="utf-8")
    return path


def bus(*words: object, **env: str) -> tuple[int, str, str]:
    """Run a command in this process: exit code, standard output, standard error."""
    result = CliRunner().invoke(app, [str(word) for word in words], env=env)
    return result.exit_code, result.stdout, result.stderr


def test_all_faults_of_the_settings_are_told_at_once(tmp_path: Path) -> None:
    """Two wrong settings and a missing one are all named, in the language asked for, and the exit code is 2."""
    path = tmp_path / "bad.toml"
    path.write_text('center = "Media"\nstore = "sqlite:///x.db"\nshape = 1\n', encoding="utf-8")
    code, _, english = bus("run", "--config", path, "--lang", "en", BUS_INTAKE_SECRET=SECRET)
    assert code == 2
    assert all(word in english for word in ("center:", "shape: there is no such setting", "backend: this setting is"))
    _, _, chinese = bus("run", "--config", path, BUS_INTAKE_SECRET=SECRET)
    assert "配置有误" in chinese
    assert "没有这一项" in chinese


def test_no_fault_of_the_settings_is_told_in_the_words_of_a_library(tmp_path: Path) -> None:
    """Wrong kinds of values, and values out of bounds, in both languages."""
    path = tmp_path / "bad.toml"
    path.write_text(
        'center = "media_center-150402"\nstore = "sqlite:///x.db"\nproduction = "maybe"\nconcurrency = 0\n'
        'park_after = "many"\nroutes = [3]\n[http]\nport = 99999\nhost = 5\n[backend]\nurl = "http://x"\n'
        "timeout = -1\n",
        encoding="utf-8",
    )
    for lang, told in (
        ("en", ("port: must be 65535 or less", "production: must be true or false", "timeout: must be above 0")),
        ("zh", ("port：不得大于 65535", "park_after：应为整数", "routes.0：应为一节", "host：应为文本")),
    ):
        _, _, said = bus("run", "--config", path, "--lang", lang, BUS_INTAKE_SECRET=SECRET)
        assert not [word for word in ("Input should", "Value error", "unable to") if word in said]
        assert not [words for words in told if words not in said], said
    path.write_text('center = "media_center-150402"\nstore = "x"\n[backend]\nurl = "http://x"\n', encoding="utf-8")
    assert "Value error" not in bus("run", "--config", path, "--lang", "en", BUS_INTAKE_SECRET="")[2]


def test_settings_are_read_as_windows_saves_them(tmp_path: Path) -> None:
    """With a byte order mark they are right; in GBK the cure says what to do."""
    path = tmp_path / "bad.toml"
    path.write_text('center = "媒体"\n', encoding="utf-8-sig")
    assert "center: wrong format" in bus("run", "--config", path, "--lang", "en", BUS_INTAKE_SECRET=SECRET)[2]
    path.write_text('center = "媒体"\n', encoding="gbk")
    for lang, cure in (("en", "save it again as UTF-8"), ("zh", "请另存为 UTF-8 编码")):
        code, _, said = bus("run", "--config", path, "--lang", lang, BUS_INTAKE_SECRET=SECRET)
        assert (code, cure in said, "codec" in said) == (2, True, False)


def test_a_center_is_found_by_its_name_in_the_folder(config: Path) -> None:
    """`bus run CENTER --folder F` reads F/CENTER.toml, and a file of another center is refused."""
    code, _, said = bus("run", "media_center-150403", "--folder", config.parent, "--lang", "en")
    assert (code, "media_center-150403.toml" in said) == (2, True)
    code, _, said = bus("run", "media_center-150403", "--config", config, "--lang", "en", BUS_INTAKE_SECRET=SECRET)
    assert (code, "holds the settings of media_center-150402" in said) == (2, True)


@pytest.mark.parametrize(
    ("env", "word"),
    [
        ({}, "intake_secret"),
        ({"BUS_INTAKE_SECRET": "whsec_not base64!"}, "intake_secret"),
        ({"BUS_INTAKE_SECRET": "whsec_c2hvcnQ="}, "intake_secret"),
        ({"BUS_INTAKE_SECRET": SECRET, "BUS_BROKER": ""}, "broker"),
        ({"BUS_INTAKE_SECRET": SECRET, "BUS_BROKER": "amqp://u:geheim@[half"}, "broker"),
        ({"BUS_INTAKE_SECRET": SECRET, "BUS_ADAPTER": "adapters.nobody"}, "adapter"),
    ],
)
def test_it_does_not_start_without_what_a_run_needs(config: Path, env: dict[str, str], word: str) -> None:
    """A missing or broken secret, broker or adapter is told with its setting's name, and no value of it is printed."""
    code, out, said = bus("run", "--config", config, "--lang", "en", **env)
    assert code == 2
    assert f"{word}" in said
    assert "geheim" not in out + said
    assert "not base64!" not in out + said


@contextmanager
def started(*words: object, **env: str) -> Iterator["subprocess.Popen[str]"]:
    """A command as a process of its own, killed afterwards whatever happens."""
    command = [sys.executable, "-m", "bus", *(str(word) for word in words)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **env}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=120)


def test_a_stand_in_says_where_it_is_and_leaves_on_sigterm() -> None:
    """`bus simulate` prints one JSON line with its URL, answers there, and ends with exit code 0."""
    with started("simulate", "media_center", BUS_INTAKE_SECRET=SECRET) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert httpx.get(f"{ready['url']}/records", trust_env=False).json() == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_stand_in_needs_the_secret() -> None:
    """Without BUS_INTAKE_SECRET nothing is signed, so nothing is started."""
    code, _, said = bus("simulate", "media_center", "--lang", "en", BUS_INTAKE_SECRET="")
    assert (code, "BUS_INTAKE_SECRET" in said) == (2, True)


def test_a_center_without_its_broker_waits_and_still_leaves_in_order(config: Path) -> None:
    """The broker being away is no reason to end: the process is ready for forms, says that nothing flows and why, and
    obeys SIGTERM. Whoever started it hears nothing on standard output before messages flow."""
    with started("run", "--config", config, BUS_INTAKE_SECRET=SECRET) as process:
        assert process.stderr is not None
        port = next(line["port"] for line in map(json.loads, process.stderr) if line["event"] == "started")
        state = until(lambda: _page(port, "ready").status_code == 200 and _page(port, "ready"), "ready for forms")
        assert state.json()["broker"] is False
        state = _page(port, "flow")
        assert state.status_code == 503
        assert {(one["loop"], one["kind"]) for one in state.json()["faults"]} == {
            ("relay", "broker"), ("receive", "broker"),
        }  # fmt: skip
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert '"stopped"' in process.stderr.read()
        assert process.stdout is not None
        assert process.stdout.read() == ""


def _page(port: int, name: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}/health/{name}", trust_env=False)


def test_a_center_whose_keys_cannot_be_read_does_not_start(config: Path, tmp_path: Path) -> None:
    """It says which file, and the cure; a center that signs with keys nobody knows would lose every case it takes."""
    text = f'[trust]\nkeys = "{tmp_path}/none"\ndirectory = "{tmp_path}/none"\noperator = "{tmp_path}/none"\n'
    config.write_text(config.read_text(encoding="utf-8") + text, encoding="utf-8")
    code, out, said = bus("run", "--config", config, "--lang", "en", BUS_INTAKE_SECRET=SECRET)
    assert (code, out) == (1, "")
    assert f"{tmp_path}/none" in said


def test_a_taken_port_is_told(config: Path) -> None:
    """Whoever starts a center twice reads which port is taken."""
    with started("simulate", "media_center", BUS_INTAKE_SECRET=SECRET) as other:
        assert other.stdout is not None
        port = json.loads(other.stdout.readline())["url"].rpartition(":")[2]
        env = {"BUS_INTAKE_SECRET": SECRET, "BUS_HTTP__PORT": port, "BUS_LANG": "en"}
        with started("run", "--config", config, **env) as process:
            _, said = process.communicate(timeout=300)
        assert process.returncode == 1
        assert f"cannot listen on 127.0.0.1:{port}" in said


def test_a_stand_in_may_be_told_by_its_centers_settings(config: Path) -> None:
    """`bus simulate --config` listens where the center's settings say that its system is."""
    port = free_port()
    text = config.read_text(encoding="utf-8").replace('url = "http://127.0.0.1:1"', f'url = "http://127.0.0.1:{port}"')
    config.write_text(text, encoding="utf-8")
    with started("simulate", "--config", config, BUS_INTAKE_SECRET=SECRET) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready == {"ready": True, "center": "media_center-150402", "url": f"http://127.0.0.1:{port}"}


def test_all_loops_together_have_the_time_of_one_to_end(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A center whose loops hang leaves all the same, before whoever asked it to loses patience and kills it."""
    monkeypatch.setenv("BUS_INTAKE_SECRET", SECRET)
    set_up("media_center-150402", StringIO())
    center = CenterProcess(load(config), EmbeddedTransport("media_center-150402", EmbeddedBroker()))
    given: list[float] = []

    class Hung:
        def join(self, timeout: float) -> None:
            """Sleeps on; its time is noted, and passes."""
            given.append(timeout)
            passed[0] += timeout

    passed = [time.monotonic()]
    monkeypatch.setattr("bus.runtime.process.time", SimpleNamespace(monotonic=lambda: passed[0]))
    center._threads = [Hung() for _ in range(6)]  # type: ignore[misc]  # threads, as far as leaving looks at them
    center.stop(timeout=8)
    assert sum(given) < 9

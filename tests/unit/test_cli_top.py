"""`bus top`: the console's first page in a terminal, over a real store."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console as Terminal

from bus.cli.top_page import page
from bus.console.center_look import Look
from bus.console.findings import findings, verdict
from bus.console.rendering import Words
from bus.console.tiles import next_tiles
from bus.console.watch import Seen
from bus.store import parked
from tests.console.test_looks import AN_HOUR_AGO, NOW, STORE, _broker, _look
from tests.harness.cases_of_each_state import cases_of_each_state
from tests.harness.step import MEDIA, PARTY, BareCenter
from tests.unit.test_cli_run import bus

COLUMNS = 100


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """The settings of a center with old cases and something that is stuck; its process does not run."""
    path = tmp_path / "here.toml"
    path.write_text(
        f'center = "{MEDIA}"\nstore = "sqlite:///{tmp_path}/{MEDIA}.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
        "[http]\nport = 9\n"
    )
    here, party = BareCenter(MEDIA, tmp_path), BareCenter(PARTY, tmp_path)
    cases_of_each_state(here, party, NOW - timedelta(days=400))
    here.store.write(
        lambda tx: parked.park(tx, [parked.row("wire", "unsigned", "", known_by=b"d", owner=MEDIA, now_ms=1)])
    )
    yield path
    here.close()
    party.close()


def _shown(seen: Seen, lang: str) -> str:
    terminal = Terminal(width=COLUMNS, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    with terminal.file:
        terminal.print(page(seen, Words(lang, NOW)))
        return terminal.export_text()


def _seen(look: Look) -> Seen:
    found = findings(look)
    return Seen(look, found, verdict(found), next_tiles({}, look, found))


@pytest.mark.parametrize(("lang", "said"), [("zh", "✓ 一切正常"), ("en", "✓ All is well")])
def test_a_center_at_work_is_well(lang: str, said: str) -> None:
    """The verdict, and a tile for each center."""
    shown = _shown(_seen(_look()), lang)
    assert shown.startswith(said)
    assert "✕" not in shown


def test_the_worst_comes_first_with_its_cure() -> None:
    """In words, not by colour alone; a name that somebody else chose steers no terminal."""
    look = _look(replace(STORE, strangers=[("\x1b[2Jnobody", 1, AN_HOUR_AGO)]), broker=_broker(consumers=0))
    shown = _shown(_seen(look), "en")
    assert shown.startswith("✕ 3 things to see to, the oldest 1 h")
    assert shown.index("fault  another center receives nothing") < shown.index("attention  a route leads to a center")
    assert "cure: start its process; where it runs, restart it  systemctl restart bus@CENTER" in shown
    assert "�[2Jnobody" in shown
    assert "\x1b" not in shown


def test_one_look_tells_the_same_in_words_and_in_json(config: Path) -> None:
    """Of a real store: its process is away, something is stuck; exit code 1, and no resident."""
    code, shown, _ = bus("top", "--once", "--config", config)
    assert code == 1
    told_code, told, _ = bus("top", "--json", "--config", config)
    assert told_code == 1
    data = json.loads(told)
    assert data["center"] == MEDIA
    assert {"process-away", "stuck", "inbox-late"} <= {one["code"] for one in data["findings"]}
    for one in data["findings"]:
        assert one["title"]["zh"] in shown
        assert one["cure"]["zh"] in shown.replace("\n", "")
    assert f"{data['verdict']['number']} 处需处理" in shown
    assert {one["center"]: one["state"] for one in data["tiles"]}[MEDIA] == "fault"
    assert "居民" not in shown.replace("居民信息", "")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell's background job ignores Ctrl-C, and so would its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_terminal_is_refreshed_until_it_is_left(config: Path) -> None:
    """What was mended meanwhile goes by itself; Ctrl-C ends it well."""
    mine, its = pty.openpty()
    command = [sys.executable, "-m", "bus", "top", "--config", str(config), "--lang", "en"]
    with subprocess.Popen(
        command,
        stdin=its,
        stdout=its,
        stderr=subprocess.PIPE,
        env=os.environ | {"COLUMNS": "100", "LINES": "60", "TERM": "xterm"},
    ) as top:
        os.close(its)
        shown = _until(mine, b"", b"received, not applicable")
        with_stuck, count = shown, shown.count(b"things to see to")
        while with_stuck.count(b"things to see to") < count + 2:
            with_stuck += os.read(mine, 65536)
        top.send_signal(signal.SIGINT)
        while _read(mine):
            pass
        assert top.wait(60) == 0
        assert top.stderr is not None
        assert top.stderr.read() == b""
    os.close(mine)


def _until(descriptor: int, shown: bytes, wanted: bytes) -> bytes:
    while wanted not in shown:
        more = _read(descriptor)
        assert more, shown[-500:]
        shown += more
    return shown


def _read(descriptor: int) -> bytes:
    """What comes next; nothing once the other end is closed."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""

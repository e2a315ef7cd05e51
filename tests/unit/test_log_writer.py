"""Logging never raises and never blocks, whatever stands at the other end of standard error."""

import fcntl
import io
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bus.log import dropped, log, reset, set_up
from bus.runtime.log_writer import LogWriter, descriptor_of
from tests.harness.lone_center import LoneCenter, lone_center, until
from verification.faults import Tmpfs

F_SETPIPE_SZ = 1031
"""Linux: how many bytes a pipe holds."""


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    yield
    reset()


def small_pipe() -> tuple[int, int]:
    """A pipe of one page: (end to read, end to write)."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
    return reader, writer


def fill(writer: int) -> None:
    """Until nothing more goes in."""
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"." * 512)
    except BlockingIOError:
        os.set_blocking(writer, True)


def _tried(center: LoneCenter, messages: int) -> bool:
    return center.figure("bus_receipts_outstanding") == messages


def fill_up(log_file: Path) -> None:
    """The last page of a log on a full disk."""
    with suppress(OSError), log_file.open("ab", buffering=0) as rest:
        while True:
            rest.write(b"\n")


def _put(lines: LogWriter, count: int) -> None:
    for _ in range(count):
        lines.put("{}")


def _read_all(reader: int, into: bytearray) -> None:
    while part := os.read(reader, 65536):
        into.extend(part)


def events(text: str) -> list[str]:
    """The event of each whole line."""
    return [json.loads(line)["event"] for line in text.splitlines() if line.startswith("{")]


def test_a_reader_that_goes_away_stops_no_loop(tmp_path: Path) -> None:
    """Standard error is closed at its other end: the relay warns into nothing, and goes on sending."""
    reader, writer = os.pipe()
    with lone_center(tmp_path, stderr=writer) as center:
        os.close(writer)
        center.lives()
        os.close(reader)
        for number in range(3):
            assert center.hand_in(number) == 202
            until(partial(_tried, center, number + 1), f"message {number} is tried")
        assert center.figure("bus_log_dropped_total") > 0
        assert center.page("flow")[0] == 200
        center.process.send_signal(signal.SIGTERM)
        assert center.leaves() == 0


def test_a_reader_that_does_not_read_stops_no_loop(tmp_path: Path) -> None:
    """Standard error is a pipe that is full: forms are taken, the relay sends, and the center leaves when told."""
    reader, writer = small_pipe()
    fill(writer)
    with lone_center(tmp_path, stderr=writer) as center:
        os.close(writer)
        center.lives()
        assert center.hand_in(1) == 202
        until(lambda: center.figure("bus_receipts_outstanding") == 1, "the message is tried")
        center.process.send_signal(signal.SIGTERM)
        assert center.leaves() == 0
    os.close(reader)


def test_a_full_disk_stops_no_loop_and_the_log_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """The log's disk is full: lines are dropped and counted; when it has room again the next lines are there, and one
    that says how many are missing."""
    with (
        Tmpfs(1024 * 1024) as disk,
        (disk.path / "log").open("ab") as file,
        lone_center(tmp_path, stderr=file) as center,
    ):
        center.lives()
        disk.fill()
        fill_up(disk.path / "log")
        assert center.hand_in(1) == 202
        until(lambda: center.figure("bus_receipts_outstanding") == 1, "the message is tried")
        until(lambda: center.figure("bus_log_dropped_total") > 0, "its warning is dropped")
        disk.free()
        assert center.hand_in(2) == 202
        until(lambda: center.figure("bus_receipts_outstanding") == 2, "the next message is tried")
        until(lambda: "log-dropped" in events((disk.path / "log").read_text()), "the log says what is missing")
        assert "nobody-there" in events((disk.path / "log").read_text())
        assert center.page("flow")[0] == 200


def test_nothing_that_is_logged_raises() -> None:
    """A stream that fails and a value that cannot be shown cost their line, which is counted."""

    class Broken(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    class Shy:
        def __repr__(self) -> str:
            raise RuntimeError

    before = dropped()
    set_up("media_center-150402", Broken())
    log().error("fault", step="relay")
    set_up("media_center-150402", io.StringIO())
    log().bind(center="party_service-150402").warning("store", trouble=Shy())
    assert dropped() == before + 2


def test_lines_that_find_no_room_are_counted_and_told_of() -> None:
    """The writer stands, its backlog is full: whoever logs is not held up, and the count stands in the log later."""
    reader, writer = small_pipe()
    fill(writer)
    lines = LogWriter(writer, backlog=2)
    set_up("media_center-150402", lines.put)
    before = dropped()
    for count in range(10):
        log().warning("nobody-there", count=count)
    assert dropped() - before >= 7  # two wait, and one is at the pipe
    with pytest.raises(queue.Full):
        _put(lines, 4)
    assert not lines.flush(0.05)
    seen = bytearray()
    threading.Thread(target=_read_all, args=(reader, seen), daemon=True).start()
    assert lines.flush(30)
    log().info("well-again")
    until(lambda: b"log-dropped" in seen.rpartition(b"\n")[0], "how many are missing")
    told: Any = next(json.loads(x) for x in seen.decode().splitlines() if "log-dropped" in x)
    assert told["count"] == dropped() - before


def test_a_line_that_was_cut_short_harms_no_other(tmp_path: Path) -> None:
    """What a full disk has taken of a line is ended before the next one."""
    file = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT)
    lines = LogWriter(file)
    lines._torn = True
    os.write(file, b'{"event": "st')
    lines.put('{"event": "started"}')
    assert lines.flush(30)
    assert events((tmp_path / "log").read_text().replace('{"event": "st\n', "")) == ["started"]


def test_a_stream_without_a_file_is_written_nowhere() -> None:
    """A process that was started with standard error closed logs into nothing, not into another file of its number."""
    for stream in (None, io.StringIO()):
        assert os.readlink(f"/proc/self/fd/{descriptor_of(stream)}") == os.devnull


def test_the_log_file_of_a_county_takes_its_last_lines(tmp_path: Path) -> None:
    """The last line that is logged before the process ends is in the file."""
    program = (
        "import os, sys; from bus.log import log, set_up; from bus.runtime.log_writer import LogWriter\n"
        "lines = LogWriter(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)); set_up('c', lines.put)\n"
        "[log().info('started', count=n) for n in range(500)]; log().info('stopped'); assert lines.flush(30)\n"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "log"], check=True, timeout=60)
    assert events((tmp_path / "log").read_text())[-1] == "stopped"

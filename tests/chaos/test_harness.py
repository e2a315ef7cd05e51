"""The harness of the chaos runs itself: what it measures, keeps and overhears."""

import json
import socket
from pathlib import Path

import pytest

from verification.chaos import table
from verification.chaos.__main__ import groups
from verification.chaos.http import IntakeClient, Json, Server
from verification.chaos.play import Row
from verification.chaos.pulse import Pulse
from verification.chaos.vitals import growth
from verification.checker import Trend


@pytest.mark.parametrize(
    ("seconds", "memory_per_hour", "files_per_hour", "leaks"),
    [(600, 0, 0, False), (600, 300, 0, True), (600, 0, 300, True), (120, 3000, 3000, False), (3600, 30, 30, False)],
)
def test_growth_is_judged_in_long_lives(
    seconds: int, memory_per_hour: float, files_per_hour: float, leaks: bool
) -> None:
    """A process that grows over the second half of a long life leaks; a short life says nothing."""
    trend = Trend(seconds // 2, 100, memory_per_hour, 30, files_per_hour)
    assert growth("center", trend).too_much is leaks


def test_pauses_are_counted_for_each_center(tmp_path: Path) -> None:
    """One center's silence is seen though another one works, and a refusal is no sign of life."""
    for name in ("effects", "told-staff"):
        (tmp_path / f"{name}.jsonl").touch()
    now = 0.0
    pulse = Pulse(tmp_path, ["lively", "silent"], lambda: now)
    pulse.start()
    pulse.end_of_load()
    for now in range(1, 11):  # noqa: B007 - the clock above reads it
        line = {"center": "lively", "key": "k", "what": "open-handle"}
        refused = {"center": "silent", "status": 503, "id": "r-0", "case": "c"}
        for name, said in (("effects", line), ("told-staff", refused)):
            with (tmp_path / f"{name}.jsonl").open("a") as file:
                file.write(json.dumps(said) + "\n")
        pulse.look()
    assert pulse.pauses == {"lively": 1, "silent": 10}
    assert pulse.longest_pause == 1
    assert pulse.silent == ("silent", 10)


def test_what_a_killed_center_did_not_finish_to_ask_is_not_done() -> None:
    """A request whose body never came has no effect at the vendor's; the next one, on a new connection, has."""
    asked: list[Json] = []

    def answer(_path: str, _key: str, body: Json) -> tuple[int, Json]:
        asked.append(body)
        return 200, {}

    server = Server(answer)
    server.start()
    with socket.create_connection(("127.0.0.1", server.server_address[1]), 5) as caller:
        caller.sendall(b"POST /orders HTTP/1.1\r\ncontent-length: 20\r\n\r\n")
        caller.shutdown(socket.SHUT_WR)
        assert caller.recv(100) == b""
    door = IntakeClient(server.url, "whsec_AAAA")
    assert door.submit("message", {"whole": True}).status == 200
    door.close()
    server.shutdown()
    server.server_close()
    assert asked == [{"whole": True}]


def test_rows_outlive_a_command_that_is_cut_off(tmp_path: Path) -> None:
    """Each row is on disk as soon as it is played, and rows of several commands make one table."""
    first, second = Row("resets", 2, findings=["lost"], pauses={"a": 1.5}), Row("resets", 1)
    table.save(first, tmp_path / "one")
    table.save(second, tmp_path / "other")
    assert table.load([tmp_path / "one", tmp_path / "other"]) == [second, first]


def test_faults_of_the_whole_broker_are_not_mixed() -> None:
    """They would hinder each other's healing; in turn, and alone, they may be asked for."""
    assert [how for how, _ in groups("kill9-broker/memory-alarm,resets+kill9-center", "single")] == [
        "in-turn",
        "at-once",
    ]
    with pytest.raises(SystemExit, match="kill9-broker"):
        groups("kill9-broker+resets", "single")

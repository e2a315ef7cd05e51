"""A center that is killed in the middle of an operation goes on where it was, and does nothing twice."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from bus.contract import signed_document
from bus.contract.ids import new_id
from bus.contract.staff_command import Act, Matching, StaffCommand
from bus.demo.county_keys import county_keys
from bus.security import directory
from bus.security.cipher_suite import COMMAND
from bus.security.keyring import new_keyring, read_keyring
from bus.security.staff import Role
from bus.security.staff_listing import LONGEST, staff_listed
from bus.store import parked
from bus.store import tables as t
from tests.harness.lone_center import ME, LoneCenter, lone_center, until
from tests.harness.step import fresh_store

MANY = 160
"""Items: some seconds of work for the center's loop."""


def _listed(folder: Path) -> tuple[dict[str, str], Callable[[LoneCenter, Act, Any], dict[str, Any]]]:
    """The environment of a center with keys, and what says a command to it by a person whom the directory lists."""
    trust, now = county_keys(folder, {ME: None})[ME], datetime.now(UTC)
    operator, own = read_keyring(folder / "operator.keys.json").keys[-1], new_keyring("staff-otto", now).keys[-1]
    known = directory.read((folder / "county.directory").read_bytes(), operator.public)
    known = staff_listed(known, own.public, Role.OPERATOR, now + LONGEST, now)
    (folder / "county.directory").write_bytes(directory.written(known, operator))

    def say(center: LoneCenter, act: Act, fields: Any) -> dict[str, Any]:
        command = StaffCommand(
            id=new_id(), center=ME, made=datetime.now(UTC), by=own.public.kid, act=act, why="mended", **fields
        )
        body = command.encoded()
        answer = center.http.post("/operations", content=signed_document.join(body, [own.signed(body, COMMAND)]))
        found: dict[str, Any] = answer.json()["operation"]
        return found

    return {f"BUS_TRUST__{name.upper()}": str(path) for name, path in trust.items()}, say


def _stuck(folder: Path) -> None:
    store = fresh_store(folder / "media.db")
    rows = [
        parked.row(parked.WIRE, "not-json", "", known_by=b"%d" % number, owner=ME, now_ms=1, body=b"{")
        for number in range(MANY)
    ]
    store.write(lambda tx: parked.park(tx, rows))
    store.close()


def test_a_killed_center_goes_on_with_its_operation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed twice while it works; at the end each item was done with once."""
    environment, say = _listed(tmp_path / "keys")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _stuck(tmp_path)
    with lone_center(tmp_path) as center:
        center.lives()
        preview = say(center, Act.DISCARD, {"preview": True, "matching": Matching(code="not-json")})
        wanted = {"operation": UUID(preview["id"])}
        say(center, Act.RUN, wanted)
        until(lambda: say(center, Act.SHOW, wanted)["done"], "the first items are done")
    with lone_center(tmp_path) as center:
        center.lives()
        before = say(center, Act.SHOW, wanted)["done"]
        until(lambda: say(center, Act.SHOW, wanted)["done"] > before, "it goes on")
    assert before < MANY
    with lone_center(tmp_path) as center:
        center.lives()
        until(lambda: say(center, Act.SHOW, wanted)["state"] == "done", "it ends")
        done = say(center, Act.SHOW, wanted)
    assert (done["done"], done["refused"]) == (MANY, 0)
    store = fresh_store(tmp_path / "media.db")
    with store.reading() as tx:
        journal = t.journal.c
        for way in ("operated", "discarded"):
            count = select(func.count()).select_from(t.journal).where(journal.way == way)
            assert tx.execute(count).scalar_one() == MANY
        assert parked.listed(tx) == []
    store.close()

"""Who has read a resident's case: nobody can take an entry out, alter one, or cut off the end, unseen."""

import json
import os
import pwd
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from bus.cli.access import whoami
from bus.store import Store, StoreUnavailable, Tx, access_log, schema
from bus.store import tables as t
from tests.unit.test_cli_run import bus

ME = "media_center-150402"
CASE = "00000000-0000-7000-8000-000000000001"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with five entries, and the settings beside it."""
    made = Store(f"sqlite:///{tmp_path}/s.db")
    schema.upgrade(made)
    for number in range(5):
        made.write(lambda tx, n=number: _note(tx, n))  # type: ignore[misc]  # one more parameter, with a default
    (tmp_path / "c.toml").write_text(
        f'center = "{ME}"\nstore = "sqlite:///{tmp_path}/s.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
    )
    yield made
    made.close()


def _note(tx: Tx, number: int) -> None:
    access_log.note(tx, at_ms=number, who="root", what="parked wire x", case_id=CASE, why=f"第 {number} 次")


def _broken(store: Store, known: bytes | None = None) -> list[int]:
    with store.reading() as tx:
        return access_log.broken(tx, known)


def _head(store: Store) -> bytes:
    with store.reading() as tx:
        return access_log.head(tx)


HARM: dict[str, tuple[Callable[[Tx], object], list[int]]] = {
    "another reason": (lambda tx: tx.execute(update(t.accesses).where(t.accesses.c.id == 3).values(why="x")), [3]),
    "another name": (lambda tx: tx.execute(update(t.accesses).where(t.accesses.c.id == 1).values(who="x")), [1]),
    "another case": (lambda tx: tx.execute(update(t.accesses).where(t.accesses.c.id == 5).values(case_id="x")), [5]),
    "another time": (lambda tx: tx.execute(update(t.accesses).where(t.accesses.c.id == 2).values(at_ms=99)), [2]),
    "one taken out": (lambda tx: tx.execute(delete(t.accesses).where(t.accesses.c.id == 3)), [4]),
    "the first taken out": (lambda tx: tx.execute(delete(t.accesses).where(t.accesses.c.id == 1)), [2]),
    "the last taken out": (lambda tx: tx.execute(delete(t.accesses).where(t.accesses.c.id == 5)), [0]),
    "all taken out": (lambda tx: tx.execute(delete(t.accesses)), [0]),
}


@pytest.mark.parametrize("name", HARM)
def test_whatever_is_done_to_the_record_is_seen(name: str, store: Store) -> None:
    """By the chain itself; by the head that was kept elsewhere, where its end was cut off."""
    harm, seen = HARM[name]
    head = _head(store)
    assert _broken(store, head) == []
    store.write(harm)
    assert _broken(store, head) == seen


def test_the_record_goes_on_after_an_older_head(store: Store) -> None:
    """Whoever has kept an older head finds it in the chain."""
    head = _head(store)
    store.write(lambda tx: _note(tx, 6))
    assert _broken(store, head) == []
    assert _head(store) != head


def test_no_two_entries_follow_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two operators at one moment one is told to try again, and nothing was shown to him."""
    monkeypatch.setattr(access_log, "head", lambda _tx: access_log.START)
    with pytest.raises(StoreUnavailable):
        store.write(lambda tx: _note(tx, 7))


def test_the_command_tells_and_checks(store: Store, tmp_path: Path) -> None:
    """List and verify, for people and for scripts; exit 1 when the record is not whole."""
    config = ("--config", tmp_path / "c.toml")
    assert "第 4 次" in bus("access", "list", *config)[1]
    assert len(json.loads(bus("access", "list", *config, "--json")[1])) == 5
    code, out, _ = bus("access", "verify", *config, "--json")
    told = json.loads(out)
    assert (code, told["entries"], told["broken"], len(told["head"])) == (0, 5, [], 64)
    assert bus("access", "verify", *config, "--head", told["head"])[0] == 0
    assert bus("access", "verify", *config, "--head", "xyz")[0] == 2
    store.write(HARM["the last taken out"][0])
    code, _, said = bus("access", "verify", *config, "--head", told["head"], "--lang", "en")
    assert (code, "cut off" in said) == (1, True)
    store.write(HARM["another name"][0])
    assert "被改动" in bus("access", "verify", *config)[2]


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


@pytest.mark.parametrize("login", ["4294967295", "none", None])
def test_a_reader_cannot_name_itself_as_it_pleases(
    login: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment says another name; the kernel's stands in the record, whether it keeps logins or not."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "zhang")
    kept = tmp_path / "loginuid"
    if login is not None:
        kept.write_text(login)
    assert whoami(kept) == _name_of(os.getuid())


def test_the_record_tells_who_has_logged_in_as_another(tmp_path: Path) -> None:
    """As the kernel keeps it, through sudo and su."""
    kept = tmp_path / "loginuid"
    kept.write_text("54321")
    assert whoami(kept) == f"uid 54321 as {_name_of(os.getuid())}"
    kept.write_text(str(os.getuid()))
    assert whoami(kept) == _name_of(os.getuid())

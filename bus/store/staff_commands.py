"""Queries of the commands of persons on duty: those that were carried out, and those that were refused."""

from typing import NamedTuple

from sqlalchemy import delete, select, update

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import dialect_insert, insert_new

_C, _R = t.staff_commands.c, t.refused_commands.c


class Given(NamedTuple):
    """A command that was carried out."""

    id: str
    digest: bytes
    key_id: str
    at_ms: int
    answer: str | None = None


def begin(tx: Tx, command: Given) -> Given | None:
    """Note a command as given. Returns the one of that id that was given before, which stays; else None. Of two at once
    the second one waits for the first."""
    new = dialect_insert(t.staff_commands, tx.dialect.name).values(**command._asdict())
    is_new = tx.execute(new.on_conflict_do_nothing(index_elements=["id"])).rowcount == 1
    return None if is_new else _before(tx, command)


def _before(tx: Tx, command: Given) -> Given | None:
    found = tx.execute(select(*(_C[name] for name in Given._fields)).where(_C.id == command.id)).one()
    return Given(found[0], bytes(found[1]), *found[2:])


def answered(tx: Tx, command_id: str, answer: str) -> None:
    """Keep what was answered."""
    tx.execute(update(t.staff_commands).where(_C.id == command_id).values(answer=answer))


def prune(tx: Tx, before_ms: int) -> None:
    """Forget commands of before: they are too old to be carried out anyway."""
    tx.execute(delete(t.staff_commands).where(_C.at_ms < before_ms))


def note_refused(tx: Tx, key_id: str, code: str, now_ms: int, told_every_ms: int) -> bool:
    """Count a refusal. True where the journal shall have a line of it, which is noted as done."""
    row = {"key_id": key_id, "code": code, "times": 0, "first_ms": now_ms, "last_ms": now_ms, "told_ms": 0}
    insert_new(tx, t.refused_commands, [row], ["key_id", "code"])
    same = (_R.key_id == key_id) & (_R.code == code)
    told_ms = tx.execute(select(_R.told_ms).where(same).with_for_update()).scalar_one()
    tells = not told_ms <= now_ms < told_ms + told_every_ms
    values = {"last_ms": now_ms, "told_ms": now_ms if tells else told_ms}
    tx.execute(update(t.refused_commands).where(same).values(times=_R.times + 1, **values))
    return tells

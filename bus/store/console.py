"""Queries of a console's own store: who may sign in, who is signed in, and who has failed to."""

from typing import NamedTuple

from sqlalchemy import delete, select, update

from bus.store import tables as t
from bus.store.access_log import Mark
from bus.store.database import Tx
from bus.store.inserts import dialect_insert, insert, upsert

_P, _S, _F = t.console_people.c, t.console_sessions.c, t.console_failures.c


class PersonRow(NamedTuple):
    """A person who may sign in."""

    name: str
    role: str
    password: str
    """The argon2 hash."""
    changed_ms: int


class SessionRow(NamedTuple):
    """A browser that is signed in."""

    token: bytes
    """Digest of what the browser keeps."""
    person: str
    form_token: str
    made_ms: int
    seen_ms: int


class Failures(NamedTuple):
    """Failed tries since the last success."""

    source: str
    times: int
    last_ms: int


class MarkRow(NamedTuple):
    """A mark in the center's access log."""

    slot: int
    number: int
    digest: bytes
    at_ms: int


def people(tx: Tx) -> list[PersonRow]:
    """Everybody who may sign in, by name."""
    return [PersonRow(*row) for row in tx.execute(select(*_P).order_by(_P.name))]


def person(tx: Tx, name: str) -> PersonRow | None:
    """One person; None where nobody has this name."""
    row = tx.execute(select(*_P).where(_P.name == name)).one_or_none()
    return PersonRow(*row) if row is not None else None


def put_person(tx: Tx, row: PersonRow) -> None:
    """Let a person sign in, or give the person another role or password. Its sessions end."""
    upsert(tx, t.console_people, [row])
    end_sessions_of(tx, row.name)


def remove_person(tx: Tx, name: str) -> bool:
    """Let a person sign in no more. False where nobody has this name."""
    end_sessions_of(tx, name)
    return tx.execute(delete(t.console_people).where(_P.name == name)).rowcount > 0


def begin_session(tx: Tx, row: SessionRow) -> None:
    """Keep a new session."""
    insert(tx, t.console_sessions, [row])


def session(tx: Tx, token: bytes) -> SessionRow | None:
    """One session; None where there is none of this token."""
    row = tx.execute(select(*_S).where(_S.token == token)).one_or_none()
    return SessionRow(bytes(row[0]), *row[1:]) if row is not None else None


def seen(tx: Tx, token: bytes, now_ms: int) -> None:
    """Note that a session is still used."""
    tx.execute(update(t.console_sessions).where(_S.token == token).values(seen_ms=now_ms))


def end_session(tx: Tx, token: bytes) -> None:
    """Sign one browser out."""
    tx.execute(delete(t.console_sessions).where(_S.token == token))


def end_sessions_of(tx: Tx, name: str) -> None:
    """Sign a person out everywhere."""
    tx.execute(delete(t.console_sessions).where(_S.person == name))


def prune(tx: Tx, made_before_ms: int, seen_before_ms: int, failed_before_ms: int) -> None:
    """Forget sessions that are too old or unused for too long, and failures of long ago."""
    tx.execute(delete(t.console_sessions).where((_S.made_ms < made_before_ms) | (_S.seen_ms < seen_before_ms)))
    tx.execute(delete(t.console_failures).where(_F.last_ms < failed_before_ms))


def failures(tx: Tx, source: str) -> Failures:
    """The failed tries of a source."""
    row = tx.execute(select(*_F).where(_F.source == source)).one_or_none()
    return Failures(*row) if row is not None else Failures(source, 0, 0)


def note_failure(tx: Tx, source: str, now_ms: int) -> None:
    """Count one more failed try."""
    new = dialect_insert(t.console_failures, tx.dialect.name).values(source=source, times=1, last_ms=now_ms)
    again = {"times": _F.times + 1, "last_ms": now_ms}
    tx.execute(new.on_conflict_do_update(index_elements=["source"], set_=again))


def forget_failures(tx: Tx, source: str) -> None:
    """Begin to count anew."""
    tx.execute(delete(t.console_failures).where(_F.source == source))


SEEN, EXPLAINED = 1, 2
"""Slots of marks: the newest entry of the access log that was seen, and up to where a person has looked at breaks."""


def mark(tx: Tx, slot: int) -> Mark:
    """A mark in the center's access log; its beginning where there is none."""
    m = t.console_marks.c
    row = tx.execute(select(m.number, m.digest).where(m.slot == slot)).one_or_none()
    return Mark(row[0], bytes(row[1])) if row is not None else Mark()


def keep_mark(tx: Tx, slot: int, kept: Mark, now_ms: int) -> None:
    """Remember a mark."""
    upsert(tx, t.console_marks, [MarkRow(slot, kept.number, kept.digest, now_ms)])

"""Queries of attached files: the key of each, and the cases that name it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select, update

from bus.custody import Record
from bus.security.master_key import decrypt, encrypt
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.encryption import encryption_of
from bus.store.inserts import insert_new


@dataclass(frozen=True, slots=True)
class KeyOfFile:
    """The key that encrypts a file and its name."""

    wrapped: bytes
    """The wrapped key, as stored."""
    cipher: AESGCM


class FileLabel(NamedTuple):
    """The stored facts about a kept file."""

    sha256: str
    size: int
    media_type: str
    name: str | None


def key(tx: Tx, sha256: str) -> KeyOfFile | None:
    """The key of a file; None: it is stored in clear, or not here. Raises ``KeyUnusable`` without the master key."""
    query = select(t.file_keys.c.wrapped).where(t.file_keys.c.sha256 == sha256)
    wrapped = tx.execute(query).scalar()
    return None if wrapped is None else KeyOfFile(bytes(wrapped), encryption_of(tx).cipher(sha256, bytes(wrapped)))


def new_key(tx: Tx, sha256: str) -> KeyOfFile | None:
    """The key of a file, made now where there is none yet; None in a store without a master key."""
    master = encryption_of(tx).master
    if master is not None:
        wrapped = master.wrap(AESGCM.generate_key(128), sha256.encode())
        insert_new(tx, t.file_keys, [{"sha256": sha256, "wrapped": wrapped, "name": None}], ["sha256"])
    return key(tx, sha256)


def name_kept(tx: Tx, sha256: str, name: str | None) -> str | None:
    """Store the file's name under its key. Returns what may stand in clear: the name itself, where there is no key."""
    there = key(tx, sha256)
    if there is None or name is None:
        return name
    hidden = encrypt(there.cipher, name.encode(), _about_name(sha256))
    change = update(t.file_keys).where(t.file_keys.c.sha256 == sha256, t.file_keys.c.name.is_(None))
    tx.execute(change.values(name=hidden))
    kept = t.attachments.c
    tx.execute(update(t.attachments).where(kept.sha256 == sha256, kept.name.is_not(None)).values(name=None))
    return None


def name(tx: Tx, sha256: str) -> str | None:
    """The file's name, where it was stored under its key."""
    there = key(tx, sha256)
    hidden = tx.execute(select(t.file_keys.c.name).where(t.file_keys.c.sha256 == sha256)).scalar()
    if there is None or hidden is None:
        return None
    return decrypt(there.cipher, bytes(hidden), _about_name(sha256)).decode()


def _about_name(sha256: str) -> bytes:
    return f"name {sha256}".encode()


def named_in(tx: Tx, records: Iterable[Record]) -> None:
    """Record which files these cases name; a file stays while a case needs it."""
    rows = [
        {"case_id": str(record.case.case_id), "sha256": one.sha256}
        for record in records
        for one in record.case.attachments
    ]
    insert_new(tx, t.case_files, rows, ["case_id", "sha256"])


def forget(tx: Tx, record: Record) -> Mapping[str, KeyOfFile | None]:
    """Remove the case's claim on its files. Forgets the files that no other case names, and destroys their keys.
    Returns those files, each with its former key."""
    c, case_id = t.case_files.c, str(record.case.case_id)
    mine = {one.sha256 for one in record.case.attachments}
    mine |= {*tx.execute(select(c.sha256).where(c.case_id == case_id)).scalars()}
    if not mine:
        return {}
    a = t.attachments.c
    # a transaction that is about to name one of them holds its lock, and is waited for
    tx.execute(select(a.sha256).where(a.sha256.in_(mine)).order_by(a.sha256).with_for_update()).all()
    tx.execute(delete(t.case_files).where(c.case_id == case_id))
    gone = sorted(mine - {*tx.execute(select(c.sha256).where(c.sha256.in_(mine))).scalars()})
    keys = {sha256: key(tx, sha256) for sha256 in gone}
    for table in (t.file_keys, t.attachments, t.attachments_came):
        tx.execute(delete(table).where(table.c.sha256.in_(gone)))
    return keys


def keep(tx: Tx, label: FileLabel, came: str, at_ms: int) -> None:
    """Store a file's label. ``came``: the hash of the file as received, which also finds it."""
    hidden = label._replace(name=name_kept(tx, label.sha256, label.name))
    insert_new(tx, t.attachments, [{**hidden._asdict(), "at_ms": at_ms}], ["sha256"])
    if came != label.sha256:
        insert_new(tx, t.attachments_came, [{"came": came, "sha256": label.sha256}], ["came"])


def label(tx: Tx, sha256: str) -> FileLabel | None:
    """The label of a kept file, by its hash or by the hash of the file as received. It is not erased before the
    transaction ends."""
    came = t.attachments_came.c
    sha256 = tx.execute(select(came.sha256).where(came.came == sha256)).scalar() or sha256
    query = select(t.attachments).where(t.attachments.c.sha256 == sha256)
    row = tx.execute(query.with_for_update(read=True)).one_or_none()
    return None if row is None else FileLabel(row.sha256, row.size, row.media_type, row.name or name(tx, sha256))

"""Encryption at rest: rows about residents are stored under a key of their case.

A case's key is made with its first row and wrapped by the center's master key. Erasure of the case destroys the key
(crypto-shredding). Rows of no case have a key of their own. A store without a master key holds everything in clear;
clear rows from before it are read as they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, select, update
from sqlalchemy.sql.dml import UpdateBase

from bus.security.errors import KeyUnusable
from bus.security.master_key import MasterKey, Tampered, decrypt, encrypt
from bus.store import tables as t
from bus.store.database import StoreUnavailable, Tx
from bus.store.inserts import dialect_insert
from bus.store.statements import Prepared, among, as_list

Row = Mapping[str, Any]


R = TypeVar("R")
"""A typed row with ``case_id`` and ``body``."""
MARK = b"\x00case\x00"
"""Prefix of encrypted bytes: no message, and no text, begins so."""
NO_CASE = "-"
"""The key's name for rows that belong to no case."""
ERASED = b""
"""The plaintext of an erased case."""
MOST_KEYS = 5000
"""Unwrapped keys in memory at once."""


@dataclass(frozen=True, slots=True)
class _Key:
    cipher: AESGCM
    again: bool
    """Whether the case was erased before and mentioned again since: older rows have no key."""


_K = t.case_keys.c
_KEYS = Prepared(lambda _: select(_K.case_id, _K.wrapped, _K.erased_ms).where(among("ids", _K.case_id)))


def _made(database: str) -> UpdateBase:
    """The statement that makes a new key where there is none or it was destroyed; an existing key stays."""
    insert = dialect_insert(t.case_keys, database).values(case_id=bindparam("case_id"), wrapped=bindparam("wrapped"))
    return insert.on_conflict_do_update(
        index_elements=["case_id"], set_={"wrapped": insert.excluded.wrapped}, where=_K.wrapped == b""
    )


_MAKE = Prepared(_made)


class CaseEncryption:
    """Encrypts and decrypts the rows of one store. Threads may share it."""

    def __init__(self, master: MasterKey | None = None) -> None:
        self.master = master
        """None: everything is written in clear."""
        self._unwrapped: dict[bytes, AESGCM] = {}
        """Unwrapped keys by their stored, wrapped form, so a key that was destroyed in the store is not found here
        either."""

    def encrypted(self, tx: Tx, rows: Sequence[R]) -> Sequence[R]:
        """The rows as they are to be written."""
        if self.master is None:
            return rows
        found: Sequence[Any] = rows
        bodies = iter(self.hidden(tx, [(row.case_id, row.body) for row in found if row.body is not None]))
        return [row if row.body is None else row._replace(body=next(bodies)) for row in found]

    def hidden(self, tx: Tx, said: Sequence[tuple[str | None, bytes]]) -> list[bytes]:
        """The ciphertext of each (case, plaintext)."""
        if self.master is None or not said:
            return [content for _, content in said]
        ids = [case_id or NO_CASE for case_id, _ in said]
        keys = self._keys(tx, ids)
        missing = {*ids} - keys.keys()
        if missing:
            keys |= self._new_keys(tx, self.master, missing)
        return [_encrypt(keys[case_id], case_id, content) for case_id, (_, content) in zip(ids, said, strict=True)]

    def decrypted(self, tx: Tx, found: Sequence[tuple[str | None, bytes]]) -> list[bytes]:
        """The plaintext of each (case, ciphertext); ``ERASED`` for what cannot be read any more.

        Raises ``KeyUnusable`` when the row is encrypted and this center has no key for it, ``StoreUnavailable`` when it
        was altered."""
        hidden = {case_id or NO_CASE for case_id, content in found if content.startswith(MARK)}
        if not hidden:
            return [content for _, content in found]
        keys = self._keys(tx, hidden)
        return [_decrypt(keys.get(case_id or NO_CASE), case_id or NO_CASE, content) for case_id, content in found]

    def readable(self, tx: Tx, found: Sequence[tuple[str | None, bytes]]) -> list[bytes | None]:
        """The same as ``decrypted``, row by row; None for what was altered."""
        try:
            return [*self.decrypted(tx, found)]
        except StoreUnavailable as trouble:
            if trouble.passing:
                raise
        return [self._readable_alone(tx, one) for one in found]

    def _readable_alone(self, tx: Tx, one: tuple[str | None, bytes]) -> bytes | None:
        try:
            return self.decrypted(tx, [one])[0]
        except StoreUnavailable as trouble:
            if trouble.passing:
                raise
            return None

    def decrypt(self, tx: Tx, found: Iterable[Any], column: str = "body") -> list[Row]:
        """Rows with one column decrypted where necessary."""
        rows = [dict(row) for row in found]
        filled = [row for row in rows if row[column] is not None]
        said = iter(self.decrypted(tx, [(row["case_id"], bytes(row[column])) for row in filled]))
        return [{**row, column: next(said)} if row[column] is not None else row for row in rows]

    def _keys(self, tx: Tx, case_ids: Iterable[str]) -> dict[str, _Key]:
        """The existing keys of these cases."""
        return {
            case_id: _Key(self.cipher(case_id, bytes(wrapped)), erased_ms is not None)
            for case_id, wrapped, erased_ms in _KEYS.rows(tx, ids=as_list(sorted({*case_ids})))
            if wrapped
        }

    def _new_keys(self, tx: Tx, master: MasterKey, case_ids: Iterable[str]) -> dict[str, _Key]:
        """New keys. If two processes make one at the same moment, both use the first."""
        fresh = {case_id: AESGCM.generate_key(128) for case_id in sorted(case_ids)}
        _MAKE.each(tx, [{"case_id": i, "wrapped": master.wrap(key, i.encode())} for i, key in fresh.items()])
        return self._keys(tx, fresh)

    def cipher(self, about: str, wrapped: bytes) -> AESGCM:
        """The cipher for the wrapped key of a case or a file. Raises ``KeyUnusable``."""
        known = self._unwrapped.get(wrapped)
        if known is not None:
            return known
        if self.master is None:
            raise KeyUnusable(
                "库已加密，配置里却没有主密钥；请在 [at_rest] 中写明 key",
                "the store is encrypted and the settings name no key: name it under [at_rest]",
            )
        made = AESGCM(self.master.unwrap(wrapped, about.encode()))
        if len(self._unwrapped) >= MOST_KEYS:
            self._unwrapped.clear()
        self._unwrapped[wrapped] = made
        return made


PLAINTEXT = CaseEncryption()


def encryption_of(tx: Tx) -> CaseEncryption:
    """The encryption of the transaction's store."""
    found: CaseEncryption | None = tx.get_execution_options().get("vault")
    return PLAINTEXT if found is None else found


def destroy_key(tx: Tx, case_id: str, now_ms: int) -> bool:
    """Destroy the key of this case; its rows become unreadable. False if it has no key."""
    gone = update(t.case_keys).where(_K.case_id == case_id, _K.wrapped != b"")
    return tx.execute(gone.values(wrapped=b"", erased_ms=now_ms)).rowcount == 1


def _encrypt(key: _Key, case_id: str, content: bytes) -> bytes:
    return MARK + encrypt(key.cipher, content, case_id.encode())


def _decrypt(key: _Key | None, case_id: str, content: bytes) -> bytes:
    if not content.startswith(MARK):
        return content
    if key is None:
        return ERASED
    try:
        return decrypt(key.cipher, content.removeprefix(MARK), case_id.encode())
    except Tampered:
        if key.again:
            return ERASED
        raise StoreUnavailable(
            f"a row of case {case_id} was altered, or its key belongs to another store: compare with a backup",
            passing=False,
        ) from None

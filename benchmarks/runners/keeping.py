"""Durability added by hand around a library that has none: a row and a commit on each side."""

import sqlite3
import uuid


class Kept:
    """A SQLite file with an outbox and an inbox, as durable as ours: WAL, ``synchronous=FULL``."""

    def __init__(self, path: str) -> None:
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=FULL")
        self._file.execute("CREATE TABLE IF NOT EXISTS outbox (id TEXT PRIMARY KEY, body TEXT, sent INTEGER)")
        self._file.execute("CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, body TEXT)")

    def say(self, body: str) -> str:
        """Store a message before it is sent. Returns its id."""
        message_id = str(uuid.uuid4())
        self._file.execute("INSERT INTO outbox VALUES (?, ?, 0)", (message_id, body))
        return message_id

    def sent(self, message_id: str) -> None:
        """Mark the message as confirmed."""
        self._file.execute("UPDATE outbox SET sent = 1 WHERE id = ?", (message_id,))

    def hear(self, message_id: str, body: str) -> bool:
        """Store a received message. Returns whether it is new."""
        return self._file.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?)", (message_id, body)).rowcount == 1

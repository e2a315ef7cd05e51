"""A private PostgreSQL for tests: a container if a Docker daemon answers, else a process of the Debian package."""

import os
import secrets
import time
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from verification.services.allocation import LOOPBACK, ServiceUnavailable, free_ports
from verification.services.container import Container, containers_wanted
from verification.services.private_postgres import PrivatePostgres
from verification.services.rabbitmq import Server

IMAGE = os.environ.get("BUS_TEST_POSTGRES_IMAGE", "docker.io/library/postgres:17-alpine")


class DatabaseServer(Server, Protocol):
    """A PostgreSQL server, with its harshest stop short of SIGKILL."""

    def abort(self) -> None: ...


class PostgresNode:
    """One PostgreSQL on loopback with its own superuser; data live until ``stop``. Not thread-safe."""

    def __init__(self, parent: Path | None = None) -> None:
        """``parent`` is where the data folder is made, if the server's unix user can reach it.

        Raises ServiceUnavailable if there is neither Docker nor the Debian package."""
        self.user = "admin"
        self.password = secrets.token_hex(16)
        (self.port,) = free_ports(1)
        self.server: DatabaseServer
        if containers_wanted():
            self.server = Container(
                IMAGE,
                env={"POSTGRES_USER": self.user, "POSTGRES_PASSWORD": self.password, "POSTGRES_DB": "postgres"},
                ports={5432: self.port},
            )
        else:
            self.server = PrivatePostgres(self.port, self.user, self.password, parent=parent)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def host(self) -> str:
        return LOOPBACK

    def dsn(self, database: str = "postgres") -> str:
        """A URL for SQLAlchemy (``postgresql+psycopg://…``) as superuser."""
        return f"postgresql+psycopg://{self.user}:{self.password}@{LOOPBACK}:{self.port}/{quote(database, safe='')}"

    def start(self, timeout: float = 600) -> Self:
        """Start, or restart with the same data and port, and wait until ``ready``.

        Raises ServiceUnavailable if the server ends or is not ready within ``timeout`` seconds."""
        self.server.start()
        deadline = time.monotonic() + timeout
        while not self.ready():
            if not self.server.running or time.monotonic() > deadline:
                words = self.server.last_words()
                self.server.kill9()
                raise ServiceUnavailable(f"PostgreSQL 未能就绪 / is not ready within {timeout:g} s:\n{words}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """End the server at once, and delete its data."""
        self.server.remove()

    def restart(self) -> Self:
        """A stop in good order (open transactions are rolled back) and a start with the same data."""
        self.server.terminate()
        return self.start()

    def kill9(self) -> None:
        """SIGKILL to all processes of the server; ``start`` recovers from the write-ahead log."""
        self.server.kill9()

    def immediate_stop(self) -> None:
        """The same as ``pg_ctl stop -m immediate``: every session is ended and nothing more is written; ``start``
        recovers from the write-ahead log."""
        self.server.abort()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, and no query is answered. End it with ``resume``."""
        self.server.freeze()

    def resume(self) -> None:
        self.server.thaw()

    def ready(self) -> bool:
        """Whether a query is answered now."""
        try:
            with self._connect() as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def create_database(self, name: str) -> str:
        """Make an empty database and return its ``dsn``; raises psycopg.errors.DuplicateDatabase."""
        with self._connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.dsn(name)

    def drop_database(self, name: str) -> None:
        """Delete a database and end its remaining connections."""
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

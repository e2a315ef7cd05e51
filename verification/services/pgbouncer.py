"""PgBouncer from the Debian package before a private PostgreSQL: one pooler, in the mode that a test names."""

import shutil
import socket
import time
from pathlib import Path
from typing import Literal, Self

from sqlalchemy import make_url

from verification.services.allocation import LOOPBACK, ServiceUnavailable, free_ports, private_folder
from verification.services.private_postgres import ENV, postgres_user
from verification.services.privileges import need_program
from verification.services.process import ServerProcess

Mode = Literal["session", "transaction", "statement"]


class PgBouncer:
    """``with PgBouncer(url, "transaction") as pooler:`` makes the database of ``url`` also available at
    ``pooler.url``."""

    def __init__(self, url: str, mode: Mode, *, round_robin: bool = False, parent: Path | None = None) -> None:
        """Raises ServiceUnavailable if the Debian package is missing."""
        behind = make_url(url)
        (port,) = free_ports(1)
        program = need_program("pgbouncer", "pgbouncer")
        self.url = behind.set(host=LOOPBACK, port=port).render_as_string(hide_password=False)
        self._port = port
        owner = postgres_user()
        self._folder = private_folder("pgbouncer", parent, owner)
        users, settings = self._folder / "users", self._folder / "pgbouncer.ini"
        users.write_text(f'"{behind.username}" "{behind.password}"\n')
        settings.write_text(
            f"[databases]\n* = host={LOOPBACK} port={behind.port}\n[pgbouncer]\nlisten_addr = {LOOPBACK}\n"
            f"listen_port = {port}\nunix_socket_dir =\nauth_type = plain\nauth_file = {users}\npool_mode = {mode}\n"
            f"server_round_robin = {int(round_robin)}\ndefault_pool_size = 30\n"
        )
        for file in (users, settings):
            file.chmod(0o600)
            if owner is not None:
                shutil.chown(file, owner)
        self._server = ServerProcess([program, str(settings)], env=ENV, folder=self._folder, owner=owner)

    def __enter__(self) -> Self:
        try:
            self._server.start()
            self._await()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it and delete its files."""
        self._server.kill9()
        shutil.rmtree(self._folder)

    def _await(self, timeout: float = 60) -> None:
        deadline = time.monotonic() + timeout
        while True:
            try:
                socket.create_connection((LOOPBACK, self._port), 1).close()
            except OSError:
                if not self._server.running or time.monotonic() > deadline:
                    words = self._server.last_words()
                    raise ServiceUnavailable(f"PgBouncer 未能就绪 / is not ready: {words}") from None
                time.sleep(0.05)
            else:
                return

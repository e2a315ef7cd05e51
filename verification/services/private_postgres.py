"""A PostgreSQL from the Debian package as a private process: own data, own port, own superuser."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

from verification.services.allocation import LOOPBACK, ServiceUnavailable, private_folder
from verification.services.process import ServerProcess

VERSIONS = Path("/usr/lib/postgresql")
ENV = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class PrivatePostgres:
    """The processes and files of one private server; ``PostgresNode`` is what tests use."""

    def __init__(self, port: int, user: str, password: str, *, parent: Path | None) -> None:
        programs = newest_programs()
        self._owner = postgres_user()
        self.folder = private_folder("postgres", parent, self._owner)
        self._initdb(programs, user, password)
        # fsync off: tests kill processes, never the machine, and the kernel keeps written data
        options = {"port": port, "listen_addresses": LOOPBACK, "unix_socket_directories": "", "fsync": "off"}
        flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._server = ServerProcess(
            [str(programs / "postgres"), "-D", str(self.folder / "data"), *flags],
            env=ENV,
            folder=self.folder,
            owner=self._owner,
        )

    @property
    def running(self) -> bool:
        return self._server.running

    @property
    def pids(self) -> list[int]:
        return self._server.pids

    def start(self) -> None:
        self._server.start()

    def terminate(self) -> None:
        """A fast shutdown: open transactions are rolled back."""
        self._server.terminate(signal.SIGINT)

    def abort(self) -> None:
        """An immediate shutdown: nothing is written any more."""
        self._server.terminate(signal.SIGQUIT)

    def kill9(self) -> None:
        self._server.kill9()

    def freeze(self) -> None:
        self._server.freeze("postgres")

    def thaw(self) -> None:
        self._server.thaw("postgres")

    def remove(self) -> None:
        """End everything and delete the data."""
        self._server.kill9()
        shutil.rmtree(self.folder)

    def last_words(self) -> str:
        """The end of the server's output, for the error text."""
        return self._server.last_words()

    def _initdb(self, programs: Path, user: str, password: str) -> None:
        # a password even on loopback: other users may have accounts on this machine
        secret = self.folder / "password"
        secret.touch(0o600)
        secret.write_text(password)
        if self._owner is not None:
            shutil.chown(secret, self._owner)
        made = subprocess.run(
            [
                *(programs / "initdb", "--pgdata", self.folder / "data", "--username", user, "--pwfile", secret),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
            env=ENV,
            cwd=self.folder,
            user=self._owner,
            group=self._owner,
            extra_groups=None if self._owner is None else [],
        )
        secret.unlink()
        if made.returncode != 0:
            raise ServiceUnavailable(f"initdb 失败 / initdb failed:\n{made.stdout[-1000:]}{made.stderr[-1000:]}")


def newest_programs() -> Path:
    """The folder with ``initdb`` and ``postgres`` of the newest installed version; raises ServiceUnavailable."""
    found = [path.parent for path in VERSIONS.glob("*/bin/initdb")]
    if not found:
        raise ServiceUnavailable(
            "未安装 postgresql：请运行 make services（需要 root 或免密 sudo），或 apt-get install postgresql。\n"
            "postgresql is not installed: run make services (as root or with passwordless sudo), "
            "or apt-get install postgresql."
        )
    return max(found, key=lambda folder: float(folder.parent.name))


def postgres_user() -> str | None:
    """The unix user of the Debian package: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError as error:
        raise ServiceUnavailable(
            "以 root 运行时需要系统用户 postgres：请 apt-get install postgresql。\n"
            "Running as root needs the unix user postgres: apt-get install postgresql."
        ) from error

"""The county's directory in its file. An older directory than was in use never counts: a key revoked since would be
valid in it.
"""

import base64
import hashlib
import threading
from pathlib import Path

from bus.security import directory
from bus.security.directory import Directory, Edition
from bus.security.errors import KeyUnusable, RolledBack
from bus.security.keyring import PublicKey
from bus.security.reloading_file import ReloadingFile


def operator_id(operator: PublicKey) -> str:
    """The id under which a center remembers a county's operator: the SHA-256 of its key. Another key begins its own
    count."""
    return hashlib.sha256(base64.b64decode(operator.sign)).hexdigest()


class DirectoryFile:
    """The directory file, read again whenever it changes. Threads may share it."""

    def __init__(self, path: Path, operator: PublicKey, newest: Edition | None = None) -> None:
        """``newest``: the directory in use before. Raises ``KeyUnusable`` if the file cannot be read. A directory that
        is too old raises nothing yet: the center starts without one, and waits for the newest."""
        self.path = path
        self.operator = operator_id(operator)
        self.newest = newest
        """The newest that was in use."""
        self._key = operator
        self._judging = threading.Lock()
        self._file = ReloadingFile(path, self._read)

    @property
    def trouble(self) -> KeyUnusable | None:
        """Why the file's present content is not used."""
        return self._file.trouble

    def current(self) -> Directory:
        """The newest readable directory. Raises ``KeyUnusable`` if there is none."""
        return self._file.current()

    def not_before(self, newest: Edition) -> None:
        """Refuse directories older than this from now on, also the one in use."""
        with self._judging:
            self.newest = newest
        self._file.reread()

    def _read(self, _before: Directory | None) -> Directory:
        found = directory.read_file(self.path, self._key)
        with self._judging:
            refuse_older(self.path, found.edition, self.newest)
            self.newest = found.edition
        return found


def refuse_older(path: Path, found: Edition, newest: Edition | None) -> None:
    """Raises ``RolledBack`` for a directory older than ``newest``, or for another one of the same serial."""
    if newest is None or found == newest or found.serial > newest.serial:
        return
    if found.serial == newest.serial:
        raise RolledBack(
            f"{path}（directory-rolled-back）：与已用过的同为第 {found.serial} 版，内容却不同；请运维者重新签发下一版",
            f"{path} (directory-rolled-back): another directory with serial {found.serial} was in use here: have the "
            "county's operator sign the next one",
        )
    raise RolledBack(
        f"{path}（directory-rolled-back）：名录第 {found.serial} 版，旧于已用过的第 {newest.serial} 版，不予采用；"
        "请用 bus keys directory --from 换上最新的，任何中心都有",
        f"{path} (directory-rolled-back): serial {found.serial} is older than {newest.serial}, which was in use here: "
        "take the newest, which any center has (`bus keys directory --from FILE`)",
    )

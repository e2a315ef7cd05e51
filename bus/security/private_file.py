"""Files written as a whole, with the mode and the owner that they are to have from their first byte on."""

import grp
import os
import pwd
import tempfile
from pathlib import Path
from typing import NamedTuple

OWNERS_ALONE = 0o077
"""What of a file's mode must not be set: reading, writing or running by anybody but its owner."""
_PRIVATE, _PUBLIC, _FOLDER = 0o600, 0o644, 0o700


class Owner(NamedTuple):
    """Whom a file belongs to, by numbers."""

    uid: int
    gid: int


class NoSuchOwner(ValueError):
    """A user or group that this machine does not have; the text is the name."""


def owner_named(text: str) -> Owner:
    """``USER`` or ``USER:GROUP``, by name or number; without a group that of the user. Raises ``NoSuchOwner``."""
    user, _, group = text.partition(":")
    try:
        found = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
        uid, gid = found.pw_uid, found.pw_gid
    except (KeyError, OverflowError):
        if not (user.isdecimal() and group):  # a number with its group needs no entry: containers have none
            raise NoSuchOwner(user) from None
        uid, gid = int(user), -1
    if group:
        try:
            gid = int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
        except KeyError:
            raise NoSuchOwner(group) from None
    return Owner(uid, gid)


def owner_for(path: Path) -> Owner | None:
    """Whom a file that root writes is to belong to: as the one that it replaces, else as its folder. None: whoever
    writes it. What root makes in the folder of a service's user would be unreadable for that user."""
    if os.geteuid() != 0:
        return None
    try:
        told = os.stat(path) if path.exists() else os.stat(path.absolute().parent)
    except OSError:
        return None
    return Owner(told.st_uid, told.st_gid) if told.st_uid != 0 or path.exists() else None


def write_private(path: Path, content: bytes, owner: Owner | None = None) -> None:
    """Write it so that whoever reads it has the old or the new one, and nobody else can read it from its first byte on;
    in a folder where this user may not write, in the file that is there.
    Without ``owner`` it belongs to whom ``owner_for`` says. Raises ``OSError``."""
    try:
        _write(path, content, _PRIVATE, owner)
    except PermissionError:
        if owner is not None or not os.access(path, os.W_OK, effective_ids=True):
            raise
        _write_on(path, content)


def write_public(path: Path, content: bytes, owner: Owner | None = None) -> None:
    """The same for what everybody may read, whatever the umask. Raises ``OSError``."""
    _write(path, content, _PUBLIC, owner)


def make_folder(folder: Path, owner: Owner | None = None) -> None:
    """Make the folder of private files and those above it that are missing, each for its owner alone. One that is there
    is left as it is. Raises ``OSError``."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        whose = owner or owner_for(one)
        one.mkdir(mode=_FOLDER)
        if whose is not None:
            os.chown(one, whose.uid, whose.gid, follow_symlinks=False)


def _write_on(path: Path, content: bytes) -> None:
    """For a user whose own file lies in another's folder, where it may not be replaced, such as a service's key in
    ``/etc``. One call writes all, a ring of keys begins as the one before: a power cut harms no key that counts."""
    with path.open("r+b", buffering=0) as file:
        file.write(content)
        file.truncate(len(content))
        os.fsync(file.fileno())


def _write(path: Path, content: bytes, mode: int, owner: Owner | None) -> None:
    whose = owner or owner_for(path)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:  # mkstemp has made it for its owner alone
            if whose is not None:
                os.fchown(file.fileno(), whose.uid, whose.gid)
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise

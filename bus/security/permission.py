"""Why a user may not read or write a file: whose it is, its mode, who asks, and the command that mends it."""

import grp
import os
import pwd
import shlex
import stat
import subprocess
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from bus.bilingual import Bilingual
from bus.security.errors import KeyUnusable

SECONDS = 10.0
"""For asking the system what another user may."""


class Readers(Enum):
    """Who is meant to read a file; from which follows how it is mended."""

    OWNER = "owner"
    """A secret: the service's user alone."""
    GROUP = "group"
    """The settings: root writes them, the service reads them."""
    ALL = "all"
    """What is public, such as the county's directory."""


class User(NamedTuple):
    """Who is to read a file."""

    uid: int
    gid: int
    name: str

    def may(self, path: str | Path, right: str) -> bool:
        """Whether the system would let it read (``r``), write (``w``) or enter (``x``), access lists included."""
        if self.uid == os.geteuid():
            return os.access(path, {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}[right], effective_ids=True)
        done = subprocess.run(  # noqa: S603 - our own words and a path of the settings
            ["test", f"-{right}", str(path)],  # noqa: S607 - of every system's own path
            user=self.uid, group=self.gid, extra_groups=os.getgrouplist(self.name, self.gid),
            check=False, timeout=SECONDS, cwd="/",
        )  # fmt: skip
        return done.returncode == 0


def user_of(uid: int) -> User:
    """A user by its number; one that the system does not name is called by the number."""
    try:
        found = pwd.getpwuid(uid)
    except KeyError:
        return User(uid, os.getegid() if uid == os.geteuid() else uid, str(uid))
    return User(uid, found.pw_gid, found.pw_name)


def this_user() -> User:
    """Who runs this process."""
    return user_of(os.geteuid())


class Barred(NamedTuple):
    """What keeps a user from a file, and the command that mends it."""

    found: Bilingual
    cure: Bilingual

    @property
    def words(self) -> Bilingual:
        """Both in one sentence."""
        return Bilingual(f"{self.found.zh}；{self.cure.zh}", f"{self.found.en}; {self.cure.en}")


def why_unreadable(path: Path, readers: Readers, user: User | None = None) -> Barred | None:
    """Why ``user`` (by default who runs this) may not read a file. None: it may, or the file is not there."""
    user = user or this_user()
    real = Path(os.path.realpath(path))
    for folder in reversed(real.parents):
        if not user.may(folder, "x"):
            return _closed(folder, user) if folder.exists() else None
    if user.may(real, "r") or not real.exists():
        return None
    zh, en = whose(real)
    cure = _cure(real, readers, user)
    return Barred(
        Bilingual(
            f"权限不足（permission）：{path} {zh}，用户 {user.name} 读不了",
            f"permission: {path} {en}; the user {user.name} may not read it",
        ),
        Bilingual(f"请以 root 执行 {cure}", f"as root: {cure}"),
    )


def why_unwritable(path: Path) -> Barred:
    """Why this user cannot replace a file: what counts is the right to write in its folder."""
    user, folder = this_user(), path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    zh, en = whose(folder)
    cure = f"chown {user.name} {shlex.quote(str(folder))}"
    return Barred(
        Bilingual(
            f"权限不足（permission）：写不了 {path}：目录 {folder} {zh}，用户 {user.name} 不能在其中写文件",
            f"permission: cannot write {path}: the folder {folder} {en}; the user {user.name} may not write in it",
        ),
        Bilingual(
            f"请以 root 执行本命令（文件的所有者不变），或把目录交给它：{cure}",
            f"run this as root (the file keeps its owner), or give it the folder: {cure}",
        ),
    )


def key_unreadable(path: Path, readers: Readers) -> KeyUnusable | None:
    """The same as what is wrong with a key file; None: it is not a matter of rights."""
    barred = why_unreadable(path, readers)
    return None if barred is None else KeyUnusable(*barred.words)


def _closed(folder: Path, user: User) -> Barred:
    zh, en = whose(folder)
    quoted = shlex.quote(str(folder))
    cure = f"chgrp {_group(user.gid)} {quoted} && chmod g+x {quoted}"
    return Barred(
        Bilingual(
            f"权限不足（permission）：目录 {folder} {zh}，用户 {user.name} 进不去",
            f"permission: the folder {folder} {en}; the user {user.name} may not enter it",
        ),
        Bilingual(
            f"请把文件移到别处，或以 root 执行 {cure}",
            f"keep the file elsewhere, or as root: {cure}",
        ),
    )


def whose(path: Path) -> Bilingual:
    """Whose a file is, and its mode."""
    told = os.stat(path)
    owner, mode = f"{user_of(told.st_uid).name}:{_group(told.st_gid)}", f"{stat.S_IMODE(told.st_mode):04o}"
    return Bilingual(f"属 {owner}，权限 {mode}", f"belongs to {owner}, mode {mode}")


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _cure(path: Path, readers: Readers, user: User) -> str:
    quoted = shlex.quote(str(path))
    match readers:
        case Readers.OWNER:
            return f"chown {user.name} {quoted} && chmod 600 {quoted}"
        case Readers.GROUP:
            return f"chgrp {_group(user.gid)} {quoted} && chmod 640 {quoted}"
        case Readers.ALL:
            return f"chmod a+r {quoted}"

"""How commands write keys, directories and certificates: whom the files belong to, and what is said on a failure."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bus.cli.output import USAGE, Output
from bus.security.permission import why_unwritable
from bus.security.private_file import NoSuchOwner, Owner, make_folder, owner_named, write_private, write_public

OwnerName = Annotated[
    str,
    typer.Option(
        "--owner",
        metavar="USER[:GROUP]",
        help="写出的文件归谁，如服务用户 bus；root 默认随原文件或目录 / whom the files belong to, such as the "
        "service's user; for root by default as the file that was there, or its folder",
    ),
]


def owner_asked(output: Output, name: str) -> Owner | None:
    """The user that ``--owner`` names; None where nobody is named. Leaves with a failure for one that is unknown."""
    try:
        return owner_named(name) if name else None
    except NoSuchOwner as unknown:
        output.fail(
            f"--owner：本机没有用户或组 {unknown}；先建立它：useradd --system",
            f"--owner: this machine has no user or group {unknown}: make it first (useradd --system)",
            USAGE,
        )


def save(output: Output, path: Path, content: bytes, owner: Owner | None = None) -> None:
    """Write a file that everybody may read: whoever reads it meanwhile has the old or the new one whole. Leaves with a
    failure."""
    with writing(output, path):
        write_public(path, content, owner)


def save_private(output: Output, path: Path, content: bytes, owner: Owner | None = None) -> None:
    """Write a file for its owner alone, and the folder that it lies in where there is none. Leaves with a failure."""
    with writing(output, path):
        make_folder(path.parent, owner)
        write_private(path, content, owner)


@contextmanager
def writing(output: Output, path: Path) -> Iterator[None]:
    """Leave with a failure if the file cannot be written."""
    try:
        yield
    except PermissionError as error:
        if error.errno == errno.EPERM:
            output.fail(
                "permission：只有 root 能把文件交给别的用户（--owner）；请以 root 执行",
                "permission: only root may give a file to another user (--owner): run this as root",
            )
        output.fail(*why_unwritable(path).words)
    except OSError as error:
        output.fail(f"写不了 {path}：{error.strerror}", f"cannot write {path}: {error.strerror}")

"""``bus keys staff``: the county's operator lists the key of a person on duty, with a role and an end."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from bus.cli.keys import DirectoryFile, DropMarks, OperatorFile
from bus.cli.output import USAGE, AsJson, Lang, Language, Output
from bus.cli.signed_directory import show_directory, sign_directory
from bus.cli.written_files import OwnerName, owner_asked
from bus.security import directory
from bus.security.directory import Directory
from bus.security.keyring import PublicKey, is_fingerprint, read_keyring, read_public_key
from bus.security.staff import Role
from bus.security.staff_listing import staff_listed


def staff(
    public: Annotated[
        Path, typer.Argument(metavar="PUBLIC", readable=False, help="本人 bus keys publish 写出的公钥 / as published")
    ],
    role: Annotated[Role, typer.Option(help="viewer 查看 | operator 处置 | administrator 暂停、改道、强制收回")],
    until: Annotated[str, typer.Option(metavar="DATE", help="截止日期，如 2027-06-30 / the last day, UTC")],
    operator: OperatorFile,
    directory_file: DirectoryFile,
    said: Annotated[
        str, typer.Option("--fingerprint", help="当面或电话核对得到的指纹 / as its owner reads it out")
    ] = "",
    drop_marks: DropMarks = False,
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """运维者登记值班密钥：角色与截止日期 / list the key of a person on duty, its role and its end."""
    output = Output(lang, as_json)
    whose = owner_asked(output, owner)
    with output.guarding():
        ring, now = read_keyring(operator), datetime.now(UTC)
        known, key = directory.read_file(directory_file, ring.keys[-1].public), read_public_key(public)
        _require_fingerprint(output, known, key, said)
        known = staff_listed(known, key, role, _end_of(output, until), now)
        known = sign_directory(output, directory_file, operator, ring, known, drop_marks=drop_marks, owner=whose)
    show_directory(output, known, now)


def _require_fingerprint(output: Output, known: Directory, key: PublicKey, said: str) -> None:
    """A listed key was compared when it was listed."""
    before = known.staff.get(key.kid)
    if before is not None and before.key == key:
        return
    if not is_fingerprint(said, key.sign):
        output.fail(
            f"请 {key.kid} 的本人念出指纹，用 --fingerprint 给出",
            f"have the owner of {key.kid} read the fingerprint out, and give it with --fingerprint",
        )


def _end_of(output: Output, until: str) -> datetime:
    """The end of the day that was named."""
    try:
        return datetime.combine(datetime.strptime(until, "%Y-%m-%d").replace(tzinfo=UTC).date(), time.max, UTC)
    except ValueError:
        output.fail(
            f"--until 应为日期，如 2027-06-30：{until}", f"--until: a date such as 2027-06-30, not {until}", USAGE
        )

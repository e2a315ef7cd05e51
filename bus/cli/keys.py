"""``bus keys``: a center makes, publishes and rotates its keys; the county's operator lists and revokes them."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bus.cli.lazy import LazyCommand, with_lazy
from bus.cli.output import USAGE, AsJson, Lang, Language, Output
from bus.cli.signed_directory import show_directory, sign_directory
from bus.cli.written_files import OwnerName, owner_asked, save, save_private
from bus.contract.facts import is_ledger
from bus.contract.messages import LATER_KINDS
from bus.contract.operations import OperationAsked
from bus.contract.types import CENTER_PATTERN
from bus.ledger.handlers import READS
from bus.sdk import discovery
from bus.sdk.discovery import AdapterUnusable
from bus.security import directory, key_request
from bus.security.directory import Directory, Mark
from bus.security.keyring import (
    Keyring,
    PublicKey,
    fingerprint,
    is_fingerprint,
    keyring_text,
    new_keyring,
    read_bytes,
    read_keyring,
    read_public_key,
)
from bus.security.marks_memory import last_marks
from bus.security.master_key import new_master_key
from bus.security.passwords import new_password
from bus.security.staff import is_staff

keys = typer.Typer(
    help="密钥与名录 / keys, and the county's directory of them",
    no_args_is_help=True,
    cls=with_lazy(
        LazyCommand(
            "directory",
            "bus.cli.take_directory:take_directory",
            "取回名录（核对签名，不取更旧的），或从某版次重新开始 / take a directory from a file, or begin it anew.",
        ),
        LazyCommand(
            "staff",
            "bus.cli.staff_keys:staff",
            "运维者登记值班密钥：角色与截止日期 / list the key of a person on duty, its role and its end.",
        ),
    ),
)

OPERATOR = "operator"
# `readable=False`: what cannot be read is told by us, with the cure, not by the parser of the command line
KeyFile = Annotated[
    Path, typer.Option("--file", readable=False, help="密钥文件，只有所有者可读 / the key file, its owner's alone")
]
OperatorFile = Annotated[
    Path, typer.Option("--operator", readable=False, help="运维者的密钥文件（查看时公钥即可）/ the operator's key file")
]
DirectoryFile = Annotated[Path, typer.Option("--directory", readable=False, help="本县名录 / the county's directory")]
DropMarks = Annotated[
    bool, typer.Option("--drop-marks", help="上一版名录的标记确实不要了 / give up marks that the last directory had")
]


@keys.command()
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="中心全名，operator，或 staff-名 / a center, operator, or staff-WORD")
    ],
    file: KeyFile,
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """生成第一个密钥 / make the first key; an existing file is left alone."""
    output = Output(lang, as_json)
    if name != OPERATOR and not is_staff(name) and not re.match(CENTER_PATTERN, name):
        output.fail(f"不是中心名称：{name}", f"no name of a center: {name}", USAGE)
    whose = owner_asked(output, owner)
    if file.exists():
        output.fail(
            f"{file} 已存在；更换密钥请用 bus keys rotate", f"{file} is there already: `bus keys rotate` makes the next"
        )
    keyring = new_keyring(name, _now())
    save_private(output, file, keyring_text(keyring), whose)
    _tell(output, keyring, f"已生成 {file}；下一步：bus keys publish", f"made {file}; next: bus keys publish")


@keys.command("master")
def new_master(file: KeyFile, owner: OwnerName = "", lang: Language = Lang.AUTO) -> None:
    """生成库的主密钥；丢了它，库就读不了 / make the store's master key: without it the store cannot be read."""
    output = Output(lang)
    whose = owner_asked(output, owner)
    if file.exists():
        output.fail(f"{file} 已存在；它打开现有的库，不能覆盖", f"{file} is there, and opens a store: it must stay")
    save_private(output, file, new_master_key(), whose)
    output.say(
        f"已生成 {file}；请另处妥善备份，不要与库的备份放在一起",
        f"made {file}; keep a copy elsewhere, and never beside the backups of the store",
    )


@keys.command()
def password() -> None:
    """生成一个口令：消息服务器或数据库的用户用；不含须编码的字符 / draw a password for a broker or database user."""
    typer.echo(new_password())


@keys.command()
def rotate(file: KeyFile, owner: OwnerName = "", lang: Language = Lang.AUTO, as_json: AsJson = False) -> None:
    """生成下一个密钥，旧的照旧有效直至名录更新 / make the next key; the old one counts until the directory says so."""
    output = Output(lang, as_json)
    whose = owner_asked(output, owner)
    with output.guarding():
        keyring = read_keyring(file).with_new_key(_now())
    save_private(output, file, keyring_text(keyring), whose)
    _tell(output, keyring, "已生成新密钥；下一步：bus keys publish", "made the next key; next: bus keys publish")


@keys.command()
def publish(
    file: KeyFile,
    out: Annotated[Path, typer.Option("--out", help="写到哪里 / where to write it")],
    url: Annotated[
        str | None,
        typer.Option(
            "--url", help="其他中心取附件的地址，即 public_url；不给则不变 / as public_url; without it: as before"
        ),
    ] = None,
    adapter: Annotated[
        str, typer.Option("--adapter", help="适配器的包，同配置；不给则按种类找 / the package, as in the settings")
    ] = "",
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """写出交给运维者的登记申请（个人密钥：写出公钥）/ write what the operator lists (of a person: the public key)."""
    output = Output(lang, as_json)
    whose = owner_asked(output, owner)
    with output.guarding():
        keyring = read_keyring(file)
    try:
        is_person = keyring.owner == OPERATOR or is_staff(keyring.owner)
        content = _of_a_person(keyring) if is_person else _request(output, keyring, url, adapter)
    except ValueError:
        output.fail(f"--url 不是地址：{url}", f"--url is no address: {url}", USAGE)
    save(output, out, content, whose)
    _tell(
        output,
        keyring,
        f"已写出 {out}；首次登记请电话核对指纹",
        f"wrote {out}; for a first key read its fingerprint out over the telephone",
    )


@keys.command()
def trust(
    applications: Annotated[
        list[Path], typer.Argument(metavar="APPLICATION...", readable=False, help="登记申请 / as published")
    ],
    operator: OperatorFile,
    directory_file: DirectoryFile,
    said: Annotated[
        list[str] | None, typer.Option("--fingerprint", help="电话核对得到的指纹 / as read out over the telephone")
    ] = None,
    drop_marks: DropMarks = False,
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """运维者登记密钥：已登记中心的新密钥自动可信，首个密钥需核对指纹 / list keys in the directory."""
    output = Output(lang, as_json)
    whose = owner_asked(output, owner)
    with output.guarding():
        ring, now = read_keyring(operator), _now()
        known = _known(directory_file, ring.keys[-1].public, now)
        for path in applications:
            asked = key_request.read(read_bytes(path))
            if not asked.proven(known, now) and not any(is_fingerprint(one, asked.key.sign) for one in said or ()):
                output.fail(
                    f"{path}：无人担保 {asked.key.kid}；请向该中心打电话，用 --fingerprint 给出它念出的指纹",
                    f"{path}: nobody vouches for {asked.key.kid}: ring the center up, and give the fingerprint that "
                    "it reads out with --fingerprint",
                )
            known = key_request.listed(known, asked, now)
        known = sign_directory(output, directory_file, operator, ring, known, drop_marks=drop_marks, owner=whose)
    show_directory(output, known, now)


@keys.command()
def revoke(
    kid: Annotated[str, typer.Argument(metavar="KEY", help="bus keys list 给出的密钥 / as `bus keys list` shows it")],
    operator: OperatorFile,
    directory_file: DirectoryFile,
    drop_marks: DropMarks = False,
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """运维者吊销密钥，立即失效 / nothing counts any more that this key has signed."""
    output = Output(lang, as_json)
    whose = owner_asked(output, owner)
    with output.guarding():
        ring, now = read_keyring(operator), _now()
        known = key_request.revoked(directory.read_file(directory_file, ring.keys[-1].public), kid, now)
        known = sign_directory(output, directory_file, operator, ring, known, drop_marks=drop_marks, owner=whose)
    show_directory(output, known, now)


@keys.command()
def mark(
    center: Annotated[str, typer.Argument(metavar="CENTER", help="已登记的中心 / a center that is listed")],
    word: Annotated[Mark, typer.Argument(metavar="MARK", help="arbiter：县里的裁定中心 / whose rulings count")],
    operator: OperatorFile,
    directory_file: DirectoryFile,
    remove: Annotated[bool, typer.Option("--remove", help="取消标记 / take the mark away")] = False,
    drop_marks: DropMarks = False,
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """运维者标记中心 / say of a center what the county has settled, such as that it is the arbiter."""
    output = Output(lang, as_json)
    whose = owner_asked(output, owner)
    with output.guarding():
        ring, now = read_keyring(operator), _now()
        known = directory.read_file(directory_file, ring.keys[-1].public)
        if not any(one.center == center for one in known.listed.values()):
            output.fail(
                f"名录中没有 {center}；请先登记它的密钥", f"the directory lists no {center}: list its key first"
            )
        before = known.marks.get(center) or last_marks(operator).get(center, ())
        others = tuple(one for one in before if one != word)
        known = known.with_marks({center: others if remove else (*others, word.value)}, now)
        known = sign_directory(output, directory_file, operator, ring, known, drop_marks=drop_marks, owner=whose)
    show_directory(output, known, now)


@keys.command("list")
def list_(
    operator: OperatorFile,
    directory_file: DirectoryFile,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """查看名录 / what the directory lists."""
    output = Output(lang, as_json)
    with output.guarding():
        known = directory.read_file(directory_file, read_public_key(operator))
    show_directory(output, known, _now())


def _of_a_person(keyring: Keyring) -> bytes:
    return keyring.keys[-1].public.model_dump_json(indent=1).encode() + b"\n"


def _request(output: Output, keyring: Keyring, url: str | None, adapter: str) -> bytes:
    """The application, with what program and adapter read. Without an adapter the center is not known to read more than
    v0.1.0. Raises ``ValueError`` for an invalid ``url``."""
    if is_ledger(keyring.owner):
        return key_request.new_request(keyring, url, READS)
    try:
        found = discovery.find(keyring.owner.rpartition("-")[0], adapter).center()
        reads = tuple(sorted((LATER_KINDS & found.handlers.keys()) | {OperationAsked.kind}))
    except AdapterUnusable as unusable:
        if adapter:
            output.fail(unusable.zh, unusable.en, USAGE)
        output.warn(
            f"没有找到适配器，申请中不声明能读新报文：{unusable.zh}；可用 --adapter 指明",
            f"no adapter was found, so nothing newer is said to be read: {unusable.en}; --adapter names it",
        )
        reads = ()
    return key_request.new_request(keyring, url, reads)


def _now() -> datetime:
    return datetime.now(UTC)


def _known(path: Path, operator: PublicKey, now: datetime) -> Directory:
    """The directory as it is, or an empty one where there is none yet."""
    return directory.read_file(path, operator) if path.exists() else directory.empty(now)


def _tell(output: Output, keyring: Keyring, zh: str, en: str) -> None:
    public = keyring.keys[-1].public
    if output.as_json:
        output.data({"owner": keyring.owner, "key": public.kid, "fingerprint": fingerprint(public.sign)})
        return
    output.say(zh, en)
    output.say(f"密钥 {public.kid}", f"key {public.kid}")
    output.say(f"指纹 {fingerprint(public.sign)}", f"fingerprint {fingerprint(public.sign)}")

"""``bus keys directory``: take the directory that another center has, or begin it anew where nobody has it."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bus.cli.lookups import newest_directory
from bus.cli.options import ConfigFile, Reason, is_code_word, opened_store, store_settings
from bus.cli.output import USAGE, Lang, Language, Output
from bus.cli.written_files import OwnerName, owner_asked, save
from bus.context import CenterContext
from bus.operations.replay import NO_CASE
from bus.security import directory
from bus.security.directory import Edition
from bus.security.directory_file import operator_id, refuse_older
from bus.security.errors import KeyUnusable
from bus.security.keyring import PublicKey, read_bytes, read_keyring, read_public_key
from bus.security.private_file import Owner
from bus.settings import BadSettings, CenterSettings
from bus.store import directories
from bus.store.database import Tx
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork

MOST = 2**31 - 2
"""The last serial that another can follow."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a directory lies, and whose signature counts."""

    path: Path
    operator: PublicKey
    settings: CenterSettings | None
    """Of the center that reads it; None at the operator's desk."""


def take_directory(
    source: Annotated[
        Path | None,
        typer.Option("--from", readable=False, help="任何中心的名录文件 / the directory's file of any center"),
    ] = None,
    serial: Annotated[
        int | None,
        typer.Option("--serial", min=1, max=MOST, help="名录全失时，各中心 bus doctor 给出的最大版次 / as doctors say"),
    ] = None,
    config: ConfigFile = None,
    operator: Annotated[
        Path | None,
        typer.Option(
            "--operator", readable=False, help="运维者的密钥文件（只取用时公钥即可）/ the operator's key file"
        ),
    ] = None,
    directory_file: Annotated[
        Path | None, typer.Option("--directory", help="写到哪里 / where the county's directory lies")
    ] = None,
    older: Annotated[
        bool, typer.Option("--older", help="有意换回旧的，须附 --reason，记入流水 / take an older one on purpose")
    ] = False,
    reason: Reason = "",
    owner: OwnerName = "",
    lang: Language = Lang.AUTO,
) -> None:
    """取回名录（核对签名，不取更旧的），或从某版次重新开始 / take a directory from a file, or begin it anew."""
    output = Output(lang)
    if (source is None) == (serial is None):
        output.fail("请给出 --from 或 --serial 之一", "give --from or --serial, and not both", USAGE)
    if older and (config is None or not is_code_word(reason)):
        output.fail(
            "换回旧名录须给出 --config 和 --reason（一个代码词），记入该中心的流水",
            "an older directory needs --config and --reason (one code word): it goes into that center's journal",
            USAGE,
        )
    whose = owner_asked(output, owner)
    with output.guarding():
        if source is None:
            _begin_anew(output, serial or 0, operator, directory_file, whose)
        else:
            place = _place(config, operator, directory_file)
            _take(output, read_bytes(source), place, reason if older else "", whose)


def _place(config: Path | None, operator: Path | None, path: Path | None) -> _Place:
    """Raises ``BadSettings``."""
    if config is not None:
        settings = store_settings(config)
        if settings.trust is not None:
            return _Place(settings.trust.directory, read_public_key(settings.trust.operator), settings)
    elif operator is not None and path is not None:
        return _Place(path, read_public_key(operator), None)
    raise BadSettings(
        [
            (
                "--config",
                "请给出写有 [trust] 的中心配置，或 --operator 和 --directory",
                "name a center's settings that have [trust], or --operator and --directory",
            )
        ]
    )


def _take(output: Output, raw: bytes, place: _Place, reason: str, owner: Owner | None) -> None:
    """Raises ``KeyUnusable`` for one that the operator has not signed, or that is older and no reason was given."""
    found = directory.read(raw, place.operator)
    newest = _newest(place)
    if not reason:
        refuse_older(place.path, found.edition, newest)
    # before the store says so: a center that runs would remember the newer one again
    save(output, place.path, raw, owner)
    if reason and place.settings is not None:
        _note(place.settings, place.operator, found.edition, newest, reason)
    output.say(
        f"已写入 {place.path}：名录第 {found.serial} 版", f"wrote {place.path}: the directory, serial {found.serial}"
    )


def _newest(place: _Place) -> Edition | None:
    """What was in use: as the center's store remembers, or as it lies at the operator's desk."""
    if place.settings is not None and place.settings.trust is not None:
        return newest_directory(place.settings, place.settings.trust)
    with suppress(KeyUnusable):  # lost, or damaged
        return directory.read_file(place.path, place.operator).edition
    return None


def _note(settings: CenterSettings, operator: PublicKey, taken: Edition, newest: Edition | None, reason: str) -> None:
    """The center follows it from now on; its journal tells from which serial to which, and why."""
    now, before = datetime.now(UTC), newest.serial if newest else 0

    def change(tx: Tx) -> None:
        directories.put(tx, operator_id(operator), taken, ms(now))
        uow = UnitOfWork(tx, CenterContext(settings.center), now)
        uow.journal(NO_CASE, "directory", f"serial.{before}.to.{taken.serial}", settings.center, None, reason)
        uow.flush()

    with opened_store(settings) as store:
        store.write(change)


def _begin_anew(output: Output, serial: int, operator: Path | None, path: Path | None, owner: Owner | None) -> None:
    """An empty directory, which no center that knows this serial takes; the next one is taken by all."""
    if operator is None or path is None:
        output.fail("请给出 --operator 和 --directory", "--operator and --directory are needed", USAGE)
    if path.exists():
        output.fail(f"{path} 已存在", f"{path} is there already")
    ring = read_keyring(operator)
    save(output, path, directory.written(directory.empty(datetime.now(UTC), serial), ring.keys[-1]), owner)
    output.say(
        f"已写入 {path}：第 {serial} 版，尚无密钥；下一步：bus keys trust",
        f"wrote {path}: serial {serial}, without a key yet; next: bus keys trust",
    )

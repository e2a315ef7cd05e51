"""Where the commands find a center's settings and its store."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bus.runtime.bootstrap import store_of
from bus.security.permission import Readers, why_unreadable
from bus.settings import BadSettings, CenterSettings, load
from bus.store import schema_version
from bus.store.database import Store, StoreUnavailable

ConfigFile = Annotated[
    Path | None, typer.Option("--config", readable=False, help="中心的配置文件 / the center's settings file")
]
Folder = Annotated[
    Path, typer.Option("--folder", envvar="BUS_FOLDER", help="配置文件所在目录 / where <CENTER>.toml lies")
]
FOLDER = Path("deploy")
Reason = Annotated[str, typer.Option(help="理由，一个代码词 / why, one code word")]


def is_code_word(reason: str) -> bool:
    """Whether a reason may stand in a journal: one word, in which no resident can be named."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", reason) is not None


def settings_file(center: str | None, config: Path | None, folder: Path) -> Path:
    """The file that is meant. Raises ``BadSettings`` when neither a center nor a file is named."""
    if config is not None:
        return config
    if center is None:
        raise BadSettings(
            [("--config", "请给出中心名称，或用 --config 指定配置文件", "name a center, or a file with --config")]
        )
    return folder / f"{center}.toml"


def settings_of(center: str | None, config: Path | None, folder: Path = FOLDER) -> CenterSettings:
    """The settings, which must be those of ``center`` where one is named. Raises ``BadSettings``."""
    path = settings_file(center, config, folder)
    require_permission(path)
    return _of_center(center, path, load(path))


def store_settings(config: Path | None) -> CenterSettings:
    """The settings for commands that only look into the store: they work without the intake's secret."""
    return without_secret(settings_file(None, config, FOLDER))


def without_secret(path: Path) -> CenterSettings:
    """The settings, with a blank in place of the intake's secret where there is none. Raises ``BadSettings``."""
    require_permission(path)
    if not os.environ.get("BUS_INTAKE_SECRET"):
        os.environ.pop("BUS_INTAKE_SECRET", None)  # set and empty: it would win over the blank
    try:
        return load(path)
    except BadSettings as bad:
        if any("intake_secret" not in en for _, _, en in bad.faults):
            raise
        return load(path, intake_secret=" ")  # noqa: S106 - no secret: it stands for the one that is missing


def require_permission(path: Path) -> None:
    """Raises ``BadSettings`` for a file that is there and that this user may not read."""
    if (barred := why_unreadable(path, Readers.GROUP)) is not None:
        raise BadSettings([(str(path), *barred.words)])


def _of_center(center: str | None, path: Path, settings: CenterSettings) -> CenterSettings:
    if center is not None and settings.center != center:
        raise BadSettings(
            [("center", f"{path} 是 {settings.center} 的配置", f"{path} holds the settings of {settings.center}")]
        )
    return settings


@contextmanager
def opened_store(settings: CenterSettings) -> Iterator[Store]:
    """The center's store, at this version of the schema. Raises ``StoreUnavailable`` when it is missing or another."""
    store = store_of(settings)
    try:
        if store.on_sqlite and not Path(store.url.database or "").exists():
            raise StoreUnavailable(
                "there is no store yet: `bus run` makes it / 尚未建立，请先运行 bus run", passing=False
            )
        found, newest = schema_version.current(store), schema_version.newest()
        if found != newest:
            raise StoreUnavailable(
                f"it is at version {found}, this program works with {newest}: `bus run` brings it up to date "
                "/ 版本不一致，请用同一版本的 bus run 升级",
                passing=False,
            )
        yield store
    finally:
        store.close()

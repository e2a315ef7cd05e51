"""Known exceptions of commands, with their messages and exit codes."""

from typing import NamedTuple

from bus.bilingual import Bilingual
from bus.cli.output import FAILURE, USAGE
from bus.operations.case_names import CaseUnclear
from bus.runtime.lease import TAKEN, StoreTaken
from bus.sdk.discovery import AdapterUnusable
from bus.security.errors import KeyUnusable
from bus.settings import BadSettings
from bus.store.database import DriverError, StoreUnavailable, StoreUnfit
from bus.store.schema import MigrationError
from bus.transports.topology.management_api import ManagementApiRefused


class Trouble(NamedTuple):
    """The message, line by line, and the exit code."""

    lines: tuple[Bilingual, ...]
    code: int = FAILURE


def trouble_of(error: Exception) -> Trouble | None:  # noqa: PLR0911 - one way out a trouble
    """The message for an exception; None for a fault of this program."""
    match error:
        case BadSettings():
            return _of_settings(error)
        case StoreTaken():
            return Trouble((error.words,), TAKEN)
        case StoreUnfit():
            return Trouble((error.words,))
        case CaseUnclear():
            return Trouble((error.words,), USAGE)
        case StoreUnavailable():
            return Trouble((Bilingual(f"存储暂不可用：{error}", f"the store: {error}"),))
        case KeyUnusable() | AdapterUnusable():
            return Trouble((Bilingual(error.zh, error.en),))
        case ManagementApiRefused():
            return Trouble((Bilingual(f"管理接口：{error}", f"the management API: {error}"),))
        case DriverError() | MigrationError():
            return Trouble((_of_store(type(error).__name__),))
    return None


def _of_settings(bad: BadSettings) -> Trouble:
    head = Bilingual("配置有误，请逐项改正：", "the settings are wrong; correct each of these:")
    faults = (Bilingual(f"  {where}：{zh}", f"  {where}: {en}") for where, zh, en in bad.faults)
    return Trouble((head, *faults), USAGE)


def _of_store(name: str) -> Bilingual:
    return Bilingual(
        f"存储打不开（{name}）：请核对 store 的地址，并确认它不是由更新的版本建立",
        f"the store cannot be opened ({name}): check its URL, and that no newer version created it",
    )

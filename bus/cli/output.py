"""How the commands speak: Chinese or English for people, JSON for scripts, plain lines where there is no terminal."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bus.bilingual import Bilingual
from bus.runtime.lease import TAKEN, StoreTaken
from bus.security.errors import KeyUnusable
from bus.settings import BadSettings
from bus.store.database import DriverError, StoreUnavailable, StoreUnfit
from bus.store.schema import MigrationError
from bus.transports.topology.management_api import ManagementApiRefused

FAILURE, USAGE = 1, 2
"""Exit codes besides 0: a finding or a failure; wrong usage or settings."""


class Lang(StrEnum):
    """The language of what is printed."""

    ZH = "zh"
    EN = "en"


Language = Annotated[Lang, typer.Option("--lang", envvar="BUS_LANG", help="语言 / language")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON for scripts")]


class Output:
    """One command's output: results to standard output, trouble to standard error."""

    def __init__(self, lang: Lang, as_json: bool = False) -> None:
        self.lang = lang
        self.as_json = as_json
        self.out = Console(markup=False, highlight=False, emoji=False)
        self.err = Console(stderr=True, markup=False, highlight=False, emoji=False)

    def pick(self, words: Bilingual) -> str:
        """The text in the chosen language."""
        return words.zh if self.lang is Lang.ZH else words.en

    def text(self, zh: str, en: str) -> str:
        """The text in the chosen language."""
        return zh if self.lang is Lang.ZH else en

    def say(self, zh: str, en: str) -> None:
        """A line of the result; not in JSON, which stands alone."""
        if not self.as_json:
            self.out.print(self.text(zh, en), soft_wrap=True)

    def warn(self, zh: str, en: str) -> None:
        """A line of trouble."""
        self.err.print(self.text(zh, en), soft_wrap=True)

    def fail(self, zh: str, en: str, code: int = FAILURE) -> NoReturn:
        """Say why, and leave with ``code``."""
        self.warn(zh, en)
        raise typer.Exit(code)

    def data(self, content: object) -> None:
        """One JSON document, Chinese as it is."""
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str))

    def table(
        self, heads: Sequence[Bilingual], rows: Sequence[Sequence[object]], title: Bilingual | None = None
    ) -> None:
        """A table on a terminal; elsewhere one line a row, its cells parted by tabs."""
        names = [self.pick(head) for head in heads]
        cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
        if not self.out.is_terminal:
            for line in [names, *cells]:
                typer.echo("\t".join(" ".join(cell.split()) for cell in line))
            return
        table = Table(title=self.pick(title) if title else None, title_justify="left")
        for name in names:
            table.add_column(name, overflow="fold")
        for line in cells:
            table.add_row(*(Text(cell) for cell in line))
        self.out.print(table)

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Turn the troubles that a command cannot help into words and an exit code."""
        try:
            yield
        except BadSettings as bad:
            self._settings(bad)
        except StoreTaken as taken:
            self.fail(taken.words.zh, taken.words.en, TAKEN)
        except StoreUnfit as unfit:
            self.fail(unfit.words.zh, unfit.words.en)
        except StoreUnavailable as trouble:
            self.fail(f"存储暂不可用：{trouble}", f"the store: {trouble}")
        except KeyUnusable as trouble:
            self.fail(trouble.zh, trouble.en)
        except ManagementApiRefused as refused:
            self.fail(f"管理接口：{refused}", f"the management API: {refused}")
        except (DriverError, MigrationError) as error:
            name = type(error).__name__
            self.fail(
                f"存储打不开（{name}）：请核对 store 的地址，并确认它不是由更新的版本建立",
                f"the store cannot be opened ({name}): check its URL, and that no newer version made it",
            )

    def _settings(self, bad: BadSettings) -> NoReturn:
        self.warn("配置有误，请逐项改正：", "the settings are wrong; mend each of these:")
        for where, zh, en in bad.faults:
            self.warn(f"  {where}：{zh}", f"  {where}: {en}")
        raise typer.Exit(USAGE)


def moment(at_ms: int) -> str:
    """Milliseconds since 1970 as local time for people, to the second."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def age(since_ms: int, now_ms: int) -> str:
    """How long ago, in the largest unit that tells something: ``45s``, ``12m``, ``3h``, ``2d``."""
    seconds = max(0, now_ms - since_ms) // 1000
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def row_json(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the store for JSON: bytes stay out."""
    return {name: value for name, value in row.items() if not isinstance(value, bytes)}

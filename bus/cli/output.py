"""Output of the commands: Chinese or English for people, JSON for scripts, plain lines without a terminal."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bus.bilingual import Bilingual

FAILURE, USAGE = 1, 2
"""Exit codes besides 0: a finding or a failure; wrong usage or settings."""


LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")


class Lang(StrEnum):
    """The language of the output."""

    ZH = "zh"
    EN = "en"
    AUTO = "auto"
    """By the environment (``LC_ALL``, ``LC_MESSAGES``, ``LANG``); Chinese if that names no language."""

    def settled(self, environment: Mapping[str, str] = os.environ) -> "Lang":
        """Chinese or English."""
        if self is not Lang.AUTO:
            return self
        said = next((environment[name] for name in LOCALES if environment.get(name)), "C")
        language = said.partition(".")[0].partition("_")[0].lower()
        return Lang.ZH if language in ("zh", "c", "posix") else Lang.EN


Language = Annotated[Lang, typer.Option("--lang", envvar="BUS_LANG", help="语言 / language: zh, en, auto")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON for scripts")]


class Output:
    """One command's output: results to standard output, faults to standard error."""

    def __init__(self, lang: Lang, as_json: bool = False) -> None:
        self.lang = lang.settled()
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
        """Print a line of the result; left out with JSON, which must be the only output."""
        if not self.as_json:
            self.out.print(self.text(zh, en), soft_wrap=True)

    def warn(self, zh: str, en: str) -> None:
        """Print a line to standard error."""
        self.err.print(self.text(zh, en), soft_wrap=True)

    def fail(self, zh: str, en: str, code: int = FAILURE) -> NoReturn:
        """Print the reason, and exit with ``code``."""
        self.warn(zh, en)
        raise typer.Exit(code)

    def data(self, content: object) -> None:
        """Print one JSON document, with Chinese unescaped."""
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str))

    def table(
        self, heads: Sequence[Bilingual], rows: Sequence[Sequence[object]], title: Bilingual | None = None
    ) -> None:
        """Print a table on a terminal; elsewhere one line a row, its cells separated by tabs."""
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
        """Turn known exceptions into a message and an exit code."""
        try:
            yield
        except typer.Exit:
            raise
        except Exception as error:
            from bus.cli.troubles import trouble_of  # noqa: PLC0415 - what can go wrong in any command is loaded when it does

            if (trouble := trouble_of(error)) is None:
                raise
            for words in trouble.lines:
                self.warn(words.zh, words.en)
            raise typer.Exit(trouble.code) from None


def moment(at_ms: int) -> str:
    """Milliseconds since 1970 as local time for people, to the second."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def age(since_ms: int, now_ms: int) -> str:
    """The age in the largest suitable unit: ``45s``, ``12m``, ``3h``, ``2d``."""
    seconds = max(0, now_ms - since_ms) // 1000
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def row_json(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the store for JSON, without bytes."""
    return {name: value for name, value in row.items() if not isinstance(value, bytes)}

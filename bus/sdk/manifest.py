"""The manifest of an adapter, ``center.toml``: its center's declaration, read without importing the adapter."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from bus.bilingual import Bilingual
from bus.contract.messages import LATER_KINDS
from bus.sdk.center import Center
from bus.sdk.discovery import AdapterUnusable

FILE = "center.toml"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Title(_Part):
    """The name of this kind of center, for people."""

    zh: str
    en: str


class PollLabel(_Part):
    """One poll of the center's own system, and its title."""

    name: str
    title_zh: str = ""
    title_en: str = ""

    @property
    def title(self) -> Bilingual:
        """Its title; its name if it has none."""
        return Bilingual(self.title_zh or self.name, self.title_en or self.name)


class FormLabel(PollLabel):
    """One form that the center's own system may submit, and its title."""

    native_id: str = ""
    """The field with the source's own id."""


class Manifest(_Part):
    """An adapter's declaration of its center, as data."""

    kind: str
    vendor: str = ""
    title: Title | None = None
    accepts: tuple[str, ...] = ()
    """The kinds of message that it has a handler for."""
    sends: tuple[str, ...] = ()
    forms: tuple[FormLabel, ...] = ()
    polls: tuple[PollLabel, ...] = ()

    @property
    def label(self) -> Bilingual:
        """The title of this kind of center; the kind itself if it has none."""
        return Bilingual(self.title.zh, self.title.en) if self.title else Bilingual(self.kind, self.kind)


def read_manifest(home: Path) -> Manifest:
    """The manifest in an adapter's folder. Raises ``AdapterUnusable``."""
    path = home / FILE
    try:
        return Manifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        why = error.strerror or type(error).__name__
    except ValidationError as error:
        why = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False))
    except ValueError as error:  # not TOML, or not UTF-8
        why = str(error)
    raise AdapterUnusable(f"{path} 读不了（{why}）：请补上或改正", f"{path} cannot be read ({why}): add or mend it")


def differences(manifest: Manifest, center: Center[Any]) -> Iterator[Bilingual]:
    """The differences between the manifest and the code's registrations."""
    if manifest.kind != center.kind:
        yield Bilingual(
            f"声明的类别是 {manifest.kind}，代码中是 {center.kind}",
            f"kind: {manifest.kind} is declared, {center.kind} is registered",
        )
    for what, declared, there in (
        ("accepts", set(manifest.accepts), set(center.handlers)),
        ("forms", {form.name for form in manifest.forms}, set(center.forms)),
        ("polls", {poll.name for poll in manifest.polls}, set(center.asked)),
    ):
        for name in sorted(declared - there):
            yield Bilingual(f"{what}：{name} 已声明，没有处理函数", f"{what}: {name} is declared and has no handler")
        for name in sorted(there - declared - LATER_KINDS):
            yield Bilingual(f"{what}：{name} 有处理函数，未声明", f"{what}: {name} has a handler and is not declared")

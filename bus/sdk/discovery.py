"""Discovery of the adapter for a kind of center, with its manifest, its center and its simulator.

The package named by ``adapter`` in the settings comes first. Next comes the package that an installed distribution
offers for the kind under the entry point group ``four_center_bus.centers``, then the shipped ``adapters.<kind>``.
Nothing is imported before a part of the adapter is asked for.
"""

import importlib
import importlib.util
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, entry_points
from importlib.metadata import packages_distributions as distributions_of_packages
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bus.sdk.center import Center
    from bus.sdk.manifest import Manifest
    from bus.sdk.simulator import BackendSimulator

GROUP = "four_center_bus.centers"
"""The entry point group of adapters: the name is the kind of center, the value the adapter's package."""
SHIPPED = "adapters"
"""The package of the adapters that come with the bus."""
BUILT_IN = {"ledger": "bus.ledger"}
"""Kinds that are part of the bus itself, with their packages."""
OURS = "four-center-bus"
"""The distribution of the bus and of the shipped adapters."""


class AdapterUnusable(Exception):
    """An adapter is missing, cannot be loaded, or is not unique. Both texts say which, and the cure."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class Source(StrEnum):
    """The way in which an adapter was found."""

    SETTINGS = "settings"
    ENTRY_POINT = "entry-point"
    SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class Adapter:
    """The adapter of one kind of center."""

    kind: str
    package: str
    source: Source
    distribution: str = ""
    """The distribution that installed it; empty if it was not installed and is only on the import path."""
    version: str = ""

    @property
    def installed(self) -> str:
        """Its distribution and version, for display."""
        return f"{self.distribution or '?'} {self.version or '?'}"

    @property
    def home(self) -> Path:
        """The folder of its package. Raises ``AdapterUnusable``."""
        return home(self.package)

    def manifest(self) -> "Manifest":
        """The declarations of its ``center.toml``. Raises ``AdapterUnusable``."""
        from bus.sdk.manifest import read_manifest  # noqa: PLC0415 - `bus --version` finds adapters without pydantic

        return read_manifest(self.home)

    def center(self) -> "Center[Any]":
        """The center that the adapter makes. Raises ``AdapterUnusable``, also if its kind differs from the entry
        point's."""
        center: Center[Any] = self._part("handlers", "center")
        if self.source is Source.ENTRY_POINT and center.kind != self.kind:
            raise AdapterUnusable(
                f"{self.package}（{self.installed}）登记为 {self.kind} 的适配器，实为 {center.kind}：请改正其入口点",
                f"{self.package} ({self.installed}) is offered for {self.kind}, and is one for {center.kind}: mend its "
                "entry point",
            )
        return center

    def simulator(self) -> "type[BackendSimulator]":
        """The simulator of the center's own system. Raises ``AdapterUnusable``."""
        found: type[BackendSimulator] = self._part("simulator", "Simulator")
        return found

    def _part(self, module: str, name: str) -> Any:  # noqa: ANN401 - whatever the adapter has there
        where = f"{self.package}.{module}"
        try:
            return getattr(importlib.import_module(where), name)
        except Exception as error:
            raise _not_loaded(where, name, error) from error


def find(kind: str, named: str = "") -> Adapter:
    """The adapter of a kind: the package ``named`` in the settings, else the offered one, else the shipped one. Raises
    ``AdapterUnusable`` if two installed packages offer the kind and none is named."""
    if named:
        found = next((one for one in _offered() if one.value == named), None)
        return Adapter(kind, named, Source.SETTINGS, *(_of_entry(found) if found else _of_package(named)))
    offered = [one for one in _offered() if one.name == kind]
    if len(offered) > 1:
        raise _two(kind, offered)
    if offered:
        return Adapter(kind, offered[0].value, Source.ENTRY_POINT, *_of_entry(offered[0]))
    return Adapter(kind, BUILT_IN.get(kind, f"{SHIPPED}.{kind}"), Source.SHIPPED, *ours())


def known() -> list[Adapter]:
    """Every offered adapter, and each shipped one whose kind no package offers; by kind. If a kind is listed twice, the
    settings must name one."""
    offered = [Adapter(one.name, one.value, Source.ENTRY_POINT, *_of_entry(one)) for one in _offered()]
    taken = {one.kind for one in offered}
    shipped = [Adapter(kind, f"{SHIPPED}.{kind}", Source.SHIPPED, *ours()) for kind in _shipped() if kind not in taken]
    return sorted([*offered, *shipped], key=lambda one: (one.kind, one.package))


def contested(adapters: list[Adapter]) -> set[str]:
    """The kinds with more than one adapter."""
    return {kind for kind, count in Counter(one.kind for one in adapters).items() if count > 1}


def home(package: str) -> Path:
    """The folder of a package, found without importing it. Raises ``AdapterUnusable``."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # a part of the dotted name does not exist, or is not a name
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise AdapterUnusable(
            f"找不到适配器包 {package}：请安装，或改正名称",
            f"{package} is no package that can be found: install it, or mend the name",
        )
    return Path(spec.submodule_search_locations[0])


def load_adapter(package: str) -> "Center[Any]":
    """The center made by an adapter package. Raises ``AdapterUnusable``."""
    return Adapter("", package, Source.SETTINGS).center()


def plug_ins() -> list[Distribution]:
    """The installed distributions that offer an adapter, each once."""
    found = {one.dist.name: one.dist for one in _offered() if one.dist is not None}
    return [found[name] for name in sorted(found)]


def _offered() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda one: (one.name, one.value))


def _shipped() -> Iterator[str]:
    """The kinds of the shipped adapters."""
    for path in sorted(home(SHIPPED).iterdir()):
        if (path / "center.toml").is_file():
            yield path.name


def ours() -> tuple[str, str]:
    """The distribution of the bus, and its version; empty when it runs from a source tree."""
    try:
        return OURS, distribution(OURS).version
    except PackageNotFoundError:
        return OURS, ""


def _of_entry(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist is not None else ("", "")


def _of_package(package: str) -> tuple[str, str]:
    """The distribution that contains a package, and its version; empty if none claims it."""
    top = package.partition(".")[0]
    if top == SHIPPED or package in BUILT_IN.values():
        return ours()
    name = next(iter(distributions_of_packages().get(top, ())), "")
    return (name, distribution(name).version) if name else ("", "")


def _two(kind: str, offered: list[EntryPoint]) -> AdapterUnusable:
    names = ", ".join(f"{one.value} ({' '.join(_of_entry(one))})" for one in offered)
    return AdapterUnusable(
        f"有 {len(offered)} 个已安装的包提供 {kind} 的适配器：{names}；请卸载其一，或在配置里用 adapter 指明",
        f"{len(offered)} installed packages offer an adapter for {kind}: {names}; remove one, or name one as `adapter` "
        "in the settings",
    )


def _not_loaded(where: str, name: str, error: Exception) -> AdapterUnusable:
    kind = type(error).__name__
    missing = getattr(error, "name", None) if isinstance(error, ImportError) else None
    why = f"{kind}: {missing}" if missing else kind
    return AdapterUnusable(
        f"{where} 无法载入（{why}）：请安装该适配器，或在配置里用 adapter 指明；"
        f"运行 python -c 'from {where} import {name}' 可见详情",
        f"{where} cannot be loaded ({why}): install the adapter, or name another as `adapter` in the settings; "
        f"python -c 'from {where} import {name}' tells more",
    )

"""An adapter's golden samples, read from its folder: forms with their commands, messages with their effects.

``in/<form>.<case>.json`` with ``.expect.json`` beside it; ``out/<kind>[.<case>].json`` with ``.effect.json``. The
manifest ``center.toml`` names the folder. Unreadable files are reported and left out.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bus.contract.messages import BY_NAME
from bus.contract.working_days import due_after
from bus.sdk import discovery
from bus.testing.difference import differences, told

Json = dict[str, Any]
_CENTER = re.compile(r"\b[a-z][a-z0-9_]{0,39}-(?:[0-9]{12}|[0-9]{9}|[0-9]{6})\b")


@dataclass(frozen=True, slots=True)
class InSample:
    """A form, and its expected commands under the circumstances ``given``."""

    name: str
    form: str
    body: Json
    given: Json
    commands: list[Json]

    @property
    def file(self) -> str:
        """The file with the expectation."""
        return f"in/{self.name}.expect.json"


@dataclass(frozen=True, slots=True)
class OutSample:
    """A message's data, and its expected effects in the center's own system under the circumstances ``given``."""

    name: str
    kind: str
    data: Json
    given: Json
    effects: list[Json]
    commands: list[Json]

    @property
    def file(self) -> str:
        """The file with the expectation."""
        return f"out/{self.name}.effect.json"


@dataclass(frozen=True, slots=True)
class Samples:
    """All samples of an adapter. ``faults``: what is missing or unreadable."""

    package: str
    manifest: Json
    ins: tuple[InSample, ...]
    outs: tuple[OutSample, ...]
    photos: tuple[bytes, ...]
    faults: tuple[str, ...] = field(default=())

    @property
    def kind(self) -> str:
        """The kind of center."""
        return str(self.manifest["kind"])

    def centers(self) -> list[str]:
        """Every center named in a sample, the most frequent first."""
        text = json.dumps([[s.body, s.given, s.commands] for s in self.ins] + [
            [s.data, s.given, s.effects, s.commands] for s in self.outs])  # fmt: skip
        found = _CENTER.findall(text)
        return sorted(set(found), key=lambda name: (-found.count(name), name))


def samples_of(package: str) -> Samples:
    """Read an adapter's samples without importing its code. Raises FileNotFoundError if it has no manifest."""
    try:
        home = discovery.home(package)
    except discovery.AdapterUnusable as unusable:
        raise FileNotFoundError(unusable.en) from None
    manifest = tomllib.loads((home / "center.toml").read_text(encoding="utf-8"))
    folder = home / manifest.get("samples", {}).get("folder", "samples")
    faults: list[str] = []
    ins = tuple(
        InSample(path.stem, path.name.split(".")[0], body, beside.get("given", {}), beside.get("commands", []))
        for path, body, beside in _pairs(folder / "in", ".expect.json", faults)
    )
    outs = tuple(
        OutSample(
            path.stem,
            _kind(path.stem),
            data,
            beside.get("given", {}),
            beside.get("effects", []),
            beside.get("commands", []),
        )
        for path, data, beside in _pairs(folder / "out", ".effect.json", faults)
    )
    photos = tuple(path.read_bytes() for path in sorted((folder / "photos").glob("*")))
    return Samples(package, manifest, ins, outs, photos, tuple(faults))


def _kind(stem: str) -> str:
    """The kind in a file's name: ``case.offered.open`` is a second sample of ``case.offered``."""
    return next((name for name in sorted(BY_NAME, key=len, reverse=True) if stem.startswith(name)), stem)


def _pairs(folder: Path, beside: str, faults: list[str]) -> Iterator[tuple[Path, Json, Json]]:
    for path in sorted(folder.glob("*.json")):
        if path.name.endswith(beside):
            continue
        other = path.with_suffix(beside)
        if not other.exists():
            faults.append(
                told(
                    f"{folder.name}/{path.name}",
                    f"缺少 {other.name}，请写明预期",
                    f"{other.name} is missing: write the expectation beside it",
                )
            )
            continue
        documents = [_document(one, faults) for one in (path, other)]
        if documents[0] is not None and documents[1] is not None:
            yield path, documents[0], documents[1]


def _document(path: Path, faults: list[str]) -> Json | None:
    """The JSON object in a file; None if it is none, which is reported."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        faults.append(told(f"{path.parent.name}/{path.name}", f"不是 JSON：{error}", f"no JSON: {error}"))
        return None
    if not isinstance(found, dict):
        faults.append(told(f"{path.parent.name}/{path.name}", "不是 JSON 对象", "no JSON object"))
        return None
    return found


def includes(whole: Any, part: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether ``whole`` contains everything in ``part``; lists item by item, moments by their instant."""
    return not any(differences(whole, part))


def renamed(value: Any, names: dict[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """``value`` with every string replaced by its entry in ``names``, so that a sample can be used many times."""
    if isinstance(value, dict):
        return {key: renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [renamed(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


def dated(value: Any, now: datetime) -> Any:  # noqa: ANN401 - any JSON
    """``value`` with every ``{"working_days": 3}`` replaced by the end of three working days from ``now``, so that a
    sample stays right on any day."""
    if isinstance(value, dict):
        if value.keys() == {"working_days"}:
            return due_after(now, value["working_days"]).isoformat()
        return {key: dated(inner, now) for key, inner in value.items()}
    return [dated(inner, now) for inner in value] if isinstance(value, list) else value

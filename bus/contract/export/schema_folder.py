"""The folder ``schemas/``: generated, written, checked for drift, and locked once published."""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from bus.contract.codec import encode
from bus.contract.export.asyncapi import VERSION, asyncapi
from bus.contract.export.compatibility import added, demanded, without
from bus.contract.export.examples import example
from bus.contract.export.json_schema import envelope_schema, schema_name
from bus.contract.labels import LISTS, label
from bus.contract.rules import CONTRACT, ROLES, Rule

PUBLISHED = "published.json"
"""SHA-256 of every published schema, and of every field that was added to one later. Written by ``publish`` only, which
adds and never changes."""
_OURS = (".json", ".yaml")
_CURE = "run bus schemas"


def generate() -> dict[str, bytes]:
    """Every generated file by its path inside the folder; equal bytes on every run."""
    files = {
        "contract.json": _json(_contract()),
        "asyncapi.yaml": yaml.safe_dump(asyncapi(), allow_unicode=True, sort_keys=False, width=100).encode(),
    }
    for rule in CONTRACT:
        files[schema_name(rule)] = _json(envelope_schema(rule))
        files[f"examples/{schema_name(rule)}"] = _json(json.loads(encode(example(rule))))
    return files


def write(folder: Path) -> None:
    """Bring ``folder`` up to date with ``generate``. Obsolete generated files are deleted; ``published.json`` stays."""
    files = generate()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for name in _surplus(folder, files):
        (folder / name).unlink()


def drift(folder: Path) -> list[str]:
    """The differences between ``folder`` and the models, each with its cure; empty without drift."""
    files = generate()
    findings = []
    for name, content in files.items():
        path = folder / name
        if not path.is_file():
            findings.append(f"{name} is missing: {_CURE}")
        elif path.read_bytes() != content:
            findings.append(f"{name} is not what the models say: {_CURE}")
    findings += [f"{name} belongs to no kind: {_CURE}" for name in _surplus(folder, files)]
    return findings + _broken_promises(folder, files)


def publish(folder: Path) -> list[str]:
    """Lock the schemas that are not locked yet, as part of a release. Returns their names."""
    locked, digests = _locked(folder), _to_lock(generate())
    new = sorted(name for name in digests if name not in locked)
    (folder / PUBLISHED).write_bytes(_json(dict(sorted({**digests, **locked}.items()))))
    return new


def _to_lock(files: dict[str, bytes]) -> dict[str, str]:
    """SHA-256 of each schema, and of each added field by schema and place."""
    digests = {}
    for name in filter(_is_schema, files):
        schema = json.loads(files[name])
        digests[name] = hashlib.sha256(_json(without(name, schema))).hexdigest()
        for place, field in added(name, schema):
            digests[f"{name}#{place}"] = hashlib.sha256(_json(field)).hexdigest()
    return digests


def _broken_promises(folder: Path, files: dict[str, bytes]) -> list[str]:
    findings, digests = [], _to_lock(files)
    for name, digest in _locked(folder).items():
        if name not in digests:
            findings.append(f"{name} is published and must stay: give the kind its model, or its field, back")
        elif digests[name] != digest:
            findings.append(
                f"{name} is published and would change: others have built on it. Take the change back, or leave this "
                "kind as it is and add a new major version beside it; a field that may be left out is named in "
                "bus/contract/export/compatibility.py (docs/wire.md, A new major version)"
            )
    demands = [
        f"{name}#{place}" for name in filter(_is_schema, files) for place in demanded(name, json.loads(files[name]))
    ]
    return findings + [f"{place} was added and is required: it must be one that may be left out" for place in demands]


def _locked(folder: Path) -> dict[str, str]:
    path = folder / PUBLISHED
    locked: dict[str, str] = json.loads(path.read_bytes()) if path.is_file() else {}
    return locked


def _is_schema(name: str) -> bool:
    return name in {schema_name(rule) for rule in CONTRACT}


def _surplus(folder: Path, files: dict[str, bytes]) -> list[str]:
    there = [path for place in (folder, folder / "examples") if place.is_dir() for path in sorted(place.iterdir())]
    names = [path.relative_to(folder).as_posix() for path in there if path.is_file() and path.suffix in _OURS]
    return [name for name in names if name not in files and name != PUBLISHED]


def _contract() -> dict[str, Any]:
    return {
        "version": VERSION,
        "roles": {role: {"zh": zh, "en": en} for role, (zh, en) in ROLES.items()},
        "kinds": {f"{rule.kind}.v{rule.major}": _entry(rule) for rule in CONTRACT},
        **{name: {str(member.value): label(member)._asdict() for member in members} for name, members in LISTS.items()},
    }


def _entry(rule: Rule) -> dict[str, Any]:
    return {
        "zh": rule.zh,
        "en": rule.en,
        "schema": schema_name(rule),
        "example": f"examples/{schema_name(rule)}",
        "senders": rule.senders,
        "recipients": rule.recipients,
        "answers": rule.answers,
        "allows": rule.allows,
    }


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()

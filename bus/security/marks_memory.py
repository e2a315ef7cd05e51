"""The marks of the directories that an operator has signed, in a file beside its key.

A program that does not know of marks rewrites the directory without them and says nothing. The next program that does
know compares, before it signs.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from bus.contract.types import CenterName, Count, Strict
from bus.security.directory import MOST_KEYS, Directory, Marks
from bus.security.errors import KeyUnusable


class _Memory(Strict):
    serial: Count
    """Of the last directory that was signed."""
    marks: Annotated[dict[CenterName, Marks], Field(max_length=MOST_KEYS)]


def memory_beside(operator: Path) -> Path:
    """Where it lies."""
    return operator.with_name(f"{operator.name}.marks")


def last_marks(operator: Path) -> Mapping[str, tuple[str, ...]]:
    """What has been said of each center; nothing before the first signature. Raises ``KeyUnusable``."""
    path = memory_beside(operator)
    if not path.exists():
        return {}
    try:
        return _Memory.model_validate_json(path.read_bytes()).marks
    except (OSError, ValidationError):
        raise KeyUnusable(
            f"{path} 读不懂；请恢复备份，或删除它并用 bus keys list 核对标记",
            f"{path} cannot be read: put its backup back, or delete it and look at the marks with `bus keys list`",
        ) from None


def remembered(had: Mapping[str, tuple[str, ...]], known: Directory) -> bytes:
    """The file, once ``known`` is signed."""
    memory = _Memory(serial=known.serial, marks={**had, **known.marks})
    return memory.model_dump_json(indent=1).encode() + b"\n"

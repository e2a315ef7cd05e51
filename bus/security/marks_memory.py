"""The memory of marks: those of an operator's signed directories, in a file beside its key.

A program without marks rewrites the directory without them and says nothing. The next program with marks compares
before it signs.
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
    """The serial of the last signed directory."""
    marks: Annotated[dict[CenterName, Marks], Field(max_length=MOST_KEYS)]


def memory_beside(operator: Path) -> Path:
    """The path of the memory file."""
    return operator.with_name(f"{operator.name}.marks")


def last_marks(operator: Path) -> Mapping[str, tuple[str, ...]]:
    """The last signed marks of each center; empty before the first signature. Raises ``KeyUnusable``."""
    path = memory_beside(operator)
    if not path.exists():
        return {}
    try:
        return _Memory.model_validate_json(path.read_bytes()).marks
    except (OSError, ValidationError):
        raise KeyUnusable(
            f"{path} 读不懂；请恢复备份，或删除它并用 bus keys list 核对标记",
            f"{path} cannot be read: restore its backup, or delete it and check the marks with `bus keys list`",
        ) from None


def remembered(had: Mapping[str, tuple[str, ...]], known: Directory) -> bytes:
    """The content of the file after ``known`` is signed."""
    memory = _Memory(serial=known.serial, marks={**had, **known.marks})
    return memory.model_dump_json(indent=1).encode() + b"\n"

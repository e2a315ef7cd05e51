"""The differences between a result and a sample's expectation: the path, both values, and their difference."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LONGEST = 120
"""Most characters shown of a value."""
MOST = 3
"""Most differences shown of one sample; the others are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two JSON values differ."""

    path: str
    expected: str
    got: str
    detail: str

    def __str__(self) -> str:
        """Four lines: path, expected value, actual value, difference."""
        return (
            f"    路径 path:       {self.path}\n    期望 expected:   {self.expected}\n"
            f"    实际 got:        {self.got}\n    差异 difference: {self.detail}"
        )


def differences(got: Any, expected: Any, path: str = "") -> Iterator[Difference]:  # noqa: ANN401 - any JSON
    """Every difference: ``got`` must contain all of ``expected``; lists item by item, moments by their instant."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key, value in expected.items():
            inner = f"{path}.{key}" if path else str(key)
            if key in got:
                yield from differences(got[key], value, inner)
            else:
                yield Difference(inner, shown(value), "—", f"缺少 / {key} is missing; there is {sorted(got)}")
    elif isinstance(expected, list) and isinstance(got, list | tuple):
        if len(got) != len(expected):
            yield _of_lists(got, expected, path)
            return
        for number, pair in enumerate(zip(got, expected, strict=True)):
            yield from differences(*pair, f"{path}[{number}]")
    elif not _alike(got, expected):
        yield Difference(path, shown(expected), shown(got), _detail(got, expected))


def told(where: str, zh: str, en: str, found: Sequence[Difference] = ()) -> str:
    """One fault for people: the place, the fault in both languages, and the first differences."""
    more = [f"    另有 {len(found) - MOST} 处 / and {len(found) - MOST} more"] if len(found) > MOST else []
    return "\n".join([f"{where}: {zh} / {en}", *map(str, found[:MOST]), *more])


def shown(value: Any) -> str:  # noqa: ANN401 - any JSON
    """A value as JSON, shortened if long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _alike(got: Any, expected: Any) -> bool:  # noqa: ANN401 - any JSON
    if isinstance(got, str) and isinstance(expected, str) and got != expected:
        return _instant(got) is not None and _instant(got) == _instant(expected)
    return bool(got == expected)


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _of_lists(got: Sequence[Any], expected: Sequence[Any], path: str) -> Difference:
    """Lists of different lengths: the missing items by name, and the superfluous ones."""
    there, wanted = Counter(map(_name, got)), Counter(map(_name, expected))
    missing, over = sorted((wanted - there).elements()), sorted((there - wanted).elements())
    detail = f"缺少 / missing: {missing}; 多出 / too many: {over}"
    return Difference(path, shown([_name(item) for item in expected]), shown([_name(item) for item in got]), detail)


def _name(item: Any) -> str:  # noqa: ANN401 - any JSON
    """The name of a list item: a command's kind, an effect's act."""
    if isinstance(item, dict):
        return str(item.get("kind") or item.get("what") or shown(item))
    return shown(item)


def _detail(got: Any, expected: Any) -> str:  # noqa: ANN401 - any JSON
    if type(got) is not type(expected):
        return f"类型不同 / {type(expected).__name__} is expected, it is {type(got).__name__}"
    if not isinstance(got, str):
        return "值不同 / another value"
    same = next((n for n, pair in enumerate(zip(got, expected, strict=False)) if pair[0] != pair[1]), None)
    same = min(len(got), len(expected)) if same is None else same
    return (
        f"从第 {same + 1} 个字符起不同 / differs from character {same + 1} on: "
        f"{shown(expected[same : same + 20])} ≠ {shown(got[same : same + 20])}"
    )

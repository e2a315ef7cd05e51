"""Bad values for every field of a document, and whether they may ever be taken."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Bad:
    """``raw``: the JSON text in place of the value. ``never``: no field may take it."""

    name: str
    raw: str
    never: bool = True


DEEP = '{"a":' * 40 + "1" + "}" * 40
BAD = (
    Bad("null", "null", never=False),  # an optional field may be null
    Bad("empty", '""'),
    Bad("of another type: a list", "[[]]"),
    Bad("of another type: an object", '{"a": {"b": 1}}'),
    Bad("too long", json.dumps("长" * 9000)),
    Bad("a control character", json.dumps("a\x00b")),
    Bad("an escape sequence", json.dumps("a\x1b[31mb")),
    Bad("a bidirectional override", json.dumps("a\u202eb")),
    Bad("half of a surrogate pair", '"a\\ud800"'),
    Bad("too deep", DEEP),
    Bad("a huge number", "9" * 400),
    Bad("a number without end", "1e999"),
    Bad("not a number", "NaN"),
    Bad("a negative number", "-1"),
    Bad("the beginning of time", '"0001-01-01T00:00:00+14:00"', never=False),  # a text field may contain it
    Bad("the end of time", '"9999-12-31T23:59:59-14:00"', never=False),
    Bad("a date that does not exist", '"2026-02-30T00:00:00+08:00"', never=False),
)
OBJECTS = frozenset({"resident"})
"""Fields that hold an object if they are not null."""
TIMES = frozenset({"the beginning of time", "the end of time", "a date that does not exist"})
"""Never valid in a time field; an ordinary word in a text field."""


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every field, containers too; of a list only its first item."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, one in inner:
        yield from leaves(one, (*path, key))


def at(document: Any, path: Path) -> Any:
    """The value at ``path``."""
    for key in path:
        document = document[key]
    return document


def variants(document: dict[str, Any], path: Path) -> Iterator[tuple[str, bytes, bool]]:
    """(name, bytes, whether it may never be taken) for every bad value at ``path``.

    Negative degrees are west and south, and an object whose fields are all optional ignores unknown fields: both may be
    taken in place of such a value. The too deep one is refused before any field is read."""
    copy = json.loads(json.dumps(document))
    spot, last = at(copy, path[:-1]), path[-1]
    plain = spot[last]
    for bad in BAD:
        if bad.raw == json.dumps(plain):
            continue  # already the present value
        spot[last] = "@@here@@"
        text = json.dumps(copy, ensure_ascii=False).replace('"@@here@@"', bad.raw)
        whole = isinstance(plain, dict) or last in OBJECTS
        mild = (bad.raw == "-1" and isinstance(plain, float)) or (whole and bad.name.endswith("an object"))
        time = bad.name in TIMES and isinstance(plain, str) and len(plain) > 18 and plain[:2] == "20" and "T" in plain
        yield bad.name, text.encode(), (bad.never and not mild) or time
    if isinstance(last, str):
        spot[last] = "@@here@@"
        twice = f"{json.dumps(plain)}, {json.dumps(last)}: {json.dumps(plain)}"
        yield "twice", json.dumps(copy, ensure_ascii=False).replace('"@@here@@"', twice).encode(), True
    del spot[last]
    yield "absent", json.dumps(copy, ensure_ascii=False).encode(), False

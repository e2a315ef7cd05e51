"""The rooms of ``bus`` and their order: ``python -m verification.rooms`` prints the import graph (``make rooms``).

A room is a package of ``bus``, or a flat file in it. A room imports only rooms that are listed before it; rooms of one
level do not import each other.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
ORDER: tuple[tuple[str, ...], ...] = (
    ("contract",),
    ("log", "backoff", "bilingual"),
    ("custody",),
    ("clocks", "figures"),
    ("audit",),
    ("settings",),
    ("sdk", "security", "transports"),
    ("context",),
    ("store",),
    ("attachments", "recovery"),
    ("pipeline",),
    ("importing",),
    ("operations",),
    ("ledger",),
    ("http",),
    ("alarms",),
    ("console",),
    ("runtime",),
    ("demo",),
    ("cli",),
    ("testing",),
)
"""The levels, from the bottom up. ``bus/__init__.py`` (the public names) and ``bus/__main__.py`` (the command) are
outside."""
LEVEL: Mapping[str, int] = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
Arrow = tuple[str, str]
"""(importing room, imported room)"""


def modules(folder: Path) -> list[Path]:
    """Every Python file below a folder."""
    return sorted(folder.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module or name that a file imports, anywhere in it, by its full dotted name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    """The room of a file in ``bus``."""
    return path.relative_to(ROOT / "bus").parts[0].removesuffix(".py")


def arrows() -> Counter[Arrow]:
    """The imports between rooms, with their number."""
    found: Counter[Arrow] = Counter()
    for path in modules(ROOT / "bus"):
        room = room_of(path)
        for name in imports(path):
            words = name.split(".")
            if words[0] == "bus" and room in LEVEL:
                target = words[1] if len(words) > 1 and words[1] in LEVEL else "__init__"
                if target != room:
                    found[room, target] += 1
    return found


def upward(found: Mapping[Arrow, int]) -> list[Arrow]:
    """Imports that do not lead to a lower level."""
    return sorted(arrow for arrow in found if LEVEL[arrow[0]] <= LEVEL.get(arrow[1], len(ORDER)))


def circles(found: Mapping[Arrow, int]) -> list[str]:
    """Rooms in an import cycle."""
    reach = {room: {target for source, target in found if source == room} for room in LEVEL}
    for _ in reach:
        reach = {room: seen.union(*(reach.get(other, set()) for other in seen)) for room, seen in reach.items()}
    return sorted(room for room, seen in reach.items() if room in seen)


def main() -> int:
    """Print the graph; 0 if no import leads upwards and no room is in a cycle."""
    found = arrows()
    out = sys.stdout.write
    for rooms in ORDER:
        for room in rooms:
            below = ", ".join(sorted(target for source, target in found if source == room))
            out(f"{' · '.join(rooms) if room == rooms[0] else '':42} {room:12} → {below or '—'}\n")
    flat = sum(path.parent == ROOT / "bus" for path in modules(ROOT / "bus"))
    up, round_ = upward(found), circles(found)
    out(
        f"rooms {len(LEVEL)}, arrows {len(found)}, upward {len(up)}, circles {len(round_)}, flat files in bus/ {flat}\n"
    )
    for source, target in up:
        out(f"upward: {source} → {target}\n")
    return bool(up or round_)


if __name__ == "__main__":
    sys.exit(main())

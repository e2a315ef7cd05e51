r"""The leak scan: searches bytes of any kind for canaries, in every spelling that a leak may have.

Each kind of mark has one prefix, so the bytes are searched for a few dozen prefixes instead of thousands of marks; a
dictionary lookup identifies the mark. Escapes (``\u5c45``, ``\xe5``, ``%E5``, also twice over) are undone first.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

from verification.checker.canaries import ADDRESS, CODE, ID_CARD, NAME, PHONE, WORDS, Canary

CHUNK = 4 << 20
"""Bytes of a file that are scanned together."""
OVERLAP = 4096
"""Longer than any mark in any spelling, twice escaped."""

STORES: Mapping[str, str] = {
    "*.db": "a store without a master key: bodies and records are in clear; see `clean_columns` for the rest",
    "*.db-wal": "the store's log: as *.db",
    "*.db-shm": "the store's index: as *.db",
}
"""Files that the scan of a folder skips, and why."""

Place = tuple[str, bytes | str | Path]
"""A name for people, and the place to scan: bytes, text, a file, or a folder with everything in it."""


class Leak(NamedTuple):
    """A mark in a place where it must not be. The mark itself is left out: anyone may read a report."""

    place: str
    canary: int
    """The canary's index."""
    mark: str
    """``name``, ``address``, ``words``, ``phone`` or ``id_card``."""
    spelling: str
    """``plain`` (UTF-8), ``gbk`` or ``base64``; with ``escaped`` before it if it was."""


def scan(birds: Sequence[Canary], places: Iterable[Place], except_for: Mapping[str, str] = STORES) -> list[Leak]:
    """Every mark found in any place, once for each place. ``except_for``: patterns of file names → the reason."""
    hunter = _scanner(tuple(birds))
    found: dict[Leak, None] = {}
    for name, where in places:
        for spot, content in _contents(name, where, except_for):
            found.update(dict.fromkeys(hunter.look(spot, content)))
    return list(found)


def _contents(name: str, where: bytes | str | Path, except_for: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    if isinstance(where, str):
        yield name, where.encode()
    elif isinstance(where, bytes):
        yield name, where
    elif where.is_dir():
        for path in sorted(where.rglob("*")):
            spot = f"{name}/{path.relative_to(where)}"
            yield f"{name}: a file's name", spot.encode(errors="surrogateescape")
            if path.is_file() and not any(fnmatch(path.name, pattern) for pattern in except_for):
                yield from _chunks(spot, path)
    elif where.is_file():
        yield from _chunks(name, where)
    # anything else is a file that no longer exists: temporary ones come and go


def _chunks(name: str, path: Path) -> Iterator[tuple[str, bytes]]:
    tail = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield name, tail + chunk
                tail = chunk[-OVERLAP:]
    except FileNotFoundError:
        return


class _Scanner:
    """All marks in all spellings, ready for the search."""

    def __init__(self, birds: Sequence[Canary]) -> None:
        self._marks: dict[bytes, tuple[int, str, str]] = {}
        for number, bird in enumerate(birds):
            for kind, mark in bird.marks.items():
                for spelling, spelled in _spellings(mark):
                    self._marks[spelled] = (number, kind, spelling)

    def look(self, place: str, content: bytes) -> Iterator[Leak]:
        """The marks in these bytes."""
        for escaped, view in _views(content):
            for begin, length in _PATTERNS:
                at = view.find(begin)
                while at >= 0:
                    hit = self._marks.get(view[at : at + length])
                    if hit is not None:
                        number, kind, spelling = hit
                        yield Leak(place, number, kind, f"{escaped}{spelling}")
                    at = view.find(begin, at + 1)


@cache
def _scanner(birds: tuple[Canary, ...]) -> _Scanner:
    return _Scanner(birds)


def _spellings(mark: str) -> Iterator[tuple[str, bytes]]:
    plain = mark.encode()
    yield "plain", plain
    yield "gbk", mark.encode("gbk")
    for shift in range(3):
        inner = _inner_base64(plain, shift)
        yield "base64", inner
        yield "base64", inner.translate(_URL_SAFE)


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _inner_base64(plain: bytes, shift: int) -> bytes:
    """The base64 text of these bytes when they begin at ``shift`` within three: without the characters at both ends,
    which depend on the neighbouring bytes."""
    whole = base64.b64encode(b"\0" * shift + plain)
    return whole[-(-shift * 8 // 6) : (shift + len(plain)) * 8 // 6]


def _patterns() -> tuple[tuple[bytes, int], ...]:
    """The prefix of each kind of mark in each spelling, and the mark's length. Every match is looked up."""
    marks = ((NAME, "甲" * CODE), (ADDRESS, "甲" * CODE), (WORDS, "甲" * CODE), (PHONE, "0" * 7), (ID_CARD, "0" * 12))
    found: dict[bytes, int] = {}
    for start, rest in marks:
        for (_, begin), (_, whole) in zip(_spellings(start), _spellings(start + rest), strict=True):
            found[begin] = len(whole)
    return tuple(found.items())


_PATTERNS = _patterns()


def _views(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes as they are, and with their escapes undone, as often as there are some. Only text has any: in binary
    data a percent sign is chance, and undoing it would take most of the time of a broker's scan."""
    yield "", content
    if b"\0" in content:
        return
    for _ in range(3):
        if b"\\" not in content and b"%" not in content:
            return
        undone = _ESCAPE.sub(_undo, content)
        if undone == content:
            return
        content = undone
        yield "escaped ", content


_ESCAPE = re.compile(rb"\\+u([0-9a-fA-F]{4})|(?:\\+x|%)([0-9a-fA-F]{2})")


def _undo(match: re.Match[bytes]) -> bytes:
    if match[1] is None:
        return bytes([int(match[2], 16)])
    return chr(int(match[1], 16)).encode(errors="replace")

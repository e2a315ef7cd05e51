"""A CSV file as text, line by line: in the encoding of most of its lines, with leftovers of other programs handled.

A line in another encoding is marked as such, and affects no other line.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

CHUNK = 1 << 20
LONGEST_LINE = 8 << 20
"""Longest line in bytes; a longer one is not a ledger's."""
END_OF_DOS = "\x1a"
"""Old DOS programs end a text with it."""
_UTF8, _GB = "utf-8", "gb18030"
TWO_BYTES = 0x7FF
"""The last character that UTF-8 writes in two bytes."""
PRESENT = {
    0xE78D: 0xFE10, 0xE78E: 0xFE12, 0xE78F: 0xFE11, 0xE790: 0xFE13, 0xE791: 0xFE14, 0xE792: 0xFE15, 0xE793: 0xFE16,
    0xE794: 0xFE17, 0xE795: 0xFE18, 0xE796: 0xFE19, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7,
    0xE832: 0x9FB8, 0xE843: 0x9FB9, 0xE854: 0x9FBA, 0xE864: 0x9FBB, 0xE816: 0x20087, 0xE817: 0x20089,
    0xE818: 0x200CC, 0xE831: 0x215D7, 0xE83B: 0x2298F, 0xE855: 0x241FE,
}  # fmt: skip
"""Characters that GB 18030-2000 had in the private use area, and their places in GB 18030-2022."""
_MACS = re.compile(rb"(?<=\r)(?!\n)(?=.)", re.DOTALL)
"""The place after a line end of old Macs."""
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")


class Undecodable(ValueError):
    """The file as a whole cannot be decoded."""


class Line(NamedTuple):
    """One line with its end; ``fault``: the reason not to trust it."""

    text: str
    fault: str = ""


def lines_of(path: Path, encoding: str) -> Iterator[Line]:
    """The lines of a file. ``auto``: UTF-16 or 32 if a byte order mark says so, UTF-8 if most of it is, else GBK with
    the additions of GB 18030. Raises ``OSError``, and ``Undecodable`` if a named encoding does not fit."""
    with path.open("rb") as file:
        has_mark = file.read(3) == codecs.BOM_UTF8  # a file of rejects, or a later export: it says what it is
        file.seek(0)
        if encoding == "auto" or has_mark:
            encoding = encoding_of(file)
        if encoding in (_UTF8, _GB):
            for number, raw in enumerate(_raw(file)):
                yield _line(raw.removeprefix(codecs.BOM_UTF8) if number == 0 else raw, encoding)
            return
    try:
        with path.open(encoding=encoding, newline="") as text:
            for line in text:
                yield _clean(line)
    except (UnicodeError, LookupError):
        raise Undecodable(encoding) from None


def encoding_of(file: BinaryIO) -> str:
    """The encoding of most of its telling lines; the file is then read from its beginning again."""
    begin = file.read(4)
    file.seek(0)
    if begin in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    if begin[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    fits = fails = 0
    for raw in _raw(file):
        if not raw.isascii():
            try:
                raw.decode(_UTF8)
                fits += 1
            except UnicodeDecodeError:
                fails += 1
    file.seek(0)
    return _UTF8 if fits >= fails else _GB


def _raw(file: BinaryIO) -> Iterator[bytes]:
    while raw := file.readline(LONGEST_LINE):
        yield from _MACS.split(raw) if b"\r" in raw.removesuffix(b"\r\n") else (raw,)


def _line(raw: bytes, encoding: str) -> Line:
    try:
        if encoding == _GB and not raw.isascii() and _is_chinese_utf8(raw):
            return Line(raw.decode(), "another-encoding")
        return _clean(raw.decode(encoding, "euro-sign"))
    except UnicodeDecodeError:
        return Line(raw.decode(encoding, "replace"), "another-encoding")


def _is_chinese_utf8(raw: bytes) -> bool:
    """Whether a line of a GBK file is UTF-8, which GBK would read as other characters. Two bytes alone are ambiguous
    ("联通" is valid in both), so only three-byte characters count, and only if no others are beside them."""
    try:
        strange = [sign for sign in raw.decode(_UTF8) if not sign.isascii()]
    except UnicodeDecodeError:
        return False
    return bool(strange) and all(ord(sign) > TWO_BYTES for sign in strange)


def _clean(text: str) -> Line:
    if text.rstrip("\r\n").endswith(END_OF_DOS):
        text = text.rstrip("\r\n").rstrip(END_OF_DOS)
    if _PRIVATE.search(text):
        text = text.translate(PRESENT)
        if _PRIVATE.search(text):
            return Line(text, "private-character")
    return Line(text)


def _euro(error: UnicodeError) -> tuple[str, int]:
    """The euro sign of Windows' GBK at 0x80, which GB 18030 leaves unassigned."""
    if isinstance(error, UnicodeDecodeError) and error.encoding == _GB and error.object[error.start] == 0x80:
        return "€", error.start + 1
    raise error


codecs.register_error("euro-sign", _euro)

"""Strips EXIF metadata (place, time, device) from photos.

Nothing is re-encoded. A JPEG (ITU-T T.81) loses its application segments and comments, a PNG (ISO/IEC 15948) its texts,
times and Exif; the picture's own bytes stay. The orientation of a JPEG stays too, in an Exif segment with nothing else.
A file that violates the standard is left alone: no reader understands it.
"""

import struct
import zlib
from collections.abc import Iterator

_EOI, _SOS = 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14, _COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
_RESTARTS = range(0xD0, 0xD8)
_EXIF, _ICC, _ADOBE, _JFIF = b"Exif\x00\x00", b"ICC_PROFILE\x00", b"Adobe", b"JFIF\x00"
_ORIENTATION, _SHORT = 0x0112, 3
PNG = b"\x89PNG\r\n\x1a\n"
PNG_TOLD = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})
"""The chunks of a PNG that hold metadata."""


class _Strange(Exception):
    """The file violates the standard of its format."""


def strip_metadata(content: bytes, media_type: str) -> bytes:
    """The same picture without metadata; any other file unchanged."""
    strip = {"image/jpeg": _jpeg, "image/png": _png}.get(media_type)
    if strip is None:
        return content
    try:
        return b"".join(strip(content))
    except (_Strange, struct.error, IndexError):
        return content


def _jpeg(content: bytes) -> Iterator[bytes]:
    """The segments that stay. Bytes behind the picture's end go: telephones hide films and second photos there."""
    yield content[:2]
    place = 2
    while True:
        marker, place = _marker(content, place)
        if marker == _EOI:
            yield b"\xff\xd9"
            return
        (length,) = struct.unpack_from(">H", content, place)
        segment = content[place : place + length]
        if length < 2 or len(segment) < length:
            raise _Strange
        place += length
        kept = _kept(marker, segment[2:])
        if kept is not None:
            yield struct.pack(">BBH", 0xFF, marker, len(kept) + 2) + kept
        if marker == _SOS:
            end = _end_of_scan(content, place)
            yield content[place:end]
            place = end


def _marker(content: bytes, place: int) -> tuple[int, int]:
    """The marker at this place, and the place behind it; any number of fill bytes may precede it."""
    if content[place] != 0xFF:
        raise _Strange
    while content[place] == 0xFF:
        place += 1
    return content[place], place + 1


def _end_of_scan(content: bytes, place: int) -> int:
    """The place of the next marker: in the picture's data 0xFF is followed by a zero or a restart."""
    while True:
        place = content.find(b"\xff", place)
        if place < 0:
            raise _Strange
        follows = content[place + 1]
        if follows not in (0x00, 0xFF) and follows not in _RESTARTS:
            return place
        place += 1 if follows == 0xFF else 2


def _kept(marker: int, told: bytes) -> bytes | None:
    """What stays of a segment; None for nothing."""
    if marker == _APP1 and told.startswith(_EXIF):
        turned = _orientation(told[len(_EXIF) :])
        return None if turned in (None, 1) else _EXIF + _only_turned(turned)
    if marker == _APP2:
        return told if told.startswith(_ICC) else None
    if marker == _APP0:
        return told[:12] + b"\x00\x00" if told.startswith(_JFIF) else None  # its thumbnail is a picture, too
    if marker == _APP14:
        return told if told.startswith(_ADOBE) else None
    return None if _APP0 < marker <= 0xEF or marker == _COM else told


def _orientation(tiff: bytes) -> int | None:
    """The orientation (Exif 2.32, tag 274), 1 to 8; None when there is none."""
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for number in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * number)
            if tag == _ORIENTATION and kind == _SHORT:
                return value if 1 <= value <= 8 else None
    except (KeyError, struct.error):
        return None
    return None


def _only_turned(orientation: int | None) -> bytes:
    entry = struct.pack(">HHIHH", _ORIENTATION, _SHORT, 1, orientation or 1, 0)
    return b"MM\x00\x2a" + struct.pack(">I", 8) + struct.pack(">H", 1) + entry + struct.pack(">I", 0)


def _png(content: bytes) -> Iterator[bytes]:
    """The chunks that stay, up to the picture's end."""
    yield PNG
    place, kind = len(PNG), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, place)
        chunk = content[place : place + 12 + length]
        if len(chunk) < 12 + length or zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
            raise _Strange
        if kind not in PNG_TOLD:
            yield chunk
        place += 12 + length

"""Photos: the picture stays to the last pixel, as it is to be turned, and nothing that the camera told beside it."""

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from PIL.ImageCms import ImageCmsProfile, createProfile

from bus.attachments.blob_store import BlobStore
from bus.attachments.service import AttachmentService
from bus.attachments.strip_metadata import strip_metadata
from bus.store import Store, schema

SECRET = "昭乌达路居民甲"
MARK = SECRET.encode()
NOW = datetime(2026, 11, 27, tzinfo=UTC)
MAKER, ORIENTATION, GPS = 0x010F, 0x0112, 0x8825


def _picture(mode: str = "RGB", size: tuple[int, int] = (37, 23)) -> Image.Image:
    made = Image.new(mode, size)
    for x in range(size[0]):
        for y in range(size[1]):
            made.putpixel((x, y), (x * 7 % 256, y * 11 % 256, 90)[: len(made.getbands())] if mode != "L" else x)
    return made


def _jpeg(mode: str = "RGB", turned: int | None = None, **how: Any) -> bytes:
    exif = Image.Exif()
    exif[MAKER] = SECRET.encode("utf-8").decode("latin-1")
    exif.get_ifd(GPS)[2] = (42.0, 16.0, 30.0)
    if turned is not None:
        exif[ORIENTATION] = turned
    file = io.BytesIO()
    profile = ImageCmsProfile(createProfile("sRGB")).tobytes() if mode == "RGB" else None
    _picture(mode).save(file, "JPEG", exif=exif, comment=MARK, icc_profile=profile, **how)
    return file.getvalue()


def _pixels(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as picture:
        return picture.tobytes()


HOW: dict[str, dict[str, Any]] = {
    "plain": {},
    "progressive": {"progressive": True},
    "with restarts": {"restart_marker_blocks": 2},
    "best": {"quality": 100, "subsampling": 0},
    "smallest": {"quality": 1},
    "grey": {"mode": "L"},
    "for print": {"mode": "CMYK"},
    "with optimised tables": {"optimize": True},
}


@pytest.mark.parametrize("name", HOW)
def test_a_jpeg_keeps_its_pixels_and_loses_what_was_told(name: str) -> None:
    """Another reader than ours finds the same picture and colours, and neither place nor camera nor comment."""
    content = _jpeg(**HOW[name])
    assert MARK in content
    clean = strip_metadata(content, "image/jpeg")
    assert MARK not in clean
    assert _pixels(clean) == _pixels(content)
    with Image.open(io.BytesIO(clean)) as picture, Image.open(io.BytesIO(content)) as before:
        assert dict(picture.getexif()) == {}
        assert picture.info.get("icc_profile") == before.info.get("icc_profile")
        assert "comment" not in picture.info
    assert strip_metadata(clean, "image/jpeg") == clean


@pytest.mark.parametrize("turned", range(2, 9))
def test_a_photo_that_is_to_be_turned_still_is(turned: int) -> None:
    """That alone of the Exif stays; a telephone held upright writes nothing else about its picture."""
    clean = strip_metadata(_jpeg(turned=turned), "image/jpeg")
    with Image.open(io.BytesIO(clean)) as picture:
        assert dict(picture.getexif()) == {ORIENTATION: turned}
    assert MARK not in clean


def test_what_is_hidden_behind_a_photo_goes() -> None:
    """A second photo with an Exif of its own, a film, a map."""
    content = _jpeg()
    clean = strip_metadata(content + _jpeg() + MARK, "image/jpeg")
    assert clean == strip_metadata(content, "image/jpeg")


def test_what_stands_in_other_segments_goes() -> None:
    """XMP, captions of agencies, makers' own, and a thumbnail: each is a segment, and none is of the picture."""
    content = _jpeg()
    for marker, told in ((0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + MARK), (0xED, b"Photoshop 3.0\x00" + MARK),
                         (0xE2, b"MPF\x00" + MARK), (0xE5, MARK), (0xE0, b"JFXX\x00" + MARK)):  # fmt: skip
        segment = bytes((0xFF, marker)) + (len(told) + 2).to_bytes(2, "big") + told
        clean = strip_metadata(content[:2] + segment + content[2:], "image/jpeg")
        assert MARK not in clean
        assert _pixels(clean) == _pixels(content)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
def test_a_png_keeps_its_pixels_and_loses_its_texts(mode: str) -> None:
    """Texts, packed texts, Exif and the time; palette and transparency stay."""
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", SECRET)
    told.add_itxt("Place", SECRET, zip=False)
    told.add(b"tIME", b"\x07\xea\x0b\x1b\x04\x00\x00")
    exif = Image.Exif()
    exif[MAKER] = SECRET.encode("utf-8").decode("latin-1")
    file = io.BytesIO()
    _picture("RGBA" if mode == "RGBA" else "RGB").convert(mode).save(file, "PNG", pnginfo=told, exif=exif)
    clean = strip_metadata(file.getvalue(), "image/png")
    assert MARK in file.getvalue()
    assert MARK not in clean
    assert b"tIME" not in clean
    assert _pixels(clean) == _pixels(file.getvalue())
    assert strip_metadata(clean + MARK, "image/png") == clean


@given(st.binary(max_size=300), st.integers(0, 2000), st.sampled_from(["image/jpeg", "image/png"]))
def test_whatever_the_bytes_it_ends_and_adds_nothing(junk: bytes, cut: int, kind: str) -> None:
    """Cut, stuffed with rubbish, or rubbish alone: it comes back no longer than it was, and a second look changes
    nothing."""
    whole = _jpeg() if kind == "image/jpeg" else _png()
    for content in (whole[:cut], whole[:cut] + junk + whole[cut:], whole[:4] + junk):
        clean = strip_metadata(content, kind)
        assert len(clean) <= len(content) + 40  # an Exif of our own
        assert strip_metadata(clean, kind) == clean


def _png() -> bytes:
    file = io.BytesIO()
    _picture().save(file, "PNG")
    return file.getvalue()


def test_other_files_are_left_alone() -> None:
    """A PDF, an Office file."""
    assert strip_metadata(b"%PDF-1.7 x", "application/pdf") == b"%PDF-1.7 x"


@pytest.fixture
def files(tmp_path: Path) -> Iterator[AttachmentService]:
    """A center's folder."""
    store = Store(f"sqlite:///{tmp_path}/s.db")
    schema.upgrade(store)
    yield AttachmentService(BlobStore(store, tmp_path / "files"), "http://here")
    store.close()


def test_a_photo_is_named_by_the_hash_of_what_came_or_of_what_is_kept(files: AttachmentService) -> None:
    """A center's system that knows its own file's hash alone need learn nothing; others are told of what is kept."""
    content = _jpeg()
    came = hashlib.sha256(content).hexdigest()
    for _ in range(2):
        kept = files.keep(content, "a.jpg", NOW)
        assert kept.sha256 != came
    with files.blobs.store.reading() as tx:
        by_either = {files.named(tx, came), files.named(tx, kept.sha256)}
        assert files.named(tx, "0" * 64) is None
    assert [one.sha256 for one in by_either if one] == [kept.sha256]
    assert MARK not in (files.read(kept.sha256) or b"")
    assert files.read(came) is None

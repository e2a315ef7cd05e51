"""Bytes that are not valid JSON for a message: cut, flipped, mis-encoded, too deep, too large, with duplicate keys and
wild numbers.

None has a readable envelope, so each is parked with its code, and none is receipted.
"""

import json
from collections.abc import Callable, Iterator

from bus.contract.codec import MAX_BYTES
from verification.corpus.documents import RULES, good
from verification.corpus.items import Dealer, Json, WireItem, raw
from verification.corpus.mutations import at, leaves

Made = Iterator[tuple[str, bytes, str]]
"""(name, bytes, code)"""
_HERE = "@@here@@"


def items(deal: Dealer) -> Iterator[WireItem]:
    """All items of this module."""
    for kind, count, make in KINDS:
        for number in range(count):
            document = good(RULES[number % len(RULES)], deal)
            for name, body, code in make(deal, document, number):
                yield WireItem(f"bytes: {kind}", name, body, f"parked:{code}")


def _cut(deal: Dealer, document: Json, _number: int) -> Made:
    whole = raw(document)
    for place in deal.random.sample(range(1, len(whole) - 1), 6):
        # a continuation byte follows the cut: so a character is cut too, not only the document
        inside = whole[place] & 0xC0 == 0x80
        yield f"after {place} bytes", whole[:place], "not-utf-8" if inside else "not-json"
    yield "the last byte", whole[:-1], "not-json"


def _high_bit(deal: Dealer, document: Json, _number: int) -> Made:
    whole = raw(document)
    plain = [place for place, byte in enumerate(whole) if byte < 0x80]
    for place in deal.random.sample(plain, 4):
        yield f"byte {place}", whole[:place] + bytes([whole[place] | 0x80]) + whole[place + 1 :], "not-utf-8"


def _structure_bit(deal: Dealer, document: Json, _number: int) -> Made:
    whole = json.dumps(document).encode()
    spots = [place for place in _outside_strings(whole) if whole[place] in b"{}:,[]"]
    for place in deal.random.sample(spots, 4):
        yield f"byte {place}", whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :], "not-json"


def _outside_strings(whole: bytes) -> Iterator[int]:
    inside = escaped = False
    for place, byte in enumerate(whole):
        if escaped:
            escaped = False
        elif inside and byte == 0x5C:
            escaped = True
        elif byte == 0x22:
            inside = not inside
        elif not inside:
            yield place


CONTROLS = (0, 1, 8, 0x0B, 0x0C, 0x0E, 0x1B, 0x1F)


def _raw_control(deal: Dealer, document: Json, number: int) -> Made:
    whole = raw(document)
    control = bytes([CONTROLS[number % len(CONTROLS)]])
    word = whole.index("金丝雀".encode())
    yield "in a text", whole[:word] + control + whole[word:], "not-json"
    yield "behind the end", whole + control, "not-json"
    yield "before the beginning", control + whole, "not-json"
    place = deal.random.choice([p for p in _outside_strings(whole) if whole[p] in b"{:,["])
    yield "between", whole[: place + 1] + control + whole[place + 1 :], "not-json"


BROKEN_SIGNS = {
    "a byte that only goes on": b"\x80", "two of them": b"\xbf\xbf", "FF": b"\xff", "FE": b"\xfe",
    "overlong slash, 2": b"\xc0\xaf", "overlong slash, 3": b"\xe0\x80\xaf", "overlong slash, 4": b"\xf0\x80\x80\xaf",
    "overlong NUL": b"\xc0\x80", "overlong quote": b"\xc0\xa2", "surrogate D800": b"\xed\xa0\x80",
    "surrogate DFFF": b"\xed\xbf\xbf", "a pair, CESU-8": b"\xed\xa0\xbd\xed\xb8\x80",
    "above 10FFFF": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80", "six bytes": b"\xfc\x84\x80\x80\x80\x80", "cut after one": b"\xe9 ",
    "cut after two": b"\xe9\x87 ", "cut after three": b"\xf0\x9f\x98 ",
}  # fmt: skip


def _no_utf8(_deal: Dealer, document: Json, _number: int) -> Made:
    whole = raw(document)
    word = whole.index("金丝雀".encode())
    for name, sign in BROKEN_SIGNS.items():
        yield name, whole[:word] + sign + whole[word:], "not-utf-8"


def _encoded(_deal: Dealer, document: Json, _number: int) -> Made:
    text = json.dumps(document, ensure_ascii=False)
    for encoding in ("gb18030", "big5hkscs", "utf-16", "utf-32"):
        yield encoding, text.encode(encoding, "replace"), "not-utf-8"
    plain = json.dumps(document)
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        yield f"{encoding} without a mark", plain.encode(encoding), "not-json"
    yield "a mark in front", b"\xef\xbb\xbf" + raw(document), "not-json"
    yield "two marks in front", b"\xef\xbb\xbf" * 2 + raw(document), "not-json"


def _no_json(_deal: Dealer, document: Json, _number: int) -> Made:
    text = json.dumps(document, ensure_ascii=False)
    wrong = {
        "a comma too many": text[:-1] + ",}",
        "a comma in front": "{," + text[1:],
        "single quotes": text.replace('"', "'"),
        "a key without quotes": text.replace('"specversion"', "specversion", 1),
        "a comment": text[:-1] + "/* 金丝雀 */}",
        "a hash comment": "# 金丝雀\n" + text,
        "two documents": text * 2,
        "two lines": text + "\n" + text,
        "words behind": text + " 金丝雀",
        "a callback": f"callback({text})",
        "Python's words": text[:-1] + ', "x": True}',
        "no colon": text.replace(":", " ", 1),
        "a bad escape": text.replace("金丝雀", "金丝雀\\x41", 1),
        "a short escape": text.replace("金丝雀", "金丝雀\\u12金", 1),
        "an escape of nothing": text.replace("金丝雀", "金丝雀\\", 1) + '"',
        "a record separator": "\x1e" + text,
        "XML": f"<message>{text}</message>",
        "YAML": "specversion: '1.0'\nid: " + document["id"],
        "base64 would be next": "eyJzcGVjdmVyc2lvbiI6IjEuMCJ9" + document["id"],
    }
    for name, wrong_text in wrong.items():
        yield name, wrong_text.encode(), "not-json"


def _no_object(_deal: Dealer, document: Json, _number: int) -> Made:
    for name, value in {
        "a list": [document], "a text": json.dumps(document), "a list of lists": [[document["id"]]],
        "two in a list": [document, document],
    }.items():  # fmt: skip
        yield name, raw(value), "not-an-object"
    yield "a number", str(int(document["id"][:8], 16)).encode(), "not-an-object"
    yield "blanks and null", b" " * (1 + int(document["id"][-2:], 16)) + b"null", "not-an-object"


def _deep(deal: Dealer, document: Json, number: int) -> Made:
    whole = json.dumps(document, ensure_ascii=False)[:-1]
    mark = document["data"]["extra"]
    for depth in (24, 25, 100, 5_000 + number):
        yield f"lists, {depth}", f'{whole}, "x": {"[" * depth}"{mark}"{"]" * depth}}}'.encode(), "too-deep"
        opened = '{"a":' * depth
        yield f"objects, {depth}", f'{whole}, "x": {opened}1{"}" * depth}}}'.encode(), "too-deep"
    mixed = "".join(deal.random.choice(["[", '{"金丝雀":']) for _ in range(60))
    yield "mixed, never closed", f'{whole}, "x": {mixed}'.encode(), "too-deep"
    yield "behind an escaped quote", f'{whole}, "q": "\\"", "x": {"[" * 60}'.encode(), "too-deep"
    yield "nothing but brackets", b"[" * (100_000 + number), "too-deep"


def _large(deal: Dealer, document: Json, number: int) -> Made:
    whole = raw(document)
    room = MAX_BYTES - len(whole)
    yield "one byte", whole + b" " * (room + 1), "too-large"
    yield "a long text", raw({**document, "x": "长" * (room // 3 + 1)}), "too-large"
    yield "many keys", raw({**document, "x": {f"k{i}": document["id"] for i in range(6_000)}}), "too-large"
    yield "many items", raw({**document, "x": [deal.random.random() for _ in range(16_000)]}), "too-large"
    yield "a megabyte", whole + b"\n" * (1_000_000 + number), "too-large"


def _twice(deal: Dealer, document: Json, _number: int) -> Made:
    paths = [path for path in leaves(document) if isinstance(path[-1], str)]
    for path in deal.random.sample(paths, min(8, len(paths))):
        key, plain = str(path[-1]), json.dumps(at(document, path), ensure_ascii=False)
        where = ".".join(map(str, path))
        escaped = "".join(f"\\u{ord(letter):04x}" for letter in key)
        for name, first in (("the same", plain), ("null before", "null"), ("a word before", '"金丝雀"')):
            yield f"{where}: {name}", _spelled(document, path, f'{first}, "{key}": {plain}'), "duplicate-key"
        yield f"{where}: once escaped", _spelled(document, path, f'{plain}, "{escaped}": {plain}'), "duplicate-key"


def _spelled(document: Json, path: tuple[str | int, ...], text: str) -> bytes:
    """The document with this JSON text in place of the value."""
    copy = json.loads(json.dumps(document))
    at(copy, path[:-1])[path[-1]] = _HERE
    return json.dumps(copy, ensure_ascii=False).replace(f'"{_HERE}"', text).encode()


NUMBERS = {
    "NaN": ("NaN", "not-json"), "Infinity": ("Infinity", "not-json"), "-Infinity": ("-Infinity", "not-json"),
    "leading zero": ("01", "not-json"), "plus": ("+1", "not-json"), "bare point": (".5", "not-json"),
    "point at the end": ("1.", "not-json"), "hexadecimal": ("0x1F", "not-json"), "underscore": ("1_000", "not-json"),
    "no exponent": ("1e", "not-json"), "fullwidth": ("１", "not-json"), "minus alone": ("-", "not-json"),
    "21 digits": ("9" * 21, "huge-number"), "5000 digits": ("9" * 5000, "huge-number"),
    "minus 5000 digits": ("-" + "9" * 5000, "huge-number"), "200000 digits": ("9" * 200_000, "huge-number"),
    "200000 noughts": ("1" + "0" * 200_000, "huge-number"),
}  # fmt: skip


def _numbers(_deal: Dealer, document: Json, _number: int) -> Made:
    for name, (text, code) in NUMBERS.items():
        for path in (("sequence",), ("data", "extra")):
            yield f"{'.'.join(path)}: {name}", _spelled(document, path, text), code


def _surrogates(deal: Dealer, document: Json, _number: int) -> Made:
    texts = [path for path in leaves(document) if isinstance(at(document, path), str)]
    for path in deal.random.sample(texts, 3):
        where = ".".join(map(str, path))
        for name, half in {
            "high": "\\ud800", "low": "\\uDFFF", "turned round": "\\udc00\\ud800", "high twice": "\\uD83D\\uD83D",
        }.items():  # fmt: skip
            yield f"{where}: {name}", _spelled(document, path, f'"金丝雀{half}"'), "lone-surrogate"
    yield "in a key", raw(document)[:-1] + b', "\\ud912": "' + document["id"].encode() + b'"}', "lone-surrogate"


def _zipped(_deal: Dealer, document: Json, _number: int) -> Made:
    import bz2  # noqa: PLC0415 - used here only
    import gzip  # noqa: PLC0415
    import lzma  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    whole = raw(document)
    yield "gzip", gzip.compress(whole, mtime=0), "not-utf-8"
    yield "zlib", zlib.compress(whole), "not-utf-8"
    yield "bzip2", bz2.compress(whole), "not-utf-8"
    yield "xz", lzma.compress(whole), "not-utf-8"
    yield "a gzip bomb", gzip.compress(whole + b" " * 20_000_000, mtime=0), "not-utf-8"


KINDS: tuple[tuple[str, int, Callable[[Dealer, Json, int], Made]], ...] = (
    ("cut", 60, _cut),
    ("a high bit flipped", 60, _high_bit),
    ("a bit of the structure flipped", 60, _structure_bit),
    ("raw control characters", 40, _raw_control),
    ("no UTF-8", 20, _no_utf8),
    ("another encoding", 20, _encoded),
    ("no JSON", 20, _no_json),
    ("no object", 20, _no_object),
    ("too deep", 20, _deep),
    ("too large", 5, _large),
    ("a key twice", 20, _twice),
    ("wild numbers", 5, _numbers),
    ("half of a surrogate pair", 20, _surrogates),
    ("compressed", 3, _zipped),
)

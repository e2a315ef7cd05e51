"""Key requests and directories with bad contents, as the county's operator and every center may receive them.

They are damaged, signed with the wrong key, or rightly signed with wild contents.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import SecretStr

from bus.contract import signed_document
from bus.security.cipher_suite import APPLICATION, DIRECTORY, MESSAGE, USUAL
from bus.security.keyring import OwnKey, PublicKey, key_id, text_of
from verification.corpus.items import PEER, THIRD, Dealer, Json, raw
from verification.corpus.mutations import leaves, variants

APPLICATION_FILE, DIRECTORY_FILE = "application", "directory"
UNUSABLE, TAKEN = "unusable", "taken"
MADE = datetime(2026, 1, 1, tzinfo=UTC)
NOT_OURS_TO_SAY = ("twice", "absent")
"""Variants whose verdict depends on another field: the last of two values counts, and an optional field may be
absent."""


@dataclass(frozen=True, slots=True)
class KeyItem:
    """One file. ``verdict``: ``taken``, or ``unusable``, which is reported with the cure."""

    kind: str
    name: str
    file: bytes
    verdict: str
    reads: str
    """The kind of file that it is read as."""


class Hands:
    """The signing keys: always the same for the same seed."""

    def __init__(self, deal: Dealer) -> None:
        self._deal = deal
        self.operator, self.center, self.other = self.key("operator"), self.key(PEER), self.key(THIRD)

    def key(self, owner: str) -> OwnKey:
        """A key drawn from the seed."""
        sign = Ed25519PrivateKey.from_private_bytes(self._deal.random.randbytes(32))
        seal = X25519PrivateKey.from_private_bytes(self._deal.random.randbytes(32))
        half = sign.public_key().public_bytes_raw()
        public = PublicKey(
            kid=key_id(owner, half), suite=USUAL, sign=text_of(half), seal=text_of(seal.public_key().public_bytes_raw())
        )
        private, sealing = text_of(sign.private_bytes_raw()), text_of(seal.private_bytes_raw())
        return OwnKey(made=MADE, public=public, sign=SecretStr(private), seal=SecretStr(sealing))

    def application(self, **said: object) -> Json:
        """A center's key request."""
        key = _public(self.center)
        known: Json = {"center": PEER, "made": MADE.isoformat(), "key": key, "url": "https://media.example"}
        return known | self._word() | said

    def directory(self, *keys: Json, **said: object) -> Json:
        """The operator's directory with these keys, or with two good ones."""
        there = list(keys) or [self.listed(self.center), self.listed(self.other, center=THIRD)]
        return {"serial": 3, "issued": MADE.isoformat(), "keys": there} | self._word() | said

    def listed(self, key: OwnKey, **said: object) -> Json:
        """One entry of the directory."""
        known: Json = {"center": PEER, "key": _public(key), "url": "https://media.example", "since": MADE.isoformat()}
        return known | said

    def _word(self) -> Json:
        return {"extra": self._deal.canary().word}


def _public(key: OwnKey) -> Json:
    document: Json = json.loads(key.public.model_dump_json())
    return document


def items(deal: Dealer, hands: Hands) -> Iterator[KeyItem]:
    """All items of this module."""
    files: tuple[tuple[str, Json, Callable[[bytes], bytes]], ...] = (
        (APPLICATION_FILE, hands.application(), lambda body: _applied(hands.center, body)),
        (DIRECTORY_FILE, hands.directory(), lambda body: _issued(hands.operator, body)),
    )
    for reads, document, sign in files:
        yield from _damaged(deal, reads, sign(raw(document)))
        yield from _bad_fields(reads, document, sign)
    yield from _wrong_hands(hands)
    yield from _wild_applications(hands)
    yield from _wild_directories(hands)


def _applied(key: OwnKey, body: bytes) -> bytes:
    return signed_document.join(body, [key.signed(body, APPLICATION)])


def _issued(key: OwnKey, body: bytes) -> bytes:
    return signed_document.join(body, [key.signed(body, DIRECTORY)])


# -- damaged ---------------------------------------------------------------------------------------------------------


def _damaged(deal: Dealer, reads: str, whole: bytes) -> Iterator[KeyItem]:
    def item(kind: str, name: str, file: bytes) -> KeyItem:
        return KeyItem(f"{reads}: {kind}", name, file, UNUSABLE, reads)

    yield KeyItem(f"{reads}: good", "as it is written", whole, TAKEN, reads)
    for place in deal.random.sample(range(1, len(whole)), 40):
        yield item("cut", f"after {place} bytes", whole[:place])
        flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        yield item("a bit flipped", f"byte {place}", flipped)
    head, _, body = whole.partition(signed_document.BETWEEN)
    for name, file in {
        "nothing": b"", "a line end": b"\n", "an empty line": b"\n\n", "NUL": b"\x00" * 99, "the body alone": body,
        "no signature": b"\n\n" + body, "the signature alone": head + b"\n\n", "one line end": head + b"\n" + body,
        "Windows line ends": whole.replace(b"\n", b"\r\n"), "a mark in front": b"\xef\xbb\xbf" + whole,
        "words behind": whole + b" x", "a blank behind": whole + b" ", "UTF-16": whole.decode().encode("utf-16"),
        "a signature that is no text": "金丝雀".encode() + b"\n\n" + body, "two of them": whole + whole,
        "too long": whole + b" " * signed_document.MOST_BYTES, "brackets": head + b"\n\n" + b"[" * 100_000,
        "a wrong signature first": b"x\n" + whole, "a JWS with a body": head.replace(b"..", b".e30.") + b"\n\n" + body,
        "no algorithm": b"eyJhbGciOiJub25lIn0..\n\n" + body,
    }.items():  # fmt: skip
        yield item("no such file", name, file)


def _bad_fields(reads: str, document: Json, sign: Callable[[bytes], bytes]) -> Iterator[KeyItem]:
    """Every field with every bad value, signed with the right key."""
    for path in leaves(document):
        if path == ("extra",):
            continue
        for name, body, never in variants(document, path):
            if never and name not in NOT_OURS_TO_SAY:
                where = f"{'.'.join(map(str, path))}: {name}"
                yield KeyItem(f"{reads}: a bad field, rightly signed", where, sign(body), UNUSABLE, reads)


# -- the wrong hand --------------------------------------------------------------------------------------------------


def _wrong_hands(hands: Hands) -> Iterator[KeyItem]:
    body, issued = raw(hands.application()), raw(hands.directory())
    for name, key in (("another center", hands.other), ("the operator", hands.operator)):
        yield KeyItem("application: by another hand", name, _applied(key, body), UNUSABLE, APPLICATION_FILE)
    for name, key in (("a center", hands.center), ("another operator", hands.key("operator"))):
        yield KeyItem("directory: by another hand", name, _issued(key, issued), UNUSABLE, DIRECTORY_FILE)
    for purpose in (DIRECTORY, MESSAGE, "", "Bus-Application"):
        file = signed_document.join(body, [hands.center.signed(body, purpose)])
        yield KeyItem("application: signed for another purpose", purpose, file, UNUSABLE, APPLICATION_FILE)
    for purpose in (APPLICATION, MESSAGE, "", "bus-directory "):
        file = signed_document.join(issued, [hands.operator.signed(issued, purpose)])
        yield KeyItem("directory: signed for another purpose", purpose, file, UNUSABLE, DIRECTORY_FILE)


# -- rightly signed, and wild ----------------------------------------------------------------------------------------


def _wild_applications(hands: Hands) -> Iterator[KeyItem]:
    def item(kind: str, name: str, verdict: str, *signatures: str, **said: object) -> KeyItem:
        body = raw(hands.application(**said))
        file = signed_document.join(body, [hands.center.signed(body, APPLICATION), *signatures])
        return KeyItem(f"application: {kind}", name, file, verdict, APPLICATION_FILE)

    known = _public(hands.center)
    for name in (THIRD, f"{PEER}.x", "operator", "ghost1-150402"):
        yield item("a key of another name", name, UNUSABLE, key=known | {"kid": f"{name}.{'0' * 16}"})
    for name, kid in (("another's", key_id(PEER, b"x")), ("noughts", f"{PEER}.{'0' * 16}")):
        yield item("a fresh key under a name that is listed", name, UNUSABLE, key=known | {"kid": kid})
    for suite in ("cn-1", "none", "intl-2", "x" * 64):
        yield item("a suite that we have not", suite, UNUSABLE, key=known | {"suite": suite})
    for weak in ("A" * 43 + "=", base64.b64encode(b"\x01" + b"\x00" * 31).decode()):
        yield item("a weak key", weak[:4], UNUSABLE, key=known | {"sign": weak})
    for center in (THIRD, "ghost1-150402"):
        yield item("for another center", center, UNUSABLE, center=center)
    for count in (1, 200):
        yield item("signatures of nobody", str(count), TAKEN, *["x" * 300] * count)
    for made in ("1900-01-01T00:00:00Z", "2199-12-31T00:00:00Z"):
        yield item("of another age", made, TAKEN, made=made)
    for url in ("file:///etc/passwd", "javascript:alert(1)", "//host", "https://", "http://a b", "https://x?y",
                "https://x#y", "https://x/", "https://" + "x" * 300):  # fmt: skip
        yield item("an address that is none", url[:20], UNUSABLE, url=url)


def _wild_directories(hands: Hands) -> Iterator[KeyItem]:
    def item(kind: str, name: str, verdict: str, *keys: Json, **said: object) -> KeyItem:
        file = _issued(hands.operator, raw(hands.directory(*keys, **said)))
        return KeyItem(f"directory: {kind}", name, file, verdict, DIRECTORY_FILE)

    one, known = hands.listed(hands.center), _public(hands.center)
    yield item("empty", "no keys", TAKEN, keys=[])
    for serial in (0, 2**31 - 1):
        yield item("a serial at its end", str(serial), TAKEN, serial=serial)
    yield item("a serial beyond", "", UNUSABLE, serial=2**31)
    yield item("a key twice", "the same", TAKEN, one, one)
    yield item("a key of another center", THIRD, UNUSABLE, one | {"center": THIRD})
    for kid in (key_id(PEER, b"x"), f"{PEER}.{'0' * 16}"):
        yield item("a key under another name", kid[-4:], UNUSABLE, one | {"key": known | {"kid": kid}})
    for suite in ("cn-1", "none"):
        yield item("a suite that we have not", suite, UNUSABLE, one | {"key": known | {"suite": suite}})
    for name in ("since", "until", "revoked"):
        for when in ("1900-01-01T00:00:00Z", "2199-12-31T00:00:00Z"):
            yield item("a time at its end", f"{name} {when}", TAKEN, one | {name: when})
    yield item("more keys than may be", "20,001", UNUSABLE, *[one] * 20_001)
    yield item("of a newer program", "fields that we do not know", TAKEN, one | {"more": {"x": [1]}}, policy={"a": 1})

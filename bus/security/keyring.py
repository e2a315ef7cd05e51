"""A center's own keys, in a file that nobody else can read. The newest that the directory lists is the one in use."""

import base64
import hashlib
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, ValidationError, field_serializer, model_validator
from pydantic_core import PydanticCustomError

from bus.contract.types import CenterName, Code, Moment, Strict
from bus.security.cipher_suite import SUITES, USUAL
from bus.security.errors import KeyUnusable
from bus.security.permission import Readers, key_unreadable
from bus.security.private_file import OWNERS_ALONE, write_private

KeyId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,60}\.[0-9a-f]{16}$")]
"""Whose key it is, and the beginning of the SHA-256 of its signing half. Nothing is believed because of it, and a name
that is another key's is refused."""
Half = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")]
"""One half of a key: 32 bytes in base64."""


def text_of(raw: bytes) -> str:
    """Bytes of a key as they stand in files."""
    return base64.b64encode(raw).decode()


def key_id(owner: str, public: bytes) -> str:
    """The name of a key."""
    return f"{owner}.{hashlib.sha256(public).hexdigest()[:16]}"


def owner_of(kid: str) -> str:
    """Whose key it says it is."""
    return kid.rpartition(".")[0]


def fingerprint(public: str) -> str:
    """The SHA-256 of a public key in groups of four, to be read out over the telephone."""
    digest = hashlib.sha256(base64.b64decode(public)).hexdigest()
    return " ".join(digest[place : place + 4] for place in range(0, len(digest), 4))


def is_fingerprint(said: str, public: str) -> bool:
    """Whether this is what a person has read out of ``fingerprint``: blanks and capitals do not matter."""
    return re.sub(r"\s", "", said).lower() == re.sub(r"\s", "", fingerprint(public))


MISNAMED = "misnamed-key"
"""How pydantic calls a key under a name that is not its own."""


class PublicKey(Strict):
    """What everybody may know of a key."""

    kid: KeyId
    suite: Code
    sign: Half
    """To check signatures with."""
    seal: Half
    """To seal for its owner with."""

    @model_validator(mode="after")
    def _its_own_name(self) -> Self:
        if self.kid != key_id(owner_of(self.kid), base64.b64decode(self.sign)):
            raise PydanticCustomError(MISNAMED, "the key's name is not that of the key beside it")
        return self

    def check(self, body: bytes, jws: str, purpose: str) -> None:
        """Raises ``Broken`` unless its owner has signed exactly these bytes for this purpose."""
        SUITES[self.suite].check(body, jws, base64.b64decode(self.sign), purpose)

    def sealed(self, plain: bytes, about: bytes) -> bytes:
        """For its owner alone. ``about`` is not hidden, and must be the same when it is opened."""
        return SUITES[self.suite].seal(plain, base64.b64decode(self.seal), about)


class OwnKey(Strict):
    """A key with its private halves."""

    made: Moment
    public: PublicKey
    sign: SecretStr
    seal: SecretStr

    def signed(self, body: bytes, purpose: str) -> str:
        """A detached JWS with this key."""
        private = base64.b64decode(self.sign.get_secret_value())
        return SUITES[self.public.suite].sign(body, private, self.public.kid, purpose)

    def opened(self, sealed: bytes, about: bytes) -> bytes:
        """What was sealed for it. Raises ``Broken``."""
        private = base64.b64decode(self.seal.get_secret_value())
        return SUITES[self.public.suite].open(sealed, private, about)

    @field_serializer("sign", "seal", when_used="json")
    def _in_the_file(self, half: SecretStr) -> str:
        return half.get_secret_value()


class Keyring(Strict):
    """All keys of one owner, oldest first: what was sealed for an old one can still be opened."""

    owner: CenterName | Code
    """A center, or the county's operator."""
    keys: Annotated[tuple[OwnKey, ...], Field(min_length=1, max_length=100)]

    def with_new_key(self, now: datetime) -> "Keyring":
        """The same with one more key, the newest."""
        return Keyring(owner=self.owner, keys=(*self.keys, new_key(self.owner, now)))


def new_key(owner: str, now: datetime, suite: str = USUAL) -> OwnKey:
    """A fresh key."""
    sign, seal = SUITES[suite].new_signing_key(), SUITES[suite].new_sealing_key()
    public = PublicKey(
        kid=key_id(owner, sign.public), suite=suite, sign=text_of(sign.public), seal=text_of(seal.public)
    )
    return OwnKey(made=now, public=public, sign=SecretStr(text_of(sign.private)), seal=SecretStr(text_of(seal.private)))


def new_keyring(owner: str, now: datetime) -> Keyring:
    """A keyring with one fresh key."""
    return Keyring(owner=owner, keys=(new_key(owner, now),))


def is_misnamed(error: ValidationError) -> bool:
    """Whether a file is refused because a key stands in it under another key's name."""
    return any(one["type"] == MISNAMED for one in error.errors(include_input=False, include_url=False))


def read_keyring(path: Path) -> Keyring:
    """The keyring in a file. Raises ``KeyUnusable``: it is not there, others can read it, or it is none."""
    try:
        with path.open("rb") as file:
            mode, raw = os.fstat(file.fileno()).st_mode, file.read(1_000_000)
    except OSError as error:
        raise key_unreadable(path, Readers.OWNER) or KeyUnusable(
            f"读不到密钥文件 {path}；用 bus keys new 生成", f"{path}: {error.strerror}; `bus keys new` makes a key file"
        ) from None
    if mode & OWNERS_ALONE:
        raise KeyUnusable(
            f"{path}：他人可读；请执行 chmod 600 {path}，若可能已被读取，请轮换密钥",
            f"{path}: others may read it: chmod 600 {path}, and rotate its keys if somebody may have",
        )
    try:
        return Keyring.model_validate_json(raw)
    except ValidationError as error:
        if is_misnamed(error):
            raise _misnamed(path) from None
        raise KeyUnusable(
            f"{path}：不是密钥文件；用 bus keys new 生成", f"{path}: this is no key file; `bus keys new` makes one"
        ) from None


def _misnamed(path: Path) -> KeyUnusable:
    return KeyUnusable(
        f"{path}：密钥名称与密钥不符，文件已被改动；请放回备份，或向密钥所有者重新索取",
        f"{path}: a key's name is not that of the key beside it, so the file was altered: put its backup back, or "
        "fetch it again from the key's owner",
    )


def read_bytes(path: Path) -> bytes:
    """What a file holds that somebody has handed over. Raises ``KeyUnusable``."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise key_unreadable(path, Readers.ALL) or KeyUnusable(f"读不到 {path}", f"{path}: {error.strerror}") from None


def read_public_key(path: Path) -> PublicKey:
    """The public half in a file: a public key, or the newest one of a key file. Raises ``KeyUnusable``."""
    try:
        return PublicKey.model_validate_json(read_bytes(path))
    except ValidationError as error:
        if is_misnamed(error):
            raise _misnamed(path) from None
        return read_keyring(path).keys[-1].public


def keyring_text(keyring: Keyring) -> bytes:
    """What a key file holds."""
    return keyring.model_dump_json(indent=1).encode() + b"\n"


def write_keyring(path: Path, keyring: Keyring) -> None:
    """Write it as a whole, for its owner alone. Raises ``OSError``."""
    write_private(path, keyring_text(keyring))

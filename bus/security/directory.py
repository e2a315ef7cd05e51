"""The county's directory: whose each key is, and whether it counts now. Signed by the county's operator as a whole.

The file is a signed sheet: the operator's signature, and below it, readable, the very bytes that are signed.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from bus.contract import signed_document
from bus.contract.types import CenterName, Code, Count, Moment, Strict
from bus.security.cipher_suite import DIRECTORY, SUITES, Broken
from bus.security.errors import KeyUnusable
from bus.security.keyring import OwnKey, PublicKey, is_misnamed, owner_of
from bus.security.permission import Readers, key_unreadable
from bus.security.staff import StaffKey

MOST_KEYS = 20_000
MOST_STAFF = 1_000


class Mark(StrEnum):
    """What the county's operator may say of a center besides its keys."""

    ARBITER = "arbiter"
    """Its rulings are believed where nobody has named the arbiter of a case."""


Marks = Annotated[tuple[Code, ...], Field(max_length=50)]
"""Also such as a newer program has set, and this one does not know."""
Reads = Annotated[tuple[Code, ...], Field(max_length=200)]
"""Kinds of message that v0.1.0 did not have, and that the program and the adapter of a center read."""
MASKING_NEEDS = "case.handed"
"""The kind by which the new holder learns who a masked resident is. Residents are masked once every member reads it."""
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+[^\s?#/]$", max_length=300)]
"""A URL to which a path can be added."""


class _Kept(Strict):
    """What a newer program has written beside the fields that this one knows, goes back into the file."""

    model_config = ConfigDict(extra="allow")


class Listed(_Kept):
    """One key of one center, as the operator has listed it."""

    center: CenterName
    key: PublicKey
    url: Address | None = None
    """Where its attachments are served: files are fetched from nowhere else."""
    since: Moment
    """When it was listed. It counts for whoever has read that it is listed, whatever his clock says."""
    until: Moment | None = None
    """From when on nothing that is signed with it counts any more: it was rotated."""
    revoked: Moment | None = None
    """When it was taken back: nothing that is signed with it counts, whenever it was signed."""

    @property
    def newness(self) -> tuple[bool, datetime]:
        """The greater, the newer; the key that no other has followed is the newest."""
        return self.until is None, self.since

    def fault(self, now: datetime) -> str:
        """Why it does not count now; empty when it does."""
        if self.revoked is not None:
            return "revoked-key"
        return "stale-key" if self.until is not None and now >= self.until else ""


class _Document(_Kept):
    serial: Count
    issued: Moment
    keys: Annotated[tuple[Listed, ...], Field(max_length=MOST_KEYS)] = ()
    marks: Annotated[dict[CenterName, Marks], Field(max_length=MOST_KEYS)] | None = None
    """By center. An empty list says that its marks were taken away, no entry that nothing was ever said of it."""
    reads: Annotated[dict[CenterName, Reads], Field(max_length=MOST_KEYS)] | None = None
    """By center; no entry: what v0.1.0 reads."""
    staff: Annotated[tuple[StaffKey, ...], Field(max_length=MOST_STAFF)] | None = None
    """Who may give commands to centers. v0.1.0 passes over it."""


@dataclass(frozen=True, slots=True)
class Edition:
    """Which directory it is."""

    serial: int
    digest: bytes
    """SHA-256 of the document that the operator has signed."""


@dataclass(frozen=True)
class Directory:
    """Everybody's keys. A later directory has a higher serial."""

    serial: int
    issued: datetime
    listed: dict[str, Listed]
    """By key id."""
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By center."""
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By center: what it reads that v0.1.0 did not have."""
    staff: Mapping[str, StaffKey] = field(default_factory=dict)
    """By key id: who may give commands to centers."""
    unknown: Mapping[str, Any] = field(default_factory=dict)
    """What else stands in the file: a newer program has written it."""
    digest: bytes = field(default=b"", compare=False)
    """Of the document that was read; empty where it was not."""

    @property
    def edition(self) -> Edition:
        """Which one it is, among those of its operator."""
        return Edition(self.serial, self.digest)

    @cached_property
    def _by_center(self) -> dict[str, list[Listed]]:
        """The keys of each center, the newest first: asked for each message that leaves."""
        found: dict[str, list[Listed]] = {}
        for one in sorted(self.listed.values(), key=lambda one: one.newness, reverse=True):
            found.setdefault(one.center, []).append(one)
        return found

    def current(self, center: str, now: datetime) -> list[Listed]:
        """The keys of a center that count now, the newest first."""
        return [one for one in self._by_center.get(center, ()) if not one.fault(now)]

    def lists(self, center: str) -> bool:
        """Whether any key of this center stands here, whether or not it still counts."""
        return center in self._by_center

    def serves(self, href: str, sha256: str, now: datetime) -> bool:
        """Whether a center of the county serves the file of this hash at exactly this address."""
        end = f"/attachments/{sha256}"
        places = (one.url for one in self.listed.values() if one.url is not None and not one.fault(now))
        return href.endswith(end) and href.removesuffix(end) in places

    def marked(self, mark: str) -> frozenset[str]:
        """The centers that bear this mark."""
        return self._by_mark.get(mark, frozenset())

    @cached_property
    def _by_mark(self) -> dict[str, frozenset[str]]:
        every = {mark for marks in self.marks.values() for mark in marks}
        return {mark: frozenset(c for c, marks in self.marks.items() if mark in marks) for mark in every}

    @cached_property
    def members(self) -> tuple[str, ...]:
        """The centers that have a key here which was not revoked, by name."""
        return tuple(sorted({one.center for one in self.listed.values() if one.revoked is None}))

    def not_reading(self, kind: str) -> tuple[str, ...]:
        """The members that are not known to read this kind."""
        return self._not_reading.setdefault(
            kind, tuple(center for center in self.members if kind not in self.reads.get(center, ()))
        )

    @cached_property
    def _not_reading(self) -> dict[str, tuple[str, ...]]:
        return {}

    def read_by_all(self, kind: str) -> bool:
        """Whether every member reads this kind; asked for each batch."""
        return bool(self.members) and not self.not_reading(kind)

    def lost(self, had: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """The marks that an earlier directory ``had`` and of whose centers this one says nothing: a program that does
        not know of marks has written it."""
        return {center: marks for center, marks in had.items() if marks and center not in self.marks}

    def with_marks(self, marks: Mapping[str, tuple[str, ...]], now: datetime) -> "Directory":
        """The next directory, in which these centers bear these marks and no others."""
        return replace(self, serial=self.serial + 1, issued=now, marks={**self.marks, **marks}, digest=b"")

    def with_keys(
        self, changed: Iterable[Listed], now: datetime, reads: Mapping[str, tuple[str, ...]] | None = None
    ) -> "Directory":
        """The next directory, with these keys new or changed, and with what these centers read."""
        listed = self.listed | {one.key.kid: one for one in changed}
        told = {**self.reads, **(reads or {})}
        return replace(self, serial=self.serial + 1, issued=now, listed=listed, reads=told, digest=b"")

    def with_staff(self, one: StaffKey, now: datetime) -> "Directory":
        """The next directory, with this staff key new or changed."""
        staff = {**self.staff, one.key.kid: one}
        return replace(self, serial=self.serial + 1, issued=now, staff=staff, digest=b"")


def marks_text(marks: Mapping[str, tuple[str, ...]]) -> str:
    """Which center bears what, on one line."""
    return "; ".join(f"{center}: {', '.join(words)}" for center, words in sorted(marks.items()))


def empty(now: datetime, serial: int = 0) -> Directory:
    """The directory of a county that has none yet, or has lost it: then with the serial that was reached."""
    return Directory(serial, now, {})


def written(directory: Directory, operator: OwnKey) -> bytes:
    """The file, signed by the operator."""
    keys = sorted(directory.listed.values(), key=lambda one: (one.center, one.since, one.key.kid))
    document = _Document(
        serial=directory.serial,
        issued=directory.issued,
        keys=tuple(keys),
        marks=dict(directory.marks) or None,
        reads=dict(directory.reads) or None,
        staff=tuple(sorted(directory.staff.values(), key=lambda one: (one.name, one.since, one.key.kid))) or None,
        **directory.unknown,
    )
    body = document.model_dump_json(indent=1, exclude_none=True).encode()
    return signed_document.join(body, [operator.signed(body, DIRECTORY)])


def read(raw: bytes, operator: PublicKey) -> Directory:
    """The directory in a file's bytes, if this operator has signed it. Raises ``KeyUnusable``."""
    try:
        signatures, body = signed_document.split(raw)
        operator.check(body, signatures[0], DIRECTORY)
    except (Broken, ValueError, IndexError):
        raise KeyUnusable(
            "名录不是本县运维者签署的；请重新向他索取",
            "the directory is not signed by the county's operator: fetch it again from him",
        ) from None
    try:
        document = _Document.model_validate_json(body)
    except ValidationError as error:
        if is_misnamed(error):
            raise KeyUnusable(
                "名录中有密钥的名称与密钥不符；请告知本县运维者",
                "the directory lists a key under another key's name; tell the county's operator",
            ) from None
        raise KeyUnusable(
            "名录读不懂；可能由更新的版本写成",
            "the directory cannot be read: it may be of a newer version of this program",
        ) from None
    staff = document.staff or ()
    wrong = [one.key.kid for one in document.keys if not _may_be_used(one.key, one.center)]
    wrong += [one.key.kid for one in staff if not _may_be_used(one.key, one.name)]
    if wrong:
        raise KeyUnusable(
            f"名录中这个密钥登记有误：{wrong[0]}；请告知本县运维者",
            f"the directory lists a key wrongly: {wrong[0]}; tell the county's operator",
        )
    return Directory(
        document.serial,
        document.issued,
        {one.key.kid: one for one in document.keys},
        document.marks or {},
        document.reads or {},
        {one.key.kid: one for one in staff},
        document.model_extra or {},
        digest=hashlib.sha256(body).digest(),
    )


def read_file(path: Path, operator: PublicKey) -> Directory:
    """The directory in a file. Raises ``KeyUnusable``."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise key_unreadable(path, Readers.ALL) or KeyUnusable(
            f"读不到名录 {path}；请向本县运维者索取",
            f"{path}: {error.strerror}; fetch the directory from the county's operator",
        ) from None
    try:
        return read(raw, operator)
    except KeyUnusable as trouble:
        raise KeyUnusable(f"{path}：{trouble.zh}", f"{path}: {trouble.en}") from None


def _may_be_used(key: PublicKey, owner: str) -> bool:
    """A key is of a suite that this program has, and of the center or the person that its name says."""
    return key.suite in SUITES and owner_of(key.kid) == owner

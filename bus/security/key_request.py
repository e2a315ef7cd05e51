"""The key request: a center asks the county's operator to list its newest key.

It is signed with that key itself, which proves possession, and with the previous one: a trusted center vouches for its
own next key. A center's first key has no such signature, so a person compares its fingerprint over the telephone.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from bus.contract import signed_document
from bus.contract.types import CenterName, Moment, Strict
from bus.security.cipher_suite import APPLICATION, Broken
from bus.security.directory import Address, Directory, Listed, Reads
from bus.security.errors import KeyUnusable, Untrusted
from bus.security.keyring import Keyring, PublicKey, is_misnamed, owner_of
from bus.security.signature import check

OVERLAP = timedelta(days=30)
"""The period in which the previous key still counts after a new one is listed: messages signed with it may still be in
transit, and not every center gets the new directory at once."""


class _Requested(Strict):
    center: CenterName
    made: Moment
    key: PublicKey
    url: Address | None = None
    reads: Reads | None = None


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key that its center asks the operator to list."""

    center: str
    key: PublicKey
    url: str | None
    """The URL where the center serves its attachments; None: unchanged."""
    signatures: tuple[str, ...]
    body: bytes
    reads: tuple[str, ...] | None = None
    """Kinds that v0.1.0 did not have and that the center's program and adapter read; None: it does not say."""

    def proven(self, directory: Directory, now: datetime) -> bool:
        """Whether the key counts already, or a valid key of the same center has signed it too."""
        known = directory.listed.get(self.key.kid)
        if known is not None and known.key == self.key and not known.fault(now):
            return True
        for signature in self.signatures:
            with suppress(Untrusted):
                if check(self.body, signature, directory, now, APPLICATION).center == self.center:
                    return True
        return False


def new_request(keyring: Keyring, url: str | None = None, reads: tuple[str, ...] | None = None) -> bytes:
    """The file for the operator, with the newest key. ``reads``: see ``KeyRequest``. Raises ``ValueError`` for an
    invalid ``url``."""
    newest = keyring.keys[-1]
    asked = _Requested(center=keyring.owner, made=newest.made, key=newest.public, url=url, reads=reads)
    body = asked.model_dump_json(indent=1, exclude_none=True).encode()
    return signed_document.join(body, [key.signed(body, APPLICATION) for key in reversed(keyring.keys[-2:])])


def read(raw: bytes) -> KeyRequest:
    """The key request in a file's bytes. Raises ``KeyUnusable`` if its own key has not signed it."""
    try:
        signatures, body = signed_document.split(raw)
        asked = _Requested.model_validate_json(body)
        asked.key.check(body, signatures[0], APPLICATION)
    except ValidationError as error:
        raise _misnamed() if is_misnamed(error) else _no_application() from None
    except (ValueError, KeyError, IndexError, Broken):
        raise _no_application() from None
    if owner_of(asked.key.kid) != asked.center:
        raise KeyUnusable(
            "密钥名称属于另一个中心；请中心重新执行 bus keys publish",
            "the key's name belongs to another center: have the center publish it again",
        )
    return KeyRequest(asked.center, asked.key, asked.url, tuple(signatures[1:]), body, asked.reads)


def _no_application() -> KeyUnusable:
    return KeyUnusable(
        "这不是中心的登记申请，或已被改动；请中心重新执行 bus keys publish",
        "this is not a key request, or it was altered: have the center publish it again",
    )


def _misnamed() -> KeyUnusable:
    return KeyUnusable(
        "申请中密钥的名称与密钥不符，可能是冒名；请向该中心打电话核实，并请它重新执行 bus keys publish",
        "the key in the application stands under another key's name, which may be a forgery: ring its center up, and "
        "have it published again",
    )


def listed(directory: Directory, application: KeyRequest, now: datetime) -> Directory:
    """The next directory, in which the key counts, and the earlier ones only for a while; the same directory if nothing
    is new. Raises ``KeyUnusable`` for a rotated or revoked key, or if another key is listed under its name: the center
    needs a new one."""
    known = directory.listed.get(application.key.kid)
    if known is not None and known.key != application.key:
        raise _misnamed()
    if known is not None and known.fault(now):
        raise KeyUnusable(
            f"{application.key.kid} 已轮换或吊销；请中心生成新密钥",
            f"{application.key.kid} was rotated or revoked: have the center make a new one",
        )
    current = directory.current(application.center, now)
    url = application.url or next((one.url for one in current if one.url is not None), None)
    reads = _reads(directory, application)
    if known is not None and known.url == url:
        return directory.with_keys([], now, reads) if reads else directory
    if known is not None:  # the center has moved
        return directory.with_keys([known.model_copy(update={"url": url})], now, reads)
    before = [one.model_copy(update={"until": now + OVERLAP}) for one in current if one.until is None]
    new = Listed(center=application.center, key=application.key, url=url, since=now)
    return directory.with_keys([*before, new], now, reads)


def _reads(directory: Directory, application: KeyRequest) -> dict[str, tuple[str, ...]]:
    """What the center reads now, if that is another than the directory says. An application that does not say it comes
    from v0.1.0, which reads nothing newer."""
    center, reads = application.center, application.reads or ()
    return {} if directory.reads.get(center, ()) == reads else {center: reads}


def revoked(directory: Directory, kid: str, now: datetime) -> Directory:
    """The next directory, in which no signature by this key counts. Raises ``KeyUnusable`` if the key is unknown."""
    person = directory.staff.get(kid)
    if person is not None:
        return directory.with_staff(person.model_copy(update={"revoked": now}), now)
    one = directory.listed.get(kid)
    if one is None:
        raise KeyUnusable(
            f"名录中没有 {kid}；用 bus keys list 查看", f"the directory does not list {kid}: `bus keys list` shows all"
        )
    return directory.with_keys([one.model_copy(update={"revoked": now})], now)

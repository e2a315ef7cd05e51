"""Keys, the county's directory, applications and signatures: who said it, and who cannot claim to have."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bus.attachments.blob_store import BlobStore
from bus.attachments.service import AttachmentService
from bus.contract import signed_document
from bus.contract.case import Attachment
from bus.contract.signed_document import LONGEST
from bus.demo.county_keys import listed
from bus.sdk.center import RetryLater
from bus.security import directory, key_request
from bus.security.cipher_suite import APPLICATION, DIRECTORY, MESSAGE, SUITES, USUAL, Broken
from bus.security.directory import Directory, Listed
from bus.security.errors import KeyUnusable, Untrusted
from bus.security.key_request import KeyRequest
from bus.security.keyed_security import Constant, KeyedSecurity
from bus.security.keyring import (
    Keyring,
    fingerprint,
    new_keyring,
    read_keyring,
    read_public_key,
    write_keyring,
)
from bus.security.signature import check, sign
from bus.store import Store, schema

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MEDIA, PARTY, OPERATOR = "media_center-150402", "party_service-150402006", "operator"
BODY = '{"source":"media_center-150402","text":"居民甲"}'.encode()


def _listed(*keyrings: Keyring) -> Directory:
    known = directory.empty(NOW)
    for keyring in keyrings:
        known = listed(known, keyring, NOW)
    return known


@pytest.fixture(scope="module")
def media() -> Keyring:
    """The media center's keys."""
    return new_keyring(MEDIA, NOW)


@pytest.fixture(scope="module")
def party() -> Keyring:
    """The party service's keys."""
    return new_keyring(PARTY, NOW)


@pytest.fixture(scope="module")
def known(media: Keyring, party: Keyring) -> Directory:
    """Both are listed."""
    return _listed(media, party)


def _code(body: bytes, signature: str | None, known: Directory, now: datetime = NOW) -> str:
    with pytest.raises(Untrusted) as refused:
        check(body, signature, known, now)
    return refused.value.code


def test_a_signature_tells_whose_it_is(media: Keyring, known: Directory) -> None:
    """Exactly these bytes, by a key that the directory lists for its center."""
    assert check(BODY, sign(BODY, media, known, NOW), known, NOW).center == MEDIA


def _with_header(signature: str, **changed: object) -> str:
    head, _, rest = signature.partition(".")
    header = json.loads(base64.urlsafe_b64decode(head + "==")) | changed
    return base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=") + "." + rest


def _headed(header: bytes, signature: str) -> str:
    return base64.urlsafe_b64encode(header).decode() + "." + signature.partition(".")[2]


def _of_another_algorithm(signature: str, media: Keyring) -> str:
    public = base64.b64decode(media.keys[0].public.sign)
    kid = media.keys[0].public.kid
    return jwt.PyJWS().encode(BODY, public, "HS256", {"kid": kid, "typ": MESSAGE}, is_payload_detached=True)


def _carrying_a_body(signature: str, media: Keyring) -> str:
    raw = base64.b64decode(media.keys[0].sign.get_secret_value())
    key = Ed25519PrivateKey.from_private_bytes(raw)
    return jwt.PyJWS().encode(b"another body", key, "EdDSA", {"kid": media.keys[0].public.kid, "typ": MESSAGE})


FORGERIES: dict[str, tuple[Callable[[str, Keyring], str | None], str]] = {
    "none at all": (lambda s, _: None, "unsigned"),
    "an empty one": (lambda s, _: "", "unsigned"),
    "stripped of its last part": (lambda s, _: s.rpartition(".")[0] + ".", "bad-signature"),
    "one letter changed": (lambda s, _: s[:-3] + ("A" if s[-3] != "A" else "B") + s[-2:], "bad-signature"),
    "doubled": (lambda s, _: s + "." + s, "bad-signature"),
    "two, one behind the other": (lambda s, _: s + "," + s, "bad-signature"),
    "algorithm none": (lambda s, _: _with_header(s, alg="none"), "bad-signature"),
    "no algorithm, no signature": (lambda s, _: _with_header(s, alg="none").rpartition(".")[0] + ".", "bad-signature"),
    "the public key as a secret": (_of_another_algorithm, "bad-signature"),
    "a key brought along": (lambda s, _: _with_header(s, jwk={"kty": "OKP"}), "bad-signature"),
    "an unknown critical header": (lambda s, _: _with_header(s, crit=["b64", "exp"]), "bad-signature"),
    "a body of its own": (_carrying_a_body, "bad-signature"),
    "an application's": (lambda s, r: r.keys[0].signed(BODY, APPLICATION), "bad-signature"),
    "a directory's": (lambda s, r: r.keys[0].signed(BODY, DIRECTORY), "bad-signature"),
    "a key of nobody": (lambda s, _: _with_header(s, kid=f"{MEDIA}.0000000000000000"), "unknown-key"),
    "another center's key named": (lambda s, _: _with_header(s, kid=f"{PARTY}.0000000000000000"), "unknown-key"),
    "a key that is no text": (lambda s, _: _with_header(s, kid=["a"]), "unknown-key"),
    "no key named": (lambda s, _: "e30." + s.partition(".")[2], "bad-signature"),
    "no JSON": (lambda s, _: "AAAA." + s.partition(".")[2], "bad-signature"),
    "no base64": (lambda s, _: "§§." + s.partition(".")[2], "bad-signature"),
    "a list": (lambda s, _: _headed(b"[1]", s), "bad-signature"),
    "nested deep": (lambda s, _: _headed(b"[" * 400, s), "bad-signature"),
    "very long": (lambda s, _: s + "A" * LONGEST, "bad-signature"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_signature_is_refused(name: str, media: Keyring, known: Directory) -> None:
    """With a code, before anything of the body is read."""
    forge, code = FORGERIES[name]
    assert _code(BODY, forge(sign(BODY, media, known, NOW), media), known) == code


def test_another_body_is_refused(media: Keyring, known: Directory) -> None:
    """One byte more, less or other, and nobody has signed it."""
    signature = sign(BODY, media, known, NOW)
    for body in (BODY + b" ", BODY[:-1], BODY.replace(b"150402", b"150403"), b""):
        assert _code(body, signature, known) == "bad-signature"


def test_a_key_counts_until_it_is_rotated_or_revoked(media: Keyring, known: Directory) -> None:
    """Old and new overlap for a while; then the old one is stale. A revoked one never counts again.

    A clock that is behind the operator's makes no key worthless."""
    signature = sign(BODY, media, known, NOW)
    assert check(BODY, signature, known, NOW - timedelta(hours=1)).center == MEDIA
    later = NOW + timedelta(days=1)
    renewed = media.with_new_key(later)
    both = listed(known, renewed, later)
    assert check(BODY, signature, both, later).center == MEDIA
    assert check(BODY, sign(BODY, renewed, both, later), both, later).key == renewed.keys[1].public
    assert _code(BODY, signature, both, later + key_request.OVERLAP) == "stale-key"
    revoked = key_request.revoked(both, renewed.keys[1].public.kid, later)
    assert _code(BODY, sign(BODY, renewed, both, later), revoked, later) == "revoked-key"
    assert check(BODY, sign(BODY, renewed, revoked, later), revoked, later).key == media.keys[0].public


def test_a_center_that_is_not_listed_signs_nothing(media: Keyring, party: Keyring) -> None:
    """It is told what to do, and its message stays in the outbox."""
    with pytest.raises(KeyUnusable, match="bus keys publish"):
        sign(BODY, media, _listed(party), NOW)


def test_a_center_cannot_list_itself_under_another_name(media: Keyring, party: Keyring) -> None:
    """A key's name holds its owner's; an application for another center's name is none."""
    body = signed_document.split(key_request.new_request(party))[1].replace(PARTY.encode(), MEDIA.encode(), 1)
    forged = signed_document.join(body, [party.keys[0].signed(body, APPLICATION)])
    with pytest.raises(KeyUnusable, match="another center"):
        key_request.read(forged)


def test_an_application_proves_that_its_center_has_the_key(media: Keyring, party: Keyring) -> None:
    """Signed by another key, or changed on the way, it is refused."""
    body = signed_document.split(key_request.new_request(media))[1]
    for raw in (
        signed_document.join(body, [party.keys[0].signed(body, APPLICATION)]),
        signed_document.join(body, [media.keys[0].signed(body, MESSAGE)]),
        signed_document.join(body + b" ", [media.keys[0].signed(body, APPLICATION)]),
        signed_document.join(body, []),
        body,
        b"",
        b"\n\n",
        b"\xff\n\n{}",
    ):
        with pytest.raises(KeyUnusable, match="not a key request"):
            key_request.read(raw)


def test_the_key_before_vouches_for_the_next(media: Keyring, party: Keyring, known: Directory) -> None:
    """A rotation needs no telephone; a first key, or one of a center whose key was revoked, does."""
    renewed = key_request.read(key_request.new_request(media.with_new_key(NOW)))
    assert renewed.proven(known, NOW)
    assert not renewed.proven(_listed(party), NOW)
    assert not renewed.proven(key_request.revoked(known, media.keys[0].public.kid, NOW), NOW)
    assert not key_request.read(key_request.new_request(new_keyring(MEDIA, NOW))).proven(known, NOW)


def test_what_was_revoked_is_not_listed_again(media: Keyring, known: Directory) -> None:
    """Its application may still lie somewhere."""
    again = key_request.read(key_request.new_request(media))
    assert key_request.listed(known, again, NOW) is known
    with pytest.raises(KeyUnusable, match="revoked"):
        key_request.listed(key_request.revoked(known, media.keys[0].public.kid, NOW), again, NOW)
    with pytest.raises(KeyUnusable, match="does not list"):
        key_request.revoked(known, f"{MEDIA}.0000000000000000", NOW)


def test_a_directory_is_the_operators_word(known: Directory) -> None:
    """Written, read and the same; changed in one byte, or signed by another, it is not believed."""
    operator, other = new_keyring(OPERATOR, NOW).keys[0], new_keyring(OPERATOR, NOW).keys[0]
    raw = directory.written(known, operator)
    assert directory.read(raw, operator.public) == known
    for forged in (raw.replace(b'"serial":2', b'"serial":9').replace(b'"serial": 2', b'"serial": 9'), raw[:-1], b""):
        assert forged != raw
        with pytest.raises(KeyUnusable, match="not signed by the county's operator"):
            directory.read(forged, operator.public)
    with pytest.raises(KeyUnusable, match="not signed"):
        directory.read(directory.written(known, other), operator.public)


def test_a_key_listed_for_a_center_that_is_not_its_own_is_not_believed(media: Keyring, known: Directory) -> None:
    """Even the operator cannot list one center's key as another's by mistake."""
    operator = new_keyring(OPERATOR, NOW).keys[0]
    one = known.listed[media.keys[0].public.kid]
    wrong = known.with_keys([one.model_copy(update={"center": PARTY})], NOW)
    with pytest.raises(KeyUnusable, match="lists a key wrongly"):
        directory.read(directory.written(wrong, operator), operator.public)


def test_a_key_file_is_its_owners_alone(tmp_path: Path, media: Keyring) -> None:
    """Written for nobody else; one that others may read is refused with the cure; none of it stands in an error."""
    path = tmp_path / "rm.keys.json"
    write_keyring(path, media)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_keyring(path) == media
    secret = media.keys[0].sign.get_secret_value()
    assert secret in path.read_text()
    assert secret not in repr(media)
    path.chmod(0o640)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        read_keyring(path)
    path.chmod(0o600)
    path.write_text(path.read_text().replace('"owner"', '"eigner"'))
    with pytest.raises(KeyUnusable, match="no key file") as trouble:
        read_keyring(path)
    assert secret not in str(trouble.value)
    with pytest.raises(KeyUnusable, match="bus keys new"):
        read_keyring(tmp_path / "none.json")


def test_what_is_sealed_is_opened_by_its_recipient_alone(media: Keyring, party: Keyring) -> None:
    """By the right key, and only about the same message."""
    suite, about = SUITES[USUAL], b"message 1"
    public = base64.b64decode(party.keys[0].public.seal)
    right, wrong = (base64.b64decode(one.keys[0].seal.get_secret_value()) for one in (party, media))
    sealed = suite.seal(BODY, public, about)
    assert BODY not in sealed
    assert suite.open(sealed, right, about) == BODY
    for raw in (sealed[:-1], sealed[1:], sealed[:20], b""):
        with pytest.raises(Broken):
            suite.open(raw, right, about)
    for key, told in ((wrong, about), (right, b"message 2")):
        with pytest.raises(Broken):
            suite.open(sealed, key, told)


def test_a_fingerprint_can_be_read_out(media: Keyring) -> None:
    """Sixteen groups of four."""
    assert [len(group) for group in fingerprint(media.keys[0].public.sign).split()] == [4] * 16


HASH = "a" * 64
HOME = "https://media.county.example/bus"
STRANGE = {
    "another host": f"https://evil.example/bus/attachments/{HASH}",
    "this machine": f"http://127.0.0.1:8080/attachments/{HASH}",
    "the cloud's own data": "http://169.254.169.254/latest/meta-data/",
    "the host as a user": f"https://media.county.example@evil.example/bus/attachments/{HASH}",
    "a longer host": f"https://media.county.example.evil.example/bus/attachments/{HASH}",
    "another port": f"https://media.county.example:8443/bus/attachments/{HASH}",
    "another scheme": f"http://media.county.example/bus/attachments/{HASH}",
    "a file": f"file:///etc/passwd#/attachments/{HASH}",
    "another path": f"{HOME}/../admin/attachments/{HASH}",
    "a path behind": f"{HOME}/attachments/{HASH}/../../admin",
    "a question behind": f"{HOME}/attachments/{HASH}?then=1",
    "a question in between": f"{HOME}?x=/attachments/{HASH}",
    "another file": f"{HOME}/attachments/{'b' * 64}",
    "another case": f"{HOME}/ATTACHMENTS/{HASH}",
    "nothing": "",
}


@pytest.mark.parametrize("name", STRANGE)
def test_nothing_is_fetched_from_where_no_center_serves_it(name: str, media: Keyring, tmp_path: Path) -> None:
    """An address that a message names is asked only when the directory has it, to the letter."""
    asked = key_request.read(key_request.new_request(media, HOME))
    known = key_request.listed(directory.empty(NOW), asked, NOW)
    assert known.serves(f"{HOME}/attachments/{HASH}", HASH, NOW)
    assert not known.serves(STRANGE[name], HASH, NOW)
    store = Store(f"sqlite:///{tmp_path}/s.db")
    schema.upgrade(store)
    files = AttachmentService(BlobStore(store, tmp_path), "", KeyedSecurity(Constant(media), Constant(known)))
    reference = Attachment.model_construct(sha256=HASH, size=3, media_type="image/png", href=STRANGE[name])
    with pytest.raises(RetryLater, match="attachment-stranger"):
        files.fetch(reference)
    store.close()


def test_a_center_goes_on_serving_where_it_did_when_its_key_is_rotated(media: Keyring) -> None:
    """Also after the key before has ended: an application without an address takes none away."""
    known = key_request.listed(directory.empty(NOW), key_request.read(key_request.new_request(media, HOME)), NOW)
    renewed = media.with_new_key(NOW)
    known = key_request.listed(known, key_request.read(key_request.new_request(renewed)), NOW)
    assert known.serves(f"{HOME}/attachments/{HASH}", HASH, NOW + 2 * key_request.OVERLAP)
    assert key_request.listed(known, key_request.read(key_request.new_request(renewed)), NOW) is known


def test_a_center_that_has_moved_says_so_with_its_key(media: Keyring, known: Directory) -> None:
    """The same key with another address needs no telephone; a revoked key serves nothing."""
    asked = key_request.read(key_request.new_request(media, HOME))
    assert asked.proven(known, NOW)
    moved = key_request.listed(known, asked, NOW)
    assert moved.serves(f"{HOME}/attachments/{HASH}", HASH, NOW)
    assert moved.serial == known.serial + 1
    gone = key_request.revoked(moved, media.keys[0].public.kid, NOW)
    assert not gone.serves(f"{HOME}/attachments/{HASH}", HASH, NOW)


@pytest.mark.parametrize(
    "url", ["media.county.example", "ftp://x.example", "https://x.example/", "https://x/?a", "h ttp://x"]
)
def test_an_address_to_which_no_path_can_be_added_is_refused(url: str, media: Keyring) -> None:
    """Before anything is signed with it."""
    with pytest.raises(ValueError, match="url"):
        key_request.new_request(media, url)


def _misnamed(own: Keyring, other: Keyring) -> Keyring:
    """Another's name beside one's own key, as no program of ours writes it."""
    key = own.keys[0]
    public = key.public.model_copy(update={"kid": other.keys[0].public.kid})
    return Keyring.model_construct(owner=other.owner, keys=(key.model_copy(update={"public": public}),))


def test_a_fresh_key_under_a_listed_name_is_no_application(media: Keyring, known: Directory) -> None:
    """It would move the center's address without a telephone call: whose key it is, the name alone does not say."""
    thief, name = new_keyring(MEDIA, NOW), media.keys[0].public.kid
    _, body = signed_document.split(key_request.new_request(thief, "https://evil.example"))
    body = body.replace(thief.keys[0].public.kid.encode(), name.encode())
    assert name in known.listed
    forged = signed_document.join(body, [thief.keys[0].signed(body, APPLICATION)])
    with pytest.raises(KeyUnusable, match="under another key's name"):
        key_request.read(forged)


def test_a_listed_name_alone_proves_no_application(media: Keyring, known: Directory) -> None:
    """Were two keys ever to have one name, the key itself decides: it is neither trusted nor listed."""
    thief = _misnamed(new_keyring(MEDIA, NOW), media).keys[0].public
    asked = KeyRequest(MEDIA, thief, "https://evil.example", (), b"{}")
    assert not asked.proven(known, NOW)
    with pytest.raises(KeyUnusable, match="under another key's name"):
        key_request.listed(known, asked, NOW)


def test_a_key_under_another_name_is_refused_wherever_it_is_read(
    media: Keyring, party: Keyring, tmp_path: Path
) -> None:
    """In a directory that the operator has signed, in a key file, and as an operator's public key."""
    operator, wrong = new_keyring(OPERATOR, NOW), _misnamed(new_keyring(PARTY, NOW), party)
    one = Listed.model_construct(center=PARTY, key=wrong.keys[0].public, since=NOW)
    raw = directory.written(_listed(media).with_keys([one], NOW), operator.keys[0])
    with pytest.raises(KeyUnusable, match="under another key's name"):
        directory.read(raw, operator.keys[0].public)
    own, public = tmp_path / "keys.json", tmp_path / "operator.pub"
    write_keyring(own, wrong)
    public.write_text(_misnamed(new_keyring(OPERATOR, NOW), operator).keys[0].public.model_dump_json())
    for read, path in ((read_keyring, own), (read_public_key, own), (read_public_key, public)):
        with pytest.raises(KeyUnusable, match="not that of the key"):
            read(path)

"""Attacks on the road, over a real broker: each is refused, shown to an operator, and nothing of it is applied."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import jwt
import pika
import pytest

from bus.contract import messages as k
from bus.contract import signed_document
from bus.contract.case import Case
from bus.contract.ids import new_id
from bus.demo.county_keys import listed
from bus.demo.local_county import LocalCounty
from bus.security import directory, key_request
from bus.security.cipher_suite import APPLICATION, MESSAGE
from bus.security.directory import Mark
from bus.security.keyring import new_keyring, read_keyring, write_keyring
from tests.harness.step import a_case
from tests.security.attacked_county import MEDIA, PARTY, THIEF, Battlefield, road
from verification.services import RabbitNode

pytestmark = pytest.mark.broker

Attack = Callable[[Battlefield], None]


@pytest.fixture(scope="module")
def field(rabbit: RabbitNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battlefield]:
    """A county of three that signs; the third one's login and key are stolen."""
    with road(rabbit, (MEDIA, PARTY, THIEF)) as (master, urls):
        county = LocalCounty(
            tmp_path_factory.mktemp("war"), (MEDIA, PARTY), brokers={center: urls[center] for center in (MEDIA, PARTY)}
        )
        county.more = {"park_after": 1000}
        lines = [pika.BlockingConnection(pika.URLParameters(url)) for url in (master, urls[THIEF])]
        try:
            county.open()
            _list_the_thief(county)
            yield Battlefield(county, lines[0].channel(), lines[1].channel())
        finally:
            county.close()
            for line in lines:
                line.close()


def _list_the_thief(county: LocalCounty) -> None:
    """The stolen center is a true one: it has a key, and the directory lists it."""
    folder, now = county.folder / "keys", datetime.now(UTC)
    operator = read_keyring(folder / "operator.keys.json").keys[-1]
    stolen, revoked = new_keyring(THIEF, now), new_keyring(THIEF, now)
    known = directory.read_file(folder / "county.directory", operator.public)
    for keyring in (revoked, stolen):
        known = listed(known, keyring, now)
    known = key_request.revoked(known, revoked.keys[0].public.kid, now).with_marks({MEDIA: (Mark.ARBITER,)}, now)
    write_keyring(folder / f"{THIEF}.keys.json", stolen)
    write_keyring(folder / f"{THIEF}.revoked.json", revoked)
    (folder / "county.directory").write_bytes(directory.written(known, operator))


# -- what the attackers make -------------------------------------------------------------------------------------------


def _offer(source: str = MEDIA) -> k.Offered:
    return k.Offered(version=1, offer_id=new_id(), case=a_case(source), path=(source,))


def _document(field: Battlefield, source: str = MEDIA, recipient: str = PARTY, **more: Any) -> bytes:
    data = _offer(source)
    return field.message(data, source, recipient, subject=data.case.case_id, **more)


def _signed(field: Battlefield, body: bytes, by: str = MEDIA, purpose: str = MESSAGE) -> bytes:
    return signed_document.join(body, [field.keys(by).keys[-1].signed(body, purpose)])


def _changed(field: Battlefield, old: bytes, new: bytes) -> bytes:
    """A true message, altered under its signature."""
    travelled = _signed(field, _document(field))
    head, found, body = travelled.partition(signed_document.BETWEEN)
    assert old in body
    return head + found + body.replace(old, new, 1)


def _headed(field: Battlefield, **changed: object) -> bytes:
    """A true message whose signature's header says something else."""
    travelled = _signed(field, _document(field))
    head, _, rest = travelled.partition(b".")
    header = json.loads(base64.urlsafe_b64decode(head + b"==")) | changed
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=") + b"." + rest


def _by_the_public_key(field: Battlefield) -> bytes:
    body, key = _document(field), field.keys(MEDIA).keys[-1].public
    header = {"kid": key.kid, "typ": MESSAGE}
    public = base64.b64decode(key.sign)
    return signed_document.join(body, [jwt.PyJWS().encode(body, public, "HS256", header, is_payload_detached=True)])


def _by_the_revoked_key(field: Battlefield) -> bytes:
    key = read_keyring(field.town.folder / "keys" / f"{THIEF}.revoked.json").keys[0]
    body = _document(field, THIEF)
    return signed_document.join(body, [key.signed(body, MESSAGE)])


def _spoiled(spoil: Callable[[bytes], bytes]) -> Callable[[Battlefield], bytes]:
    """What the thief signs with his own key, and is no message."""
    return lambda field: _signed(field, spoil(_document(field, THIEF)), THIEF)


def _said(data: k.CaseMessage, **more: Any) -> Callable[[Battlefield], bytes]:
    """What the thief may sign, and custody forbids."""
    return lambda field: _signed(field, field.message(data, THIEF, subject=uuid4(), **more), THIEF)


def _ruled(field: Battlefield, case: Case, subject: UUID | None = None) -> bytes:
    """The thief imposes a case on itself that nobody here knows."""
    data = k.Ruled(version=9000, ruling=k.Ruling.IMPOSED, holder=THIEF, text="x", case=case, path=(MEDIA,))
    return _signed(field, field.message(data, THIEF, subject=subject or case.case_id), THIEF)


BY_THE_BROKER: dict[str, tuple[Callable[[Battlefield], bytes], str]] = {
    "unsigned in another's name": (_document, "unsigned"),
    "signed by the thief in another's name": (lambda f: _signed(f, _document(f), THIEF), "wrong-signer"),
    "in the recipient's own name": (lambda f: _signed(f, _document(f, PARTY), THIEF), "wrong-signer"),
    "another case number": (lambda f: _changed(f, b'"number":"', b'"number":"X'), "bad-signature"),
    "another sequence": (lambda f: _changed(f, b'"sequence":1', b'"sequence":2'), "bad-signature"),
    "another time": (lambda f: _changed(f, b'"time":"2026', b'"time":"2027'), "bad-signature"),
    "another audience under the signature": (lambda f: _changed(f, PARTY.encode(), THIEF.encode()), "bad-signature"),
    "another title": (lambda f: _changed(f, b'"title":"', b'"title":"!'), "bad-signature"),
    "meant for another center": (lambda f: _signed(f, _document(f, MEDIA, THIEF)), "wrong-recipient"),
    "the algorithm none": (lambda f: _headed(f, alg="none"), "bad-signature"),
    "a symmetric algorithm": (_by_the_public_key, "bad-signature"),
    "a key brought along": (lambda f: _headed(f, jwk={"kty": "OKP", "crv": "Ed25519", "x": "AA"}), "bad-signature"),
    "a key to be fetched": (lambda f: _headed(f, jku="http://127.0.0.1/keys"), "bad-signature"),
    "the signed payload inside": (lambda f: _headed(f, b64=True, crit=[]), "bad-signature"),
    "an unknown key": (lambda f: _headed(f, kid=f"{MEDIA}.0000000000000000"), "unknown-key"),
    "a key named like a path": (lambda f: _headed(f, kid="../../etc/passwd"), "unknown-key"),
    "a key named like a query": (lambda f: _headed(f, kid="' OR '1'='1"), "unknown-key"),
    "a revoked key": (_by_the_revoked_key, "revoked-key"),
    "an application's signature": (lambda f: _signed(f, _document(f), MEDIA, APPLICATION), "bad-signature"),
    "two signatures": (lambda f: _signed(f, _document(f)).partition(b"\n")[0] + b"\n" + _signed(f, _document(f)),
                       "bad-signature"),
    "a forged receipt": (lambda f: f.message(k.Receipt(items=(k.ReceiptItem(message_id=new_id(),
                         verdict=k.Verdict.APPLIED),)), sequence=0), "unsigned"),
    "a forged error": (lambda f: f.message(k.Failure(code="invalid", text="x"), sequence=0), "unsigned"),
    "a forged recovery": (lambda f: f.message(k.LogAsked(recovery=uuid4(), cursor="0"), sequence=10**6), "unsigned"),
    "a forged tale of the past": (lambda f: f.message(k.LogTold(recovery=uuid4(), era=1, cursor="0"), sequence=0),
                                  "unsigned"),
}  # fmt: skip
"""What somebody with the broker's administration can do: any bytes into any inbox."""

BY_THE_THIEF: dict[str, tuple[Callable[[Battlefield], bytes], str]] = {
    "another's true message": (lambda f: _signed(f, _document(f)), "wrong-sender"),
    "unsigned": (lambda f: _document(f, THIEF), "unsigned"),
    "a message too large": (_spoiled(lambda b: b[:-1] + b',"x":"' + b"A" * 300_000 + b'"}'), "too-large"),
    "a bomb of brackets": (_spoiled(lambda b: b[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}"), "too-deep"),
    "a bomb of digits": (_spoiled(lambda b: b[:-1] + b',"x":' + b"9" * 5000 + b"}"), "huge-number"),
    "a packed bomb": (_spoiled(lambda _: gzip.compress(b"A" * 1_000_000)), "not-utf-8"),
    "a key twice": (_spoiled(lambda b: b[:-1] + b',"recipient":"' + MEDIA.encode() + b'"}'), "duplicate-key"),
    "a mark in front": (_spoiled(lambda b: b"\xef\xbb\xbf" + b), "not-json"),
    "no UTF-8": (_spoiled(lambda b: b.replace(b'"app"', b'"\xff\xfe"')), "not-utf-8"),
    "half a character": (_spoiled(lambda b: b[:-1] + b',"x":"\\ud800"}'), "lone-surrogate"),
    "not a number": (_spoiled(lambda b: b[:-1] + b',"x":NaN}'), "not-json"),
    "a list": (_spoiled(lambda b: b"[" + b + b"]"), "not-an-object"),
    "an unknown kind": (_spoiled(lambda b: b.replace(b"case.offered.v1", b"case.stolen.v1")), "unknown-kind"),
    "another version": (_spoiled(lambda b: b.replace(b"case.offered.v1", b"case.offered.v9")), "unknown-kind"),
    "a name that looks alike": (_spoiled(lambda b: b.replace(THIEF.encode(), "gоvernment_service-150402".encode())),
                                "invalid"),
    "a place beyond all": (lambda f: _signed(f, _document(f, THIEF, sequence=2**31 - 1), THIEF), "too-far-ahead"),
    "no place": (lambda f: _signed(f, _document(f, THIEF, sequence=0), THIEF), "no-place-in-a-lane"),
    "a ruling by nobody's arbiter": (lambda f: _ruled(f, a_case(MEDIA)), "unknown-arbiter"),
    "a ruling on another case": (lambda f: _ruled(f, a_case(MEDIA), subject=uuid4()), "wrong-case"),
    "a result of a case unknown here": (_said(k.Resolved(version=1, round=1, outcome=k.Outcome.DONE, public_reply="x")),
                                        "unknown-case"),
    "an acceptance of what was never offered": (_said(k.Accepted(version=2, offer_id=uuid4())), "unknown-case"),
}  # fmt: skip
"""What somebody with a center's login and key can do: anything in that center's name."""


@pytest.mark.parametrize("name", BY_THE_BROKER)
def test_the_brokers_administrator_speaks_in_nobodys_name(name: str, field: Battlefield) -> None:
    """Parked with its code before anything of it is read, and nothing of it is stored."""
    forge, code = BY_THE_BROKER[name]
    before = field.stored()
    assert field.stuck_after(lambda: field.as_broker(forge(field))) == [("wire", code)]
    assert field.stored() == before


@pytest.mark.parametrize("name", BY_THE_BROKER)
def test_nor_does_he_through_the_exchange_of_the_one_he_names(name: str, field: Battlefield) -> None:
    """The broker's own word for the sender is worth nothing where the broker itself is the attacker."""
    forge, code = BY_THE_BROKER[name]
    before = field.stored()
    stuck = field.stuck_after(lambda: field.as_broker(forge(field), exchange=field.through(MEDIA)))
    assert [place for place, _ in stuck] == ["wire"]
    assert stuck[0][1] in {code, "wrong-sender"}
    assert field.stored() == before


@pytest.mark.parametrize("name", BY_THE_THIEF)
def test_a_thief_of_one_center_does_not_become_another(name: str, field: Battlefield) -> None:
    """With a true login and a true key, and all the same nothing is stored but what an operator is shown."""
    forge, code = BY_THE_THIEF[name]
    before = field.stored()
    assert field.stuck_after(lambda: field.as_thief(forge(field))) == [("wire", code)]
    assert field.stored()[0] == before[0]


def test_a_captured_message_changes_nothing_when_it_is_brought_again(field: Battlefield) -> None:
    """A hundred times, by the broker itself: one case, one effect."""
    before, travelled = field.stored()[0], _signed(field, _document(field))
    field.as_broker(travelled)
    field.until("the case is there", lambda: field.stored()[0] == before + 1)
    field.until("its work is done", lambda: field.stored()[2] == 0)
    known, stuck, effects = field.stored(), len(field.stuck()), len(field.town.backends[PARTY].effects)
    for _ in range(100):
        field.as_broker(travelled)
    field.still()
    assert (field.stored(), len(field.stuck()), len(field.town.backends[PARTY].effects)) == (known, stuck, effects)


@pytest.mark.parametrize("label", ["CC", "BCC"])
def test_a_copy_to_another_inbox_still_tells_its_sender(label: str, field: Battlefield) -> None:
    """The header that copies past the routing key leads through the thief's own exchange, and into no other's name."""
    copied = {label: [f"{PARTY}.case.offered"]}
    stuck = field.stuck_after(lambda: field.as_thief(_signed(field, _document(field)), MEDIA, copied))
    assert stuck == [("wire", "wrong-sender")]

"""The envelope: whatever bytes come, decode gives a message or says Undecodable, and repeats nothing of the body."""

import contextlib
import copy
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.contract import codec as module
from bus.contract.codec import CODES, MAX_BYTES, MAX_DEPTH, Undecodable, decode, encode, read_json
from bus.contract.envelope import Message, compose
from bus.contract.export.examples import example
from bus.contract.messages import Lost, Receipt, ReceiptItem, Verdict
from bus.contract.rules import CONTRACT, Rule

CANARY = "canary-7f3a9c"
"""Stands for a resident's data: where it turns up, a body has leaked."""
RULES = [pytest.param(rule, id=rule.kind) for rule in CONTRACT]
OFFERED = CONTRACT[0]


def body(rule: Rule = OFFERED) -> dict[str, Any]:
    """The example as plain JSON, to be spoilt."""
    document: dict[str, Any] = json.loads(encode(example(rule)))
    return document


def raw(document: object) -> bytes:
    """As it would travel."""
    return json.dumps(document, ensure_ascii=False).encode()


def refusal(bytes_: bytes) -> Undecodable:
    """What decode says of bytes that it must refuse; checked for leaks."""
    with pytest.raises(Undecodable) as caught:
        decode(bytes_)
    error = caught.value
    assert error.code in CODES
    assert CANARY not in f"{error} {error.code} {error.where} {error.args}"
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__, (
        "the context holds pydantic's error, and a traceback would print it"
    )
    return error


@pytest.mark.parametrize("rule", RULES)
def test_every_kind_survives_the_road(rule: Rule) -> None:
    """What is encoded is decoded as the same message, with the same bytes once more."""
    message = example(rule)
    again = decode(encode(message))
    assert again == message
    assert type(again.data) is type(message.data)
    assert encode(again) == encode(message)


@pytest.mark.parametrize("rule", RULES)
def test_a_message_spelled_as_we_write_is_read_once_and_any_other_spelling_is_looked_at(
    rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short way gives what the long way gives, and is taken by our own bytes alone."""
    written = encode(example(rule))
    looked_at: list[bytes] = []

    def look_at(raw: bytes) -> dict[str, Any]:
        looked_at.append(raw)
        return read_json(raw)

    monkeypatch.setattr(module, "read_json", look_at)
    assert decode(written) == module._checked(written)
    assert looked_at == [written], "by _checked alone"
    twice = b'{"specversion":"1.0",' + written[1:]
    for spelling in (written + b" ", written.replace(b'":', b'": ', 1), twice, raw({**json.loads(written), "more": 1})):
        looked_at.clear()
        with contextlib.suppress(Undecodable):
            assert decode(spelling) == decode(written)
        assert spelling in looked_at
    assert refusal(twice).code == "duplicate-key"


def test_a_message_that_would_be_too_long_as_we_spell_it_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sender leaves out what may be left out; the bound is for what came."""
    written = encode(example(OFFERED))
    shorter = written.replace(b'"datacontenttype":"application/json",', b"", 1)
    monkeypatch.setattr(module, "MAX_BYTES", len(shorter))
    assert decode(shorter) == example(OFFERED)


def test_compose_gives_each_message_an_id_of_version_7_and_leaves_out_what_is_absent() -> None:
    """An attribute without a value is absent on the wire, never null (CloudEvents 1.0)."""
    story = example(OFFERED)
    receipt = Receipt(items=(ReceiptItem(message_id=UUID(int=1), verdict=Verdict.APPLIED),))
    first, second = (compose(receipt, source=story.recipient, recipient=story.source, now=story.time) for _ in range(2))
    assert first.id != second.id
    assert first.id.version == 7
    document = json.loads(encode(first))
    assert document["type"] == "receipt.v1"
    assert document["specversion"] == "1.0"
    assert not {"subject", "causeid", "traceparent"} & set(document)
    assert decode(encode(first)) == first


ABSENT = object()
WRONG_FOR_ALL: list[object] = [None, 17, 1.5, True, [], {}, "", "\x00", f"{CANARY}\u202e", CANARY * 100]
NEWER = ["case.offered.v2", "case.eaten.v1"]
"""Types of the right form that we do not know: the envelope is in order, and its sender is told."""
NAIVE = "2026-11-23T09:00:00"
ATTRIBUTES: dict[str, list[object]] = {
    "specversion": [ABSENT, *WRONG_FOR_ALL, "0.3", "1.1"],
    "id": [ABSENT, *WRONG_FOR_ALL, "1"],
    "source": [ABSENT, *WRONG_FOR_ALL, "media.center-150402", "media_center-150402\n"],
    "recipient": [ABSENT, *WRONG_FOR_ALL, "#", "*"],
    "type": [ABSENT, *WRONG_FOR_ALL, "case.offered", "case.offered.v01", "Case.offered.v1", *NEWER],
    "subject": [ABSENT, *WRONG_FOR_ALL],
    "time": [ABSENT, *WRONG_FOR_ALL, NAIVE, "2026-13-01T00:00:00Z", "2026-11-23", "yesterday", 1_700_000_000],
    "sequence": [ABSENT, *[w for w in WRONG_FOR_ALL if w != 17], -1, 2**31, 10**19, "1"],
    "causeid": [w for w in WRONG_FOR_ALL if w is not None],
    "traceparent": [w for w in WRONG_FOR_ALL if w is not None],
    "datacontenttype": [*WRONG_FOR_ALL, "text/plain"],
    "data": [ABSENT, *WRONG_FOR_ALL],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(name, value, id=f"{name}-{number}")
        for name, values in ATTRIBUTES.items()
        for number, value in enumerate(values)
    ],
)
def test_an_envelope_with_one_fault_is_refused(name: str, value: object) -> None:
    """Each attribute of the envelope absent, null, of a wrong type, too long, with hidden signs, or plainly wrong."""
    document = body()
    document[name] = value
    if value is ABSENT:
        del document[name]
    error = refusal(raw(document))
    intact = name == "data" or (name == "subject" and value in (ABSENT, None)) or value in NEWER
    assert (error.envelope is not None) is intact
    if error.envelope is not None:
        assert str(error.envelope.id) == document["id"]


@pytest.mark.parametrize("name", ["causeid", "traceparent"])
def test_null_for_an_attribute_that_may_be_absent_is_read_as_absent(name: str) -> None:
    """Some writers say null where they mean nothing; that changes nothing."""
    document = body()
    document[name] = None
    message = decode(raw(document))
    assert getattr(message, name) is None
    assert name not in json.loads(encode(message))


def test_a_receipt_needs_no_subject_and_everything_about_a_case_does() -> None:
    """Without the case's id nobody could say what it is about."""
    for rule in CONTRACT:
        document = body(rule)
        document.pop("subject", None)
        if rule.kind in ("receipt", "error", "log.asked", "log.told"):
            assert decode(raw(document)).subject is None
        else:
            error = refusal(raw(document))
            assert (error.code, error.where) == ("invalid", "subject: missing")
            assert error.envelope is not None


def nested(depth: int) -> Any:
    """Lists in lists."""
    inner: Any = CANARY
    for _ in range(depth):
        inner = [inner]
    return inner


def spliced(old: bytes, new: bytes) -> bytes:
    """The example with something replaced in its bytes."""
    whole = raw(body())
    assert old in whole
    return whole.replace(old, new, 1)


SEQUENCE = b'"sequence": 1'
VERSION = b'"version": 1'
EXTRA = b'"extra": '
TITLE = "小区公共绿地被种菜".encode()

FAULTY_BYTES: list[tuple[str, bytes, str]] = [
    ("empty", b"", "not-json"),
    ("blank", b"  \n", "not-json"),
    ("a word", CANARY.encode(), "not-json"),
    ("a string", raw(CANARY), "not-an-object"),
    ("a list", raw([body()]), "not-an-object"),
    ("null", b"null", "not-an-object"),
    ("a number", b"17", "not-an-object"),
    ("cut short", raw(body())[:-1], "not-json"),
    ("trailing bytes", raw(body()) + CANARY.encode(), "not-json"),
    ("a second document", raw(body()) * 2, "not-json"),
    ("trailing NUL", raw(body()) + b"\x00", "not-json"),
    ("byte order mark", b"\xef\xbb\xbf" + raw(body()), "not-json"),
    ("not UTF-8", spliced(TITLE, b"\xff\xfe" + CANARY.encode()), "not-utf-8"),
    ("overlong UTF-8", spliced(TITLE, b"\xc0\x80"), "not-utf-8"),
    ("surrogate in UTF-8", spliced(TITLE, b"\xed\xa0\x80"), "not-utf-8"),
    ("GB 18030", json.dumps(body(), ensure_ascii=False).encode("gb18030"), "not-utf-8"),
    ("UTF-16", json.dumps(body()).encode("utf-16"), "not-utf-8"),
    ("UTF-16 without a mark", json.dumps(body()).encode("utf-16-le"), "not-json"),
    ("lone surrogate", spliced(TITLE, b"\\ud800" + CANARY.encode()), "lone-surrogate"),
    ("lone surrogate in a key", spliced(SEQUENCE, b'"\\uDC00": 1, ' + SEQUENCE), "lone-surrogate"),
    ("raw control character", spliced(TITLE, b"\x01"), "not-json"),
    ("escaped NUL", spliced(TITLE, b"\\u0000" + CANARY.encode()), "invalid"),
    ("escaped bidi override", spliced(TITLE, b"\\u202e" + CANARY.encode()), "invalid"),
    ("key twice at the top", spliced(SEQUENCE, SEQUENCE + b", " + SEQUENCE), "duplicate-key"),
    ("key twice, once escaped", spliced(SEQUENCE, b'"s\\u0065quence": 2, ' + SEQUENCE), "duplicate-key"),
    ("key twice in the body", spliced(VERSION, VERSION + b", " + VERSION), "duplicate-key"),
    ("key twice in what nobody reads", spliced(SEQUENCE, EXTRA + b'[{"a": 1, "a": 1}], ' + SEQUENCE), "duplicate-key"),
    ("NaN", spliced(b"118.95", b"NaN"), "not-json"),
    ("Infinity", spliced(b"118.95", b"-Infinity"), "not-json"),
    ("1e999", spliced(b"118.95", b"1e999"), "invalid"),
    ("huge whole number", spliced(VERSION, b'"version": ' + b"9" * 5000), "huge-number"),
    ("huge number nobody reads", spliced(SEQUENCE, EXTRA + b"-" + b"9" * 5000 + b", " + SEQUENCE), "huge-number"),
    ("20 digits", spliced(VERSION, b'"version": ' + b"9" * 20), "invalid"),
    ("leading zero", spliced(VERSION, b'"version": 01'), "not-json"),
    ("deep", raw({**body(), "extra": nested(MAX_DEPTH)}), "too-deep"),
    ("abyss", b"[" * 100_000, "too-deep"),
    ("abyss in an escape", b'{"a": "\\"", "b": ' + b'{"c":' * 40_000, "too-deep"),
    ("one byte too many", raw(body()) + b" " * (MAX_BYTES + 1 - len(raw(body()))), "too-large"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("bytes_", "code"), [pytest.param(bytes_, code, id=name) for name, bytes_, code in FAULTY_BYTES]
)
def test_bytes_that_are_no_message(bytes_: bytes, code: str) -> None:
    """Each way in which bytes can be wrong has its code, and none brings anything of the body with it."""
    assert refusal(bytes_).code == code


def test_every_code_is_met_in_these_tables() -> None:
    """A code that no test provokes may be one that cannot happen."""
    assert {code for _, _, code in FAULTY_BYTES} | {"unknown-kind"} == CODES


GOOD_BYTES: list[tuple[str, bytes]] = [
    ("extra attribute", raw({**body(), "extra": CANARY})),
    ("extra field in the body", spliced(VERSION, b'"extra": {"deep": [1, 2.5, null]}, ' + VERSION)),
    ("the largest", raw(body()) + b" " * (MAX_BYTES - len(raw(body())))),
    ("as deep as may be", raw({**body(), "extra": nested(MAX_DEPTH - 1)})),
    ("brackets in a text", spliced(TITLE, b"[{" * 40 + b'\\"' + b"[" * 40)),
    ("an escaped pair", spliced(TITLE, b"\\ud83d\\ude97")),
    ("spaces and line ends", json.dumps(body(), indent=4).replace("\n", "\r\n").encode()),
    ("other order", raw(dict(reversed(body().items())))),
]


@pytest.mark.parametrize("bytes_", [pytest.param(bytes_, id=name) for name, bytes_ in GOOD_BYTES])
def test_bytes_that_are_a_message_though_they_look_unusual(bytes_: bytes) -> None:
    """Readers accept additions, and every spelling of JSON that means the same."""
    assert decode(bytes_).id == example(OFFERED).id


def test_an_unknown_kind_brings_its_envelope() -> None:
    """The sender of a kind that we do not know yet can be told so."""
    error = refusal(raw({**body(), "type": "case.offered.v2", "data": {"secret": CANARY}}))
    assert error.code == "unknown-kind"
    assert error.envelope is not None
    assert error.envelope.source == body()["source"]


def test_a_message_that_is_too_large_is_not_encoded() -> None:
    """The sender learns at his own desk that it would not travel, and without a word of it."""
    story = example(OFFERED)
    long = story.data.model_copy(update={"note": CANARY * MAX_BYTES})
    with pytest.raises(ValueError, match="at most 262144") as caught:
        encode(story.model_copy(update={"data": long}))
    assert CANARY not in str(caught.value)


Path = tuple[str | int, ...]


def places(node: object, at: Path = ()) -> Iterator[Path]:
    """The path of every field and item below ``node``."""
    if isinstance(node, dict | list):
        entries = node.items() if isinstance(node, dict) else enumerate(node)
        for name, value in entries:
            yield (*at, name)
            yield from places(value, (*at, name))


def changed(document: dict[str, Any], at: Path, value: object) -> dict[str, Any]:
    """A copy with ``value`` in that place, or without the place."""
    copied = copy.deepcopy(document)
    parent: Any = copied
    for step in at[:-1]:
        parent = parent[step]
    if value is ABSENT:
        del parent[at[-1]]
    else:
        parent[at[-1]] = value
    return copied


MUTATIONS: dict[str, object] = {
    "absent": ABSENT,
    "null": None,
    "text": CANARY,
    "empty": "",
    "long": CANARY * 1000,
    "hidden": f"{CANARY}\u202e\x00",
    "lines": f"{CANARY}\n{CANARY}",
    "number": 10**19,
    "negative": -1,
    "fraction": 0.5,
    "boolean": True,
    "list": [CANARY] * 600,
    "object": {CANARY: CANARY},
    "nested": nested(6),
}
HARMLESS = {"absent", "null", "text", "lines", "negative", "fraction", "boolean", "object"}
"""Mutations that some field may bear; the others are refused wherever they stand."""


def refuses(document: dict[str, Any], at: Path) -> bool:
    """Whether decode refuses it, checking on the way that the refusal is a good one."""
    bytes_ = raw(document)
    message = None
    with contextlib.suppress(Undecodable):
        message = decode(bytes_)
    if message is not None:
        assert decode(encode(message)) == message
        return False
    error = refusal(bytes_)
    assert at[0] != "data" or error.envelope is not None, f"{at}: the envelope is intact and must be handed over"
    return True


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_field_of_every_kind_bears_every_mutation(rule: Rule, mutation: str) -> None:
    """A message with one field changed is still a message, or is refused with a code: nothing else ever happens."""
    document = body(rule)
    for at in list(places(document)):
        mutated = changed(document, at, MUTATIONS[mutation])
        borne = not refuses(mutated, at)
        assert not borne or mutation in HARMLESS, f"{mutation} was taken at {at}"


def test_the_mutations_reach_what_matters() -> None:
    """The walk is worth something only if it gets to the resident's fields and into lists."""
    reached = {at for rule in CONTRACT for at in places(body(rule))}
    assert ("data", "case", "resident", "phone") in reached
    assert ("data", "case", "attachments", 0, "sha256") in reached
    assert ("data", "items", 0, "verdict") in reached
    assert len(reached) > 100


@given(st.binary(max_size=400))
def test_any_bytes_raise_nothing_but_undecodable(bytes_: bytes) -> None:
    """Random bytes are no message, and nothing worse."""
    assert refusal(bytes_).code in CODES


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(CONTRACT), st.data())
@settings(max_examples=200)
def test_any_json_in_any_place_raises_nothing_but_undecodable(rule: Rule, data: st.DataObject) -> None:
    """A real message with any JSON in any of its places is a message that travels on unchanged, or Undecodable."""
    document = body(rule)
    at = data.draw(st.sampled_from(list(places(document))))
    bytes_ = json.dumps(changed(document, at, data.draw(JSON_VALUES))).encode()
    try:
        message = decode(bytes_)
    except Undecodable as error:
        assert error.code in CODES  # noqa: PT017 - a message that can be read is as good an outcome
    else:
        assert decode(encode(message)) == message


@given(st.binary(max_size=30), st.integers(0, 2000), st.integers(0, 20))
def test_a_message_damaged_anywhere_raises_nothing_but_undecodable(patch: bytes, at: int, gone: int) -> None:
    """Bytes overwritten, lost or put in: whatever is left is read or refused."""
    whole = encode(example(OFFERED))
    try:
        message = decode(whole[:at] + patch + whole[at + gone :])
    except Undecodable as error:
        assert error.code in CODES  # noqa: PT017 - a message that can be read is as good an outcome
    else:
        assert isinstance(message, Message)


def test_read_json_gives_plain_json_for_others_to_check() -> None:
    """The same bounds hold for whoever reads JSON from outside, an envelope or not."""
    assert read_json(b'{"a": [1, "\\ud83d\\ude97"]}') == {"a": [1, "🚗"]}
    with pytest.raises(Undecodable, match="duplicate-key"):
        read_json(b'{"a": 1, "a": 2}')


def test_a_message_is_frozen() -> None:
    """What was said cannot be changed after it was said."""
    message = example(CONTRACT[[rule.kind for rule in CONTRACT].index(Lost.kind)])
    with pytest.raises(ValueError, match="frozen"):
        message.data.version = 9

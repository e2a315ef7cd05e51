"""The codec: a message as JSON, written and read within bounds.

Reading has two steps, because an invalid body in a valid envelope can still be answered. ``decode`` raises
``Undecodable``, which carries as much of the envelope as could be read.
"""

import hashlib
import json
import re
from contextlib import suppress
from functools import cache
from typing import Any

from pydantic import ValidationError

from bus.contract import signed_document
from bus.contract.envelope import Message
from bus.contract.messages import BY_NAME, IN_LANES, Kind

MAX_BYTES = 256 * 1024
MAX_DEPTH = 24
CODES = frozenset(
    {
        "too-large",
        "too-deep",
        "not-utf-8",
        "not-json",
        "lone-surrogate",
        "huge-number",
        "duplicate-key",
        "not-an-object",
        "unknown-kind",
        "invalid",
    }
)
"""Every value of ``Undecodable.code``."""


class Undecodable(ValueError):
    """Bytes that are not a valid message. ``code`` (one of ``CODES``) and ``where`` are safe to log: they hold nothing
    of the body."""

    def __init__(self, code: str, where: str = "", envelope: Message[Any] | None = None) -> None:
        super().__init__(f"{code}: {where}" if where else code)
        self.code = code
        self.where = where
        self.envelope = envelope
        """The envelope, as far as it could be read; its ``data`` is unchecked, and None where there was none."""


def encode(message: Message[Any]) -> bytes:
    """The encoded message. Raises ValueError if it is larger than a message may be."""
    raw = _spelled(message)
    if len(raw) > MAX_BYTES:
        raise ValueError(f"message of {len(raw)} bytes; at most {MAX_BYTES} may travel: send attachments by reference")
    return raw


def _spelled(message: Message[Any]) -> bytes:
    return message.model_dump_json(by_alias=True).encode()


def decode(travelled: bytes) -> Message[Any]:
    """Decode a message, signed or not; ``bus.security`` checks the signature. Raises only ``Undecodable``, whatever the
    bytes."""
    raw = signed_document.split_message(travelled)[1]
    return _as_we_write(raw) or _checked(raw)


_NAMED = re.compile(rb'"type":"([a-z][a-z.-]{0,60})\.v[1-9][0-9]?"')
_IN_THE_HEAD = 512
"""The type of a message must stand within this many leading bytes."""


def _as_we_write(raw: bytes) -> Message[Any] | None:
    """The message, if our encoder would write exactly these bytes; None if they need the full check. Equal bytes
    prove that no key stands twice and that numbers, escapes and nesting are within bounds, so a second parse is not
    needed."""
    named = _NAMED.search(raw, 0, _IN_THE_HEAD)
    model = BY_NAME.get(named[1].decode()) if named and len(raw) <= MAX_BYTES else None
    if model is None or _depth(raw) > MAX_DEPTH:
        return None
    try:
        message = _envelope_of(model).model_validate_json(raw)
    except ValidationError:
        return None
    right = message.type == f"{model.kind}.v{model.major}" and (
        message.subject is not None or not issubclass(model, IN_LANES)
    )
    return message if right and _spelled(message) == raw else None


def _checked(raw: bytes) -> Message[Any]:
    document = read_json(raw)
    name = document.get("type")
    kind, _, major = name.rpartition(".v") if isinstance(name, str) else ("", "", "")
    model = BY_NAME.get(kind)
    if model is None or major != str(model.major):
        raise Undecodable("unknown-kind", "type", _envelope(document))
    try:
        message = _envelope_of(model).model_validate_json(raw)
    except ValidationError as error:
        raise Undecodable("invalid", _where(error), _envelope(document)) from None
    if message.subject is None and issubclass(model, IN_LANES):
        raise Undecodable("invalid", "subject: missing", _envelope(document))
    return message


def digest(signed: bytes) -> bytes:
    """SHA-256 of a message's document, without its signatures: it does not depend on the signer or the key."""
    return hashlib.sha256(signed_document.split_message(signed)[1]).digest()


def stored_columns(signed: bytes) -> dict[str, bytes]:
    """The columns of a row that keeps a message: its bytes, and the digest that its recipient vouches for."""
    return {"body": signed, "digest": digest(signed)}


_LATELY: dict[bytes, Message[Any]] = {}
"""Cache of recently queued messages: each is read soon, and decoding it again would cost more than the rest of the
step."""
_SO_MANY, _SO_LONG = 1000, 4096


def remember(raw: bytes, message: Message[Any]) -> None:
    """Cache ``message`` as the decoded form of ``raw`` for ``recall``; only the newest short messages are kept."""
    if len(raw) <= _SO_LONG:
        if len(_LATELY) >= _SO_MANY:
            _LATELY.clear()
        _LATELY[raw] = message


def recall(raw: bytes, kind: str) -> Message[Any]:
    """Decode a message of ``kind`` from our own store. It has passed ``decode`` before, so its bounds are not checked
    again. Raises ``Undecodable``."""
    known = _LATELY.pop(raw, None)  # each entry is read once
    if known is not None:
        return known
    model = BY_NAME.get(kind)
    if model is not None:
        with suppress(ValidationError):
            message = _envelope_of(model).model_validate_json(signed_document.split_message(raw)[1])
            if message.type == f"{kind}.v{model.major}":
                return message
    return decode(raw)  # written by another version of this program: decode it as if it had just arrived


def read_json(raw: bytes) -> dict[str, Any]:
    """A JSON object within our bounds: size, depth, numbers, no duplicate key. Raises ``Undecodable``."""
    document = read_value(raw)
    if not isinstance(document, dict):
        raise Undecodable("not-an-object")
    return document


def read_value(raw: bytes, most: int = MAX_BYTES) -> Any:  # noqa: ANN401 - any JSON
    """A JSON value of any kind, of at most ``most`` bytes and otherwise within the same bounds. Raises
    ``Undecodable``."""
    if len(raw) > most:
        raise Undecodable("too-large")
    if _depth(raw) > MAX_DEPTH:
        raise Undecodable("too-deep")
    try:
        # strictly UTF-8 and without a byte order mark: the json module alone would guess UTF-16 and UTF-32 as well
        text = raw.decode()
        document = _WITHIN_BOUNDS.decode(text)
    except Undecodable:
        raise
    except UnicodeDecodeError:
        raise Undecodable("not-utf-8") from None
    except (ValueError, RecursionError):
        raise Undecodable("not-json") from None
    if _SURROGATE.search(text) and not _encodable(document):
        raise Undecodable("lone-surrogate")
    return document


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _encodable(document: object) -> bool:
    """Whether all strings are valid Unicode: an escaped lone surrogate is valid JSON, but cannot be stored or sent
    on."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        raise Undecodable("duplicate-key")
    return seen


def _bounded_int(digits: str) -> int:
    if len(digits) > 20:
        raise Undecodable("huge-number")
    return int(digits)


def _no_constant(_name: str) -> float:
    raise Undecodable("not-json")


_WITHIN_BOUNDS = json.JSONDecoder(
    object_pairs_hook=_no_key_twice, parse_int=_bounded_int, parse_constant=_no_constant
)  # ``json.loads`` would make a new one for each message


_ROUND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"{[]}"))
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?')


def _depth(raw: bytes) -> int:
    """The nesting depth, exact only up to the bound."""
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH:
        return 0  # too few brackets to be too deep: the ordinary message
    brackets = _STRINGS.sub(b"", raw).translate(_ROUND, _NO_BRACKETS)
    depth = 0
    while depth <= MAX_DEPTH and b"[]" in brackets:  # each pass removes the innermost pairs
        brackets = brackets.replace(b"[]", b"")
        depth += 1
    return depth + brackets.count(b"[")  # the remaining brackets were never closed


@cache
def _envelope_of(model: type[Kind]) -> type[Message[Any]]:
    return Message[model]  # type: ignore[valid-type]  # the class is chosen at run time, by the kind that came


def _envelope(document: dict[str, Any]) -> Message[Any] | None:
    """The envelope without its body, or None if it is invalid too; with it the sender can still be answered."""
    try:
        bare = Message[Any].model_validate_json(json.dumps(document | {"data": None}))
    except ValidationError:
        return None
    return bare.model_copy(update={"data": document.get("data")})


def _where(error: ValidationError) -> str:
    """The invalid fields and their errors, without values: ``data.case.title: string_too_long``. Only field names of
    our own models appear. A key chosen by the sender is replaced, because it could hold anything."""
    spots = []
    for item in error.errors(include_url=False, include_context=False, include_input=False)[:5]:
        place = ".".join(str(part) for part in item["loc"] if not isinstance(part, str) or part.isidentifier())
        spots.append(f"{place}: {item['type']}")
    return "; ".join(spots)[:200]

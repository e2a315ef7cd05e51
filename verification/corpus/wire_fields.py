"""One bad field in an otherwise valid message: a wrong type or format, hidden characters, absent, null, unbounded.

A wrong body in a valid envelope has a place in its lane: it is refused by receipt and parked. Receipts and errors stand
in no lane, and unreadable messages have no envelope: those are only parked.
"""

import json
from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bus.contract.codec import MAX_BYTES
from bus.contract.messages import BY_NAME
from verification.corpus.documents import RULES, good
from verification.corpus.items import Dealer, Json, Spot, WireItem, raw
from verification.corpus.mutations import at, leaves, variants

UNREADABLE = {
    "half of a surrogate pair": "lone-surrogate",
    "too deep": "too-deep",
    "a huge number": "huge-number",
    "not a number": "not-json",
    "twice": "duplicate-key",
}
"""Bad values that spoil the whole document, not only their field. All others make the body ``invalid``."""
REASONED = ("case.withdrawal-requested", "case.extension-requested")
"""Kinds whose ``reason`` is free text."""
OURS = ("extra",)
"""Fields of no model, which are ignored."""


def items(deal: Dealer) -> Iterator[WireItem]:
    """All items of this module."""
    yield from _bad_values(deal)
    yield from _absent_and_null(deal)
    yield from _hidden_signs(deal)
    yield from _other_types(deal)
    yield from _out_of_bounds(deal)
    yield from _crowds(deal)


def _item(kind: str, name: str, document: Json, body: bytes, code: str) -> WireItem:
    in_a_lane = "subject" in document and code not in UNREADABLE.values()
    if not in_a_lane:
        return WireItem(f"field: {kind}", name, body, f"parked:{code}")
    return WireItem(f"field: {kind}", name, body, f"refused:{code}", document["id"], document["subject"])


def _fields(document: Json) -> Iterator[Spot]:
    """Every field of the body that a model knows."""
    for path in leaves(document):
        if path[0] == "data" and len(path) > 1 and not set(path) & set(OURS):
            yield path


def _bad_values(deal: Dealer) -> Iterator[WireItem]:
    for rule in RULES:
        document = good(rule, deal)
        for path in _fields(document):
            for name, _, never in variants(document, path):
                if never:
                    own = _another(document, rule, deal)
                    body = next(body for n, body, _ in variants(own, path) if n == name)
                    where = f"{rule.kind}: {'.'.join(map(str, path))}"
                    yield _item(name, where, own, body, UNREADABLE.get(name, "invalid"))


def _another(document: Json, rule: Any, deal: Dealer) -> Json:  # a Rule
    """The same values in a case of its own."""
    own = good(rule, deal)
    assert own.keys() == document.keys()
    return own


def _known(model: type[BaseModel], data: Json, path: Spot = ()) -> Iterator[tuple[Spot, FieldInfo]]:
    """Every field of the model, present or not, and of its inner models."""
    for name, field in model.model_fields.items():
        yield (*path, name), field
        inner, value = _model_in(field.annotation), data.get(name)
        if inner is not None and isinstance(value, dict):
            yield from _known(inner, value, (*path, name))
        elif inner is not None and isinstance(value, list) and value:
            yield from _known(inner, value[0], (*path, name, 0))


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(inner) for inner in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _may_be_null(field: FieldInfo) -> bool:
    return NoneType in get_args(field.annotation)


def _absent_and_null(deal: Dealer) -> Iterator[WireItem]:
    for rule in RULES:
        model = BY_NAME[rule.kind]
        for path, field in _known(model, good(rule, deal)["data"]):
            where = f"{rule.kind}: {'.'.join(map(str, path))}"
            own = good(rule, deal)
            spot = at(own["data"], path[:-1])
            if field.is_required() and path[-1] in spot:
                del spot[path[-1]]
                yield _item("a needed field is absent", where, own, raw(own), "invalid")
            if not _may_be_null(field):
                own = good(rule, deal)
                at(own["data"], path[:-1])[path[-1]] = None
                yield _item("null where a value must be", where, own, raw(own), "invalid")


SIGNS = {
    "NUL": "\x00", "backspace": "\x08", "escape": "\x1b[2J", "DEL": "\x7f", "C1 control": "\x9b", "LRE": "\u202a",
    "RLE": "\u202b", "PDF": "\u202c", "LRO": "\u202d", "RLO": "\u202e", "LRI": "\u2066", "RLI": "\u2067",
    "FSI": "\u2068", "PDI": "\u2069",
}  # fmt: skip


def _hidden_signs(deal: Dealer) -> Iterator[WireItem]:
    for rule in RULES:
        document = good(rule, deal)
        for path in _fields(document):
            if not isinstance(at(document, path), str):
                continue
            for name, sign in SIGNS.items():
                own = good(rule, deal)
                spot = at(own, path[:-1])
                spot[path[-1]] = f"{spot[path[-1]]}{sign}."
                where = f"{rule.kind}: {'.'.join(map(str, path))}: {name}"
                yield _item("a hidden sign", where, own, raw(own), "invalid")


def _other_types(deal: Dealer) -> Iterator[WireItem]:
    """Strict types: a number is not a text, true is not a number, 1.0 is not a count, and a text is neither."""
    for rule in RULES:
        document = good(rule, deal)
        for path in _fields(document):
            for name, text in _others(at(document, path)):
                own = good(rule, deal)
                at(own, path[:-1])[path[-1]] = "@@here@@"
                body = raw(own).replace(b'"@@here@@"', text.encode())
                yield _item("another type", f"{rule.kind}: {'.'.join(map(str, path))}: {name}", own, body, "invalid")


def _others(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool):
        yield from (("1", "1"), ("0", "0"), ("a word", '"true"'), ("yes", '"yes"'))
    elif isinstance(value, int):
        yield from (("a text", f'"{value}"'), ("true", "true"), ("a fraction", "1.5"), ("2^31", str(2**31)))
        yield from (("20 digits", "9" * 20), ("a small exponent", "15e-1"), ("no end", "1e999999"))
    elif isinstance(value, float):
        yield from (("a text", f'"{value}"'), ("true", "true"), ("too far", "1e300"), ("no end", "-1e999999"))
        yield from (("20 digits", "9" * 20),)
    elif isinstance(value, str):
        yield from (("17", "17"), ("1.5", "1.5"), ("true", "true"), ("a list of it", json.dumps([value])))
        yield from (("a list of signs", json.dumps(list(value[:8]))),)
    elif isinstance(value, list):
        yield from (("a text", '"金丝雀"'), ("an object", '{"0": 1}'), ("17", "17"), ("false", "false"))
        yield from (("null in it", "[null]"),)
    elif isinstance(value, dict):
        yield from (("a text", '"金丝雀"'), ("a list", json.dumps([value])), ("17", "17"), ("false", "false"))


LIMITS: dict[str, list[object]] = {
    "division": ["15040", "1504020060061", "150402-6", "１５０４０２", "150402\n"],
    "origin": ["media.center-150402", "media_center-150402 ", "MEDIA_CENTER-150402", "media_center-150402\n"],
    "by": ["*", "#", "media_center", "-150402", "m\u0435dia_center-150402"],
    "holder": ["party_service-15040200", "a" * 41 + "-150402"],
    "to": ["civilization_center-150402;DROP", ["civilization_center-150402"]],
    "number": ["HS 1", "../1", "-1", "N" * 65, "N\n"],
    "category": ["社区环境", "a b", "", "x" * 65],
    "channel": ["<b>", "${jndi:ldap://x}", "app\r\n"],
    "stage": ["notice served", ".", "x" * 65],
    "code": ["a b", "x" * 65, ";"],
    "sha256": ["0" * 63, "0" * 65, "g" * 64, "A" * 64, "../" + "0" * 61],
    "digest": ["0" * 63, "Z" * 64],
    "size": [0, -1, 20 * 1024 * 1024 + 1, 2**63],
    "media_type": ["jpeg", "image/", "image/jpeg; q=1", "x" * 101],
    "href": ["file:///etc/passwd", "javascript:alert(1)", "http://a b", "//host", "http://x/" + "a" * 500],
    "grade": [0, 6, -1],
    "longitude": [180.1, -180.1],
    "latitude": [90.1, -90.1],
    "phone": ["12", "1" * 31, "0476—000", "call me"],
    "id_card": ["11010519491231002", "110105194912310021", "110105194902310026"],
    "version": [2**31, -1],
    "round": [2**31, -1],
    "received_at": ["1899-12-31T23:59:59Z", "2200-01-02T00:00:00Z", "2026-11-23T09:00:00", "2026-11-23", 0, 1e10],
    "at": ["2026-11-23T25:00:00Z", "2026-11-23T09:00:60.5", "20261123T090000Z+"],
    "due": ["tomorrow", "2026-11-23T09:00:00 Asia/Shanghai", "+002026-11-23T09:00:00Z"],
    "replied_at": ["2026-11-31T09:00:00Z", "2026-11-23T09:00:00"],
    "title": ["", "两\n行", "长" * 201, "a\u2028b"],
    "text": ["", "长" * 8001],
    "name": ["", "长" * 201, "a\tb"],
    "record": ["", "x" * 121],
    "reason": ["because", "NOT-DUTY", "not_duty"],
    "mode": ["all", "Exclusive"],
    "outcome": ["success", "DONE"],
    "ground": ["bored"],
    "ruling": ["maybe"],
    "rater": ["robot"],
    "verdict": ["ok", "Applied"],
    "urgency": ["critical"],
    "offer_id": ["1", "{01790185-7a00-7000-8000-00000000000g}", 7],
    "assist_id": ["1", "not-a-uuid"],
    "message_id": ["1", "x" * 36],
    "about": ["1", "x" * 36],
    "case_id": ["1", "x" * 36],
    "path": [["media_center-150402"] * 201, ["*"], [[]]],
    "returns": [[{}], [None], ["x"]],
    "attachments": [[{}], ["x"], [None] * 21],
    "items": [[], [{}], ["x"], [None]],
    "resident": [[], "金丝雀", {"name": "两\n行"}, {"phone": "x"}, {"anonymous": "no"}],
}
"""Values of the right type beyond the field's bounds."""


def _out_of_bounds(deal: Dealer) -> Iterator[WireItem]:
    for rule in RULES:
        document = good(rule, deal)
        for path in _fields(document):
            for number, value in enumerate(LIMITS.get(str(path[-1]), ())):
                if _is_text_with_lines(path, value, rule.kind):
                    continue
                own = good(rule, deal)
                at(own, path[:-1])[path[-1]] = value
                where = f"{rule.kind}: {'.'.join(map(str, path))}: {number}"
                yield _item("out of bounds", where, own, raw(own), "invalid")


CROWDS: dict[str, list[object]] = {
    "empty objects": [{}],
    "ones": [1],
    "texts": ["金丝雀"],
    "lists": [[]],
    "nulls": [None],
}


def _crowds(deal: Dealer) -> Iterator[WireItem]:
    """Lists with as many wrong members as a message has room for: each would be a separate fault in the report."""
    for rule in RULES:
        for path in _fields(good(rule, deal)):
            for name, member in CROWDS.items():
                own = good(rule, deal)
                spot = at(own, path[:-1])
                if not isinstance(spot[path[-1]], list):
                    continue
                room = MAX_BYTES - 16_000
                spot[path[-1]] = member * (room // (len(raw(member)) + 1))
                where = f"{rule.kind}: {'.'.join(map(str, path))}: {name}"
                yield _item("a crowd", where, own, raw(own), "invalid")


def _is_text_with_lines(path: Spot, value: object, kind: str) -> bool:
    """``reason`` of a withdrawal, or of a request for more time, is free text, and so is every ``text``."""
    return (path[-1] == "reason" and kind in REASONED and value != "") or get_origin(value) is not None

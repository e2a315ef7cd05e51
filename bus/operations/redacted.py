"""Redacted views of a message: its envelope, and the names of its fields."""

import json

from bus.contract import signed_document
from bus.contract.codec import Undecodable, decode


def envelope(body: bytes) -> dict[str, str]:
    """The readable fields of a message's envelope, which holds no residents' data."""
    try:
        message = decode(body)
    except Undecodable as error:
        if error.envelope is None:
            return {}
        message = error.envelope
    names = ("id", "type", "source", "recipient", "subject", "sequence", "time", "causeid")
    return {name: str(value) for name in names if (value := getattr(message, name)) is not None}


def redacted(body: bytes) -> list[str]:
    """The names of a body's fields, each with its type: ``data.case.title: text``. Never a value. A name that is not a
    plain word is hidden too, because a stranger's key could hold anything."""
    try:
        document = json.loads(signed_document.split_message(body)[1])
    except (ValueError, RecursionError):
        return []
    return _fields(document, "")[:500]


def _fields(value: object, path: str) -> list[str]:
    if isinstance(value, dict):
        return [line for name, inner in value.items() for line in _fields(inner, f"{path}.{_plain(name)}".strip("."))]
    if isinstance(value, list):
        first = _fields(value[0], f"{path}[]") if value else []
        return [f"{path}: {len(value)}", *first]
    kinds = {str: "text", bool: "yes-no", int: "number", float: "number", type(None): "nothing"}
    return [f"{path}: {kinds[type(value)]}"]


def _plain(name: str) -> str:
    return name if name.isascii() and name.isidentifier() and len(name) <= 40 and not name.isdecimal() else "?"

"""One JSON Schema 2020-12 per kind: the whole envelope with that kind's data and bounds.

The schema is for writers, so it is a little stricter than our reader: RFC forms of ids and times, no attributes without
a value. Unknown fields are allowed everywhere, because readers ignore them.
"""

from typing import Any, cast

from bus.contract.envelope import Message
from bus.contract.epochs import EPOCH
from bus.contract.messages import BY_NAME, IN_LANES
from bus.contract.rules import Rule

DIALECT = "https://json-schema.org/draft/2020-12/schema"
UUID_PATTERN = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
"""RFC 9562. Most validators treat ``format`` as a remark; the pattern makes it a rule."""
TIME_PATTERN = (
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    "([.][0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""RFC 3339, always with an offset."""


def schema_name(rule: Rule) -> str:
    """The file name, such as ``case.offered.v1.json``."""
    return f"{rule.kind}.v{rule.major}.json"


def envelope_schema(rule: Rule) -> dict[str, Any]:
    """The schema of the whole message of this kind."""
    model = BY_NAME[rule.kind]
    raw = Message[model].model_json_schema(by_alias=True)  # type: ignore[valid-type]  # the class is chosen at run time
    made = cast(dict[str, Any], _tidy(raw))
    attributes = {name: _present(schema) for name, schema in made["properties"].items()}
    attributes["type"]["const"] = f"{rule.kind}.v{rule.major}"
    del attributes["type"]["pattern"]
    required = list(made["required"])
    if issubclass(model, IN_LANES):
        required.insert(required.index("time"), "subject")
        attributes["sequence"]["minimum"] = 1
    else:
        del attributes["subject"]
        what = "Stands in no order: 0, or the beginning of the era in which its sender speaks."
        whole = {"minimum": 0, "maximum": 2**31 - 1, "multipleOf": EPOCH}
        attributes["sequence"] = {"type": "integer", **whole, "description": what}
    return {
        "$schema": DIALECT,
        "$id": f"urn:four-center-bus:{rule.kind}.v{rule.major}",
        "title": f"{rule.kind} {rule.zh}",
        "description": f"{rule.zh}: {rule.en}. CloudEvents 1.0, structured JSON.",
        "type": "object",
        "properties": attributes,
        "required": required,
        "$defs": made["$defs"],
    }


def _tidy(node: object) -> object:
    """The schema without pydantic's generated titles, with our rules for ids and times, in Markdown."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    # pydantic's title is a string; a field named title is a schema
    tidied = {name: _tidy(value) for name, value in node.items() if name != "title" or not isinstance(value, str)}
    match tidied.get("format"):
        case "uuid":
            tidied["pattern"] = UUID_PATTERN
        case "date-time":
            tidied["pattern"] = TIME_PATTERN
    words = tidied.get("description")
    if isinstance(words, str):
        tidied["description"] = " ".join(words.replace("``", "`").split())
    return tidied


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an attribute that is present: CloudEvents has no null."""
    if "anyOf" not in schema:
        return schema
    (kept,) = (option for option in schema["anyOf"] if option != {"type": "null"})
    return {**kept, **{name: value for name, value in schema.items() if name not in ("anyOf", "default")}}

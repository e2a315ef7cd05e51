"""The OpenAPI document, completed for generators of clients: request bodies, names of enum values, signature headers.

FastAPI does not see the bodies, which are read raw, nor the signature, which is checked before they are parsed.
"""

import re
from collections import Counter
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from bus.contract.named_enums import NamedEnums
from bus.sdk.center import Center

Json = dict[str, Any]
BINARY: Json = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
"""The request body of a file upload."""
SCHEME = "StandardWebhooks"
SIGNATURE: Json = {
    "type": "apiKey",
    "in": "header",
    "name": "webhook-signature",
    "description": "Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body`, "
    "by the shared secret; of an attachment over its hex SHA-256 in place of the body.",
}
HEADERS: tuple[tuple[str, str], ...] = (
    ("webhook-id", "An id of this sending, such as a UUID"),
    ("webhook-timestamp", "Seconds since 1970, within five minutes of the center's clock"),
)


def describe(app: FastAPI, center: Center[Any]) -> None:
    """Complete the document that the application serves."""
    described = [(form.model, "validation") for form in center.forms.values()]
    refs, definitions = models_json_schema(
        described,  # type: ignore[arg-type]  # a literal in a list
        ref_template="#/components/schemas/{model}",
        schema_generator=NamedEnums,
    )
    plain = app.openapi

    def openapi() -> Json:
        if app.openapi_schema is None:
            document = plain()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(definitions.get("$defs", {}))
            document["components"]["securitySchemes"] = {SCHEME: SIGNATURE}
            for form in center.forms.values():
                operation = document["paths"][f"/intake/{form.name}"]["post"]
                _sign(operation, {"application/json": {"schema": refs[form.model, "validation"]}})
            _sign(document["paths"]["/attachments"]["put"], BINARY)
            document["paths"]["/operations"]["post"]["requestBody"] = {"required": True, "content": BINARY}
            _drop_impossible(document)
            _tell_apart(document["components"]["schemas"])
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def _sign(operation: Json, body: Json) -> None:
    """Add the request body and the signature to an operation."""
    operation["requestBody"] = {"required": True, "content": body}
    operation["security"] = [{SCHEME: []}]
    for name, description in HEADERS:
        header = {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
        operation.setdefault("parameters", []).append({**header, "description": description})


def _drop_impossible(document: Json) -> None:
    """Remove FastAPI's 422 for parameters: ours are plain strings, and none can be invalid."""
    for operations in document["paths"].values():
        for operation in operations.values():
            refusal = operation["responses"].get("422", {})
            if "HTTPValidationError" in str(refusal):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


def _tell_apart(schemas: Json) -> None:
    """A value's name that two closed lists share gets the list's before it: in Go the constants of all lists lie in one
    package, and ``OTHER`` can stand there once."""
    lists = {name: schema for name, schema in schemas.items() if "x-enum-varnames" in schema}
    times = Counter(name for schema in lists.values() for name in schema["x-enum-varnames"])
    for title, schema in lists.items():
        before = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", title).upper()
        names = schema["x-enum-varnames"]
        schemas[title] = {**schema, "x-enum-varnames": [f"{before}_{n}" if times[n] > 1 else n for n in names]}

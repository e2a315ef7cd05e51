"""Every call that an adapter makes into its center's own system, as it goes over the wire, held to its document."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import SecretStr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bus.sdk.simulator import BackendSimulator
from bus.settings import CenterSettings
from bus.testing.adapter_harness import AdapterHarness

Json = dict[str, Any]
AGENT = "four-center-bus"
"""How our client calls itself: what residents, staff and the suite do at a simulator is no call of the adapter."""
TOKEN = "t-1"
FORMATS = FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def _moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@dataclass(frozen=True, slots=True)
class Call:
    """One call, and how it was answered."""

    method: str
    target: str
    """The path as it was sent, and the query."""
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer_type: str
    answer: bytes

    def with_(self, **changes: Any) -> "Call":
        """The same with something else."""
        return replace(self, **changes)


class Recording:
    """Stands before a simulator and writes down what comes from the adapter."""

    def __init__(self, app: ASGIApp, calls: list[Call]) -> None:
        self.app, self.calls = app, calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands everything on as it is."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())}
        if scope["type"] != "http" or headers.get("user-agent") != AGENT:
            await self.app(scope, receive, send)
            return
        sent, answered = bytearray(), bytearray()
        begun: dict[str, Any] = {}

        async def receiving() -> Message:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.update(message)
            answered.extend(message.get("body", b""))
            await send(message)

        await self.app(scope, receiving, sending)
        target = (scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")).decode()
        kind = dict(begun["headers"]).get(b"content-type", b"").decode()
        self.calls.append(Call(scope["method"], target, headers, bytes(sent), begun["status"], kind, bytes(answered)))


class WithToken(AdapterHarness):
    """The adapter at work, with a token for its center's own system."""

    def _settings(self) -> CenterSettings:
        settings: CenterSettings = super()._settings()
        return settings.model_copy(update={"backend": settings.backend.model_copy(update={"token": SecretStr(TOKEN)})})


@contextmanager
def recorded(calls: list[Call]) -> Iterator[None]:
    """Every simulator that is started meanwhile writes down what its adapter calls."""
    plain = BackendSimulator.start

    def start(self: BackendSimulator, port: int = 0, host: str = "127.0.0.1") -> str:
        self.app.add_middleware(Recording, calls=calls)
        return plain(self, port, host)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BackendSimulator, "start", start)
        yield


class Contract:
    """A vendor's document, by which calls are judged. Whatever it does not name is a fault, also in an object that it
    leaves open for later versions."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self._closed: Json = _closed(document["components"])

    @cached_property
    def operations(self) -> dict[str, tuple[str, re.Pattern[str], Json]]:
        """Operation id → method, path, and what is said of it."""
        return {
            operation["operationId"]: (
                method.upper(),
                re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))),
                operation,
            )
            for path, operations in self.document["paths"].items()
            for method, operation in operations.items()
        }

    def named(self, call: Call) -> str:
        """The operation that a call is; empty where the document has none like it."""
        path = call.target.partition("?")[0]
        for name, (method, pattern, operation) in self.operations.items():
            found = pattern.fullmatch(path)
            if method == call.method and found and not list(self._wrong(operation, "path", _unquoted(found))):
                return name
        return ""

    def faults(self, call: Call) -> list[str]:
        """Everything about a call and its answer that the document does not say."""
        return [*self.faults_of_request(call), *self._of(call, self._answered)]

    def faults_of_request(self, call: Call) -> list[str]:
        """The same, of what was sent alone."""
        if not self.named(call):
            return [f"{call.method} {call.target}: the document has no such call"]
        return self._of(call, self._sent)

    def _of(self, call: Call, look: Callable[[Json, Call], Iterator[str]]) -> list[str]:
        name = self.named(call)
        return [f"{name}: {fault}" for fault in look(self.operations[name][2], call)] if name else []

    def _sent(self, operation: Json, call: Call) -> Iterator[str]:
        yield from self._wrong(operation, "query", dict(parse_qsl(call.target.partition("?")[2])))
        headers = {name.lower(): value for name, value in call.headers.items()}
        known = {one["name"].lower() for one in operation.get("parameters", ()) if one["in"] == "header"}
        yield from self._wrong(operation, "header", {name: headers[name] for name in known & headers.keys()})
        if self.document["security"] == [{"Token": []}] and headers.get("authorization") != f"Bearer {TOKEN}":
            yield "it carries no token"
        yield from self._content("body", operation.get("requestBody", {}), headers.get("content-type", ""), call.body)

    def _answered(self, operation: Json, call: Call) -> Iterator[str]:
        if call.status == 200:
            yield from self._content("answer", operation["responses"]["200"], call.answer_type, call.answer)
        else:
            yield f"it is answered with {call.status}"

    def _wrong(self, operation: Json, place: str, values: Mapping[str, str]) -> Iterator[str]:
        told = {one["name"].lower(): one for one in operation.get("parameters", ()) if one["in"] == place}
        for name in values.keys() - told.keys():
            yield f"{place} {name} is not in the document"
        for name, one in told.items():
            if name in values:
                whole = one["schema"].get("type") == "integer" and values[name].isdecimal()
                yield from self._errors(f"{place} {name}", one["schema"], int(values[name]) if whole else values[name])
            elif one.get("required"):
                yield f"{place} {name} is missing"

    def _content(self, what: str, told: Json, kind: str, content: bytes) -> Iterator[str]:
        if not told.get("content"):
            if content:
                yield f"{what} that the document does not have"
            return
        if kind.partition(";")[0] not in told["content"]:
            yield f"{what} is {kind or 'nothing'}"
            return
        try:
            value = json.loads(content)
        except ValueError:
            yield f"{what} is no JSON"
            return
        yield from self._errors(what, told["content"]["application/json"]["schema"], value)

    def _errors(self, what: str, schema: Json, value: object) -> Iterator[str]:
        judge = Draft202012Validator({**schema, "components": self._closed}, format_checker=FORMATS)
        for error in judge.iter_errors(value):
            yield f"{what} {error.json_path}: {error.message}"


def _unquoted(found: re.Match[str]) -> dict[str, str]:
    return {name: unquote(value) for name, value in found.groupdict().items()}


def _closed(schema: Any) -> Any:
    """No object may have another field than those that are named; one that names none may have any."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _closed(one) for name, one in schema.items()}
    if isinstance(told.get("properties"), dict) and told.get("type") == "object":
        told.setdefault("additionalProperties", False)
    return told

"""The OpenAPI document and the pages of the door: what generators of clients and people need, without the internet."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus.http.app import make_app
from bus.sdk import discovery
from tests.harness.center import ADAPTERS
from tests.unit.http_door import Door

Json = dict[str, Any]


@pytest.fixture(params=ADAPTERS)
def document(request: pytest.FixtureRequest) -> Json:
    """Of each shipped adapter."""
    nothing: Any = None
    center, secret = discovery.find(request.param).center(), "whsec_" + "A" * 44
    files: Any = type("Files", (), {"blobs": type("Blobs", (), {"path": Path()})})
    app = make_app(center, f"{request.param}-150402", nothing, secret, files, nothing, dict, nothing)
    return app.openapi()


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def test_operations_have_short_names(document: Json) -> None:
    """A generator makes functions of them."""
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert all(re.fullmatch(r"[a-z][a-z_]{2,30}", name) for name in names), names
    assert len(set(names)) == len(names)


def test_every_value_of_a_closed_list_has_a_name(document: Json) -> None:
    """Chinese values become no identifiers by themselves."""
    lists = {name: one for name, one in document["components"]["schemas"].items() if "enum" in one}
    assert lists
    for name, one in lists.items():
        names = one["x-enum-varnames"]
        assert len(names) == len(one["enum"]), name
        assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", each) for each in names), names
    every = [each for one in lists.values() for each in one["x-enum-varnames"]]
    assert len(set(every)) == len(every), "Go has the constants of all lists in one package"


def test_files_are_binary(document: Json) -> None:
    """In both directions."""
    binary = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    assert document["paths"]["/attachments"]["put"]["requestBody"] == {"required": True, "content": binary}
    assert document["paths"]["/attachments/{sha256}"]["get"]["responses"]["200"]["content"] == binary


DUTY = "/operations"
"""The door for persons on duty: its body carries its own signature."""


def test_what_is_signed_says_how(document: Json) -> None:
    """The scheme, and the headers beside the signature."""
    for path, method, operation in _operations(document):
        headers = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"}
        signed = method in ("post", "put") and path != DUTY
        assert ("security" in operation) is signed, path
        assert headers == ({"webhook-id", "webhook-timestamp"} if signed else set()), path
    assert document["components"]["securitySchemes"]["StandardWebhooks"]["name"] == "webhook-signature"


def test_no_refusal_is_told_that_cannot_happen(document: Json) -> None:
    """FastAPI's own is gone, with its schemas; a form's stays, and a command's."""
    assert "HTTPValidationError" not in str(document)
    for path, _, operation in _operations(document):
        assert ("422" in operation["responses"]) is path.startswith(("/intake/", DUTY)), path


def test_every_reference_leads_somewhere(document: Json) -> None:
    """Nothing that was taken out is still named."""
    for reference in re.findall(r"'#/components/schemas/([^']+)'", str(document)):
        assert reference in document["components"]["schemas"]


# -- the pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """A center at its door."""
    made = Door(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_need_no_other_server(door: Door, path: str) -> None:
    """A county's network has no internet: no script, no style, no picture from elsewhere, and none may be loaded."""
    answer = door.ask("GET", path)
    assert answer.status_code == 200
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", answer.text)
    assert "<script" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_first_page_says_what_this_is_and_how_it_is(door: Door) -> None:
    """Whoever opens the address in a browser is not left with a code."""
    page = door.ask("GET", "/").text
    assert "media_center-150402" in page
    assert "就绪，可以接收表单" in page
    for path in re.findall(r'href="([^"]+)"', page):
        assert door.ask("GET", path).status_code == 200, path


def test_the_page_of_the_door_shows_every_form_and_its_fields(door: Door) -> None:
    """As the document has them."""
    page = door.ask("GET", "/docs").text
    for shown in ("POST /intake/note", "PUT /attachments", "<code>division</code>", "（必填 required）"):
        assert shown in page

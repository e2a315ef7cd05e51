"""The vendors' contracts: every call that an adapter makes stands in its document, and its simulator keeps to it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic_core import to_json

from bus.sdk import discovery
from bus.sdk.answers import LONGEST_ANSWER, LONGEST_PAUSE, BackendAnswer
from bus.sdk.center import Reject, RetryLater
from bus.testing.adapter_harness import AdapterHarness
from bus.testing.check_polls import reads_what_its_system_tells
from bus.testing.check_samples import has_the_effect_of_every_kind, turns_forms_into_commands
from bus.testing.samples import samples_of
from tests.fixtures.adapter_calls import OWN, played
from tests.harness.vendor_calls import TOKEN, Call, Contract, WithToken, recorded
from verification import vendors

pytestmark = pytest.mark.usefixtures("fifth_center")
PACKAGES = list(vendors.files())
Json = dict[str, Any]


def published(package: str) -> Json:
    """The document that an integrator reads."""
    document: Json = json.loads(vendors.files()[package].read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module", params=PACKAGES)
def recording(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, fifth_center: str
) -> Iterator[tuple[str, AdapterHarness, list[Call]]]:
    """Each adapter at work; its package, and what it calls."""
    calls: list[Call] = []
    with recorded(calls):
        harness = WithToken(request.param, tmp_path_factory.mktemp("vendor")).start()
    yield request.param, harness, calls
    harness.stop()


# -- the document ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", PACKAGES)
def test_the_document_is_what_the_simulator_serves(package: str) -> None:
    """The published file is the generated one; `make vendors` writes it."""
    assert vendors.files()[package].read_text(encoding="utf-8") == vendors.text(package)


@pytest.mark.parametrize("package", PACKAGES)
def test_generators_and_people_can_read_it(package: str) -> None:
    """References lead somewhere, schemas are valid, operations have short names and texts in both languages, every
    field has a title and a text, and nothing is null."""
    document = published(package)
    assert document["openapi"].startswith("3.1.")
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    for kind in ("schemas", "responses"):
        for name in document["components"][kind]:
            assert f'#/components/{kind}/{name}"' in text, f"{name} is named nowhere"
    for reference in {part.partition('"')[0] for part in text.split('"#/components/')[1:]}:
        kind, name = reference.split("/")
        assert name in document["components"][kind]
    for name, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
        for field, told in schema.get("properties", {}).items():
            assert told.get("title"), f"{name}.{field}"
            assert told.get("description"), f"{name}.{field}"
    assert '"null"' not in text
    contract = Contract(document)
    assert len(contract.operations) == sum(len(one) for one in document["paths"].values())
    for name, (method, _, operation) in contract.operations.items():
        assert name.isidentifier()
        assert not operation["summary"].isascii()
        assert operation["description"].isascii()
        headers = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"]
        assert headers == ([] if method == "GET" else ["Idempotency-Key"]), name
    assert document["components"]["securitySchemes"]["Token"]["scheme"] == "bearer"
    assert str(LONGEST_ANSWER) in document["info"]["description"]
    assert str(int(LONGEST_PAUSE)) in json.dumps(document["components"]["responses"]["Busy"]["headers"]["Retry-After"])


@pytest.mark.parametrize("package", PACKAGES)
def test_what_it_says_of_a_status_is_what_the_client_does(package: str) -> None:
    """Each status, at every call: done, refused for good, busy with its pause, or our token."""
    for _, _, operation in Contract(published(package)).operations.values():
        told = operation["responses"]
        for status in range(200, 600):
            if 200 <= status < 300:
                BackendAnswer(status, {}, b"{}").refuse()
                continue
            said = told.get(str(status)) or told.get(f"{status // 100}XX") or told["default"]
            with pytest.raises((RetryLater, Reject)) as raised:
                BackendAnswer(status, {"Retry-After": "7"}, b"").refuse()
            final, after = isinstance(raised.value, Reject), getattr(raised.value, "after", None)
            means = (
                "Refused" if final else "Busy" if after else "TokenRefused" if status in (401, 403, 407) else "Unclear"
            )
            assert said["$ref"].rpartition("/")[2] == means, status


# -- the calls -------------------------------------------------------------------------------------------------------


def test_every_call_of_the_samples_stands_in_the_document(
    recording: tuple[str, AdapterHarness, list[Call]],
) -> None:
    """All forms and all kinds of message are played for real. Method, path, query, headers, token, body and answer are
    as the document says, and the document names no call that is never made."""
    package, harness, calls = recording
    contract = Contract(published(package))
    for check in (turns_forms_into_commands, has_the_effect_of_every_kind, reads_what_its_system_tells):
        check(harness)
    assert [fault for call in list(calls) for fault in contract.faults(call)] == []
    assert {contract.named(call) for call in calls} == contract.operations.keys()


@pytest.mark.parametrize("kind", sorted(OWN))
def test_every_call_in_every_circumstance_stands_in_the_document(kind: str) -> None:
    """Every message in each of its variants, whatever records and states the case has; as the adapter sends it, without
    a server."""
    contract = Contract(published(f"adapters.{kind}"))
    seen = {}
    for _, told in played(discovery.find(kind).center(), samples_of(f"adapters.{kind}")):
        for one in told["calls"]:
            path, body = one["path"], to_json(one["body"])
            headers = {**HEADERS, "idempotency-key": one["key"]}
            seen[path, body] = Call("POST", path, headers, body, 0, "", b"")
    faults = {fault for call in seen.values() for fault in contract.faults_of_request(call)}
    assert sorted(faults)[:20] == []
    assert len(seen) > 50


def test_a_simulator_shows_its_document_and_takes_nothing_else(
    recording: tuple[str, AdapterHarness, list[Call]],
) -> None:
    """``/openapi.json`` of a running simulator is the vendor's document; a body that is none of its own is refused."""
    package, harness, _ = recording
    document = harness._backend_http.get("/openapi.json").json()
    assert document["paths"] == published(package)["paths"]
    path = next(path for path in document["paths"] if path in ("/orders", "/matters"))
    assert harness._backend_http.post(path, json={"more": 1}, headers={"Idempotency-Key": "k"}).status_code == 422


# -- what would be found ---------------------------------------------------------------------------------------------

NOTE: Json = {
    "status": "accepted", "headline": "承办单位已接单", "headline_en": "Taken on", "by": "party_service-150402",
    "at": "2026-11-23T09:00:00+08:00", "visible": True,
}  # fmt: skip
HEADERS = {"idempotency-key": "k-1", "authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
GOOD = Call(
    "POST", "/messages/LY%2F7/notes", HEADERS, json.dumps(NOTE).encode(), 200, "application/json",
    b'{"id": "LY/7", "cancelled": false}',
)  # fmt: skip


def _body(**changes: Any) -> bytes:
    return json.dumps({name: value for name, value in {**NOTE, **changes}.items() if value != "left out"}).encode()


def _without(header: str) -> dict[str, str]:
    return {name: value for name, value in HEADERS.items() if name != header}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"body": _body(mood="well")}, "'mood' was unexpected"),
        ({"body": _body(by="left out")}, "'by' is a required property"),
        ({"body": _body(text=None)}, "None is not of type 'string'"),
        ({"body": _body(stars=6)}, "6 is greater than the maximum"),
        ({"body": _body(at="2026-11-23 09:00")}, "is not a 'date-time'"),
        ({"body": b""}, "body is no JSON"),
        ({"headers": {**HEADERS, "content-type": "text/plain"}}, "body is text/plain"),
        ({"headers": _without("idempotency-key")}, "header idempotency-key is missing"),
        ({"headers": _without("authorization")}, "it carries no token"),
        ({"target": "/messages/LY-7/remarks"}, "the document has no such call"),
        ({"target": "/wishes/LY-7/notes"}, "the document has no such call"),
        ({"target": "/messages/LY-7/notes?draft=1"}, "query draft is not in the document"),
        ({"method": "PUT"}, "the document has no such call"),
        ({"answer": b'{"id": "7", "canceled": true}'}, "'canceled' was unexpected"),
        ({"answer": b'{"id": 7}'}, "7 is not of type 'string'"),
        ({"answer": b"<ok/>"}, "answer is no JSON"),
        ({"answer_type": "text/html"}, "answer is text/html"),
        ({"status": 201}, "it is answered with 201"),
    ],
)
def test_what_the_document_does_not_have_is_found(change: Json, found: str) -> None:
    """One thing of a good call is changed, and it is one fault."""
    contract = Contract(published("adapters.media_center"))
    assert contract.faults(GOOD) == []
    (fault,) = contract.faults(GOOD.with_(**change))
    assert found in fault

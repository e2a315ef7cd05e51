"""Schemathesis at every intake: what the OpenAPI page promises, signed and unsigned, is what the running doors do."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as promised

from bus.testing.adapter_harness import AdapterHarness
from tests.harness.center import on_harness
from verification.corpus.http_items import ADAPTERS, signed

EXAMPLES = 20
"""Of each door, each way."""
DETERMINED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PROMISES = [
    not_a_server_error,
    promised.status_code_conformance,
    promised.content_type_conformance,
    promised.response_schema_conformance,
]
LARGE = ("civilization_center", "government_service")
"""``make whole`` tries their doors too, which are built like the other two."""
LET_IN = (200, 201, 202)


def operations(harness: AdapterHarness) -> list[Any]:
    """Every operation of the running center's own OpenAPI page, without the headers of a signature: they are this
    test's own, right or missing."""
    page = harness.http.get("/openapi.json").json()
    for methods in page["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
            operation["parameters"] = [one for one in operation.get("parameters", ()) if one["in"] != "header"]
    schema: Any = schemathesis.openapi.from_dict(page)
    return [found.ok() for found in schema.get_all_operations()]


def send(harness: AdapterHarness, case: Case[Any], *, sign: bool) -> httpx.Response:
    """The request that Schemathesis has thought of, with the right signature or with none."""
    words = case.as_transport_kwargs(base_url=harness.url)
    body = words["data"] if isinstance(words.get("data"), bytes) else b""
    if words.get("json") is not None:
        body = json.dumps(words["json"]).encode()
    headers = dict(words.get("headers") or {})
    if sign:
        content = hashlib.sha256(body).hexdigest() if case.path == "/attachments" else None
        headers |= signed(harness.secret, body, content=content)
    return harness.http.request(
        words["method"], words["url"], content=body, headers=headers, params=words.get("params")
    )  # fmt: skip


def play(harness: AdapterHarness, operation: Any, mode: GenerationMode, *, sign: bool) -> Counter[int]:
    """As many requests as are due at one door; how often each status was answered. Fails where a promise is broken."""
    seen: Counter[int] = Counter()

    @given(case=operation.as_strategy(generation_mode=mode))
    @DETERMINED
    def one(case: Case[Any]) -> None:
        answer = send(harness, case, sign=sign)
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=PROMISES)
        if mode is GenerationMode.NEGATIVE and operation.path.startswith("/intake/"):
            assert answer.status_code not in LET_IN, f"{operation.label} let in {case.body!r}"

    one()
    return seen


# the center's own threads draw their pauses from `random` while Hypothesis makes a request in this one
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.parametrize(
    "adapter", [pytest.param(name, marks=pytest.mark.whole if name in LARGE else (), id=name) for name in ADAPTERS]
)
def test_every_door_does_what_its_page_promises(adapter: str, tmp_path: Path) -> None:
    """Right forms and wrong ones, signed: only promised answers come, no fault of ours, and nothing wrong gets in."""
    with on_harness(adapter, tmp_path) as harness:
        seen: Counter[int] = Counter()
        for operation in operations(harness):
            seen += play(harness, operation, GenerationMode.POSITIVE, sign=True)
            if operation.path.startswith("/intake/"):
                seen += play(harness, operation, GenerationMode.NEGATIVE, sign=True)
                unsigned = play(harness, operation, GenerationMode.POSITIVE, sign=False)
                assert set(unsigned) == {401}, f"{operation.label} unsigned: {unsigned}"
    assert seen[202], "no form was taken: the doors were not really tried"
    assert seen[422]

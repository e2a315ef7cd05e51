"""Everything bad that can come to a center's HTTP doors, sent over real HTTP to a running center of each kind."""

import json
from pathlib import Path

import pytest

from bus.sdk import discovery
from bus.testing.samples import samples_of
from tests.harness.center import on_harness
from verification.corpus import http_items
from verification.corpus.http_items import ADAPTERS
from verification.corpus.items import SEED, Dealer
from verification.corpus.judge_http import judge

LARGE = ("civilization_center", "government_service")
"""``make corpus`` and ``make whole`` try their doors too, which are built like the other two."""


@pytest.mark.parametrize(
    "adapter", [pytest.param(name, marks=pytest.mark.whole if name in LARGE else (), id=name) for name in ADAPTERS]
)
def test_every_request_gets_its_answer_and_stores_nothing(adapter: str, tmp_path: Path) -> None:
    """Each is answered with its status and code; nothing of it is stored, logged, or told in an answer."""
    with on_harness(adapter, tmp_path) as harness:
        items = list(http_items.items(Dealer(SEED + ADAPTERS.index(adapter)), harness.samples))
        faults = list(judge(harness, items))
    assert len(items) >= 800
    assert not faults, "\n".join(["", *faults[:60], f"{len(faults)} in all"])


def test_every_form_of_every_adapter_is_tried() -> None:
    """A form without a sample would be a door that nobody has tried."""
    for adapter in ADAPTERS:
        found = discovery.find(adapter)
        assert {sample.form for sample in samples_of(found.package).ins} == set(found.center().forms)


def test_the_judge_sees_what_is_let_in(tmp_path: Path) -> None:
    """A door that takes a form which should be refused is found by the answer and by the store."""
    with on_harness("party_service", tmp_path) as harness:
        sample = next(sample for sample in harness.samples.ins if sample.form == "entry")
        body = json.dumps(sample.body, ensure_ascii=False).encode()
        good = http_items.HttpItem(
            "http: good", "good", "422:invalid", path="/intake/entry", body=body, sign=http_items.signed
        )  # fmt: skip
        faults = list(judge(harness, [good]))
    assert faults == ["http: good: good: 202:, expected 422:invalid", "something bad was stored"]

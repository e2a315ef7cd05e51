"""What the adapters of v0.1.0 said and did, ours do: forms as published, commands of forms, calls of messages."""

import importlib
import json
from typing import Any

import pytest

from bus.testing.samples import samples_of
from tests.fixtures.adapter_calls import HERE, OWN, calls, doubtful, forms, published

KINDS = sorted(OWN)


def told(kind: str) -> Any:
    """What was written down of the adapter of v0.1.0."""
    return json.loads((HERE / f"{kind}.json").read_text(encoding="utf-8"))


def center_of(kind: str) -> Any:
    """Today's adapter."""
    return importlib.import_module(f"adapters.{kind}.handlers").center


@pytest.mark.parametrize("kind", KINDS)
def test_forms_are_published_as_they_were(kind: str) -> None:
    """Names, titles, order and texts of every field of every form are those that integrators have built on."""
    assert json.dumps(published(center_of(kind))) == json.dumps(told(kind)["published"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_is_remembered_and_understood_as_it_was(kind: str) -> None:
    """Every sample becomes the same commands, and a form taken before the upgrade is known by its digest after it."""
    assert forms(center_of(kind), samples_of(f"adapters.{kind}")) == told(kind)["forms"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoilt_form_is_judged_as_it_was(kind: str) -> None:
    """What was taken is taken, and what was refused is refused with the same faults at the same fields."""
    assert doubtful(center_of(kind), samples_of(f"adapters.{kind}")) == told(kind)["doubtful"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_calls_what_it_called(kind: str) -> None:
    """In every variant and circumstance the same calls go to the center's system, under the same keys and links."""
    assert calls(center_of(kind), samples_of(f"adapters.{kind}")) == told(kind)["calls"]

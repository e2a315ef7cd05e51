"""Everything bad that can come over the road, before the real accept step on a real store."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bus.contract.codec import CODES
from verification.corpus import corpus
from verification.corpus.items import SEED, WireItem
from verification.corpus.judge_wire import WireJudge

WINDOW = 400
"""Bad and good share a commit, as they do behind a broker."""


@pytest.fixture(scope="module")
def items() -> list[WireItem]:
    """All of them, dealt once."""
    return corpus.wire()


def test_every_item_gets_its_verdict_and_nothing_of_it_is_told(tmp_path: Path, items: list[WireItem]) -> None:
    """Refused, parked, repeated or ignored as expected; no case changed by it; no resident in what is told outside."""
    judge = WireJudge(tmp_path)
    faults = [fault for window in corpus.windows(items, WINDOW) for fault in judge.judge(window)]
    judge.close()
    assert not faults, "\n".join(["", *faults[:60], f"{len(faults)} in all"])


def test_the_corpus_is_large_and_of_many_kinds(items: list[WireItem]) -> None:
    """At least 12,000 items of 50 kinds, each with bytes of its own, and every code of decode is met."""
    assert len(items) >= 12_000
    assert len({item.kind for item in items}) >= 50
    assert {item.verdict.partition(":")[2] for item in items} >= CODES
    assert len({item.body for item in items}) == len(items)


def test_the_same_seed_deals_the_same_bytes(items: list[WireItem]) -> None:
    """In another process, with other hashes, byte for byte; and another seed deals others."""
    program = "from verification.corpus import corpus; print(corpus.digest(corpus.wire()))"
    again = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300)
    assert again.stdout.strip() == corpus.digest(items)
    assert corpus.digest(corpus.wire(SEED + 1)) != corpus.digest(items)


def test_the_judge_can_say_no(tmp_path: Path, items: list[WireItem]) -> None:
    """A judge who finds every verdict right is worth nothing: each expectation turned round is found."""
    judge = WireJudge(tmp_path)
    one_each = {item.verdict.partition(":")[0]: item for item in items}
    others = Counter(one_each)
    for verdict, item in one_each.items():
        other = next(name for name in others if name != verdict)
        assert list(judge.judge([replace(item, verdict=other)])), f"{verdict} passed as {other}"
    judge.close()


def test_the_judge_finds_a_leak(tmp_path: Path, items: list[WireItem], monkeypatch: pytest.MonkeyPatch) -> None:
    """A canary in a parked reason is found, and named."""
    from bus.store import parked  # noqa: PLC0415 - to plant the fault where it is looked up

    plain = parked.row

    def telling(place: str, code: str, hint: str, **more: object) -> object:
        body = more["known_by"]
        assert isinstance(body, bytes)
        return plain(place, code, f"wrong near {body[-120:].decode(errors='replace')}", **more)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(parked, "row", telling)
    item = next(item for item in items if item.kind == "field: another type" and "case.urged" in item.name)
    judge = WireJudge(tmp_path)
    assert any("told outside" in fault for fault in judge.judge([item]))
    judge.close()

"""One commit a batch: what became of the last one is handed to the function that claims the next, and to no other."""

import pytest

from bus.pipeline.claim_cycle import ClaimCycle
from bus.store import StoreUnavailable


def _cycle() -> ClaimCycle[list[str], str]:
    return ClaimCycle(list)


def test_what_became_of_one_batch_is_written_when_the_next_is_claimed() -> None:
    """Both happen in one call; then nothing is left to be written."""
    cycle, written = _cycle(), []

    def record_and_claim(done: list[str]) -> str:
        written.append(done)
        return f"batch {len(written)}"

    assert cycle.next(record_and_claim) == ([], "batch 1")
    cycle.unrecorded = ["batch 1 was sent"]
    assert cycle.next(record_and_claim) == (["batch 1 was sent"], "batch 2")
    assert written == [[], ["batch 1 was sent"]]
    assert cycle.unrecorded == []


def test_what_cannot_be_written_now_is_kept_for_the_next_time() -> None:
    """The store is away: nothing is claimed, nothing is forgotten."""
    cycle = _cycle()
    cycle.unrecorded = ["sent"]

    def away(_done: list[str]) -> str:
        raise StoreUnavailable("away", passing=True)

    with pytest.raises(StoreUnavailable):
        cycle.next(away)
    assert cycle.unrecorded == ["sent"]


def test_before_the_process_leaves_it_is_handed_over_without_a_claim() -> None:
    """It is written alone, and once."""
    cycle = _cycle()
    cycle.unrecorded = ["sent"]
    assert (cycle.take(), cycle.take()) == (["sent"], [])

"""Defects of polls; the simulation's own system submits by itself and is not polled."""

from typing import Any

import pytest

import bus.pipeline.poll
from bus.bilingual import Bilingual
from bus.store import parked, polls
from verification.mutants.defect import tested

POLLS = Bilingual("询问测试", "poll tests")
CALLS = Bilingual("模拟中的业务系统会主动上报", "a simulated system calls by itself")
TESTS = "tests/unit/test_polls.py"


@tested(
    "先记下读到哪里，再接收表单", "keeps the cursor before the forms are taken in",
    f"{TESTS}::test_where_a_page_ended_is_written_with_its_forms", by=POLLS, why=CALLS,
)  # fmt: skip
def cursor_before_its_forms(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.poll._take

    def take(store: Any, deps: Any, asked: Any, now: Any, wake: Any) -> Any:
        store.write(lambda tx: polls.keep(tx, asked.poll, asked.page.cursor))
        return plain(store, deps, asked, now, wake)

    patch.setattr(bus.pipeline.poll, "_take", take)


@tested(
    "收不下的表单被丢弃", "drops a form of a page that cannot be taken in",
    f"{TESTS}::test_one_bad_form_is_parked_and_its_neighbours_are_taken_in[bad0-invalid]",
    f"{TESTS}::test_a_replay_asks_for_the_page_again",
    by=POLLS, why=CALLS,
)  # fmt: skip
def bad_form_of_a_page_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parked, "park", lambda _tx, _rows: None)

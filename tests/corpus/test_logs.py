"""Logs that are asked for and told, before the real receive and relay steps: no page stops the outbox or a recovery."""

from dataclasses import replace
from pathlib import Path

from verification.corpus import log_items
from verification.corpus.items import SEED, Dealer
from verification.corpus.judge_logs import LogJudge


def test_every_log_gets_its_verdict_and_the_outbox_goes_on(tmp_path: Path) -> None:
    """Whatever is asked or told, what is said to others leaves, and a recovery ends in an era that others accept."""
    judge = LogJudge(tmp_path)
    faults = list(judge.judge(log_items.items(Dealer(SEED))))
    judge.close()
    assert not faults, "\n".join(["", *faults[:60], f"{len(faults)} in all"])


def test_the_logs_are_many_and_of_many_kinds() -> None:
    """At least 500 items of 20 kinds, the same ones for the same seed."""
    items = list(log_items.items(Dealer(SEED)))
    assert len(items) >= 500
    assert len({item.kind for item in items}) >= 20
    assert items == list(log_items.items(Dealer(SEED)))


def test_the_judge_of_logs_can_say_no(tmp_path: Path) -> None:
    """Each expectation turned round is found."""
    one_each = {item.verdict: item for item in log_items.items(Dealer(SEED))}
    judge = LogJudge(tmp_path)
    for verdict, item in one_each.items():
        other = next(name for name in one_each if name != verdict)
        assert list(judge.judge([replace(item, verdict=other)])), f"{verdict} passed as {other}"
    judge.close()

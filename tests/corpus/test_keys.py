"""Key applications and directories that nobody may stumble over, and that must not be believed."""

from dataclasses import replace

import pytest

from verification.corpus import key_items
from verification.corpus.items import SEED, Dealer
from verification.corpus.judge_files import judge_keys
from verification.corpus.key_items import TAKEN, UNUSABLE, Hands, KeyItem


@pytest.fixture(scope="module")
def dealt() -> tuple[Hands, list[KeyItem]]:
    """Whose keys sign, and all items."""
    deal = Dealer(SEED)
    hands = Hands(deal)
    return hands, list(key_items.items(deal, hands))


def test_every_file_of_keys_gets_its_verdict_and_nothing_of_it_is_told(dealt: tuple[Hands, list[KeyItem]]) -> None:
    """Taken, or unusable in words and with the cure; never a traceback, and never another center's key or address."""
    hands, items = dealt
    faults = list(judge_keys(hands.operator.public, items))
    assert not faults, "\n".join(["", *faults[:60], f"{len(faults)} in all"])


def test_the_files_of_keys_are_many_and_of_many_kinds(dealt: tuple[Hands, list[KeyItem]]) -> None:
    """At least 500 items of 30 kinds, byte for byte the same for the same seed."""
    items = dealt[1]
    assert len(items) >= 500
    assert len({item.kind for item in items}) >= 30
    deal = Dealer(SEED)
    assert items == list(key_items.items(deal, Hands(deal)))


def test_the_judge_of_keys_can_say_no(dealt: tuple[Hands, list[KeyItem]]) -> None:
    """A verdict that is not met is told."""
    hands, items = dealt
    for verdict, other in ((TAKEN, UNUSABLE), (UNUSABLE, TAKEN)):
        item = next(item for item in items if item.verdict == verdict)
        assert list(judge_keys(hands.operator.public, [replace(item, verdict=other)]))

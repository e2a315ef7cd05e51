"""Lies about order: gaps that are never filled, sequences far ahead, epochs that never began, one place used twice."""

from collections.abc import Iterator
from dataclasses import replace

from bus.contract import messages as k
from bus.contract.epochs import EPOCH, MAX_AHEAD
from verification.simulation.lies.ground import Ground, Word
from verification.simulation.lies.values import LONG, drawn

ERAS = (1, 2, 99, 100, 101, 150, 2000, 2146)


def held_back(ground: Ground) -> Iterator[Word]:
    """Messages behind a gap that is never filled, small ones or large."""
    matter, to = ground.own_matter(), ground.someone()
    start = ground.draw.choice((2, 500, 10_000, 5 * EPOCH))
    long = ground.draw.random() < 0.3
    for place in range(start, start + ground.draw.choice((3, 20, 50))):
        yield Word(to, k.Urged(version=1, text=LONG if long else "缺口"), matter.subject, sequence=place)


def far_ahead(ground: Ground) -> Iterator[Word]:
    """A sequence that is never reached."""
    matter = ground.own_matter()
    place = ground.draw.choice((MAX_AHEAD + 1, MAX_AHEAD + 2, 999_999, EPOCH - 1, 2**31 - 1))
    yield Word(ground.someone(), drawn(ground, matter, k.Urged), matter.subject, sequence=place)


def another_era(ground: Ground) -> Iterator[Word]:
    """A later epoch, as if its store had been restored, once or two thousand times."""
    matter = ground.own_matter()
    place = ground.draw.choice(ERAS) * EPOCH + ground.draw.choice((0, 1, 2, MAX_AHEAD, 700_000))
    place = min(place, 2**31 - 1)
    yield Word(ground.someone(), drawn(ground, matter, k.Progressed), matter.subject, sequence=place)


def no_place(ground: Ground) -> Iterator[Word]:
    """A message about a case without a place in a lane."""
    matter = ground.own_matter()
    yield Word(ground.someone(), drawn(ground, matter, k.Accepted), matter.subject, sequence=0)


def repeated_otherwise(ground: Ground) -> Iterator[Word]:
    """One id and place with another body each time; or one place under another id."""
    matter, to = ground.own_matter(), ground.someone()
    first = Word(to, drawn(ground, matter, k.Offered, path=(), returns=()), matter.subject, id=ground.new_id())
    yield first
    for _ in range(2):
        again = replace(first, data=drawn(ground, matter, ground.draw.choice(k.CASE_KINDS)), sequence=-1)
        yield again if ground.draw.random() < 0.5 else replace(again, id=ground.new_id())

"""Lies about the holder of a case: valid moves at wrong times, false claims, and endless paths."""

from collections.abc import Iterator

from bus.contract import messages as k
from verification.simulation.lies.ground import Ground, Word
from verification.simulation.lies.values import LONG, WILD, drawn

MOVES = (k.Accepted, k.Declined, k.Withdrawn, k.Progressed, k.Resolved, k.Offered, k.AssistAnswered, k.Urged)
CLAIMS = (k.Accepted, k.Progressed, k.Resolved, k.Granted, k.Offered)


def move_at_a_wrong_time(ground: Ground) -> Iterator[Word]:
    """A message of the protocol with the right ids, to any center, at any time."""
    matter = ground.matter()
    yield Word(ground.hearer(matter), drawn(ground, matter, ground.draw.choice(MOVES)), matter.subject)


def any_word(ground: Ground) -> Iterator[Word]:
    """Any kind, with any contents."""
    matter = ground.matter()
    yield Word(ground.hearer(matter), drawn(ground, matter, ground.draw.choice(k.CASE_KINDS)), matter.subject)


def wild_version(ground: Ground) -> Iterator[Word]:
    """A claim of custody far above the known version, to several centers."""
    matter = ground.own_matter()
    wild = ground.draw.choice(WILD)
    for _ in range(ground.draw.randint(1, 3)):
        word = drawn(ground, matter, ground.draw.choice(CLAIMS), version=wild)
        yield Word(ground.someone(), word, matter.subject)


def climb(ground: Ground) -> Iterator[Word]:
    """Raise the version step by step to its limit: each step is believed."""
    matter, to = ground.own_matter(), ground.someone()
    yield Word(to, drawn(ground, matter, k.Offered, version=1, returns=(), path=()), matter.subject)
    for step in range(1, ground.draw.choice((3, 12))):
        word = drawn(ground, matter, k.Progressed, version=min(step * 1_000_000, 2**31 - 1))
        yield Word(to, word, matter.subject)


def ruling(ground: Ground) -> Iterator[Word]:
    """A ruling by a center that is not the arbiter."""
    matter = ground.matter()
    yield Word(ground.hearer(matter), drawn(ground, matter, k.Ruled), matter.subject)


def crowded_path(ground: Ground) -> Iterator[Word]:
    """Two offers of one case with different names in each path: together more than a record may hold."""
    matter, to = ground.own_matter(), ground.someone()
    for _ in range(2):
        path = ground.ghosts(ground.draw.choice((150, 199)))
        word = drawn(ground, matter, k.Offered, version=matter.version, path=path, returns=())
        yield Word(to, word, matter.subject)


def huge_body(ground: Ground) -> Iterator[Word]:
    """The largest body that the models allow."""
    matter = ground.own_matter()
    case = matter.case.model_copy(update={"text": LONG})
    returns = tuple(
        k.Return(offer_id=ground.new_id(), by=ground.ghost(), reason=k.Reason.OTHER, text="退" * 200, at=ground.now)
        for _ in range(50)
    )
    word = k.Offered(
        version=matter.version, offer_id=ground.new_id(), case=case, path=ground.ghosts(200), returns=returns, note=LONG
    )
    yield Word(ground.someone(), word, matter.subject)


def assist_flood(ground: Ground) -> Iterator[Word]:
    """Many requests for help in one case."""
    matter, to = ground.own_matter(), ground.someone()
    long = ground.draw.random() < 0.3
    for _ in range(ground.draw.choice((10, 40, 90))):
        ask = LONG if long else "求助"
        word = k.AssistRequested(version=matter.version, assist_id=ground.new_id(), case=matter.case, ask=ask)
        yield Word(to, word, matter.subject)


def offer_flood(ground: Ground) -> Iterator[Word]:
    """Many new cases for one center."""
    to = ground.someone()
    for _ in range(ground.draw.choice((5, 20, 40))):
        matter = ground.new_matter()
        yield Word(to, drawn(ground, matter, k.Offered, version=1, path=(), returns=()), matter.subject)


def urges_and_ratings(ground: Ground) -> Iterator[Word]:
    """Repeats of everything that a record counts or lists."""
    matter, to = ground.own_matter(), ground.someone()
    kind: type[k.CaseKind] = ground.draw.choice((k.Urged, k.Rated, k.Published, k.AssistAnswered))
    for _ in range(ground.draw.choice((5, 20))):
        yield Word(to, drawn(ground, matter, kind), matter.subject)

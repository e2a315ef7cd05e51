"""The rule of the independent witness: each message that the broker carried is one that its sender tells, and the other
way round. Pure: who reads the broker's journal and the facts makes the pairs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from bus.audit.finding import AT_ONCE, SECOND_MS, Code, Evidence, Violation
from bus.audit.view import Teller

LABEL_MS = 120 * SECOND_MS
"""The broker's journal is read every few seconds, and a fact comes in a lane of its own, which may wait for the
ledger's receipt behind four messages."""


class Label(NamedTuple):
    """What the broker's journal has of one message."""

    message_id: str
    sender: str
    recipient: str
    kind: str
    at_ms: int


class Said(NamedTuple):
    """What a fact tells of one message; ``case_id`` is the case."""

    message_id: str
    center: str
    peer: str
    kind: str
    at_ms: int
    case_id: str


Pair = tuple[Label | None, Said | None]


def unmet(pairs: Iterable[Pair], first_ms: Mapping[str, int]) -> Iterator[Violation]:
    """Pairs of which one half is missing, or that contradict each other. ``first_ms``: center → since when its facts
    are seen without a gap; nothing before, and no center without facts, is judged."""
    for label, said in pairs:
        if label is None and said is not None:
            yield from _unseen(said, first_ms)
        elif label is not None and not _meet(label, said):
            yield from _untold(label, said, first_ms)


def other_half_may_come(one: Violation, tellers: Mapping[str, Teller], read_ms: int) -> bool:
    """Whether the half that is missing may only be late: the center has told nothing of that time, or the broker's
    journal was read only up to ``read_ms``. A label without an id has no other half."""
    if one.code is Code.FACT_WITHOUT_LABEL:
        return one.since_ms >= read_ms
    return bool(one.subject) and one.center in tellers and tellers[one.center].reached_ms < one.since_ms


def _meet(label: Label, said: Said | None) -> bool:
    told = None if said is None else (said.center, said.peer, said.kind)
    return told == (label.sender, label.recipient, label.kind)


def _is_seen(center: str, at_ms: int, first_ms: Mapping[str, int]) -> bool:
    return center in first_ms and at_ms >= first_ms[center]


def _unseen(said: Said, first_ms: Mapping[str, int]) -> Iterator[Violation]:
    if _is_seen(said.center, said.at_ms, first_ms):
        shown = (Evidence(said.center, f"said {said.kind}", said.at_ms, None, None, said.peer, said.message_id),)
        yield Violation(
            Code.FACT_WITHOUT_LABEL, said.message_id, said.case_id, said.center, said.at_ms, LABEL_MS, shown
        )


def _untold(label: Label, said: Said | None, first_ms: Mapping[str, int]) -> Iterator[Violation]:
    if not _is_seen(label.sender, label.at_ms, first_ms):
        return
    shown = [Evidence(label.sender, f"label {label.kind}", label.at_ms, None, None, label.recipient, label.message_id)]
    if said is not None:
        shown.append(Evidence(said.center, f"said {said.kind}", said.at_ms, None, None, said.peer, said.message_id))
    # without an id it is no message of a center: no fact can ever meet it
    detail, patience = ("", LABEL_MS) if label.message_id else (label.recipient, AT_ONCE)
    code, about = Code.LABEL_WITHOUT_FACT, label.message_id
    yield Violation(code, about, detail, label.sender, label.at_ms, patience, tuple(shown))

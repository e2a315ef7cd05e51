"""The lies of a faulty member: each takes a ground, and yields messages that the schema allows."""

from collections.abc import Callable, Iterator

from verification.simulation.lies import control, custody, facts, lanes
from verification.simulation.lies.ground import Ground, Matter, Question, Word, a_case

Lie = Callable[[Ground], Iterator[Word]]

LIES: tuple[tuple[Lie, int], ...] = (
    (custody.move_at_a_wrong_time, 8),
    (custody.any_word, 8),
    (custody.wild_version, 2),
    (custody.climb, 1),
    (custody.ruling, 2),
    (custody.crowded_path, 1),
    (custody.huge_body, 1),
    (custody.assist_flood, 1),
    (custody.offer_flood, 1),
    (custody.urges_and_ratings, 1),
    (lanes.held_back, 1),
    (lanes.far_ahead, 1),
    (lanes.another_era, 1),
    (lanes.no_place, 1),
    (lanes.repeated_otherwise, 2),
    (control.log_storm, 1),
    (control.log_of_its_own, 1),
    (control.log_told, 3),
    (control.receipts, 2),
    (control.errors, 1),
)
"""Each lie, and its relative frequency."""

ABOUT_FACTS: tuple[tuple[Lie, int], ...] = (
    (facts.wild_facts, 10),
    (facts.flood_of_facts, 1),
    (facts.in_another_lane, 2),
)
"""Those that are also told where the county has a ledger."""

__all__ = ["ABOUT_FACTS", "LIES", "Ground", "Lie", "Matter", "Question", "Word", "a_case"]

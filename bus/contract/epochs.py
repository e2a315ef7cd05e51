"""Eras of a center: how its peers tell what it says from what it said before its store was put back to a backup.

A store that was put back has forgotten what it said since. Copies of that may still be on the road, and its sequences
would be used twice. So a restored center begins a new era: a million places further in every lane. Whatever comes
from it with an older sequence and was not applied yet is word of a time that no longer counts.
"""

EPOCH = 1_000_000
"""Places of an era, in each lane."""
MAX_AHEAD = 1000
"""A message so many places ahead of its lane is not held back but parked: no honest peer is so far ahead."""
MAX_EPOCHS_AHEAD = 100
"""Nor has an honest peer lost its store so many times since it was last heard."""
MAX_EPOCH = 2**31 // EPOCH - 1
"""A sequence is a CloudEvents Integer."""


def epoch_of(sequence: int) -> int:
    """The era in which a message with this sequence was said; for receipts and errors, too."""
    return sequence // EPOCH


def epoch_start(era: int) -> int:
    """The place before the first of this era. Receipts, errors and questions, which stand in no order, carry it."""
    return era * EPOCH

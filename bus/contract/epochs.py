"""Epoch fencing: how peers tell a center's messages after a restore from those before it.

A store restored from a backup has forgotten what its center said since. Copies of those messages may still be in
transit, and their sequences would be used twice. So a restored center begins a new epoch: a million places further in
every lane. Peers reject older sequences that they have not applied yet.
"""

EPOCH = 1_000_000
"""Places of an epoch, in each lane."""
MAX_AHEAD = 1000
"""Largest distance ahead of a lane at which a message is held back; beyond it the message is parked, since no honest
peer is so far ahead."""
MAX_EPOCHS_AHEAD = 100
"""Most epochs that a peer may skip at once: no honest peer loses its store so often unheard."""
MAX_EPOCH = 2**31 // EPOCH - 1
"""A sequence is a CloudEvents Integer."""


def epoch_of(sequence: int) -> int:
    """The epoch of a message with this sequence, also of receipts and errors."""
    return sequence // EPOCH


def epoch_start(era: int) -> int:
    """The place before the first of this epoch. Unordered messages (receipts, errors, log questions) carry it."""
    return era * EPOCH

"""Why a message that was due has not been handed to the transport: a value of the outbox row's ``trouble``."""

from enum import Enum


class NoKey(Enum):
    """What becomes of a message that no transport has seen."""

    NO_KEY = "no-key"
    """It could not be sealed, for the directory lists no key of the recipient."""
    CANNOT_BE_BUILT = "cannot-be-built"
    """What a peer is owed is no message of the contract. Whoever waits for it asks again, or sends again."""

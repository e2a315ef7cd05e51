"""Reasons why a due message was not handed to the transport: values of the outbox row's ``trouble``."""

from enum import Enum


class NoKey(Enum):
    """The outcome of a message that no transport has seen."""

    NO_KEY = "no-key"
    """It could not be encrypted: the directory lists no key of the recipient."""
    CANNOT_BE_BUILT = "cannot-be-built"
    """The owed control message would violate the contract. Its recipient asks again, or sends again."""

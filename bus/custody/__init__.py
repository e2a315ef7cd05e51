"""Custody: the protocol that gives a case exactly one custodian at any moment. Pure code, no clock, no store."""

from bus.custody.decide import RETURNS_BEFORE_ARBITER, decide, register
from bus.custody.hear_message import hear_message
from bus.custody.record import (
    EARLY,
    RULING_STEP,
    Assist,
    Decision,
    Opinion,
    Outgoing,
    Rating,
    ReceivedOffer,
    Record,
    Refusal,
    Result,
    SentOffer,
    Status,
)

__all__ = [
    "EARLY",
    "RETURNS_BEFORE_ARBITER",
    "RULING_STEP",
    "Assist",
    "Decision",
    "Opinion",
    "Outgoing",
    "Rating",
    "ReceivedOffer",
    "Record",
    "Refusal",
    "Result",
    "SentOffer",
    "Status",
    "decide",
    "hear_message",
    "register",
]

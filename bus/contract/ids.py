"""The source of ids: one seam, so that a simulation can draw them from a seed."""

from collections.abc import Callable
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

_deal: Callable[[], UUID] = uuid7


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): unique without a registry, and sorted by creation time."""
    return _deal()


def derived_id(namespace: UUID, content: str) -> UUID:
    """A UUIDv5 (RFC 9562): equal content gives an equal id, so an effect is recognised again after a loss."""
    return uuid5(namespace, content)


def draw_from(source: Callable[[], UUID]) -> Callable[[], UUID]:
    """Draw every later id from ``source``; for simulations, never in a running center. Returns the source before."""
    global _deal
    before, _deal = _deal, source
    return before

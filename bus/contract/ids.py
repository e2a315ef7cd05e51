"""Where identities come from: one seam, so that a simulation can deal them from a seed."""

from collections.abc import Callable
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

_deal: Callable[[], UUID] = uuid7


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): unique without a registry, and sorted by the time of its making."""
    return _deal()


def derived_id(namespace: UUID, content: str) -> UUID:
    """A UUIDv5 (RFC 9562): the same content always has the same, so that its effect is known again after a loss."""
    return uuid5(namespace, content)


def draw_from(source: Callable[[], UUID]) -> None:
    """Draw every later identity from ``source``; for simulations, never in a running center."""
    global _deal  # noqa: PLW0603 - the seam itself
    _deal = source

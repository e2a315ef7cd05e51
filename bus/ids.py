"""Where identities come from: one seam, so that a simulation can deal them from a seed."""

from collections.abc import Callable
from uuid import UUID

from uuid_utils.compat import uuid7

_deal: Callable[[], UUID] = uuid7


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): unique without a registry, and sorted by the time of its making."""
    return _deal()


def deal_from(source: Callable[[], UUID]) -> None:
    """Draw every later identity from ``source``; for simulations, never in a running center."""
    global _deal  # noqa: PLW0603 - the seam itself
    _deal = source

"""Time as the store keeps it: whole milliseconds since 1970, UTC."""

from datetime import datetime


def ms(at: datetime) -> int:
    """Whole milliseconds since 1970, UTC."""
    return int(at.timestamp() * 1000)

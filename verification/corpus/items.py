"""One item of the corpus: bad input, its entry point, and its expected verdict.

Everything is drawn from a seed, so that the same seed gives the same bytes. Every item with text holds a canary of its
own, a fictitious resident. If a canary turns up outside, it shows the leak and its item.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from bus.custody import Record

SEED = 20261123
ME = "party_service-150402006"
"""The center under test."""
PEER = "media_center-150402"
"""The default sender."""
OTHER = "civilization_center-150402"
THIRD = "government_service-150402"
ARBITER = "command_center-150402"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

Json = dict[str, Any]
Spot = tuple[str | int, ...]

SIGN = re.compile(r"金丝雀(\d{5})|\\u91d1\\u4e1d\\u96c0(\d{5})|0199-(\d{5})-7742")
"""Finds any canary in any text, plain or escaped, and the number of its item."""


@dataclass(frozen=True, slots=True)
class Canary:
    """The fictitious resident of one item."""

    number: int

    @property
    def word(self) -> str:
        """A name, and the beginning of every text."""
        return f"金丝雀{self.number:05d}"

    @property
    def phone(self) -> str:
        """A number that nobody has."""
        return f"0199-{self.number:05d}-7742"


class Dealer:
    """Draws ids, choices and canaries from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - the same items every time is the point
        self._canaries = 0

    def id(self) -> UUID:
        """An id in the format of a UUIDv7."""
        bits = self.random.getrandbits(128)
        return UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | (0x7 << 76) | (0x2 << 62))

    def canary(self) -> Canary:
        """The next canary; no two items share one."""
        self._canaries += 1
        return Canary(self._canaries)


@dataclass(frozen=True, slots=True)
class WireItem:
    """Bytes that arrive as a message.

    ``verdict``: ``applied``, ``superseded``, ``held``, ``refused:CODE`` (by receipt, and parked), ``parked:CODE`` (no
    receipt), ``repeated:VERDICT``, and for receipts and errors ``receipted``, ``refused-by-peer:CODE``, ``noted:CODE``
    or ``ignored``."""

    kind: str
    name: str
    body: bytes
    verdict: str
    message_id: str = ""
    """The id under which a receipt is looked for; empty if none can come."""
    case_id: str = ""
    sender: str | None = PEER
    """The sender attested by the transport."""
    past: Record | None = None
    """The center's record of the case before."""
    before: tuple[bytes, ...] = ()
    """The messages that it has received before."""
    said: str = ""
    """The recipient of a message of this center that waits in the outbox, whose id is ``about``."""
    about: str = ""
    """The subject of a receipt or an error."""


def raw(document: object) -> bytes:
    """The document's bytes on the wire."""
    return json.dumps(document, ensure_ascii=False).encode()

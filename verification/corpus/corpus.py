"""The whole corpus, generated from one seed."""

import hashlib
from collections.abc import Iterator

from verification.corpus import wire_bytes, wire_custody, wire_envelopes, wire_fields, wire_receipts
from verification.corpus.items import SEED, Dealer, WireItem


def wire(seed: int = SEED) -> list[WireItem]:
    """All items that arrive as messages."""
    deal = Dealer(seed)
    rooms = (wire_bytes, wire_envelopes, wire_fields, wire_custody, wire_receipts)
    found = {item.body: item for room in rooms for item in room.items(deal)}  # cuts at byte 7 are alike
    return list(found.values())


def windows(items: list[WireItem], size: int) -> Iterator[list[WireItem]]:
    """Batches of ``size``, as a broker's prefetch delivers them."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def digest(items: list[WireItem]) -> str:
    """One hash over the bytes and verdicts of all items."""
    seen = hashlib.sha256()
    for item in items:
        seen.update(repr((item.kind, item.name, item.body, item.verdict, item.before)).encode())
    return seen.hexdigest()

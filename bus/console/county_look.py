"""The look at a county: the ledger's own, and what is known of each center."""

from dataclasses import replace

from bus.console.center_look import Look
from bus.console.county_seen import of_center, seen
from bus.console.doors import Doors
from bus.store.database import Store, StoreUnavailable


def with_county(look: Look, store: Store, doors: Doors) -> Look:
    """The look at a ledger, with what the doors and the ledger tell of each center."""
    if not doors.centers:
        return look
    try:
        with store.reading() as tx:
            return replace(look, county=seen(tx, doors))
    except StoreUnavailable:  # its own look says so; what the doors tell does not need the ledger
        return replace(look, county=[of_center(center, doors, {}, {}) for center in doors.centers])

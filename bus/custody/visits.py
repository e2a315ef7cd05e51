"""Visits (上门): when somebody comes to the resident, and whether somebody came. Pure."""

from datetime import datetime

from bus.contract import messages as k
from bus.custody.casework import Appointment

APPOINTED, VISITED, UNMET = "appointed", "visited", "unmet"
"""Stages of progress: a visit has a day; somebody came; somebody came and met nobody."""


def appointment_after(known: Appointment | None, data: k.Progressed, said_at: datetime) -> Appointment | None:
    """Return the visit that is awaited after this progress. A new one replaces the old one, and one without an hour
    leaves none to wait for; whoever came, whether or not the resident was met, has kept it."""
    if data.stage == APPOINTED and data.at is not None:
        return Appointment(at=data.at, made_at=said_at)
    return None if data.stage in (APPOINTED, VISITED, UNMET) else known

"""What is done with a case from its page: urged, sent elsewhere, put before its arbiter, or ruled by two persons.

Custody decides each, and the center's own process carries it out; the page of the operation says how it went.
"""

from starlette.responses import Response

from bus.console.visit import Visit
from bus.contract.messages import Ground
from bus.contract.staff_command import Act


def urge(visit: Visit) -> Response:
    """Urge the center that has the case, or its offer."""
    return visit.begin(Act.URGE, items=(str(visit.id),))


def ask_arbiter(visit: Visit) -> Response:
    """Ask the arbiter for a ruling."""
    ground = next((one for one in Ground if one.value == visit.form.get("ground")), None)
    return visit.begin(Act.ASK_ARBITER, items=(str(visit.id),), ground=ground)


def redirect(visit: Visit) -> Response:
    """Preview: what waits for a center that is closed or merged goes to another one. It is of all cases, so its set is
    looked at first."""
    return visit.begin(Act.REDIRECT, peer=visit.form.get("peer", "").strip(), to=_to(visit), preview=True)


def reclaim(visit: Visit) -> Response:
    """Rule that a center has the case from now on. A second person approves it on the operation's page."""
    return visit.begin(Act.RECLAIM, items=(str(visit.id),), to=_to(visit))


def _to(visit: Visit) -> str:
    return visit.form.get("to", "").strip()

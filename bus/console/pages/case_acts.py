"""What is done with a case from its page: urged, sent elsewhere, put before its arbiter, or ruled by two persons.

Custody decides each, and the center's own process carries it out; the page of the operation says how it went.
"""

from starlette.responses import Response

from bus.console.refusals import refused
from bus.console.visit import Visit, path_of
from bus.contract.messages import Ground
from bus.contract.staff_command import Act
from bus.operations.rights import CommandRefused


def urge(visit: Visit) -> Response:
    """Urge the center that has the case, or its offer."""
    return _begun(visit, Act.URGE, items=(str(visit.id),))


def ask_arbiter(visit: Visit) -> Response:
    """Ask the arbiter for a ruling."""
    ground = next((one for one in Ground if one.value == visit.form.get("ground")), None)
    return _begun(visit, Act.ASK_ARBITER, items=(str(visit.id),), ground=ground)


def redirect(visit: Visit) -> Response:
    """Preview: what waits for a center that is closed or merged goes to another one. It is of all cases, so its set is
    looked at first."""
    return _begun(visit, Act.REDIRECT, peer=visit.form.get("peer", "").strip(), to=_to(visit), preview=True)


def reclaim(visit: Visit) -> Response:
    """Rule that a center has the case from now on. A second person approves it on the operation's page."""
    return _begun(visit, Act.RECLAIM, items=(str(visit.id),), to=_to(visit))


def _to(visit: Visit) -> str:
    return visit.form.get("to", "").strip()


def _begun(visit: Visit, act: Act, **fields: object) -> Response:
    why = visit.form.get("why", "").strip() or act.value
    try:
        answer = visit.at.give(visit, act, why, command_id=visit.command_id, **fields)
    except CommandRefused as no:
        return refused(visit, no)
    return visit.go(path_of("operations", str(answer["operation"]["id"]), center=visit.center))

"""操作: what persons have set going, live and afterwards."""

from typing import Any
from uuid import uuid4

from starlette.responses import Response

from bus.console.visit import Visit, path_of
from bus.contract.staff_command import Act


def listed(visit: Visit) -> Response:
    """All operations, the newest first."""
    return visit.page("operations.html", operations=visit.console.scope.operations())


def operation(visit: Visit) -> Response:
    """One operation: how far it is, and what became of its items."""
    found = visit.at.operation(visit.id)
    if found is None:
        return visit.fault(404, "没有这项操作", "there is no such operation")
    return visit.page("operation.html", operation=found, command=str(uuid4()))


def run(visit: Visit) -> Response:
    """Carry out what a preview has frozen."""
    return _on(visit, Act.RUN)


def stop(visit: Visit) -> Response:
    """Leave the rest undone."""
    return _on(visit, Act.STOP)


def approve(visit: Visit) -> Response:
    """The second person's word, for exactly what stands on the page."""
    return _on(visit, Act.APPROVE, digest=visit.form.get("digest", ""))


def pause(visit: Visit) -> Response:
    """Pause a peer or a kind, or end a pause."""
    given: dict[str, Any] = {name: visit.form[name] for name in ("peer", "kind") if visit.form.get(name)}
    wanted = Act.RESUME if visit.form.get("act") == "resume" else Act.PAUSE
    visit.give(wanted, **given)
    return visit.go("/system")


def _on(visit: Visit, wanted: Act, **fields: object) -> Response:
    visit.give(wanted, operation=visit.id, **fields)
    return visit.go(path_of("operations", str(visit.id), center=visit.center))

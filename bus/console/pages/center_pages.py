"""态势 and 系统: whether all is well, and what the whole stands on."""

from uuid import uuid4

from starlette.responses import Response

from bus.console import curves
from bus.console.causes import cause_of
from bus.console.findings import Finding
from bus.console.visit import Visit, path_of
from bus.console.watch import DAY, HOUR


def overview(visit: Visit) -> Response:
    """The first page: findings worst first, a tile for each center, and curves."""
    seen = visit.console.watch.seen
    found = [(one, cause_of(one), _where(one)) for one in (seen.findings if seen is not None else ())]
    return visit.page("overview.html", found=found, curves=curves.NAMES)


def _where(found: Finding) -> str:
    """The page on which a finding is mended."""
    if found.code == "audited":
        return path_of("findings")
    if found.group is None:
        return ""
    place, code, peer = found.group
    return path_of("stuck", "group", center=found.center, place=place, code=code, peer=peer)


def system(visit: Visit) -> Response:
    """The broker's nodes and queues, the center's own process, and pauses."""
    return visit.page("system.html", command=str(uuid4()))


def curve(visit: Visit) -> Response:
    """One curve as an image."""
    name = visit.parts["name"]
    if name not in curves.NAMES:
        return visit.fault(404, "没有这条曲线", "there is no such curve")
    span = DAY if visit.query.get("span") == "day" else HOUR
    dark = visit.query.get("shade") == "dark"
    image = curves.image(name, visit.console.watch.samples(span), dark=dark, words=visit.words)
    return Response(image, media_type="image/svg+xml")

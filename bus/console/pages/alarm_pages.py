"""告警: incidents that last and that were cleared, and who has taken them."""

from starlette.responses import Response

from bus.console.alarming import words_of
from bus.console.scope import PAGE
from bus.console.visit import Visit, path_of, place_of
from bus.store import incidents
from bus.store.incidents import State
from bus.store.timestamps import ms


def listed(visit: Visit) -> Response:
    """The incidents that last, and the last ones that were cleared."""
    with visit.console.store.reading() as tx:
        lasting = incidents.lasting(tx)
        cleared = incidents.cleared(tx, place_of(visit.query.get("after", "")), PAGE)
        untold = incidents.untold(tx)
    more = path_of("alarms", after=f"{cleared[-1].cleared_ms}.{cleared[-1].id}") if len(cleared) == PAGE else ""
    return visit.page(
        "alarms.html", lasting=[(one, words_of(one)) for one in lasting], more=more, untold=untold,
        cleared=[(one, words_of(one)) for one in cleared], receivers=visit.console.receivers, open=State.OPEN,
    )  # fmt: skip


def acknowledge(visit: Visit) -> Response:
    """Take an incident. A second click, or a second person, changes nothing: the page shows who has it."""
    visit.console.store.write(lambda tx: incidents.acknowledge(tx, str(visit.id), visit.person.name, ms(visit.now)))
    return visit.go("/alarms")

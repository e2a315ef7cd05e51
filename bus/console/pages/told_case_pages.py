"""案件 at a ledger: lists by holder, state and date, and the way of one case, from what centers have told."""

from uuid import uuid4

from starlette.responses import Response

from bus.console import told_cases
from bus.console.case_sentence import sentence
from bus.console.case_words import GROUNDS, STATES
from bus.console.scope import PAGE
from bus.console.swim_lanes import Lanes, drawn
from bus.console.visit import Visit, path_of, place_of
from bus.store import ledger_lists
from bus.store.ledger_lists import ToldFilter
from bus.store.timestamps import ms


def listed(visit: Visit) -> Response:
    """The cases that fit, the oldest first; a short number or an id leads to the case itself."""
    status, overdue = visit.query.get("status", ""), visit.query.get("overdue", "")
    asked = ToldFilter(
        status if status in STATES else "", visit.query.get("peer", "").strip(), ms(visit.now) if overdue else None
    )
    text, store = visit.query.get("q", "").strip(), visit.console.scope.store
    if text and (case_id := told_cases.named(store, text)) is not None:
        return visit.go(path_of("cases", str(case_id)))
    with store.reading() as tx:
        rows = ledger_lists.wanted(tx, asked, place_of(visit.query.get("after", "")), PAGE)
    more = ""
    if len(rows) == PAGE:
        last = f"{rows[-1].opened_ms}.{rows[-1].case_id}"
        more = path_of("cases", status=asked.status, peer=asked.peer, overdue=overdue, after=last)
    return visit.page(
        "told_cases.html", rows=rows, more=more, asked=asked, text=text, states=STATES, now_ms=ms(visit.now)
    )


def case(visit: Visit) -> Response:
    """One case: who has it, its way, and what each center has told."""
    found = told_cases.case(visit.console.scope.store, visit.id)
    if not found.states and not found.facts:
        return visit.fault(404, "总账没有这个案件", "the ledger knows no such case")
    way = told_cases.way(found.facts)
    first = found.states[0].origin if found.states else found.facts[0].center
    standing = found.standing
    return visit.page(
        "told_case.html", sentence=sentence(standing, visit.words) if standing is not None else "",
        told=found, latest=found.latest, lanes=drawn(Lanes(first, way, visit.words)),
        case_id=str(visit.id), command=str(uuid4()), grounds=GROUNDS,
        at=[one for one in found.centers if one in visit.console.scope.centers],
    )  # fmt: skip

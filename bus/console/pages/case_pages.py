"""案件: lists of cases, and the page of one."""

from uuid import uuid4

from starlette.responses import Response

from bus.console.case_words import GROUNDS, STATES
from bus.console.pages import told_case_pages
from bus.console.scope import PAGE
from bus.console.swim_lanes import Lanes, drawn
from bus.console.visit import Visit, path_of
from bus.store.case_lists import CaseFilter
from bus.store.timestamps import ms


def listed(visit: Visit) -> Response:
    """The cases that fit, the oldest first; a number, a short number or an id leads to the case itself."""
    status = visit.query.get("status", "")
    peer = visit.query.get("peer", "").strip()
    overdue_ms = ms(visit.now) if visit.query.get("overdue") else None
    asked = CaseFilter(status if status in STATES else "", peer, None, overdue_ms)
    after = _after(visit.query.get("after", ""))
    if visit.console.scope.is_ledger:
        return told_case_pages.listed(visit, asked, after)
    text = visit.query.get("q", "").strip()
    if text:
        case_id = visit.console.scope.named(text)
        if case_id is not None:
            return visit.go(path_of("cases", str(case_id)))
    rows = visit.console.scope.cases(asked, after)
    more = ""
    if len(rows) == PAGE:
        last = f"{rows[-1].opened_ms}.{rows[-1].case_id}"
        more = path_of("cases", status=status, peer=peer, overdue=visit.query.get("overdue", ""), after=last)
    return visit.page("cases.html", rows=rows, more=more, asked=asked, text=text, states=STATES, now_ms=ms(visit.now))


def _after(text: str) -> tuple[int, str] | None:
    moment, _, case_id = text.partition(".")
    return (int(moment), case_id) if moment.isdecimal() and case_id else None


def case(visit: Visit) -> Response:
    """One case: who has it, how it went, and what waits."""
    if visit.console.scope.is_ledger:
        return told_case_pages.case(visit)
    found = visit.console.scope.case(visit.id)
    if found.record is None and not found.journal:
        return visit.fault(404, "本中心没有这个案件", "there is no such case at this center")
    lanes = Lanes(visit.console.scope.center, found.journal, visit.words)
    return visit.page(
        "case.html", seen_case=found, record=found.record, lanes=drawn(lanes), case_id=str(visit.id),
        command=str(uuid4()), grounds=GROUNDS, at=(),
    )  # fmt: skip

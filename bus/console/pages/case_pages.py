"""案件: lists of cases, and the page of one."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

from starlette.responses import Response

from bus.bilingual import Bilingual
from bus.console.case_sentence import of_record, sentence
from bus.console.case_words import GROUNDS, STATES
from bus.console.pages import told_case_pages
from bus.console.scope import CaseList
from bus.console.swim_lanes import Lanes, drawn
from bus.console.visit import Visit, path_of, place_of
from bus.figures.period import NotAPeriod
from bus.figures.states import STREET
from bus.operations.case_names import CaseUnclear
from bus.store.case_search import Listing, Place, Wanted
from bus.store.timestamps import ms

FIELDS = ("list", "status", "category", "street", "peer", "from", "to", "days")
SILENT_DAYS, MOST_DIGITS = 7, 5
"""After how many days without a change a case counts as silent, where nobody says; and digits of what somebody says."""
LISTS: Mapping[Listing, Bilingual] = {
    Listing.ALL: Bilingual("全部", "All"),
    Listing.OVERDUE: Bilingual("超期", "Overdue"),
    Listing.ROUND: Bilingual("多次转办", "Going round"),
    Listing.OFFERED: Bilingual("转出待接", "Offered, unanswered"),
    Listing.STRANDED: Bilingual("无人可转", "Routed to nobody"),
    Listing.SILENT: Bilingual("久无动静", "Silent"),
}
"""The lists, in the order of their links."""
UNKNOWN = Bilingual("没有这个编号；请核对，或到其他中心查。", "No such number here: check it, or ask another center.")


def listed(visit: Visit) -> Response:
    """One list of cases; what a person knows of one case leads to that case."""
    if visit.console.scope.is_ledger:
        return told_case_pages.listed(visit)
    text, trouble, found = visit.query.get("q", "").strip(), "", CaseList([], None)
    try:
        if text:
            named = visit.console.scope.named(text)
            if len(named) == 1:
                return visit.go(path_of("cases", str(named[0])))
            found = visit.console.scope.these(named)
            trouble = "" if named else visit.words.pick(UNKNOWN)
        else:
            found = visit.console.scope.cases(_wanted(visit), _after(visit))
    except CaseUnclear as unclear:
        trouble = visit.words.pick(unclear.words)
    except NotAPeriod:
        trouble = visit.words.text("日期写成 2026-07-01", "write a day as 2026-07-01")
    query = {name: visit.query.get(name, "").strip() for name in FIELDS}
    more = path_of("cases", **query, after=f"{found.more.key}.{found.more.case_id}") if found.more else ""
    return visit.page(
        "cases.html", rows=found.rows, more=more, query=query, text=text, trouble=trouble, states=STATES, lists=LISTS,
        chosen=_listing(visit), links={one: path_of("cases", list=one.value) for one in LISTS},
    )  # fmt: skip


def _listing(visit: Visit) -> Listing:
    name = visit.query.get("list", "")
    return Listing(name) if name in set(Listing) else Listing.ALL


def _wanted(visit: Visit) -> Wanted:
    """What is looked for. Raises ``NotAPeriod``."""
    query, listing = visit.query, _listing(visit)
    reckoning, status = visit.console.scope.reckoning, query.get("status", "")
    begin, last, days = query.get("from", ""), query.get("to", ""), query.get("days", "")
    unchanged = timedelta(days=int(days) if days.isdecimal() and len(days) < MOST_DIGITS else SILENT_DAYS)
    return Wanted(
        listing,
        status if status in STATES else "",
        query.get("category", "").strip(),
        query.get("street", "").strip()[:STREET],
        query.get("peer", "").strip(),
        ms(reckoning.moment(begin)) if begin else 0,
        ms(reckoning.moment(last) + timedelta(days=1)) if last else 0,
        ms(visit.now - unchanged) if listing is Listing.SILENT else ms(visit.now),
    )


def _after(visit: Visit) -> Place | None:
    found = place_of(visit.query.get("after", ""))
    return Place(*found) if found is not None else None


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
        sentence=sentence(of_record(found.record), visit.words) if found.record is not None else "",
    )  # fmt: skip

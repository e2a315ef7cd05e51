"""统计 and 稽核: figures with both numbers beside each rate, the cases behind them, and what the auditor has found."""

from datetime import datetime, timedelta
from typing import NamedTuple

from starlette.responses import Response

from bus.audit import cure, what
from bus.console import exports
from bus.console.counting import PATIENCE_FOR_A_FILE, Answer, Counting
from bus.console.scope import PAGE
from bus.console.visit import Visit, path_of
from bus.figures.definitions import OF_A_LEDGER, Part
from bus.figures.period import CHINA, NotAPeriod, Period
from bus.store.ledger_cases import FIRST, Behind


class Wanted(NamedTuple):
    """The period that a page counts, as it stood before a moment."""

    period: Period
    until: datetime
    is_now: bool
    """Whether the present is asked for, and not a moment."""

    @property
    def fields(self) -> dict[str, str]:
        """The same, for the page's form and its links."""
        last = self.period.end - timedelta(days=1)
        written = (self.period.begin, last, self.until)
        begin, end, until = (moment.astimezone(CHINA) for moment in written)
        return {"from": f"{begin:%Y-%m-%d}", "to": f"{end:%Y-%m-%d}", "as_of": until.isoformat(timespec="seconds")}

    def counted(self, counting: Counting) -> Answer | None:
        """The figures; None: they are being counted. Raises ``StoreUnavailable``."""
        return counting.now(self.period, self.until) if self.is_now else counting.as_of(self.period, self.until)


def figures(visit: Visit) -> Response:
    """Each figure of a period, with its numbers and its formula."""
    try:
        wanted = _wanted(visit)
    except NotAPeriod:
        return visit.fault(
            400, "日期写成 2026-07-01，期末不早于期初", "write a day as 2026-07-01; it ends after it begins"
        )
    answer = wanted.counted(visit.console.counting)
    if answer is None:
        return visit.page("figures.html", counting=True, fields=wanted.fields, exports={})
    fields = wanted._replace(until=answer.until).fields
    behind = {
        (one.figure.code, side): path_of("figures", "cases", figure=one.figure.code, side=side, **fields)
        for one in answer.counted
        for side in ("numerator", "denominator")
    }
    return visit.page(
        "figures.html", counting=False, counted=answer.counted, fields=fields, behind=behind,
        exports={form: path_of("figures", "export", form, **fields) for form in exports.FORMS},
    )  # fmt: skip


def _wanted(visit: Visit) -> Wanted:
    """What is asked for; without a word the month of now. Raises ``NotAPeriod``."""
    reckoning, query = visit.console.scope.reckoning, visit.query
    as_of = query.get("as_of", "")
    until = reckoning.moment(as_of) if as_of else visit.now.replace(microsecond=0)  # links have whole seconds
    known = reckoning.month_of(until)
    begin = reckoning.moment(query["from"]) if query.get("from") else known.begin
    end = reckoning.moment(query["to"]) + timedelta(days=1) if query.get("to") else known.end
    return Wanted(Period(begin, end), until, not as_of)


def export(visit: Visit) -> Response:
    """The same figures as a file."""
    form = visit.parts["form"]
    try:
        wanted = _wanted(visit)
    except NotAPeriod:
        form = ""
    if form not in exports.FORMS:
        return visit.fault(404, "没有这种文件", "there is no such file")
    answer = visit.console.counting.as_of(wanted.period, wanted.until, PATIENCE_FOR_A_FILE)
    if answer is None:
        return visit.go(path_of("figures", **wanted.fields))
    rows = exports.rows(
        visit.console.scope.center, answer.counted, wanted._replace(until=answer.until).fields, visit.words
    )
    name = f"{visit.console.scope.center}-{wanted.fields['from']}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(exports.FORMS[form].write(rows), media_type=exports.FORMS[form].media_type, headers=headers)


def behind(visit: Visit) -> Response:
    """The cases that a ledger has counted for one number of a figure, by their ids."""
    part = _part(visit)
    if part is None or not visit.console.scope.is_ledger:
        return visit.fault(404, "只有总账能列出指标背后的案件", "a ledger alone lists the cases behind a figure")
    try:
        wanted = _wanted(visit)
    except NotAPeriod:
        return visit.fault(400, "日期写成 2026-07-01", "write a day as 2026-07-01")
    found = visit.console.scope.behind(part, wanted.period, wanted.until, _after(visit.query.get("after", "")))
    more = ""
    if len(found) == PAGE:
        last = "/".join(str(one) for one in found[-1])
        asked = {name: visit.query.get(name, "") for name in ("figure", "side")}
        more = path_of("figures", "cases", **asked, **wanted.fields, after=last)
    return visit.page("behind.html", found=found, more=more, part=part.value)


def _part(visit: Visit) -> Part | None:
    chosen = next((one for one in OF_A_LEDGER if one.code == visit.query.get("figure")), None)
    if chosen is None:
        return None
    return chosen.denominator if visit.query.get("side") == "denominator" else chosen.numerator


def _after(text: str) -> Behind:
    center, subject, version = (*text.split("/"), "", "", "")[:3]
    return Behind(center, subject, int(version)) if center and subject and version.isdecimal() else FIRST


def findings(visit: Visit) -> Response:
    """What the auditor of the ledger has found, the oldest first; or what was cleared."""
    cleared = bool(visit.query.get("cleared"))
    found = [(one, what(one), cure(one)) for one in visit.console.scope.findings(cleared=cleared)]
    return visit.page("findings.html", found=found, cleared=cleared)

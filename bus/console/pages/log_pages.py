"""操作记录: who has done what, when, why and with what outcome, and whether the record is whole."""

from typing import NamedTuple
from uuid import UUID

from starlette.responses import Response

from bus.bilingual import Bilingual
from bus.console.scope import PAGE
from bus.console.visit import Visit, path_of
from bus.operations import noted
from bus.operations.act_words import act_words
from bus.store.access_log import Access
from bus.store.timestamps import ms


class Line(NamedTuple):
    """One entry, for a person."""

    entry: Access
    what: Bilingual
    about: str
    """The page of what it is about; empty: it has none."""
    why: Bilingual
    """The reason, or of an operation's end the outcome."""


def listed(visit: Visit) -> Response:
    """The entries, the newest first, and whether the chain is whole."""
    before = visit.query.get("before", "")
    entries = visit.console.scope.log(int(before) if before.isdecimal() else 0)
    more = path_of("operation-log", before=str(entries[-1].number)) if len(entries) == PAGE else ""
    seen = visit.console.watch.seen
    slow = seen.look.slow if seen is not None else None
    return visit.page("log.html", lines=[_line(one) for one in entries], more=more, slow=slow)


def explained(visit: Visit) -> Response:
    """An administrator has looked at the breaks: this is noted, and from here on the record counts as it is."""
    why = visit.form.get("why", "").strip()
    if not why or visit.console.chain is None:
        return visit.fault(400, "请写明查明的原因", "say what the reason was")
    visit.console.scope.explained(visit, why)
    visit.console.chain.explained(ms(visit.now))
    return visit.go("/operation-log")


def _line(entry: Access) -> Line:
    kind, _, act = entry.what.partition(" ")
    words = act_words(act)
    plain = Bilingual(entry.why, entry.why)
    operation = path_of("operations", entry.case_id)
    match kind:
        case noted.DID:
            return Line(entry, words, operation, plain)
        case noted.ENDED:
            return Line(entry, Bilingual(f"{words.zh}：结果", f"{words.en}: outcome"), operation, _outcome(entry.why))
        case noted.REFUSED:
            return Line(entry, Bilingual("操作被拒", "refused"), "", plain)
        case noted.EXPLAINED:
            return Line(entry, Bilingual("确认记录的缺损", "breaks of this record were explained"), "", plain)
        case "erased":
            return Line(entry, Bilingual("抹除案件", "case erased"), "", plain)
        case _:
            case = path_of("cases", entry.case_id) if _is_case(entry.case_id) else ""
            return Line(entry, Bilingual(f"查看：{entry.what}", f"read: {entry.what}"), case, plain)


def _is_case(told: str) -> bool:
    """Whether it is the id of a case; what somebody has tampered with may be anything."""
    try:
        return UUID(told).int != 0
    except ValueError:
        return False


def _outcome(told: str) -> Bilingual:
    """The words of ``noted.ended``."""
    state, done, again, refused, code = (*told.split(" "), "", "", "", "", "")[:5]
    ways = {"done": Bilingual("完成", "done"), "stopped": Bilingual("已停止", "stopped")}
    words, (count, _, size) = ways.get(state, Bilingual(state, state)), done.partition("/")
    zh, en = f"{words.zh}，已办 {count} / 共 {size}", f"{words.en}, {count} of {size}"
    if again not in ("", "0"):
        zh, en = f"{zh}，又卡住 {again}", f"{en}, stuck again: {again}"
    if refused not in ("", "0"):
        zh, en = f"{zh}，被拒 {refused}", f"{en}, refused: {refused}"
    return Bilingual(f"{zh}（{code}）", f"{en} ({code})") if code else Bilingual(zh, en)

"""Everything a center might wish to do with a case, sensible or not."""

from datetime import timedelta
from uuid import UUID

from bus.contract import messages as k
from bus.custody import RETURNS_BEFORE_ARBITER, Record, Refusal, decide
from bus.custody import commands as c
from bus.custody.casework import ListedPaper, PlanStep
from bus.custody.more_time import Granting
from tests.unit.custody_model.cases import NOW


def wishes(record: Record, centers: tuple[str, ...], turn: int) -> list[c.Command]:
    """The commands that ``record``'s center could try; ``turn`` decides whom they name, and that few bids are taken
    back: most wait for their answer."""
    on: UUID = record.case.case_id
    others = tuple(center for center in centers if center != record.me)
    one = others[turn % len(others)]
    several = tuple(dict.fromkeys(others[(turn + step) % len(others)] for step in range(2 + turn % 2)))
    anyone = centers[turn % len(centers)]
    return [
        c.Offer(case_id=on, to=(one,)),
        c.Offer(case_id=on, to=several, mode=k.Mode.OPEN),
        c.Offer(case_id=on, to=(one,)),
        c.Offer(case_id=on, to=several, mode=k.Mode.OPEN),
        c.Accept(case_id=on),
        c.Accept(case_id=on),
        c.Accept(case_id=on) if _has_bid(record) and turn % 8 else c.Decline(case_id=on, reason=k.Reason.NOT_DUTY),
        c.Withdraw(case_id=on),
        c.Report(case_id=on, stage="visit", text="去现场"),
        c.AskAssist(case_id=on, to=one, ask="请协助"),
        c.AnswerAssist(case_id=on, done=turn % 2 == 0, text="已协助"),
        c.AskExtension(case_id=on, until=NOW + timedelta(days=31 + turn % 3), reason="等待配件"),
        c.AskExtension(case_id=on, until=NOW + timedelta(days=2), reason="等待配件", what=k.MoreTime.HOLD),
        c.AnswerExtension(case_id=on, granted=turn % 3 > 0, text="同意"),
        c.Hold(case_id=on, text="等待配件"),
        c.Resume(case_id=on, text="配件已到"),
        c.Report(case_id=on, stage="extended", text="延期", due=NOW + timedelta(days=31)),
        c.Urge(case_id=on, text="请尽快"),
        c.Resolve(case_id=on, outcome=k.Outcome.DONE, public_reply="已修好", instant=turn % 2 == 0),
        c.Close(case_id=on, replied_at=NOW),
        c.Rate(case_id=on, grade=1 + turn % 5),
        c.Reopen(case_id=on, text="还是不亮"),
        c.Publish(case_id=on, title="路灯", text="已修好"),
        c.MakePlan(case_id=on, steps=tuple(PlanStep(unit=unit, ask=f"第{turn % 3}件事") for unit in several)),
        c.CheckPapers(case_id=on, papers=(ListedPaper(title="身份证", there=turn % 2 == 0),)),
        c.AskArbiter(case_id=on, ground=k.Ground.SILENT),
        c.AskArbiter(case_id=on, ground=(k.Ground.RETURNED, k.Ground.DISPUTED)[turn % 2]),
        c.Rule(case_id=on, holder=anyone, text="由你办理"),
        c.Rule(case_id=on, holder=anyone, text="由你办理"),
    ]


def _has_bid(record: Record) -> bool:
    return record.offer_in is not None and record.offer_in.bid


def granted(record: Record, centers: tuple[str, ...], turn: int, granting: Granting | None = None) -> list[c.Command]:
    """Those of them that custody would grant now."""
    return [wish for wish in wishes(record, centers, turn) if _would(record, wish, granting)]


def _would(record: Record, wish: c.Command, granting: Granting | None) -> bool:
    try:
        decide(record, wish, NOW, RETURNS_BEFORE_ARBITER, granting)
    except Refusal:
        return False
    return True

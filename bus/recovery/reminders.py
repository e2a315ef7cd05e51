"""Reminders of a rebuilt record: those of the backup, and those that this center has said since. Pure.

``case.urged`` and ``case.escalated`` do not say which deadline they were about, but their text does: it is made again
of each deadline of the rebuilt record, and compared. A reminder that nobody has heard is given again."""

from bus.clocks.deadlines import deadlines
from bus.clocks.marks import MOST_REMINDERS, Mark
from bus.clocks.rules import Level, Rules
from bus.clocks.words import text_of
from bus.contract import messages as k
from bus.contract.envelope import Message
from bus.custody import Record
from bus.custody.record import Reminder
from bus.recovery.case_history import CaseHistory


def with_reminders(history: CaseHistory, record: Record, rules: Rules | None) -> Record:
    """Return ``record`` with what has been said of its deadlines. ``rules`` None: the clocks are off."""
    before = history.before.reminded if history.before is not None else ()
    known = {one.key: one for one in before}
    for one in _said(history, record, rules) if rules is not None else ():
        if one.key not in known or known[one.key].level < one.level:
            known[one.key] = one
    return record.with_(reminded=tuple(known.values())[-MOST_REMINDERS:]) if known else record


def _said(history: CaseHistory, record: Record, rules: Rules) -> list[Reminder]:
    urged: list[Message[k.Urged | k.Escalated]] = [*history.ours(k.Urged), *history.ours(k.Escalated)]
    found: list[Reminder] = []
    for deadline in deadlines(record, rules) if urged else ():
        for level in Level:
            text = text_of(Mark(deadline, level, ()))
            told = [one for one in urged if one.data.text == text]
            if told:
                to = tuple(dict.fromkeys(one.recipient for one in told))
                found.append(Reminder(key=deadline.key, level=int(level), at=max(one.time for one in told), to=to))
    return found

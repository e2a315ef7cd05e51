"""Decisions on help: asked of one center, of several in order, answered; and on the papers of a resident. Pure."""

from datetime import datetime

from bus.contract import messages as k
from bus.custody import commands as c
from bus.custody.papers import checked
from bus.custody.plans import ask_help, planned
from bus.custody.record import Decision, Outgoing, Record, Refusal
from bus.custody.rights import must_hold


def ask_assist(record: Record, command: c.AskAssist, now: datetime) -> Decision:
    """Ask another center for help; the case stays here."""
    must_hold(record)
    _may_ask(record, command.to, show_resident=command.show_resident)
    asked, message, _ = ask_help(record, command.to, command.ask, command.due, now, show_resident=command.show_resident)
    return Decision(asked, (message,))


def _may_ask(record: Record, to: str, *, show_resident: bool) -> None:
    if to == record.me:
        raise Refusal("assist-self", "help is asked from another center")
    if show_resident and record.case.sensitive:
        raise Refusal(
            "sensitive", "who a child or a patient is, helpers are not told: ask without, or hand the case over"
        )


def make_plan(record: Record, command: c.MakePlan, _now: datetime) -> Decision:
    """Ask several units, one after the other."""
    must_hold(record)
    for step in command.steps:
        _may_ask(record, step.unit, show_resident=step.show_resident)
    return Decision(planned(record, command.steps))


def check_papers(record: Record, command: c.CheckPapers, now: datetime) -> Decision:
    """Check which papers of the resident are here, and which are missing."""
    must_hold(record)
    return checked(record, command.papers, now)


def answer_assist(record: Record, command: c.AnswerAssist, _now: datetime) -> Decision:
    """Answer the center that asked for help."""
    waiting = [a for a in record.assists if a.assistant == record.me and a.done is None]
    if command.assist_id is not None:
        waiting = [a for a in waiting if a.assist_id == command.assist_id]
    if not waiting:
        raise Refusal("no-assist", "no help is asked here for this case, or it was answered")
    assist = waiting[0]
    answer = k.AssistAnswered(
        version=record.version,
        assist_id=assist.assist_id,
        done=command.done,
        text=command.text,
        attachments=command.attachments,
    )
    assists = tuple(
        a.model_copy(update={"done": command.done}) if a.assist_id == assist.assist_id else a for a in record.assists
    )
    return Decision(record.with_(assists=assists), (Outgoing(assist.asker, answer),))

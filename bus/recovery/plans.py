"""The plan of a rebuilt record: that of the backup, with the steps that units have heard or answered since. Pure.

Steps that nobody has heard are asked anew. A plan that was made after the backup is known only to the center's own
system: its step that was heard is an ordinary request for help here, and its answer tells the desk that the plan runs
no more (``bus.sdk.workorders.casework``)."""

from bus.contract import messages as k
from bus.contract.envelope import Message
from bus.custody.casework import Plan, TrackedStep
from bus.custody.plans import ask_of, is_step
from bus.recovery.case_history import CaseHistory, claim


def plan_of(history: CaseHistory) -> Plan | None:
    """Return the plan as far as peers have heard of it; None where the backup has none. A step that is none of it was
    asked by a later plan, so the one of the backup runs no more."""
    before = history.before
    plan = before.plan if before is not None else None
    if before is None or plan is None or plan.ended:
        return plan
    if _was_given_up(history, before.version):
        return plan.model_copy(update={"ended": True})
    steps, replaced = list(plan.steps), False
    for asked in history.ours(k.AssistRequested):
        places = (place for place, step in enumerate(steps) if _is_asked(asked, place + 1, len(steps), step))
        place = next(places, None)
        if place is not None:
            steps[place] = steps[place].model_copy(update={"assist_id": asked.data.assist_id})
        elif is_step(asked.data) and all(step.assist_id != asked.data.assist_id for step in steps):
            replaced = True
    answers = {(one.source, str(one.data.assist_id)): one.data.done for one in history.theirs(k.AssistAnswered)}
    known = tuple(_with_answer(step, answers.get((step.unit, str(step.assist_id)))) for step in steps)
    over = any(step.done is False for step in known) or all(step.done for step in known)
    return plan.model_copy(update={"steps": known, "ended": over or replaced})


def _was_given_up(history: CaseHistory, version: int) -> bool:
    """Whether the case has had a result or another holder since, though it may be here and open again."""
    claims = filter(None, map(claim, history.messages))
    elsewhere = any(told > version and holder != history.me for told, holder in claims)
    return elsewhere or any(True for _ in history.ours(k.Resolved))


def _is_asked(asked: Message[k.AssistRequested], place: int, of: int, step: TrackedStep) -> bool:
    unasked = step.assist_id is None and asked.recipient == step.unit
    return unasked and asked.data.ask == ask_of(place, of, step.ask)


def _with_answer(step: TrackedStep, done: bool | None) -> TrackedStep:
    return step if step.assist_id is None or step.done is not None else step.model_copy(update={"done": done})

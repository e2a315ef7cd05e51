"""Plans: the holder asks ordered steps of several units, each when the one before is answered done. Pure.

A step is an ordinary request for help, so a unit of any release can be asked. The rule stands in one place and looks at
the record after every decision: it does not matter whether an answer, a decline of an offer or a recovery lets the plan
go on, and a repeat asks nothing."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bus.contract import messages as k
from bus.contract.ids import new_id
from bus.custody.bounds import with_assist
from bus.custody.casework import Plan, PlanStep, TrackedStep
from bus.custody.record import Assist, Decision, Outgoing, Record, Refusal, Status, notify_path

STEP = "step"
"""The stage of progress that says: one step of the plan is done."""
_ASKED = re.compile(r"^（第 (\d{1,2})/(\d{1,2}) 步 / step \1 of \2）")


def ask_of(place: int, of: int, ask: str) -> str:
    """The text that a unit reads: which step it is, and what is asked."""
    return f"（第 {place}/{of} 步 / step {place} of {of}）{ask}"


def step_of(ask: str) -> tuple[int, int] | None:
    """(number, of how many) of the step that this text asks for; None where it is no step of a plan."""
    found = _ASKED.match(ask)
    return None if found is None else (int(found[1]), int(found[2]))


def is_step(data: k.CaseKind) -> bool:
    """Whether a plan said this by itself, and no handler's command."""
    if isinstance(data, k.Progressed):
        return data.stage == STEP
    return isinstance(data, k.AssistRequested) and step_of(data.ask) is not None


def progress(plan: Plan) -> str:
    """How far the plan is, and whom it waits for: ``2/4 party_service-150402``, ``4/4``, ``1/4 ended``."""
    done, waits_for = sum(step.done is True for step in plan.steps), plan.waits_for
    where = f"{done}/{len(plan.steps)}"
    if plan.ended:
        return where if done == len(plan.steps) else f"{where} ended"
    return where if waits_for is None else f"{where} {waits_for.unit}"


def planned(record: Record, steps: Sequence[PlanStep]) -> Record:
    """The record with this plan; without steps, the plan that runs is taken back. Raises ``Refusal``."""
    running = record.plan is not None and not record.plan.ended
    if record.plan is not None and running and not steps:
        return record.with_(plan=record.plan.model_copy(update={"ended": True}))
    if running:
        raise Refusal("plan-running", "a plan runs: wait for its answers, or take it back by a plan without steps")
    if not steps:
        raise Refusal("no-plan", "no plan runs for this case")
    return record.with_(plan=Plan(steps=tuple(TrackedStep(**step.model_dump()) for step in steps)))


def ask_help(
    record: Record, to: str, ask: str, due: datetime | None, now: datetime, *, show_resident: bool
) -> tuple[Record, Outgoing, UUID]:
    """The record and the message of a request for help, and its id."""
    assist_id = new_id()
    shown = record.case.as_shown() if show_resident else record.case.without_resident()
    asked = k.AssistRequested(version=record.version, assist_id=assist_id, case=shown, ask=ask, due=due)
    assist = Assist(assist_id=assist_id, asker=record.me, assistant=to, ask=ask, at=now, due=due)
    return record.with_(assists=with_assist(record.assists, assist)), Outgoing(to, asked), assist_id


def go_on(decision: Decision, now: datetime) -> Decision:
    """The decision, and what the plan asks after it: the next step once the one before is done and the holder may."""
    plan = decision.record.plan
    if plan is None or plan.ended:
        return decision
    record, news = _answered(decision.record, plan)
    record, asked = _asked_next(record, now)
    if record is decision.record:
        return decision
    return replace(decision, record=record, outgoing=(*decision.outgoing, *news, *asked), superseded=False)


def _answered(record: Record, plan: Plan) -> tuple[Record, tuple[Outgoing, ...]]:
    """The answer to the step that is waited for. The first one counts."""
    waits_for = plan.waits_for
    if waits_for is None:
        return record, ()
    done = next((one.done for one in record.assists if one.assist_id == waits_for.assist_id), None)
    if done is None:
        return record, ()
    steps = tuple(
        step.model_copy(update={"done": done}) if step.assist_id == waits_for.assist_id else step for step in plan.steps
    )
    place, last = plan.steps.index(waits_for) + 1, len(steps)
    changed = record.with_(plan=plan.model_copy(update={"steps": steps, "ended": not done or place == last}))
    if not done or not _works_on(record):
        return changed, ()
    text = f"第 {place}/{last} 步已完成 / step {place} of {last} is done"
    return changed, notify_path(changed, k.Progressed(version=record.version, stage=STEP, text=text))


def _works_on(record: Record) -> bool:
    return record.mine and record.status is Status.OPEN


def _asked_next(record: Record, now: datetime) -> tuple[Record, tuple[Outgoing, ...]]:
    """The next step, asked. A plan of a case that left, or has its result, ends; one whose case is offered waits."""
    plan = record.plan
    if plan is None or plan.ended:
        return record, ()
    if not _works_on(record):
        return record.with_(plan=plan.model_copy(update={"ended": True})), ()
    if record.decision_pending or plan.waits_for is not None:
        return record, ()
    place, step = next((place, step) for place, step in enumerate(plan.steps, 1) if step.assist_id is None)
    text = ask_of(place, len(plan.steps), step.ask)
    asked, message, assist_id = ask_help(record, step.unit, text, step.due, now, show_resident=step.show_resident)
    steps = list(plan.steps)
    steps[place - 1] = step.model_copy(update={"assist_id": assist_id})
    return asked.with_(plan=plan.model_copy(update={"steps": tuple(steps)})), (message,)

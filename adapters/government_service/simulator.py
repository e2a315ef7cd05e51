"""Simulated service hall's and hotline's system: real HTTP, orders in memory, callers and staff who act."""

from functools import partial
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Body
from pydantic import BaseModel, Field

from adapters.government_service.holds import Satisfaction
from adapters.government_service.mapping import HEADLINES
from adapters.government_service.native import Sphere
from bus import Line, Moment, NativeId, Rater, Text
from bus import workorders as w
from bus.sdk.simulator import BackendSimulator, Key

b = w.bodies
Json = Annotated[dict[str, Any], Body()]

STATUS = {
    "accept": "accepted",
    "return": "returned",
    "hold": "on-hold",
    "resume": "handling",
    "resolve": "resolved",
    "dispatch": "dispatched",
}
"""What an act of staff makes of an order."""
BAD = ("不满意", "非常不满意")


class Order(b.Order, b.Resident):
    """工单 · A work order for the hall's staff."""

    sphere: Sphere = Field(title="事项领域", description="The category, in the hall's words")
    caller: Line | None = Field(default=None, title="来电人", description="The resident's name")
    materials: b.Papers


class Resident(b.Handed, b.Resident):
    """居民信息 · Who the resident of an order is, once it is ours."""

    caller: Line | None = Field(default=None, title="来电人", description="The resident's name")


class Step(b.Note):
    """流转 · A line of news on an order."""

    status: str = b.statuses(HEADLINES)
    due: b.Due | None = None


class Return(b.Body):
    """退单 · Who sent the order back, why, and who should have it instead."""

    by: b.By
    at: Moment = Field(title="退单时间", description="When it was sent back")
    reason: b.ReasonWord
    text: Text | None = Field(default=None, title="说明", description="What was said with it")
    suggested: b.Suggested | None = None
    times: int = Field(ge=0, title="退单次数", description="How often the case has been sent back")


class Answer(b.OutcomeReply):
    """答复 · The answer that the caller is told."""

    instant: bool = Field(title="当场答复", description="Whether the caller was answered on the spot (即时办结)")
    materials: b.Papers


class Grade(b.Body):
    """好差评 · A rating of a matter that was handled here."""

    by: b.By
    round: int = Field(ge=1, title="办理轮次", description="Which handling of the case is rated")
    rater: Rater = Field(title="评价人", description="Who rated")
    satisfaction: Satisfaction = Field(  # type: ignore[valid-type]  # an enum made of labels
        title="满意度", description="The five grades"
    )
    text: Text | None = Field(default=None, title="评语", description="What was said with it")


class Opened(BaseModel):
    """The order that was made."""

    order_no: NativeId = Field(title="工单编号", description="Kept by the adapter, which names the order by it")


class Done(BaseModel):
    """It is done. Nothing of this is read: any object will do, or no body at all."""

    order_no: NativeId | None = Field(default=None, title="工单编号", description="The order")


class Simulator(BackendSimulator):
    """``autopilot``: staff signs for and resolves every order, answers every request for help, at once."""

    def __init__(self, name: str, intake_url: str = "", secret: str = "", autopilot: bool = False) -> None:
        super().__init__(name, intake_url, secret)
        self.autopilot = autopilot
        self.materials = self.photos
        post, get = self.app.post, self.app.get
        self.serves("POST", "/orders", self.open_order)
        self.serves("POST", "/orders/{order_no:path}/resident", self.complete)
        self.serves("POST", "/orders/{order_no:path}/steps", self.add_step)
        self.serves("POST", "/orders/{order_no:path}/returns", self.add_return)
        self.serves("POST", "/orders/{order_no:path}/answers", self.add_answer)
        self.serves("POST", "/orders/{order_no:path}/grades", self.add_grade)
        self.serves("POST", "/materials", self.add_material)
        post("/callers/orders")(self.call)
        post("/callers/orders/{order_no:path}/events")(self.act)
        get("/callers/orders/{order_no:path}")(self.what_the_caller_reads)
        post("/staff/past-orders")(self.enter_past)
        post("/callers/ratings")(self.rate)
        post("/staff/orders/{order_no:path}/events")(self.act)
        get("/records")(lambda: list(self.records.values()))
        get("/records/{record_id:path}")(self.read)

    def open_order(self, order: Order, key: Key) -> Opened:
        """建单 · Opens a work order for the hall's staff."""

        def effect() -> Opened:
            order_no = f"12345-{uuid4().hex[:12]}"
            record = self._order(order_no)
            record.update(order.plain())
            if self.autopilot:
                self.staff_at_once(record, partial(self.act, order_no))
            return Opened(order_no=order_no)

        return self.once(key, "order", str(order.case_id), effect)

    def complete(self, order_no: str, resident: Resident, key: Key) -> Done:
        """移交居民信息 · Tells who the resident of an order is that is ours now. The order no longer says that this is
        awaited."""

        def effect() -> Done:
            self.know(self._order(order_no), resident.plain())
            return Done(order_no=order_no)

        return self.once(key, "resident", order_no, effect)

    def add_step(self, order_no: str, step: Step, key: Key) -> Done:
        """流转 · Puts a line on an order, and sets its status."""

        def effect() -> Done:
            order, told = self._order(order_no), step.plain()
            order["steps"].append(told)
            order["status"] = step.status
            step.light_up(order)
            order["due"] = told.get("due") or order.get("due")
            if self.autopilot and step.status == "imposed":
                self.staff_at_once({"purpose": "imposed"}, partial(self.act, order_no))
            return Done(order_no=order_no)

        return self.once(key, "step", order_no, effect)

    def add_return(self, order_no: str, sent_back: Return, key: Key) -> Done:
        """退单登记 · Registers that a center has sent the order back."""
        return self._add(order_no, "return", "returns", sent_back, "to-dispatch-again", key)

    def add_answer(self, order_no: str, answer: Answer, key: Key) -> Done:
        """答复 · Answers the caller."""
        return self._add(order_no, "answer", "answers", answer, "answered", key)

    def add_grade(self, order_no: str, grade: Grade, key: Key) -> Done:
        """好差评 · Files a rating; a bad one puts the order on the list of those to be made good."""
        status = "to-make-good" if grade.satisfaction in BAD else "graded"
        return self._add(order_no, "grade", "grades", grade, status, key)

    def add_material(self, paper: b.Paper, key: Key) -> b.Kept:
        """上传材料 · Keeps a paper or photo under its hash."""
        return b.Kept(**self.keep("material", paper.plain(), key))

    def call(self, form: Json) -> dict[str, Any]:
        """Somebody calls the hotline or comes to the counter; with ``answer`` he is answered on the spot."""
        order_no = form.get("order_no") or f"12345-{uuid4().hex[:12]}"
        form = {**form, "order_no": order_no}
        self._order(order_no)["form"] = form
        self.tell("work-order", form)
        return {"order_no": order_no}

    def enter_past(self, line: Json) -> dict[str, Any]:
        """台账补录: staff enter an order of an old ledger, with its end."""
        self._order(line["order_no"]).update(form=line)
        self.tell("ledger", line)
        return {"order_no": line["order_no"]}

    def rate(self, rating: Json) -> dict[str, Any]:
        """好差评: the rating system sends a rating, whether the order is known already or not."""
        self.tell("rating", rating)
        return {"rating_no": rating["rating_no"]}

    def act(self, order_no: str, event: Json) -> dict[str, Any]:
        """Staff or the caller does something with an order."""
        order = self.read(order_no)
        order["status"] = STATUS.get(event["action"], order["status"])
        event_id = f"LZ-{uuid4().hex[:12]}"
        case = {"case_id": order["case_id"]} if "case_id" in order else {}
        self.tell("order-event", {"event_id": event_id, "order_no": order_no, **case, "event": event})
        return {"event_id": event_id}

    def what_the_caller_reads(self, order_no: str) -> dict[str, Any]:
        """Progress and answers, nothing that is between staff."""
        order = self.read(order_no)
        steps = [step for step in order["steps"] if step["visible"]]
        return {"order_no": order_no, "status": order["status"], "steps": steps, "answers": order["answers"]}

    def _add(self, order_no: str, what: str, folder: str, body: b.Body, status: str, key: str) -> Done:
        def effect() -> Done:
            order = self._order(order_no)
            order[folder].append(body.plain())
            order["status"] = status
            return Done(order_no=order_no)

        return self.once(key, what, order_no, effect)

    def _order(self, order_no: str) -> dict[str, Any]:
        # made where it is missing: a simulator that was started anew still answers for the orders of before
        empty = {"order_no": order_no, "status": "waiting", "steps": [], "returns": [], "answers": [], "grades": []}
        return self.records.setdefault(order_no, empty)

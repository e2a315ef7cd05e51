"""A stand-in of the service hall's and hotline's system: real HTTP, orders in memory, callers and staff who act."""

from functools import partial
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Body, Header

from bus.sdk.simulator import BackendSimulator

Json = Annotated[dict[str, Any], Body()]
Key = Annotated[str, Header(alias="Idempotency-Key")]

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


class Simulator(BackendSimulator):
    """``autopilot``: staff signs for and resolves every order, answers every request for help, at once."""

    def __init__(self, name: str, intake_url: str = "", secret: str = "", autopilot: bool = False) -> None:
        super().__init__(name, intake_url, secret)
        self.autopilot = autopilot
        self.materials = self.photos
        post, get = self.app.post, self.app.get
        post("/orders")(self.open_order)
        post("/orders/{order_no:path}/steps")(self.add_step)
        post("/orders/{order_no:path}/returns")(self.add_return)
        post("/orders/{order_no:path}/answers")(self.add_answer)
        post("/orders/{order_no:path}/grades")(self.add_grade)
        post("/materials")(self.add_material)
        post("/callers/orders")(self.call)
        post("/callers/orders/{order_no:path}/events")(self.act)
        get("/callers/orders/{order_no:path}")(self.what_the_caller_reads)
        post("/staff/orders/{order_no:path}/events")(self.act)
        get("/records")(lambda: list(self.records.values()))
        get("/records/{record_id:path}")(self.read)

    def open_order(self, order: Json, key: Key) -> dict[str, Any]:
        """建单."""

        def effect() -> dict[str, Any]:
            order_no = f"12345-{uuid4().hex[:12]}"
            self._order(order_no).update(order)
            if self.autopilot:
                self.staff_at_once(order, partial(self.act, order_no))
            return {"order_no": order_no}

        return self.once(key, "order", order["case_id"], effect)

    def add_step(self, order_no: str, step: Json, key: Key) -> dict[str, Any]:
        """流转."""

        def effect() -> dict[str, Any]:
            order = self._order(order_no)
            order["steps"].append(step)
            order["status"] = step["status"]
            order["due"] = step.get("due") or order.get("due")
            if self.autopilot and step["status"] == "imposed":
                self.staff_at_once({"purpose": "imposed"}, partial(self.act, order_no))
            return {"order_no": order_no}

        return self.once(key, "step", order_no, effect)

    def add_return(self, order_no: str, sent_back: Json, key: Key) -> dict[str, Any]:
        """退单登记."""
        return self._add(order_no, "return", "returns", sent_back, "to-dispatch-again", key)

    def add_answer(self, order_no: str, answer: Json, key: Key) -> dict[str, Any]:
        """答复."""
        return self._add(order_no, "answer", "answers", answer, "answered", key)

    def add_grade(self, order_no: str, grade: Json, key: Key) -> dict[str, Any]:
        """好差评; a bad one puts the order on the list of those to be made good."""
        status = "to-make-good" if grade["satisfaction"] in BAD else "graded"
        return self._add(order_no, "grade", "grades", grade, status, key)

    def add_material(self, paper: Json, key: Key) -> dict[str, Any]:
        """A paper or photo, kept under its hash."""
        return self.keep("material", paper, key)

    def call(self, form: Json) -> dict[str, Any]:
        """Somebody calls the hotline or comes to the counter; with ``answer`` he is answered on the spot."""
        order_no = form.get("order_no") or f"12345-{uuid4().hex[:12]}"
        form = {**form, "order_no": order_no}
        self._order(order_no)["form"] = form
        self.tell("work-order", form)
        return {"order_no": order_no}

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

    def _add(self, order_no: str, what: str, folder: str, body: Json, status: str, key: str) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            order = self._order(order_no)
            order[folder].append(body)
            order["status"] = status
            return {"order_no": order_no}

        return self.once(key, what, order_no, effect)

    def _order(self, order_no: str) -> dict[str, Any]:
        # made where it is missing: a stand-in that was started anew still answers for the orders of before
        empty = {"order_no": order_no, "status": "waiting", "steps": [], "returns": [], "answers": [], "grades": []}
        return self.records.setdefault(order_no, empty)

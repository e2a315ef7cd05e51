"""Simulated command platform: real HTTP, tickets in memory, staff who act. It calls nobody."""

from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import Body
from pydantic import BaseModel, Field
from pydantic.alias_generators import to_camel

from bus import Line
from bus import workorders as w
from bus.sdk.simulator import BackendSimulator, Key
from county_command.native import Matter

b = w.bodies
Json = dict[str, Any]
Sent = Annotated[Json, Body()]

STATUS = {"accept": "accepted", "decline": "returned", "resolve": "resolved", "dispatch": "dispatched"}
"""What an act of staff makes of a record."""
PAGE = 50
"""Events in one answer."""


class Order(b.Order, b.Resident, alias_generator=to_camel):
    """派单 · A dispatch order."""

    matter: Matter = Field(title="诉求类别", description="The category, in the platform's words")
    caller: Line | None = Field(default=None, title="来电人", description="The resident's name")
    files: b.Papers


class Resident(b.Handed, b.Resident, alias_generator=to_camel):
    """居民信息 · Who the caller of a dispatch order is, once it is ours."""

    caller: Line | None = Field(default=None, title="来电人", description="The resident's name")


class Step(b.CustodyNote, alias_generator=to_camel):
    """流转 · A line of news on a ticket or a dispatch order."""

    status: str = b.statuses(w.USUAL)
    satisfaction: Line | None = Field(default=None, title="满意度", description="The grade, in Chinese")


class Reply(b.Reply, alias_generator=to_camel):
    """答复 · The answer that the caller is told."""

    outcome: Line = Field(title="办理结果", description="How it ended, in Chinese")
    files: b.Papers


class Event(BaseModel):
    """What somebody did on the platform."""

    no: int = Field(ge=1, title="序号", description="Each event's own; never given twice")
    form: str = Field(title="表单", description="ticket or ticket-act")
    body: Json = Field(title="内容", description="The form, as the center takes it in")


class Events(BaseModel):
    """The next events, oldest first."""

    events: list[Event] = Field(title="操作记录", description=f"At most {PAGE}")
    last: int = Field(title="末号", description="The number to ask after next time")
    more: bool = Field(title="还有", description="Whether there are more already")


class Simulator(BackendSimulator):
    """``autopilot``: staff accepts and resolves every order, answers every request for help, at once."""

    def __init__(self, name: str, intake_url: str = "", secret: str = "", autopilot: bool = False) -> None:
        super().__init__(name, intake_url, secret)
        self.autopilot = autopilot
        self.events: list[Event] = []
        get, post = self.app.get, self.app.post
        self.serves("GET", "/events", self.events_after)
        self.serves("POST", "/orders", self.open_order)
        self.serves("POST", "/orders/{record_id:path}/resident", self.complete)
        self.serves("POST", "/{folder}/{record_id:path}/steps", self.add_step)
        self.serves("POST", "/tickets/{record_id:path}/replies", self.add_reply)
        self.serves("POST", "/files", self.add_file)
        post("/staff/tickets")(self.enter)
        post("/staff/orders/{record_id:path}/events")(self.act)
        get("/records")(lambda: list(self.records.values()))
        get("/records/{record_id:path}")(self.read)

    def tell(self, form: str, body: Json) -> None:
        """What people did stands in the list of events until somebody asks for it."""
        self.events.append(Event(no=len(self.events) + 1, form=form, body=body))

    def events_after(self, after: int = 0) -> Events:
        """查询操作 · Gives the events after a number."""
        found = self.events[after : after + PAGE]
        last = found[-1].no if found else after
        return Events(events=found, last=last, more=last < len(self.events))

    def open_order(self, order: Order, key: Key) -> b.Opened:
        """建单 · Opens a dispatch order."""

        def effect() -> b.Opened:
            record_id = f"PD-{uuid4().hex[:12]}"
            told = {"case_id": str(order.case_id), "purpose": order.purpose}  # what every simulator calls alike
            self._record(record_id).update({**order.plain(), **told})
            if self.autopilot:
                self.staff_at_once(told, lambda event: self.act(record_id, event))
            return b.Opened(id=record_id)

        return self.once(key, "order", str(order.case_id), effect)

    def complete(self, record_id: str, resident: Resident, key: Key) -> b.Done:
        """移交居民信息 · Tells who the resident of an order is that is ours now. The order no longer says that this is
        awaited."""

        def effect() -> b.Done:
            self.know(self._record(record_id), resident.plain())
            return b.Done(id=record_id)

        return self.once(key, "resident", record_id, effect)

    def add_step(self, folder: Literal["tickets", "orders"], record_id: str, step: Step, key: Key) -> b.Done:
        """流转 · Puts a line on a ticket or a dispatch order, and sets its status."""

        def effect() -> b.Done:
            record = self._record(record_id)
            record["steps"].append(step.plain())
            record["status"] = step.status
            step.light_up(record)
            return b.Done(id=record_id)

        return self.once(key, "step", record_id, effect)

    def add_reply(self, record_id: str, reply: Reply, key: Key) -> b.Done:
        """答复 · Answers the caller."""

        def effect() -> b.Done:
            record = self._record(record_id)
            record["replies"].append(reply.plain())
            record["status"] = "replied"
            return b.Done(id=record_id)

        return self.once(key, "reply", record_id, effect)

    def add_file(self, file: b.Paper, key: Key) -> b.Kept:
        """上传材料 · Keeps a paper or photo under its hash."""
        return b.Kept(**self.keep("file", file.plain(), key))

    def enter(self, ticket: Sent) -> Json:
        """Staff write down what a caller asks for."""
        ticket = {"ticketNo": f"JS-{uuid4().hex[:12]}", **ticket}
        self._record(ticket["ticketNo"])["form"] = ticket
        self.tell("ticket", ticket)
        return {"id": ticket["ticketNo"]}

    def act(self, record_id: str, event: Sent) -> Json:
        """Staff do something with a ticket or a dispatch order."""
        record = self.read(record_id)
        record["status"] = STATUS.get(event["action"], record["status"])
        about = {"caseId": record["case_id"]} if "case_id" in record else {"ticketNo": record_id}
        event_id = f"CZ-{uuid4().hex[:12]}"
        self.tell("ticket-act", {"eventId": event_id, **about, "event": event})
        return {"event_id": event_id}

    def _record(self, record_id: str) -> Json:
        # made where it is missing: a simulator that was started anew still answers for the records of before
        empty: Json = {"id": record_id, "status": "waiting", "steps": [], "replies": []}
        return self.records.setdefault(record_id, empty)

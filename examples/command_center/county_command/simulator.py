"""A stand-in of the command platform: real HTTP, tickets in memory, staff who act. It calls nobody."""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import Body, Header

from bus.sdk.simulator import BackendSimulator

Json = dict[str, Any]
Sent = Annotated[Json, Body()]
Key = Annotated[str, Header(alias="Idempotency-Key")]

STATUS = {"accept": "accepted", "decline": "returned", "resolve": "resolved", "dispatch": "dispatched"}
"""What an act of staff makes of a record."""
PAGE = 50
"""Events in one answer."""


class Simulator(BackendSimulator):
    """``autopilot``: staff accepts and resolves every order, answers every request for help, at once."""

    def __init__(self, name: str, intake_url: str = "", secret: str = "", autopilot: bool = False) -> None:
        super().__init__(name, intake_url, secret)
        self.autopilot = autopilot
        self.events: list[Json] = []
        get, post = self.app.get, self.app.post
        get("/events")(self.events_after)
        post("/orders")(self.open_order)
        post("/{folder}/{record_id:path}/steps")(self.add_step)
        post("/tickets/{record_id:path}/replies")(self.add_reply)
        post("/files")(self.add_file)
        post("/staff/tickets")(self.enter)
        post("/staff/orders/{record_id:path}/events")(self.act)
        get("/records")(lambda: list(self.records.values()))
        get("/records/{record_id:path}")(self.read)

    def tell(self, form: str, body: Json) -> None:
        """What people did stands in the list of events until somebody asks for it."""
        self.events.append({"no": len(self.events) + 1, "form": form, "body": body})

    def events_after(self, after: int = 0) -> Json:
        """The events after number ``after``."""
        found = self.events[after : after + PAGE]
        last = found[-1]["no"] if found else after
        return {"events": found, "last": last, "more": last < len(self.events)}

    def open_order(self, order: Sent, key: Key) -> Json:
        """建单."""

        def effect() -> Json:
            record_id = f"PD-{uuid4().hex[:12]}"
            told = {"case_id": order["caseId"], "purpose": order["purpose"]}  # what every stand-in calls alike
            self._record(record_id).update({**order, **told})
            if self.autopilot:
                self.staff_at_once(order, lambda event: self.act(record_id, event))
            return {"id": record_id}

        return self.once(key, "order", order["caseId"], effect)

    def add_step(self, folder: str, record_id: str, step: Sent, key: Key) -> Json:
        """流转."""

        def effect() -> Json:
            record = self._record(record_id)
            record["steps"].append(step)
            record["status"] = step["status"]
            return {"id": record_id}

        return self.once(key, "step", record_id, effect)

    def add_reply(self, record_id: str, reply: Sent, key: Key) -> Json:
        """答复."""

        def effect() -> Json:
            record = self._record(record_id)
            record["replies"].append(reply)
            record["status"] = "replied"
            return {"id": record_id}

        return self.once(key, "reply", record_id, effect)

    def add_file(self, file: Sent, key: Key) -> Json:
        """A paper or photo, kept under its hash."""
        return self.keep("file", file, key)

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
        # made where it is missing: a stand-in that was started anew still answers for the records of before
        empty: Json = {"id": record_id, "status": "waiting", "steps": [], "replies": []}
        return self.records.setdefault(record_id, empty)

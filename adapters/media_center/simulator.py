"""A stand-in of the media center's app and newsroom: real HTTP, records in memory, residents and staff who act."""

import base64
import hashlib
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Body, Header, HTTPException

from bus.testing.stand_in import StandIn

Json = Annotated[dict[str, Any], Body()]
Key = Annotated[str, Header(alias="Idempotency-Key")]

ORDER_STATUS = {"accept": "accepted", "decline": "returned", "resolve": "resolved", "dispatch": "dispatched"}


class Simulator(StandIn):
    """``autopilot``: staff accepts and resolves every order, answers every request for help, at once."""

    def __init__(self, name: str, intake_url: str = "", secret: str = "", autopilot: bool = False) -> None:
        super().__init__(name, intake_url, secret)
        self.autopilot = autopilot
        self.records: dict[str, dict[str, Any]] = {}
        self.photos: dict[str, bytes] = {}
        post = self.app.post
        post("/orders")(self.open_order)
        post("/{folder}/{record_id:path}/notes")(self.add_note)
        post("/messages/{record_id:path}/replies")(self.add_reply)
        post("/reports")(self.add_report)
        post("/photos")(self.add_photo)
        post("/residents/messages")(self.leave_message)
        post("/residents/messages/{record_id:path}/events")(self.act_on_message)
        post("/staff/messages/{record_id:path}/events")(self.act_on_message)
        post("/staff/orders/{record_id:path}/events")(self.act_on_order)
        self.app.get("/records")(lambda: list(self.records.values()))
        self.app.get("/records/{record_id:path}")(self.read)

    def read(self, record_id: str) -> dict[str, Any]:
        """One record."""
        if record_id not in self.records:
            raise HTTPException(404)
        return self.records[record_id]

    def open_order(self, order: Json, key: Key) -> dict[str, Any]:
        """建单"""

        def effect() -> dict[str, Any]:
            record_id = f"GD-{uuid4().hex[:12]}"
            self.records[record_id] = {**order, "id": record_id, "status": "waiting", "notes": []}
            if self.autopilot:
                self._staff_at_once(record_id, order["purpose"])
            return {"id": record_id}

        return self.once(key, "order", order["case_id"], effect)

    def add_note(self, folder: str, record_id: str, note: Json, key: Key) -> dict[str, Any]:
        """A line on a message or an order; it sets the record's status."""

        def effect() -> dict[str, Any]:
            record = self._message(record_id) if folder == "messages" else self.read(record_id)
            record["notes"].append(note)
            record["status"] = note["status"]
            return {"id": record_id, "cancelled": record.get("cancelled", False)}

        return self.once(key, "note", record_id, effect)

    def add_reply(self, record_id: str, reply: Json, key: Key) -> dict[str, Any]:
        """答复, visible to the resident"""

        def effect() -> dict[str, Any]:
            record = self._message(record_id)
            record["replies"].append(reply)
            record["status"] = "replied"
            return {"id": record_id}

        return self.once(key, "reply", record_id, effect)

    def add_report(self, report: Json, key: Key) -> dict[str, Any]:
        """跟踪报道"""

        def effect() -> dict[str, Any]:
            record_id = f"BD-{uuid4().hex[:12]}"
            self.records[record_id] = {**report, "id": record_id, "status": "draft"}
            return {"id": record_id}

        return self.once(key, "report", report["case_id"], effect)

    def add_photo(self, photo: Json, key: Key) -> dict[str, Any]:
        """A photo, kept under its hash"""

        def effect() -> dict[str, Any]:
            content = base64.b64decode(photo["content"])
            if hashlib.sha256(content).hexdigest() != photo["sha256"]:
                raise HTTPException(400)
            self.photos[photo["sha256"]] = content
            return {"sha256": photo["sha256"]}

        return self.once(key, "photo", photo["sha256"], effect)

    def leave_message(self, form: Json) -> dict[str, Any]:
        """A resident leaves a message in the app."""
        message_id = form.get("message_id") or f"LY-{uuid4().hex[:12]}"
        form = {**form, "message_id": message_id}
        self._message(message_id)["form"] = form
        self.tell("message", form)
        return {"id": message_id}

    def act_on_message(self, record_id: str, event: Json) -> dict[str, Any]:
        """A resident or an editor does something with a message."""
        if event["action"] == "cancel":
            self._message(record_id)["cancelled"] = True
        event_id = f"CZ-{uuid4().hex[:12]}"
        self.tell("message-event", {"event_id": event_id, "message_id": record_id, "event": event})
        return {"event_id": event_id}

    def act_on_order(self, record_id: str, event: Json) -> dict[str, Any]:
        """Our staff does something with an order."""
        record = self.read(record_id)
        record["status"] = ORDER_STATUS.get(event["action"], record["status"])
        event_id = f"CZ-{uuid4().hex[:12]}"
        self.tell("order-event", {"event_id": event_id, "case_id": record["case_id"], "event": event})
        return {"event_id": event_id}

    def _message(self, message_id: str) -> dict[str, Any]:
        # made where it is missing: a stand-in that was started anew still answers for the messages of before
        empty = {"id": message_id, "status": "received", "notes": [], "replies": [], "cancelled": False}
        return self.records.setdefault(message_id, empty)

    def _staff_at_once(self, record_id: str, purpose: str) -> None:
        if purpose == "handle":
            self.act_on_order(record_id, {"action": "accept"})
        if purpose in ("handle", "imposed"):
            self.act_on_order(record_id, {"action": "resolve", "reply": "已核实办结。 / Checked and done."})
        if purpose == "assist":
            self.act_on_order(record_id, {"action": "answer-assist", "done": True, "text": "已协助完成。"})

"""A stand-in of the civilization practice platform: real HTTP, records in memory, residents and teams who act."""

from functools import partial
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Body, Header

from adapters.civilization_center.native import MenuItem
from bus.sdk.simulator import BackendSimulator

Json = Annotated[dict[str, Any], Body()]
Key = Annotated[str, Header(alias="Idempotency-Key")]

STATUS = {"accept": "accepted", "decline": "returned", "resolve": "resolved", "dispatch": "dispatched"}
"""What an act makes of a record."""
DONE = "志愿者已上门服务。 / Volunteers came and did it."
OURS = {"wishes": "wish_no", "service-orders": "order_no"}
"""What residents made here: folder → how an event names its record."""


class Simulator(BackendSimulator):
    """``autopilot``: staff takes and resolves every order, answers every request for help, at once."""

    def __init__(self, name: str, intake_url: str = "", secret: str = "", autopilot: bool = False) -> None:
        super().__init__(name, intake_url, secret)
        self.autopilot = autopilot
        self.bulletins: list[dict[str, Any]] = []
        post, get = self.app.post, self.app.get
        post("/orders")(self.open_order)
        post("/{folder}/{record_id:path}/notes")(self.add_note)
        post("/{folder}/{record_id:path}/replies")(self.add_reply)
        post("/bulletins")(self.add_bulletin)
        post("/photos")(self.add_photo)
        post("/residents/wishes")(self.make_wish)
        post("/residents/orders")(self.place_order)
        for who in ("residents", "staff"):
            post(f"/{who}/wishes/{{record_id:path}}/events")(self.act)
            post(f"/{who}/orders/{{record_id:path}}/events")(self.act)
        get("/menu")(lambda: [item.value for item in MenuItem])
        get("/teams")(self.teams)
        get("/records")(lambda: [*self.records.values(), *self.bulletins])
        get("/records/{record_id:path}")(self.read)

    def teams(self) -> dict[str, float]:
        """志愿服务队: the hours each has served."""
        served: dict[str, float] = {}
        for record in self.records.values():
            for team, hours in record["served"]:
                served[team] = served.get(team, 0.0) + hours
        return served

    def open_order(self, order: Json, key: Key) -> dict[str, Any]:
        """建单."""

        def effect() -> dict[str, Any]:
            record_id = f"GD-{uuid4().hex[:12]}"
            self._record(record_id, "orders").update(order)
            if self.autopilot:
                self.staff_at_once(order, partial(self.act, record_id), DONE)
            return {"id": record_id}

        return self.once(key, "order", order["case_id"], effect)

    def add_note(self, folder: str, record_id: str, note: Json, key: Key) -> dict[str, Any]:
        """动态; it sets the record's status."""

        def effect() -> dict[str, Any]:
            record = self._record(record_id, folder)
            record["notes"].append(note)
            record["status"] = note["status"]
            record.setdefault("case_id", note.get("case_id"))
            if note["status"] == "imposed" and folder == "orders":
                record["purpose"] = "imposed"
            if self.autopilot:
                self._staff_on_news(record)
            return {"id": record_id}

        return self.once(key, "note", record_id, effect)

    def add_reply(self, folder: str, record_id: str, reply: Json, key: Key) -> dict[str, Any]:
        """答复, visible to the resident."""

        def effect() -> dict[str, Any]:
            record = self._record(record_id, folder)
            record["replies"].append(reply)
            record["status"] = "replied"
            record.setdefault("case_id", reply["case_id"])
            return {"id": record_id}

        return self.once(key, "reply", record_id, effect)

    def add_bulletin(self, bulletin: Json, key: Key) -> dict[str, Any]:
        """公示栏."""

        def effect() -> dict[str, Any]:
            bulletin_no = f"GS-{uuid4().hex[:12]}"
            self.bulletins.append({**bulletin, "id": bulletin_no, "status": "posted"})
            return {"id": bulletin_no}

        return self.once(key, "bulletin", bulletin["case_id"], effect)

    def add_photo(self, photo: Json, key: Key) -> dict[str, Any]:
        """A photo, kept under its hash."""
        return self.keep("photo", photo, key)

    def make_wish(self, form: Json) -> dict[str, Any]:
        """微心愿."""
        return self._ask("wish", "wishes", f"XY-{uuid4().hex[:12]}", form)

    def place_order(self, form: Json) -> dict[str, Any]:
        """点单."""
        return self._ask("order", "service-orders", f"DD-{uuid4().hex[:12]}", form)

    def act(self, record_id: str, event: Json) -> dict[str, Any]:
        """A resident, staff or a team does something with a record."""
        record = self.read(record_id)
        if event["action"] == "resolve" and event.get("team"):
            record["served"].append((event["team"], event.get("hours", 0.0)))
        record["status"] = STATUS.get(event["action"], record["status"])
        name = OURS.get(record["folder"])
        about = {name: record_id} if name else {"case_id": record["case_id"]}
        event_id = f"CZ-{uuid4().hex[:12]}"
        self.tell("order-event", {"event_id": event_id, **about, "event": event})
        return {"event_id": event_id}

    def _ask(self, form_name: str, folder: str, record_id: str, form: dict[str, Any]) -> dict[str, Any]:
        name = OURS[folder]
        form = {name: record_id, **form}
        self._record(form[name], folder)["form"] = form
        self.tell(form_name, form)
        return {"id": form[name]}

    def _record(self, record_id: str, folder: str) -> dict[str, Any]:
        # made where it is missing: a stand-in that was started anew still answers for the records of before
        empty = {"id": record_id, "folder": folder, "status": "waiting", "notes": [], "replies": [], "served": []}
        return self.records.setdefault(record_id, empty)

    def _staff_on_news(self, record: dict[str, Any]) -> None:
        won = record["status"] == "granted" and record["notes"][-1]["by"] == self.name
        if record["folder"] == "orders" and (won or record["status"] == "imposed"):
            self._resolve(record)

    def _resolve(self, record: dict[str, Any]) -> None:
        self.act(record["id"], {"action": "resolve", "reply": DONE})

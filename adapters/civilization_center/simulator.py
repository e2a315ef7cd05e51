"""Simulated civilization practice platform: real HTTP, records in memory, residents and teams who act."""

from functools import partial
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import Body
from pydantic import Field

from adapters.civilization_center.mapping import HEADLINES
from adapters.civilization_center.native import MenuItem
from bus import Line
from bus import workorders as w
from bus.sdk.simulator import BackendSimulator, Key

b = w.bodies
Json = Annotated[dict[str, Any], Body()]

STATUS = {"accept": "accepted", "decline": "returned", "resolve": "resolved", "dispatch": "dispatched"}
"""What an act makes of a record."""
DONE = "志愿者已上门服务。 / Volunteers came and did it."
OURS = {"wishes": "wish_no", "service-orders": "order_no"}
"""What residents made here: folder → how an event names its record."""


class Order(b.Order):
    """工单 · A work order for the teams of this center."""

    item: MenuItem = Field(title="服务菜单项", description="The category, as an item of the menu")
    resident: Line | None = Field(default=None, title="居民姓名", description="The resident's name")
    phone: w.Phone | None = Field(default=None, title="联系电话", description="Telephone")
    photos: b.Papers
    open_to_several: bool = Field(title="抢单", description="Offered to several centers: the first bid has it")


class Resident(b.Handed):
    """居民信息 · Who the resident of a work order is, once it is ours."""

    resident: Line | None = Field(default=None, title="居民姓名", description="The resident's name")
    phone: w.Phone | None = Field(default=None, title="联系电话", description="Telephone")


class Note(b.CustodyNote):
    """动态 · A line of news on a wish, a service order or a work order."""

    case_id: b.CaseId
    status: str = b.statuses(HEADLINES)
    stars: b.Stars | None = None


class Reply(b.OutcomeReply):
    """答复 · The answer that the resident reads under the order or the wish."""

    photos: b.Papers


class Bulletin(b.Published):
    """公示 · What another center has told the public, for our own board."""


class Simulator(BackendSimulator):
    """``autopilot``: staff takes and resolves every order, answers every request for help, at once."""

    def __init__(self, name: str, intake_url: str = "", secret: str = "", autopilot: bool = False) -> None:
        super().__init__(name, intake_url, secret)
        self.autopilot = autopilot
        self.bulletins: list[dict[str, Any]] = []
        post, get = self.app.post, self.app.get
        self.serves("POST", "/orders", self.open_order)
        self.serves("POST", "/orders/{record_id:path}/resident", self.complete)
        self.serves("POST", "/{folder}/{record_id:path}/notes", self.add_note)
        self.serves("POST", "/{folder}/{record_id:path}/replies", self.add_reply)
        self.serves("POST", "/bulletins", self.add_bulletin)
        self.serves("POST", "/photos", self.add_photo)
        post("/residents/wishes")(self.make_wish)
        post("/residents/orders")(self.place_order)
        for who in ("residents", "staff"):
            post(f"/{who}/wishes/{{record_id:path}}/events")(self.act)
            post(f"/{who}/orders/{{record_id:path}}/events")(self.act)
        post("/staff/activities")(self.hold_activity)
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

    def open_order(self, order: Order, key: Key) -> b.Opened:
        """建单 · Opens a work order for the teams."""

        def effect() -> b.Opened:
            record_id = f"GD-{uuid4().hex[:12]}"
            record = self._record(record_id, "orders")
            record.update(order.plain())
            if self.autopilot:
                self.staff_at_once(record, partial(self.act, record_id), DONE)
            return b.Opened(id=record_id)

        return self.once(key, "order", str(order.case_id), effect)

    def complete(self, record_id: str, resident: Resident, key: Key) -> b.Done:
        """移交居民信息 · Tells who the resident of an order is that is ours now. The order no longer says that this is
        awaited."""

        def effect() -> b.Done:
            self.know(self._record(record_id, "orders"), resident.plain())
            return b.Done(id=record_id)

        return self.once(key, "resident", record_id, effect)

    def add_note(
        self, folder: Literal["wishes", "service-orders", "orders"], record_id: str, note: Note, key: Key
    ) -> b.Done:
        """记动态 · Puts a line on a record, and sets its status."""

        def effect() -> b.Done:
            record, told = self._record(record_id, folder), note.plain()
            record["notes"].append(told)
            record["status"] = note.status
            note.light_up(record)
            record.setdefault("case_id", told["case_id"])
            if note.status == "imposed" and folder == "orders":
                record["purpose"] = "imposed"
            if self.autopilot:
                self._staff_on_news(record)
            return b.Done(id=record_id)

        return self.once(key, "note", record_id, effect)

    def add_reply(self, folder: Literal["wishes", "service-orders"], record_id: str, reply: Reply, key: Key) -> b.Done:
        """答复 · Answers the resident under the order or the wish."""

        def effect() -> b.Done:
            record, told = self._record(record_id, folder), reply.plain()
            record["replies"].append(told)
            record["status"] = "replied"
            record.setdefault("case_id", told["case_id"])
            return b.Done(id=record_id)

        return self.once(key, "reply", record_id, effect)

    def add_bulletin(self, bulletin: Bulletin, key: Key) -> b.Done:
        """公示栏 · Posts on the board what another center has told the public."""

        def effect() -> b.Done:
            bulletin_no = f"GS-{uuid4().hex[:12]}"
            self.bulletins.append({**bulletin.plain(), "id": bulletin_no, "status": "posted"})
            return b.Done(id=bulletin_no)

        return self.once(key, "bulletin", str(bulletin.case_id), effect)

    def add_photo(self, photo: b.Paper, key: Key) -> b.Kept:
        """上传照片 · Keeps a photo under its hash."""
        return b.Kept(**self.keep("photo", photo.plain(), key))

    def make_wish(self, form: Json) -> dict[str, Any]:
        """微心愿."""
        return self._ask("wish", "wishes", f"XY-{uuid4().hex[:12]}", form)

    def place_order(self, form: Json) -> dict[str, Any]:
        """点单."""
        return self._ask("order", "service-orders", f"DD-{uuid4().hex[:12]}", form)

    def hold_activity(self, activity: Json) -> dict[str, Any]:
        """活动登记: a host reports an activity; other hosts may report the same one."""
        activity = {"event_id": f"HD-{uuid4().hex[:12]}", **activity}
        self.tell("activity", activity)
        return {"event_id": activity["event_id"]}

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
        # made where it is missing: a simulator that was started anew still answers for the records of before
        empty = {"id": record_id, "folder": folder, "status": "waiting", "notes": [], "replies": [], "served": []}
        return self.records.setdefault(record_id, empty)

    def _staff_on_news(self, record: dict[str, Any]) -> None:
        won = record["status"] == "granted" and record["notes"][-1]["by"] == self.name
        if record["folder"] == "orders" and (won or record["status"] == "imposed"):
            self._resolve(record)

    def _resolve(self, record: dict[str, Any]) -> None:
        self.act(record["id"], {"action": "resolve", "reply": DONE})

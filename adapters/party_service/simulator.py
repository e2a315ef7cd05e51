"""Simulated party service platform: real HTTP, matters in memory, residents, staff and leaders who act."""

from functools import partial
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import Body, HTTPException
from pydantic import Field

from adapters.party_service import ledger
from adapters.party_service.acts import Finding, Judge, Satisfaction
from adapters.party_service.handlers import HEADLINES
from adapters.party_service.native import Sphere
from bus import Line, Text
from bus import workorders as w
from bus.sdk.simulator import BackendSimulator, Key

b = w.bodies
Json = Annotated[dict[str, Any], Body()]
File = Annotated[bytes, Body(media_type="application/octet-stream")]

STATUS = {"accept": "accepted", "decline": "returned", "resolve": "resolved", "dispatch": "dispatched"}
"""What an act of staff makes of a matter."""


class Matter(b.Order, b.Resident):
    """事项 · A matter of another center."""

    level: Literal["county", "township", "village"] = Field(title="层级", description="Whose level the place is of")
    sphere: Sphere = Field(title="类别", description="The category, in the platform's words")
    resident: Line | None = Field(default=None, title="居民姓名", description="The resident's name")
    photos: b.Papers
    open_to_several: bool = Field(title="抢单", description="Offered to several centers: the first bid has it")


class Resident(b.Handed, b.Resident):
    """居民信息 · Who the resident of a matter is, once it is ours."""

    resident: Line | None = Field(default=None, title="居民姓名", description="The resident's name")


class Step(b.CustodyNote):
    """流转 · A line of news on a matter."""

    status: str = b.statuses(HEADLINES)
    satisfaction: Satisfaction | None = Field(  # type: ignore[valid-type]  # an enum made of labels
        default=None, title="满意度", description="The five grades"
    )
    judge: Judge | None = Field(  # type: ignore[valid-type]  # an enum made of labels
        default=None, title="评议人", description="Who rated"
    )
    times_returned: int | None = Field(default=None, ge=0, title="退单次数", description="How often it was sent back")


class Notice(b.Body):
    """整改通知单 · A promise with a date, which the platform files and follows up."""

    case_id: b.CaseId
    by: b.By
    text: Text = Field(title="整改内容", description="What is promised")
    due: b.Due


class Reply(b.Reply):
    """答复 · The answer that the resident is told."""

    finding: Finding = Field(  # type: ignore[valid-type]  # an enum made of labels
        title="办理结果", description="How it ended"
    )
    instant: bool = Field(title="当场答复", description="Whether the resident was answered on the spot")
    photos: b.Papers


class Bulletin(b.Published):
    """公示 · What another center has told the public, for our own board."""


class Simulator(BackendSimulator):
    """``autopilot``: staff takes and resolves every matter, answers every request for help, at once."""

    def __init__(self, name: str, intake_url: str = "", secret: str = "", autopilot: bool = False) -> None:
        super().__init__(name, intake_url, secret)
        self.autopilot = autopilot
        self.bulletins: list[dict[str, Any]] = []
        post, get = self.app.post, self.app.get
        self.serves("POST", "/matters", self.open_matter)
        self.serves("POST", "/matters/{matter_no:path}/resident", self.complete)
        self.serves("POST", "/matters/{matter_no:path}/steps", self.add_step)
        self.serves("POST", "/matters/{matter_no:path}/notices", self.add_notice)
        self.serves("POST", "/matters/{matter_no:path}/replies", self.add_reply)
        self.serves("POST", "/bulletins", self.add_bulletin)
        self.serves("POST", "/photos", self.add_photo)
        post("/staff/entries")(self.enter)
        post("/residents/snapshots")(self.snapshot)
        post("/staff/meetings")(self.hold_meeting)
        post("/staff/ledger")(self.enter_ledger)
        post("/staff/past-matters")(self.enter_past)
        post("/staff/orders/{matter_no:path}/events")(self.act)
        post("/residents/matters/{matter_no:path}/events")(self.act)
        post("/staff/claims")(self.claim)
        post("/staff/activities")(self.hold_activity)
        get("/staff/board")(self.board)
        get("/records")(lambda: [*self.records.values(), *self.bulletins])
        get("/records/{record_id:path}")(self.read)

    def board(self) -> list[dict[str, Any]]:
        """认领榜: what waits for somebody to claim it."""
        return [matter for matter in self.records.values() if matter.get("board") and not matter.get("claimant")]

    def open_matter(self, matter: Matter, key: Key) -> b.Opened:
        """立项 · Opens a matter of another center."""

        def effect() -> b.Opened:
            matter_no = f"SX-{uuid4().hex[:12]}"
            record = self._matter(matter_no)
            record.update(matter.plain())
            if self.autopilot:
                self.staff_at_once(record, partial(self.act, matter_no))
            return b.Opened(id=matter_no)

        return self.once(key, "matter", str(matter.case_id), effect)

    def complete(self, matter_no: str, resident: Resident, key: Key) -> b.Done:
        """移交居民信息 · Tells who the resident of an order is that is ours now. The order no longer says that this is
        awaited."""

        def effect() -> b.Done:
            self.know(self._matter(matter_no), resident.plain())
            return b.Done(id=matter_no)

        return self.once(key, "resident", matter_no, effect)

    def add_step(self, matter_no: str, step: Step, key: Key) -> b.Done:
        """流转 · Puts a line on a matter, and sets its status."""

        def effect() -> b.Done:
            matter, told = self._matter(matter_no), step.plain()
            matter["steps"].append(told)
            matter["status"] = step.status
            step.light_up(matter)
            matter["due"] = told.get("due") or matter.get("due")
            if step.status == "imposed":
                matter["purpose"] = "imposed"
            won = step.status == "granted" and step.by == self.name
            if self.autopilot and (won or step.status == "imposed"):
                self._resolve(matter)
            return b.Done(id=matter_no)

        return self.once(key, "step", matter_no, effect)

    def add_notice(self, matter_no: str, notice: Notice, key: Key) -> b.Done:
        """整改通知单 · Files a promise that has a date."""

        def effect() -> b.Done:
            self._serve_notice(self._matter(matter_no), notice.plain())
            return b.Done(id=matter_no)

        return self.once(key, "notice", matter_no, effect)

    def add_reply(self, matter_no: str, reply: Reply, key: Key) -> b.Done:
        """答复 · Answers the resident."""

        def effect() -> b.Done:
            matter = self._matter(matter_no)
            matter["replies"].append(reply.plain())
            matter["status"] = "replied"
            return b.Done(id=matter_no)

        return self.once(key, "reply", matter_no, effect)

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

    def enter(self, form: Json) -> dict[str, Any]:
        """Staff write down a call, a visit or a line of the ledger."""
        matter_no = form.get("matter_no") or f"TZ-{uuid4().hex[:12]}"
        form = {**form, "matter_no": matter_no}
        self._matter(matter_no).update(form=form, board=form.get("board", False))
        self.tell("entry", form)
        return {"id": matter_no}

    def snapshot(self, form: Json) -> dict[str, Any]:
        """随手拍: a resident sends a photo with a few words."""
        return self.enter({**form, "channel": "随手拍"})

    def hold_meeting(self, meeting: Json) -> dict[str, Any]:
        """居民议事会: its suggestions are sent in one batch; sent again, under another number of the sending."""
        meeting = {"meeting_no": f"YSH-{uuid4().hex[:12]}", **meeting, "event_id": f"BS-{uuid4().hex[:12]}"}
        ids = [f"{meeting['meeting_no']}-{one['no']}" for one in meeting["suggestions"]]
        for matter_no, one in zip(ids, meeting["suggestions"], strict=True):
            self._matter(matter_no).update(form=one, board=one.get("board", False))
        self.tell("meeting", meeting)
        return {"id": meeting["meeting_no"], "matters": ids}

    def enter_ledger(self, content: File) -> dict[str, Any]:
        """A ledger file, CSV or XLSX: every good row is entered, every bad one named with its reason."""
        try:
            rows = list(ledger.read(content))
        except ledger.sheets.Unreadable as trouble:
            raise HTTPException(400, str(trouble)) from None
        entered = [self.enter(row.entry.model_dump(mode="json", exclude_none=True))["id"] for row in rows if row.entry]
        return {"entered": entered, "rejected": [{"row": row.number, "why": row.faults} for row in rows if row.faults]}

    def enter_past(self, line: Json) -> dict[str, Any]:
        """台账补录: staff enter a line of an old ledger; a later one may tell its end."""
        self._matter(line["matter_no"]).update(form=line)
        self.tell("ledger", line)
        return {"id": line["matter_no"]}

    def act(self, matter_no: str, event: Json) -> dict[str, Any]:
        """Staff, a leader or the resident does something with a matter."""
        matter = self.read(matter_no)
        if event["action"] == "claim":
            self._claim(matter, event)
        if event["action"] == "progress" and event.get("due"):
            self._serve_notice(matter, {"by": self.name, "text": event["text"], "due": event["due"]})
        matter["status"] = STATUS.get(event["action"], matter["status"])
        event_id = f"LZ-{uuid4().hex[:12]}"
        case = {"case_id": matter["case_id"]} if "case_id" in matter else {}
        self.tell("order-event", {"event_id": event_id, "matter_no": matter_no, **case, "event": event})
        return {"event_id": event_id}

    def hold_activity(self, activity: Json) -> dict[str, Any]:
        """活动登记: a host reports an activity; other hosts may report the same one."""
        activity = {"event_id": f"HD-{uuid4().hex[:12]}", **activity}
        self.tell("activity", activity)
        return {"event_id": activity["event_id"]}

    def claim(self, claim: Json) -> dict[str, Any]:
        """书记领办: a leader claims at the board of the district, which does not know who was first: the bus says."""
        claim = {"claim_no": f"RL-{uuid4().hex[:12]}", **claim}
        self.tell("claim", claim)
        return {"claim_no": claim["claim_no"]}

    def _claim(self, matter: dict[str, Any], event: dict[str, Any]) -> None:
        with self._lock:  # two leaders press the button at once: one of them has it
            if matter.get("claimant"):
                raise HTTPException(409, f"已由 {matter['claimant']} 认领 / claimed already")
            matter["claimant"] = event["claimant"]

    def _serve_notice(self, matter: dict[str, Any], notice: dict[str, Any]) -> None:
        notice_no = f"ZG-{matter['id']}-{len(matter['notices']) + 1}"
        matter["notices"].append({**notice, "notice_no": notice_no})

    def _matter(self, matter_no: str) -> dict[str, Any]:
        # made where it is missing: a simulator that was started anew still answers for the matters of before
        empty = {"id": matter_no, "status": "waiting", "steps": [], "notices": [], "replies": []}
        return self.records.setdefault(matter_no, empty)

    def _resolve(self, matter: dict[str, Any]) -> None:
        self.act(matter["id"], {"action": "resolve", "reply": "已核实办结。 / Checked and done."})

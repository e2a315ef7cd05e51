"""A stand-in of the party service platform: real HTTP, matters in memory, residents, staff and leaders who act."""

from functools import partial
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Body, Header, HTTPException

from adapters.party_service import ledger
from bus.sdk.simulator import BackendSimulator

Json = Annotated[dict[str, Any], Body()]
File = Annotated[bytes, Body(media_type="application/octet-stream")]
Key = Annotated[str, Header(alias="Idempotency-Key")]

STATUS = {"accept": "accepted", "decline": "returned", "resolve": "resolved", "dispatch": "dispatched"}
"""What an act of staff makes of a matter."""


class Simulator(BackendSimulator):
    """``autopilot``: staff takes and resolves every matter, answers every request for help, at once."""

    def __init__(self, name: str, intake_url: str = "", secret: str = "", autopilot: bool = False) -> None:
        super().__init__(name, intake_url, secret)
        self.autopilot = autopilot
        self.bulletins: list[dict[str, Any]] = []
        post, get = self.app.post, self.app.get
        post("/matters")(self.open_matter)
        post("/matters/{matter_no:path}/steps")(self.add_step)
        post("/matters/{matter_no:path}/notices")(self.add_notice)
        post("/matters/{matter_no:path}/replies")(self.add_reply)
        post("/bulletins")(self.add_bulletin)
        post("/photos")(self.add_photo)
        post("/staff/entries")(self.enter)
        post("/residents/snapshots")(self.snapshot)
        post("/staff/meetings")(self.hold_meeting)
        post("/staff/ledger")(self.enter_ledger)
        post("/staff/orders/{matter_no:path}/events")(self.act)
        post("/residents/matters/{matter_no:path}/events")(self.act)
        get("/staff/board")(self.board)
        get("/records")(lambda: [*self.records.values(), *self.bulletins])
        get("/records/{record_id:path}")(self.read)

    def board(self) -> list[dict[str, Any]]:
        """认领榜: what waits for somebody to claim it."""
        return [matter for matter in self.records.values() if matter.get("board") and not matter.get("claimant")]

    def open_matter(self, matter: Json, key: Key) -> dict[str, Any]:
        """立项."""

        def effect() -> dict[str, Any]:
            matter_no = f"SX-{uuid4().hex[:12]}"
            self._matter(matter_no).update(matter)
            if self.autopilot:
                self.staff_at_once(matter, partial(self.act, matter_no))
            return {"id": matter_no}

        return self.once(key, "matter", matter["case_id"], effect)

    def add_step(self, matter_no: str, step: Json, key: Key) -> dict[str, Any]:
        """流转."""

        def effect() -> dict[str, Any]:
            matter = self._matter(matter_no)
            matter["steps"].append(step)
            matter["status"] = step["status"]
            matter["due"] = step.get("due") or matter.get("due")
            if step["status"] == "imposed":
                matter["purpose"] = "imposed"
            won = step["status"] == "granted" and step["by"] == self.name
            if self.autopilot and (won or step["status"] == "imposed"):
                self._resolve(matter)
            return {"id": matter_no}

        return self.once(key, "step", matter_no, effect)

    def add_notice(self, matter_no: str, notice: Json, key: Key) -> dict[str, Any]:
        """整改通知单."""

        def effect() -> dict[str, Any]:
            self._serve_notice(self._matter(matter_no), notice)
            return {"id": matter_no}

        return self.once(key, "notice", matter_no, effect)

    def add_reply(self, matter_no: str, reply: Json, key: Key) -> dict[str, Any]:
        """答复, told to the resident."""

        def effect() -> dict[str, Any]:
            matter = self._matter(matter_no)
            matter["replies"].append(reply)
            matter["status"] = "replied"
            return {"id": matter_no}

        return self.once(key, "reply", matter_no, effect)

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

    def _claim(self, matter: dict[str, Any], event: dict[str, Any]) -> None:
        with self._lock:  # two leaders press the button at once: one of them has it
            if matter.get("claimant"):
                raise HTTPException(409, "已被认领 / claimed already")
            matter["claimant"] = event["claimant"]

    def _serve_notice(self, matter: dict[str, Any], notice: dict[str, Any]) -> None:
        notice_no = f"ZG-{matter['id']}-{len(matter['notices']) + 1}"
        matter["notices"].append({**notice, "notice_no": notice_no})

    def _matter(self, matter_no: str) -> dict[str, Any]:
        # made where it is missing: a stand-in that was started anew still answers for the matters of before
        empty = {"id": matter_no, "status": "waiting", "steps": [], "notices": [], "replies": []}
        return self.records.setdefault(matter_no, empty)

    def _resolve(self, matter: dict[str, Any]) -> None:
        self.act(matter["id"], {"action": "resolve", "reply": "已核实办结。 / Checked and done."})

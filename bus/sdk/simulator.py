"""Simulator of a center's own system: real HTTP, effects that can be looked at, faults that can be ordered.

An adapter's ``simulator.py`` adds its vendor's routes and forms to this. Used by the demo, the center suite and tests.
The calls that it ``serves`` make the vendor's OpenAPI document, which a running simulator shows as ``/openapi.json``.
"""

import base64
import hashlib
import inspect
import queue
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import httpx
import uvicorn
from fastapi import Body, FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel
from standardwebhooks import Webhook

from bus.contract.ids import new_id
from bus.contract.working_days import CHINA
from bus.sdk.vendor_document import CALLED, document

AnswerT = TypeVar("AnswerT")
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=120,
        description="同一个键只生效一次；再次收到时给出与首次相同的应答 · "
        "The same key has its effect once; a repeat is answered as at first",
    ),
]
"""The header by which a repeat is known."""


NEVER_TOLD = ("at", "place", "visitor", "found")
"""What staff note of a visit that stays in their own system; of ``at``, day and hour are told."""


def _day_and_hour(at: str) -> dict[str, str]:
    """An appointment as the adapter is told it: day and hour in China, the day alone where no hour is settled."""
    if len(at) == len("2021-05-20"):
        return {"day": at}
    local = datetime.fromisoformat(at).astimezone(CHINA)
    return {"day": f"{local:%Y-%m-%d}", "hour": f"{local:%H:%M}"}


class Fault(BaseModel):
    """Order the next ``times`` calls of the vendor's API to go wrong: ``status`` an HTTP status, or 0 for garbage with
    a 200, or -1 for an answer that comes after ``delay`` seconds. ``after_effect``: it happens, its answer is lost."""

    status: int
    times: int = 1
    delay: float = 0.0
    after_effect: bool = False


class BackendSimulator:
    """One vendor system. ``intake_url`` is where its adapter listens; ``secret`` signs what it sends there."""

    def __init__(self, name: str, intake_url: str = "", secret: str = "") -> None:
        self.name = name
        self.intake_url = intake_url
        self.secret = secret
        self.app = FastAPI(title=f"{name} (stand-in)")
        self.records: dict[str, dict[str, Any]] = {}
        """The vendor's records, by their own ids."""
        self.photos: dict[str, bytes] = {}
        """Photos and papers, by their SHA-256."""
        self.autopilot = False
        """Whether staff does at once whatever it is asked."""
        self.effects: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        """What the adapter's intake answered to each form: {"form", "id", "status", "body"}."""
        self.repeats = 0
        """Calls that came again with a key that was used: answered alike, without a second effect."""
        self._done: dict[str, Any] = {}
        self._faults: list[Fault] = []
        self._lock = threading.RLock()
        self._outgoing: queue.Queue[tuple[str, dict[str, Any]] | None] = queue.Queue()
        self._server: uvicorn.Server | None = None
        self._threads: list[threading.Thread] = []
        self.app.openapi = self.vendor_document  # type: ignore[method-assign]  # FastAPI's own way to show another
        self.app.middleware("http")(self._go_wrong)
        self.app.get("/_effects")(lambda: self.effects)
        self.app.post("/_faults")(self.order_fault)
        self.app.post("/staff/records/{record_id:path}/work")(self.work)

    def serves(self, method: str, path: str, answer: Callable[..., object]) -> None:
        """``answer`` serves a call of the adapter. Its name, types and docstring (``建单 · Opens an order.``) are what
        the vendor's document says of the call; a body or a field that its types do not have is refused with 422."""
        zh, _, en = (inspect.getdoc(answer) or "").partition(" · ")
        name = answer.__name__
        self.app.add_api_route(
            path, answer, methods=[method], tags=[CALLED], name=name, operation_id=name, summary=zh, description=en
        )

    def vendor_document(self) -> dict[str, Any]:
        """The OpenAPI document of the calls that it serves."""
        return document(self.name.partition("-")[0], self.app.routes)

    def once(self, key: str, what: str, record: str, effect: Callable[[], AnswerT]) -> AnswerT:
        """Have the effect ``what`` on ``record``, once for each idempotency key; a repeat gets the same answer."""
        with self._lock:
            if key in self._done:
                self.repeats += 1
                done: AnswerT = self._done[key]
                return done
            answer = self._done[key] = effect()
            told = answer.model_dump(mode="json") if isinstance(answer, BaseModel) else answer
            self.effects.append({"what": what, "record": record, "key": key, "answer": told})
            return answer

    def read(self, record_id: str) -> dict[str, Any]:
        """One record of the vendor's; 404 where there is none."""
        if record_id not in self.records:
            raise HTTPException(404)
        return self.records[record_id]

    def keep(self, what: str, photo: dict[str, Any], key: str) -> dict[str, Any]:
        """Keep a photo or paper under its hash; 400 where its bytes have another."""

        def effect() -> dict[str, Any]:
            content = base64.b64decode(photo["content"])
            if hashlib.sha256(content).hexdigest() != photo["sha256"]:
                raise HTTPException(400)
            self.photos[photo["sha256"]] = content
            return {"sha256": photo["sha256"]}

        return self.once(key, what, photo["sha256"], effect)

    def know(self, order: dict[str, Any], told: dict[str, Any]) -> None:
        """Put on an order who its resident is; what stood there for it goes."""
        order.update({name: value for name, value in told.items() if name != "by"})
        for left in [name for name in order if name.replace("_", "").lower() in ("residentawaited", "phonetail")]:
            del order[left]

    def staff_at_once(
        self,
        order: dict[str, Any],
        act: Callable[[dict[str, Any]], object],
        reply: str = "已核实办结。 / Checked and done.",
    ) -> None:
        """What staff on autopilot do with a new order, by the purpose for which it was opened; of what is open to
        several only whoever is granted it resolves it."""
        match order["purpose"]:
            case "handle":
                act({"action": "accept"})
                if not order.get("open_to_several"):
                    act({"action": "resolve", "reply": reply})
            case "imposed":
                act({"action": "resolve", "reply": reply})
            case "assist":
                act({"action": "answer-assist", "done": True, "text": "已协助完成。"})

    def work(self, record_id: str, act: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        """承办过程: staff speak to the resident, appoint a visit, come, plan steps, or look at papers. What they note
        stays here whole; of an appointment the adapter is told day and hour, and not the place."""
        record = self.read(record_id)
        record.setdefault("casework", []).append(act)
        told = {name: value for name, value in act.items() if name not in NEVER_TOLD}
        if act["action"] == "appoint":
            told |= _day_and_hour(act["at"])
        about = {"case_id": record["case_id"]} if "case_id" in record else {"record": record_id}
        event_id = f"CB-{new_id().hex[-12:]}"
        self.tell("casework", {"event_id": event_id, **about, "event": told})
        return {"event_id": event_id}

    def order_fault(self, fault: Fault) -> None:
        """The next calls go wrong as told."""
        with self._lock:
            self._faults.append(fault)

    def heal(self) -> None:
        """No more faults."""
        with self._lock:
            self._faults.clear()

    async def _go_wrong(self, request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        fault = None if request.url.path.startswith("/_") else self._next_fault()
        if fault is None:
            return await go_on(request)
        if fault.after_effect:
            await go_on(request)
        if fault.delay:
            import asyncio  # noqa: PLC0415 - the one place where FastAPI's colour shows

            await asyncio.sleep(fault.delay)
        if fault.status == 0:
            return Response(b"\x00<html>gar", media_type="text/html")
        return Response(status_code=504 if fault.status < 0 else fault.status)

    def _next_fault(self) -> Fault | None:
        with self._lock:
            if not self._faults:
                return None
            fault = self._faults[0]
            fault.times -= 1
            if fault.times <= 0:
                self._faults.pop(0)
            return fault

    def tell(self, form: str, body: dict[str, Any]) -> None:
        """Send a form to the adapter's intake, signed, again and again until it is answered below 500."""
        self._outgoing.put((form, body))

    def upload(self, content: bytes, name: str = "") -> str:
        """Put a photo or paper into the adapter's keeping. Returns the SHA-256 to name it by."""
        sha256 = hashlib.sha256(content).hexdigest()
        with httpx.Client(timeout=10, trust_env=False) as http:
            answer = http.put(
                f"{self.intake_url}/attachments", params={"name": name}, content=content, headers=self._signed(sha256)
            )
        answer.raise_for_status()
        return sha256

    def _signed(self, content: str) -> dict[str, str]:
        """The three headers of the Standard Webhooks scheme over ``content``."""
        message_id, now = f"msg_{new_id().hex}", datetime.now(UTC)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(message_id, now, content),
        }

    def _deliver(self) -> None:
        with httpx.Client(timeout=10, trust_env=False) as http:
            while (item := self._outgoing.get()) is not None:
                form, body = item
                while not self._try(http, form, body) and self._server is not None:
                    time.sleep(0.2)

    def _try(self, http: httpx.Client, form: str, body: dict[str, Any]) -> bool:
        import json  # noqa: PLC0415 - only here

        raw = json.dumps(body, ensure_ascii=False)
        headers = {"content-type": "application/json", **self._signed(raw)}
        try:
            answer = http.post(f"{self.intake_url}/intake/{form}", content=raw.encode(), headers=headers)
        except httpx.HTTPError:
            return False
        if answer.status_code >= 500:
            return False
        with self._lock:
            self.answers.append({"form": form, "status": answer.status_code, "body": answer.json()})
        return True

    def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Serve in the background. Returns the base URL."""
        config = uvicorn.Config(self.app, host=host, port=port, log_level="error", access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        for task in (self._server.run, self._deliver):
            thread = threading.Thread(target=task, name=f"{self.name}-{task.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)
        deadline = time.monotonic() + 15
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        bound = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://{host}:{bound}"

    def stop(self) -> None:
        """Stop serving and telling."""
        server, self._server = self._server, None
        if server is not None:
            server.should_exit = True
            self._outgoing.put(None)
            for thread in self._threads:
                thread.join(10)

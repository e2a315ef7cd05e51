"""The door of a center: who waits there keeps nobody else from being heard."""

import asyncio
import json
from base64 import b64encode
from concurrent.futures import Future
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
from standardwebhooks import Webhook

from bus.http.app import make_app
from bus.pipeline.intake import Reply, Submission
from bus.sdk.discovery import load_adapter

SECRET = "whsec_" + b64encode(b"a secret of a test only!").decode()
MANY = 60
"""More than the server has threads for."""


def test_what_a_restored_center_does_not_know_yet_is_to_be_sent_again() -> None:
    """No 4xx, after which its sender would throw it away."""
    unused: Any = None
    uncounted: Any = SimpleNamespace(form=lambda *_: None)
    later: Future[Reply] = Future()
    later.set_result(Reply("later", code="unknown-case", cure="send it again later"))
    center = load_adapter("adapters.media_center")
    app = make_app(
        center, "media_center-150402", lambda _: later, SECRET, unused, uncounted, dict, lambda: datetime.now(UTC)
    )

    async def play() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://center") as people:
            return await people.post("/intake/message", **_signed(1))

    answer = asyncio.run(play())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert answer.json() == {"code": "unknown-case", "cure": "send it again later"}


def test_forms_that_wait_for_their_commit_keep_nobody_from_health() -> None:
    """While the store stands still and many forms wait, the center still says that it lives; then all are answered."""
    waiting: list[Future[Reply]] = []

    def door(_submission: Submission) -> Future[Reply]:
        waiting.append(Future())
        return waiting[-1]

    unused: Any = None
    uncounted: Any = SimpleNamespace(form=lambda *_: None)
    app = make_app(load_adapter("adapters.media_center"), "media_center-150402", door, SECRET, unused, uncounted, dict,
                   lambda: datetime.now(UTC))  # fmt: skip

    async def play() -> tuple[int, list[int]]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://center") as people:
            forms = [asyncio.create_task(people.post("/intake/message", **_signed(n))) for n in range(MANY)]
            while len(waiting) < MANY:
                await asyncio.sleep(0.01)
            try:
                alive = await asyncio.wait_for(people.get("/health/live"), 10)
            finally:
                for reply in waiting:
                    reply.set_result(Reply("taken"))
            return alive.status_code, [form.status_code for form in await asyncio.gather(*forms)]

    alive, answers = asyncio.run(play())
    assert alive == 200
    assert answers == [202] * MANY


def _signed(number: int) -> dict[str, Any]:
    body = json.dumps({
        "message_id": f"M{number}", "client_name": "居民甲", "phone": "13800000001", "text": "楼道灯不亮",
        "place": "站前街道", "category": "市容环境", "division": "150402", "to": ["party_service-150402"],
    })  # fmt: skip
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign(f"msg_{number}", now, body)
    headers = {
        "webhook-id": f"msg_{number}",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return {"content": body.encode(), "headers": headers}

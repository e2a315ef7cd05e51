"""A receiver that is told by a signed HTTP request (Standard Webhooks)."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import httpx
from standardwebhooks import Webhook

from bus.alarms.notices import one_by_one
from bus.alarms.receivers import WITHIN, NotTaken
from bus.store.incidents import Notice


class WebhookReceiver:
    """Posts each notice. ``webhook-id`` is the notice's own: the same at each try."""

    split = staticmethod(one_by_one)

    def __init__(self, name: str, url: str, secret: str, ca_file: Path | None = None, within: float = WITHIN) -> None:
        """``within``: seconds for the whole exchange, however slowly the receiver answers."""
        self.name = name
        self._url, self._webhook, self._ca_file, self._within = url, Webhook(secret), ca_file, within

    def send(self, notice: Notice) -> None:
        """Post it. Raises ``NotTaken``."""
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": notice.notice_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(notice.notice_id, now, notice.body),
        }
        try:
            status = asyncio.run(asyncio.wait_for(self._post(notice.body.encode(), headers), self._within))
        except TimeoutError:
            raise NotTaken("no answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # its text may quote the address, with its login
            raise NotTaken(type(error).__name__) from None
        if not 200 <= status < 300:
            raise NotTaken(f"HTTP {status}")

    async def _post(self, body: bytes, headers: dict[str, str]) -> int:
        """The status. The body of the answer is not read."""
        verify = ssl.create_default_context(cafile=self._ca_file) if self._ca_file is not None else True
        async with (
            httpx.AsyncClient(timeout=self._within, trust_env=False, verify=verify) as client,
            client.stream("POST", self._url, content=body, headers=headers) as answer,
        ):
            return answer.status_code

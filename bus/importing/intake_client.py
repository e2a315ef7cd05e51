"""The client that submits a ledger's forms to the center's own intake, signed like any other form."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from bus.backoff import retrying
from bus.contract.ids import new_id
from bus.importing.spreadsheet import CellFault


class Away(RuntimeError):
    """The center cannot be reached, or is too busy for too long."""


class Misled(RuntimeError):
    """The center answers, but will take none of the rows: wrong secret, or wrong form. The text is its code."""


@dataclass(frozen=True, slots=True)
class IntakeClient:
    """The intake of one form."""

    http: httpx.Client
    url: str
    webhook: Webhook
    patience: float
    """Seconds in which an unreachable center may come back."""

    def hand_in(self, form: dict[str, Any]) -> tuple[str, list[CellFault]]:
        """Submit a form. Returns ``imported``, ``repeated``, or ``rejected`` with the reasons. Raises ``Away`` or
        ``Misled``."""
        body = json.dumps(form, ensure_ascii=False)
        answer: httpx.Response = retrying(Away, self.patience)(self._once, body)
        if answer.status_code in (401, 404):
            raise Misled("signature" if answer.status_code == 401 else "no-such-form")
        if answer.is_success:
            return ("repeated" if answer.status_code == 200 else "imported"), []
        return "rejected", _faults(answer)

    def _once(self, body: str) -> httpx.Response:
        message_id, now = f"msg_{new_id().hex}", datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self.webhook.sign(message_id, now, body),
        }
        try:
            answer = self.http.post(self.url, content=body.encode(), headers=headers)
        except httpx.UnsupportedProtocol:  # it will not come back
            raise
        except httpx.HTTPError as error:
            raise Away(type(error).__name__) from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Away(str(answer.status_code))
        return answer


def _faults(answer: httpx.Response) -> list[CellFault]:
    """The intake's reasons: fields and problems, or its code and cure. Never a value."""
    try:
        said = answer.json()
        if "faults" in said:
            return [CellFault(str(one["field"]), str(one["problem"])) for one in said["faults"]]
        return [CellFault(str(said["code"]), str(said.get("cure", "")))]
    except (ValueError, KeyError, TypeError):
        return [CellFault("form", f"http-{answer.status_code}")]

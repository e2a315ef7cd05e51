"""A receiver that is told by mail."""

import asyncio
import json
import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import aiosmtplib

from bus.alarms.notices import together
from bus.alarms.receivers import WITHIN, NotTaken
from bus.alarms.settings import Mail
from bus.log import log
from bus.store.incidents import Notice

_STATES = {
    "opened": ("新告警", "opened"),
    "reminded": ("未处理", "still open"),
    "acknowledged": ("已有人处理", "taken"),
    "cleared": ("已恢复", "cleared"),
}
SEVERITIES = {"fault": "故障 fault", "attention": "注意 attention", "notice": "告知 notice"}


class MailReceiver:
    """Mails what one look has changed in one message, to all recipients."""

    name = "mail"
    split = staticmethod(together)

    def __init__(self, settings: Mail, password: str, within: float = WITHIN) -> None:
        """``within``: seconds for the whole exchange, however slowly the server answers."""
        self._settings, self._password, self._within = settings, password, within

    def send(self, notice: Notice) -> None:
        """Hand the message to the mail server. Raises ``NotTaken``."""
        try:
            refused = asyncio.run(asyncio.wait_for(self._send(notice), self._within))
        except TimeoutError:
            raise NotTaken("no answer in time") from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:  # its text may quote what the server said
            raise NotTaken(type(error.__cause__ or error).__name__) from None
        if refused:
            log().warning("alarm-not-taken", peer=self.name, count=refused, trouble="recipients refused")

    async def _send(self, notice: Notice) -> int:
        """How many of the recipients the server has refused; where it refuses all, that is an error."""
        given = self._settings
        refused, _ = await aiosmtplib.send(
            message_of(notice, given),
            sender=given.sender,
            recipients=list(given.to),
            hostname=given.host,
            port=given.port,
            username=given.user or None,
            password=self._password or None,
            use_tls=given.security == "tls",
            start_tls=given.security == "starttls",
            tls_context=ssl.create_default_context(cafile=given.ca_file),
            timeout=self._within,
        )
        return len(refused)


def message_of(notice: Notice, settings: Mail) -> EmailMessage:
    """The message of one notice, in both languages."""
    events: Sequence[dict[str, Any]] = json.loads(notice.body)
    message = EmailMessage()
    message["Subject"] = _subject(events)
    message["From"], message["To"] = settings.sender, ", ".join(settings.to)
    message["Date"] = format_datetime(datetime.fromtimestamp(notice.made_ms / 1000, UTC))
    message["Message-ID"] = f"<{notice.notice_id}@four-center-bus>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(line for one in events for line in _lines(one)))
    return message


def _subject(events: Sequence[dict[str, Any]]) -> str:
    first = events[0]
    zh, en = _STATES[_change(first)]
    data = first["data"]
    more = f" (+{len(events) - 1})" if len(events) > 1 else ""
    return " ".join(f"[{data['scope']}] {zh} {en}: {data['title']['zh']} {data['about']}{more}".split())


def _change(event: dict[str, Any]) -> str:
    return str(event["type"]).removeprefix("incident.")


def _lines(event: dict[str, Any]) -> Iterator[str]:
    data = event["data"]
    zh, en = _STATES[_change(event)]
    yield f"{zh} {en}: {data['title']['zh']} / {data['title']['en']}"
    yield f"  {SEVERITIES[data['severity']]} · {data['code']} {data['place']} {data['cause']} {data['about']}".rstrip()
    yield f"  件数 count {data['count']} · 自 since {data['since']}"
    yield f"  处理 cure: {data['cure']['zh']} / {data['cure']['en']}"
    if data["acknowledged_by"]:
        yield f"  处理人 taken by: {data['acknowledged_by']}"
    yield f"  {data['page']}"
    yield ""

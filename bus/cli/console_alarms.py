"""The file of alarms: how patient they are, and who is told."""

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from bus.alarms.mail import MailReceiver
from bus.alarms.receivers import Receiver
from bus.alarms.settings import AlarmSettings
from bus.alarms.webhook import WebhookReceiver
from bus.cli.options import require_permission
from bus.security.permission import Readers, why_unreadable
from bus.settings import BadSettings
from bus.settings.faults import told
from bus.settings.file import written_in

SECRET = re.compile(r"whsec_(?:[A-Za-z0-9+/]{4}){5,}(?:[A-Za-z0-9+/]{2,3}={1,2})?")
"""Base64 of 15 bytes or more. The library would read other signs as none."""


def load_alarms(path: Path | None) -> AlarmSettings:
    """Read the file; without one nobody is told. Raises ``BadSettings`` with every fault."""
    if path is None:
        return AlarmSettings()
    require_permission(path)
    try:
        return AlarmSettings(**written_in(path))
    except ValidationError as error:
        raise BadSettings([told(item) for item in error.errors(include_input=False, include_url=False)]) from None


def receivers_of(settings: AlarmSettings) -> list[Receiver]:
    """All receivers, with their secrets. Raises ``BadSettings``."""
    return list(_receivers(settings))


def _receivers(settings: AlarmSettings) -> Iterator[Receiver]:
    for one in settings.webhooks:
        secret = _secret(one.secret_file)
        if SECRET.fullmatch(secret) is None:
            raise BadSettings([(str(one.secret_file), "不是 whsec_ 开头的密钥", "holds no secret of the form whsec_…")])
        yield WebhookReceiver(one.name, one.url, secret, one.ca_file)
    if settings.mail is not None:
        given = settings.mail
        yield MailReceiver(given, _secret(given.password_file) if given.password_file is not None else "")


def _secret(path: Path) -> str:
    """What a file of a secret holds. Raises ``BadSettings``."""
    if (barred := why_unreadable(path, Readers.OWNER)) is not None:
        raise BadSettings([(str(path), *barred.words)])
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise BadSettings(
            [(str(path), f"读不到（{type(error).__name__}）", f"cannot be read ({type(error).__name__})")]
        ) from None

"""How long the certificate with which a center logs in to the broker is still valid."""

from datetime import datetime

from bus.security.errors import KeyUnusable
from bus.security.pki import days_left
from bus.settings import Tls


def days_of(tls: Tls, now: datetime) -> int | None:
    """Whole days, negative when it has expired. None: the center has no certificate, or one that cannot be read, which
    the transport reports."""
    if tls.certificate is None:
        return None
    try:
        return days_left(tls.certificate, now)
    except KeyUnusable:
        return None

"""Step 1, open: the message is decrypted, which yields the signed bytes."""

from datetime import datetime

from bus.context import CenterContext
from bus.pipeline.inbound import Inbound
from bus.security.errors import Untrusted


def unseal(one: Inbound, context: CenterContext, _now: datetime) -> bool:
    """Decrypt the message with this center's key. False: later steps are skipped."""
    try:
        one.body = context.security.unseal(one.body)
    except Untrusted as nobody:
        one.body = nobody.shown or one.body
        return one.is_strange(nobody.code)
    return True

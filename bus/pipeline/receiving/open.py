"""Step 1, open: the seal is taken off, so that the bytes are those that were signed."""

from datetime import datetime

from bus.context import CenterContext
from bus.pipeline.inbound import Inbound
from bus.security.errors import Untrusted


def unseal(one: Inbound, context: CenterContext, _now: datetime) -> bool:
    """Open it with this center's key. False: it goes no further."""
    try:
        one.body = context.security.unseal(one.body)
    except Untrusted as nobody:
        one.body = nobody.shown or one.body
        return one.is_strange(nobody.code)
    return True

"""Step 2, verify: whether a message is from whom it says, and for this center. Nothing of it is read before.

It is asked of each that arrives, and again of each that has waited: a message that is parked or held back may be a
forgery, or its key may have been taken back.
"""

from datetime import datetime
from typing import Any

from bus.context import CenterContext
from bus.contract.envelope import Message
from bus.pipeline.inbound import Inbound
from bus.security.errors import Untrusted


def verify(one: Inbound, context: CenterContext, now: datetime) -> bool:
    """Find out who has signed it. False: nobody whose signature counts; it goes no further."""
    try:
        one.signer = context.security.signer(one.body, now)
    except Untrusted as nobody:
        one.body = nobody.shown or one.body
        return one.is_strange(nobody.code)
    return True


def wrong_envelope(message: Message[Any], sender: str | None, signer: str | None, context: CenterContext) -> str:
    """What is wrong with the ends that a message names; empty when nothing is. ``sender``: whom the transport names,
    ``signer``: whose signature it bears."""
    if message.recipient != context.me:
        return "wrong-recipient"
    if sender is not None and sender != message.source:
        return "wrong-sender"
    if signer is not None and signer != message.source:
        return "wrong-signer"
    if message.source == context.me:
        return "from-ourselves"
    return ""


def fault_by_now(body: bytes, message: Message[Any], sender: str | None, context: CenterContext) -> str:
    """Why a message that has waited here may not be applied now; empty when it may.

    A key that was rotated since counted when the message came. One that was revoked may have been a thief's even
    then."""
    try:
        signer = context.security.once_signer(body)
    except Untrusted as nobody:
        return nobody.code
    return wrong_envelope(message, sender, signer, context)

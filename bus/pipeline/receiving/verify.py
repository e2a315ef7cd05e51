"""Step 2, verify: whether a message is from the sender it names, and for this center. It runs before parsing.

It is repeated for each message that has waited: a parked or held-back message may be a forgery, or its key may have
been revoked meanwhile.
"""

from datetime import datetime
from typing import Any

from bus.context import CenterContext
from bus.contract.envelope import Message
from bus.pipeline.inbound import Inbound
from bus.security.errors import Untrusted


def verify(one: Inbound, context: CenterContext, now: datetime) -> bool:
    """Find the signer. False: no signature counts, and later steps are skipped."""
    try:
        one.signer = context.security.signer(one.body, now)
    except Untrusted as nobody:
        one.body = nobody.shown or one.body
        return one.is_strange(nobody.code)
    return True


def wrong_envelope(message: Message[Any], sender: str | None, signer: str | None, context: CenterContext) -> str:
    """What is wrong with the sender and recipient in the envelope; empty if nothing. ``sender``: named by the
    transport, ``signer``: by the signature."""
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
    """Why a message that has waited here may not be applied now; empty if it may.

    A key that was rotated since was valid when the message came. A revoked key may have been a thief's even then."""
    try:
        signer = context.security.once_signer(body)
    except Untrusted as nobody:
        return nobody.code
    return wrong_envelope(message, sender, signer, context)

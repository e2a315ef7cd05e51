"""Step 3, decode: the bytes become a message of the contract, which is then classified."""

from datetime import datetime

from bus.context import CenterContext
from bus.contract.codec import Undecodable, decode
from bus.contract.messages import Failure, LogAsked, LogTold, Receipt
from bus.pipeline.inbound import Inbound, Reading
from bus.pipeline.receiving.verify import wrong_envelope


def decode_message(one: Inbound, context: CenterContext, _now: datetime) -> bool:
    """Decode the message. False: it is no message for this center, and later steps are skipped."""
    try:
        one.says(decode(one.body))
    except Undecodable as error:
        if error.envelope is None:
            return one.is_strange(error.code, error.where)
        one.says(error.envelope, error.code)
    message = one.message
    if wrong := wrong_envelope(message, one.sender, one.signer, context):
        return one.is_strange(wrong)
    if not one.fault and isinstance(message.data, Receipt | Failure | LogAsked | LogTold):
        one.reading = Reading.CONTROL
    elif message.subject is None or message.sequence == 0:
        return one.is_strange(one.fault or "no-place-in-a-lane")
    else:
        one.reading = Reading.IN_LANE
    return True


def reread(body: bytes) -> Inbound | None:
    """A held-back message, read again; None if it cannot be read any more."""
    one = Inbound(body)
    try:
        one.says(decode(body))
    except Undecodable as error:
        if error.envelope is None:
            return None
        one.says(error.envelope, error.code)
    return one

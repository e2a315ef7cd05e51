"""The first step of receive: each delivery is unsealed, its signature checked and its message decoded, one by one."""

from collections.abc import Sequence
from datetime import datetime

from bus.context import CenterContext
from bus.contract.codec import Undecodable, decode
from bus.contract.messages import Failure, LogAsked, LogTold, Receipt
from bus.pipeline.control import ControlMessage
from bus.pipeline.receive_batch import Inbound
from bus.pipeline.verify import wrong_envelope
from bus.security.errors import Untrusted
from bus.transports.port import Delivery


def read_deliveries(
    deliveries: Sequence[Delivery], context: CenterContext, now: datetime
) -> tuple[list[Inbound], list[tuple[ControlMessage, bytes]], list[tuple[bytes, str | None, str, str]]]:
    """What stands in a lane; what is about messages; and what is neither: its bytes, sender, code, and where."""
    arrived: list[Inbound] = []
    control: list[tuple[ControlMessage, bytes]] = []
    strange: list[tuple[bytes, str | None, str, str]] = []
    for delivery in deliveries:
        fault, body = "", delivery.body
        try:
            body = context.security.unseal(body)
            signer = context.security.signer(body, now)
            message = decode(body)
        except Untrusted as nobody:  # before anything of it was read
            strange.append((nobody.shown or body, delivery.sender, nobody.code, ""))
            continue
        except Undecodable as error:
            if error.envelope is None:
                strange.append((body, delivery.sender, error.code, error.where))
                continue
            message, fault = error.envelope, error.code
        wrong = wrong_envelope(message, delivery.sender, signer, context)
        if wrong:
            strange.append((body, delivery.sender, wrong, ""))
        elif fault == "" and isinstance(message.data, Receipt | Failure | LogAsked | LogTold):
            control.append((message, body))
        elif message.subject is None or message.sequence == 0:
            strange.append((body, delivery.sender, fault or "no-place-in-a-lane", ""))
        else:
            arrived.append(Inbound(body, message, fault))
    return arrived, control, strange

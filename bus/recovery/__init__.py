"""Recovery of a store restored from an old backup: the center asks its peers for what it has forgotten.

The operator starts it with ``begin``. From then on the center takes nothing in and sends only questions, until every
peer has told (``requester``; the peers' side is ``responder``). Then each case is restored (``rebuild``), messages that
only some have heard are sent again (``resend``), and the center goes on in a new epoch (``complete``).
"""

from bus.recovery.requester import NothingToRecover, Status, begin, excuse, going_on, status

__all__ = ["NothingToRecover", "Status", "begin", "excuse", "going_on", "status"]

"""What a center does when its store was put back to an old backup: it asks its peers for what it has forgotten.

``begin`` is the operator's word that it was. From then on the center takes nothing in and says nothing but questions,
until everybody has told (``asking``; the peers' side is ``telling``). Then each case becomes what it was
(``rebuild``), what only some have heard is said again (``resay``), and the center goes on in a new era (``finishing``).
"""

from bus.recovery.requester import NothingToRecover, Status, begin, excuse, going_on, status

__all__ = ["NothingToRecover", "Status", "begin", "excuse", "going_on", "status"]

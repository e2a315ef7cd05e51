"""What a record keeps of more time that was asked for, granted and used. Pure."""

from datetime import datetime
from uuid import UUID

from bus.contract.messages import MoreTime
from bus.contract.types import CenterName, Count, Moment, Strict


class Extension(Strict):
    """A request for more time, at the center that asked, and at the one that may grant it."""

    extension_id: UUID
    what: MoreTime
    by: CenterName
    """Who asked."""
    approver: CenterName
    """Who may grant it. Who asked: nobody else could, which is counted apart."""
    at: Moment
    until: Moment
    """As asked for; once granted, as granted."""
    due: Moment
    """When the term ends without it."""
    round: Count = 1
    granted: bool | None = None
    """None while unanswered."""
    answered_at: Moment | None = None
    used: bool = False
    """Of a hold: whether it has begun."""


class Hold(Strict):
    """A time in which nothing could be done, as it was granted (挂起)."""

    begins: Moment
    until: Moment
    by: CenterName
    round: Count = 1
    ended: Moment | None = None
    """When work was taken up again; None: not before ``until``."""
    settled: bool = False
    """Whether a later term was granted since, which has counted it already."""

    @property
    def ends(self) -> datetime:
        """When it ended, or will."""
        return self.until if self.ended is None else self.ended

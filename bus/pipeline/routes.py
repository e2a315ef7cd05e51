"""Routes that a form's handler has asked for: which centers they named, and whether the county has these centers."""

from bus.custody.commands import AskAssist, Command, Offer
from bus.sdk.center import Link, Reject, Routes
from bus.sdk.codes import RejectCode
from bus.store.unit_of_work import UnitOfWork


class RoutesOfForm:
    """The routes of the settings, and the centers that they have named for the current form."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self.named: set[str] = set()

    def find(self, category: str, division: str) -> str | None:
        """The center for this category and division; None if no route fits."""
        found = self._routes.find(category, division)
        self.named |= {found} if found is not None else set()
        return found


def leads_nowhere(uow: UnitOfWork, routes: RoutesOfForm, item: Command | Link) -> bool:
    """Whether a configured route leads to a center that the county's directory does not list: then the case stays here.
    Raises ``Reject`` where the form itself names such a center."""
    asked = item.to if isinstance(item, Offer) else (item.to,) if isinstance(item, AskAssist) else ()
    strangers = {center for center in asked if not uow.context.security.is_member(center)}
    if strangers - routes.named:
        raise Reject(RejectCode.UNKNOWN_CENTER, "the county's directory lists no such center: name one that it lists")
    for center in strangers:
        uow.journal(item.case_id, "refused", "offer", center, None, RejectCode.UNKNOWN_CENTER)
    return bool(strangers)

"""The command platform's interface: what is called there, and what is read there."""

from bus import Page, RetryCode, RetryLater
from bus import workorders as w


class Platform(w.System):
    """The platform calls nobody: what its people do stands in one list of events, which are numbered."""

    def events(self, cursor: str) -> Page:
        """The events after the one whose number is the cursor. Raises ``RetryLater`` and ``Reject``."""
        answer = self.read("/events", query={"after": int(cursor or 0)})
        try:
            forms = [(one["form"], one["body"]) for one in answer["events"]]
            return Page(forms, str(answer["last"]), more=answer["more"] is True)
        except (KeyError, TypeError):
            raise RetryLater(RetryCode.VENDOR_GARBAGE) from None

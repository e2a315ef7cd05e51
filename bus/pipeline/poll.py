"""Poll: reads new forms from the center's own system, and stores them together with the cursor.

Nothing of a page is lost: a form that cannot be taken in is parked, and the cursor is written in the same transaction.
After a crash in between the same page is read again, and its forms are repeats.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_json

from bus.contract.codec import Undecodable, read_json
from bus.pipeline.intake import IntakeDeps, Reply, Submission, intake, noop
from bus.pipeline.unknown_fields import unknown_fields
from bus.sdk.center import Form, Reject, RetryLater
from bus.sdk.polls import LONGEST_CURSOR, MOST_FORMS, Page, Poll, PollContext
from bus.store import parked, polls
from bus.store.database import Store, StoreUnavailable, Tx
from bus.store.parked import ParkedItem
from bus.store.timestamps import ms

_TAKEN = frozenset({"taken", "repeated"})


class PollOutcome(StrEnum):
    """The outcome of a poll."""

    READ = "read"
    """The page and its cursor are stored."""
    NOT_NOW = "not-now"
    """The center's own system is away or busy, or this center takes nothing in now: the poll is retried."""
    FAULT = "fault"
    """The adapter's function failed, or returned no page: the poll is retried."""


@dataclass(frozen=True, slots=True)
class PollResult:
    """The result of one poll."""

    poll: str
    outcome: PollOutcome
    code: str = ""
    after: float | None = None
    """Seconds that the other system asks to wait, where it said so."""
    parked: int = 0
    """Forms that could not be taken in."""
    more: bool = False
    """Whether the next page can be read at once."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """A form of a page that cannot be taken in, and its position; nothing of its content."""

    code: str
    where: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page, and the cursor with which it was read."""

    poll: str
    cursor: str
    page: Page
    forms: list[Submission | _Refused]
    """The forms of the page, read by their models."""

    def rows(self, replies: list[Reply], me: str, now: datetime) -> list[ParkedItem]:
        """The items to park, given the replies to the readable forms."""
        answers = iter(replies)
        refused = [one if isinstance(one, _Refused) else _refused_by(one, next(answers)) for one in self.forms]
        return [self._row(number, one, me, now) for number, one in enumerate(refused, start=1) if one is not None]

    def _row(self, number: int, one: _Refused, me: str, now: datetime) -> ParkedItem:
        name, told = self.page.forms[number - 1]
        hint = (
            f"poll {self.poll}, no. {number} of the page, form {name}: {one.where}; mend the record or the adapter, "
            "then replay: the page is asked for again"
        )
        known_by = f"{self.poll} {self.cursor} {number} {name} {told!r}".encode(errors="replace")
        body = json.dumps({"poll": self.poll, "cursor": self.cursor}).encode()
        return parked.row(parked.POLL, one.code, hint, known_by=known_by, owner=me, now_ms=ms(now), body=body)


def poll(
    store: Store,
    deps: IntakeDeps,
    forms: Mapping[str, Form],
    asked: Poll,
    system: object,
    now: datetime,
    wake: Callable[[], None] = noop,
) -> PollResult:
    """Poll once. Raises ``StoreUnavailable`` where the store cannot be read or written at all."""
    with store.reading() as tx:
        cursor = polls.cursor(tx, asked.name)
    try:
        page = _page(asked.read(PollContext(deps.context.me, now, system, cursor)))
    except RetryLater as later:
        return PollResult(asked.name, PollOutcome.NOT_NOW, later.code, later.after)
    except Reject as no:
        return PollResult(asked.name, PollOutcome.FAULT, no.code)
    except Exception as bug:  # a fault of the adapter: the poll is retried, and reported until it is mended
        return PollResult(asked.name, PollOutcome.FAULT, f"handler-fault-{type(bug).__name__}"[:64])
    if not page.forms and page.cursor == cursor:
        return PollResult(asked.name, PollOutcome.READ)
    read = _Asked(asked.name, cursor, page, [_read(forms, *one) for one in page.forms])
    return _take(store, deps, read, now, wake)


def _page(found: Page) -> Page:
    """The page. Raises ``Reject`` for one beyond its bounds."""
    if len(found.forms) > MOST_FORMS or len(found.cursor) > LONGEST_CURSOR or not found.cursor.isprintable():
        raise Reject("no-page", f"{MOST_FORMS} forms and a printable cursor of {LONGEST_CURSOR} characters at most")
    return found


def _read(forms: Mapping[str, Form], name: str, told: Mapping[str, object]) -> Submission | _Refused:
    """One form of a page by its model, under the same rules as forms over HTTP."""
    form = forms.get(name)
    if form is None:
        return _Refused("unknown-form", "this center has no such form")
    try:
        raw = to_json(dict(told))
        written = read_json(raw)
        filled = form.model.model_validate_json(raw)
    except ValidationError as error:
        spots = error.errors(include_input=False, include_url=False, include_context=False)[:5]
        return _Refused("invalid", "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in spots))
    except Undecodable as error:
        return _Refused(error.code, "it is no JSON object within the bounds")
    except (PydanticSerializationError, TypeError, ValueError):
        return _Refused("unreadable", "it is no JSON object")
    if slips := [f"{one.path}: {one.meant} is meant" for one in unknown_fields(filled, written) if one.meant]:
        return _Refused("invalid", "; ".join(slips))
    return Submission(form, filled)


def _refused_by(one: Submission, reply: Reply) -> _Refused | None:
    """A form that intake refuses, under the other system's own id, so that people find it there."""
    if reply.status in _TAKEN:
        return None
    return _Refused(reply.code, f"record {one.key[1]}: {reply.cure}")


def _take(store: Store, deps: IntakeDeps, asked: _Asked, now: datetime, wake: Callable[[], None]) -> PollResult:
    """Store a page's forms, its parked items and its cursor in one transaction. The page stays unfinished while the
    center cannot know yet what a form refers to."""
    me = deps.context.me

    def also(tx: Tx, replies: list[Reply]) -> None:
        if not _later(replies):
            parked.park(tx, asked.rows(replies, me, now))
            polls.keep(tx, asked.poll, asked.page.cursor)

    submissions = [one for one in asked.forms if isinstance(one, Submission)]
    try:
        replies = intake(store, deps, submissions, now, wake, also)
    except StoreUnavailable as trouble:
        if not trouble.passing:
            raise
        return PollResult(asked.poll, PollOutcome.NOT_NOW, "store")
    if _later(replies):
        return PollResult(asked.poll, PollOutcome.NOT_NOW, "recovering")
    count = len(asked.rows(replies, me, now))
    return PollResult(asked.poll, PollOutcome.READ, parked=count, more=asked.page.more)


def _later(replies: list[Reply]) -> bool:
    return any(reply.status == "later" for reply in replies)

"""One request of a person: who, in which language, what was asked, and how a page answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote
from uuid import UUID

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bus.console.causes import verdict_said
from bus.console.counting import Counting
from bus.console.doors import Doors
from bus.console.people import Person
from bus.console.proxy_login import ProxyLogin
from bus.console.record_chain import ChainWatch
from bus.console.rendering import Words, render
from bus.console.scope import AtCenter, CenterScope
from bus.console.sessions import SignedIn
from bus.console.watch import STALE, Seen, Watch
from bus.contract.staff_command import Act
from bus.security.staff import Role
from bus.store.database import Store

LONGEST_KEY = 18
"""Digits of a number that a store can hold."""


@dataclass(frozen=True)
class Console:
    """What all pages work with."""

    store: Store
    """The console's own: persons and sessions."""
    scope: CenterScope
    watch: Watch
    origin: str
    """The address under which browsers reach it, such as ``https://console.county.example``."""
    receivers: Sequence[str] = ()
    """Names of those that alarms are told to."""
    doors: Doors | None = None
    """The doors of a county's centers, each of which is asked by a loop of its own."""
    chain: ChainWatch | None = None
    """Checks the record of what persons have done; None: nobody does."""
    proxy: ProxyLogin | None = None
    """The reverse proxy that says who a person is; None: each signs in here."""

    @cached_property
    def counting(self) -> Counting:
        """Counts its figures."""
        return Counting(self.scope.figures)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request."""

    console: Console
    session: SignedIn | None
    """None on the page for signing in alone."""
    lang: str
    now: datetime
    path: str
    parts: Mapping[str, str]
    """What stands in the path."""
    query: Mapping[str, str]
    form: Mapping[str, str]
    address: str

    @property
    def words(self) -> Words:
        """Texts in the language of this person."""
        return Words(self.lang, self.now)

    @property
    def id(self) -> UUID:
        """The id in the path; one that nothing has where it is none."""
        try:
            return UUID(self.parts["id"])
        except ValueError:
            return UUID(int=0)

    @property
    def command_id(self) -> UUID | None:
        """The id of the command that a form has in it, so that a second click gives none; None: it has none."""
        try:
            return UUID(self.form.get("command", ""))
        except ValueError:
            return None

    @property
    def center(self) -> str:
        """The other center that the page is about; empty: the console's own."""
        return self.form.get("center") or self.query.get("center", "")

    @property
    def at(self) -> AtCenter:
        """What is shown and done at that center. Raises ``NoSuchCenter``."""
        return self.console.scope.at(self.center, self)

    @property
    def person(self) -> Person:
        """The person who is signed in."""
        assert self.session is not None  # noqa: S101 - a page that needs a person has one
        return self.session.person

    def may(self, role: Role) -> bool:
        """Whether the person's role reaches so far."""
        return self.session is not None and self.session.person.role.covers(role)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - what a template shows
        """A page with the bar above it."""
        seen = self.console.watch.seen
        frame = {
            "path": self.path,
            "session": self.session,
            "form_token": self.session.form_token if self.session is not None else "",
            "scope": self.console.scope.center,
            "at_ledger": self.console.scope.is_ledger,
            "at_county": self.console.scope.is_county,
            "centers": self.console.scope.centers,
            "center": self.center,
            "seen": seen,
            "verdict": verdict_said(seen.verdict, self.words) if seen is not None else "",
            "stale": is_stale(seen, self.now),
            "may_operate": self.may(Role.OPERATOR),
            "may_rule": self.may(Role.ADMINISTRATOR),
        }
        return HTMLResponse(render(template, self.lang, self.now, frame | values), status)

    def give(self, act: Act, **fields: object) -> Mapping[str, Any]:
        """Carry out what the person wants, once for each form, for the reason that the form tells. Raises
        ``CommandRefused``, ``DoorTrouble``."""
        why = self.form.get("why", "").strip() or act.value
        return self.at.give(self, act, why, command_id=self.command_id, **fields)

    def begin(self, act: Act, **fields: object) -> Response:
        """The same, of what is an operation; then look at its page."""
        answer = self.give(act, **fields)
        return self.go(path_of("operations", str(answer["operation"]["id"]), center=self.center))

    def go(self, path: str) -> Response:
        """Look at another page now: what a form has done is not done again by looking once more."""
        return RedirectResponse(path, 303)

    def fault(self, status: int, zh: str, en: str) -> Response:
        """A page that says what is wrong, and the cure."""
        return self.page("fault.html", status, title=self.words.text(zh, en))


def place_of(text: str) -> tuple[int, str] | None:
    """The place at which a list goes on, as its link tells it; None: it begins."""
    key, _, row_id = text.partition(".")
    return (int(key), row_id) if key.isdecimal() and len(key) <= LONGEST_KEY and row_id else None


def is_stale(seen: Seen | None, now: datetime) -> bool:
    """Whether the last look is too old to be believed."""
    return seen is None or now - seen.look.at > STALE


def path_of(*parts: str, **query: str) -> str:
    """A path of this console, with its query."""
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items() if value)
    return f"{path}?{asked}" if asked else path

"""Signing in and out: sessions as rows, a token in a cookie, and waits for a source that guesses.

The cookie holds a random token, the store its digest alone: a copied store signs nobody in. A form sends along a second
token, which no other site knows.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from bus.console.people import Person, matches
from bus.security.staff import Role
from bus.store import console
from bus.store.console import Failures, PersonRow, SessionRow
from bus.store.database import Store, Tx
from bus.store.timestamps import ms

LONGEST = timedelta(hours=12)
"""A shift: after it one signs in anew."""
UNUSED = timedelta(hours=1)
SEEN_EVERY = timedelta(minutes=1)
FREE = {"name": 5, "address": 20}
"""Failed tries without a wait: of a name, and of an address, behind which there may be several persons."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
_ONE_AT_A_TIME = threading.Lock()
"""A password is compared with 19 MiB of memory; twenty at once would be the console's whole allowance."""


class SignedIn(NamedTuple):
    """A browser that is signed in."""

    person: Person
    form_token: str
    token: str
    """What the browser keeps."""


class Wait(NamedTuple):
    """Too many tries have failed: the next one is looked at after these seconds."""

    seconds: int


def sign_in(store: Store, name: str, password: str, address: str, now: datetime) -> SignedIn | Wait | None:
    """Begin a session. None: name or password are wrong. Raises ``StoreUnavailable``."""
    sources = {"name": f"name:{name[:60]}", "address": f"address:{address[:60]}"}
    with _ONE_AT_A_TIME:
        with store.reading() as tx:
            wait = max(_wait(console.failures(tx, source), FREE[of], now) for of, source in sources.items())
            row = console.person(tx, name)
        if wait > timedelta():
            return Wait(int(wait.total_seconds()) + 1)
        fits = matches(row, password)
    if not fits or row is None:
        store.write(lambda tx: _note(tx, sources.values(), now))
        return None
    return _begun(store, row, now)


def begin_named(store: Store, name: str, now: datetime) -> SignedIn | None:
    """Begin a session of a person whom another has asked for the password; None: nobody here has this name. Raises
    ``StoreUnavailable``."""
    with store.reading() as tx:
        row = console.person(tx, name)
    return _begun(store, row, now) if row is not None else None


def _begun(store: Store, row: PersonRow, now: datetime) -> SignedIn:
    token, form_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    begun = SessionRow(_digest(token), row.name, form_token, ms(now), ms(now))

    def begin(tx: Tx) -> None:
        console.prune(tx, ms(now - LONGEST), ms(now - UNUSED), ms(now - FORGOTTEN_AFTER))
        console.forget_failures(tx, f"name:{row.name}")
        console.begin_session(tx, begun)

    store.write(begin)
    return SignedIn(Person(row.name, Role(row.role)), form_token, token)


def signed_in(store: Store, token: str, now: datetime) -> SignedIn | None:
    """Whose session this is; None where it has ended. Raises ``StoreUnavailable``."""
    digest = _digest(token)
    with store.reading() as tx:
        row = console.session(tx, digest)
        person = console.person(tx, row.person) if row is not None else None
    if row is None or person is None:
        return None
    if row.made_ms < ms(now - LONGEST) or row.seen_ms < ms(now - UNUSED):
        return None
    if row.seen_ms < ms(now - SEEN_EVERY):
        store.write(lambda tx: console.seen(tx, digest, ms(now)))
    return SignedIn(Person(person.name, Role(person.role)), row.form_token, token)


def sign_out(store: Store, token: str) -> None:
    """End a session. Raises ``StoreUnavailable``."""
    store.write(lambda tx: console.end_session(tx, _digest(token)))


def is_own_form(session: SignedIn, sent: str) -> bool:
    """Whether a form came from a page of this session."""
    return hmac.compare_digest(session.form_token.encode(), sent.encode())


def _wait(failed: Failures, free: int, now: datetime) -> timedelta:
    if failed.times < free or failed.last_ms < ms(now - FORGOTTEN_AFTER):
        return timedelta()
    wait = min(FIRST_WAIT * (1 << min(failed.times - free, 10)), LONGEST_WAIT)
    return max(timedelta(), wait - timedelta(milliseconds=ms(now) - failed.last_ms))


def _note(tx: Tx, sources: Iterable[str], now: datetime) -> None:
    for source in sources:
        console.note_failure(tx, source, ms(now))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

"""Staff keys (值班密钥): the persons who may give commands to a center, and how far each one's right reaches.

The county's operator lists them in the directory, beside the keys of the centers and apart from them: a staff key signs
no message, and a center's key gives no command.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import ConfigDict, StringConstraints

from bus.contract.staff_command import Vouched
from bus.contract.types import Code, Moment, Strict
from bus.security.keyring import PublicKey, owner_of

STAFF_PATTERN = r"^staff-[a-z][a-z0-9_]{0,39}$"
"""Whom a staff key belongs to. No center has such a name: a center's ends with the digits of its division."""
StaffName = Annotated[str, StringConstraints(pattern=STAFF_PATTERN)]


def is_staff(name: str) -> bool:
    """Whether this is the name of a person on duty."""
    return re.match(STAFF_PATTERN, name) is not None


class Role(StrEnum):
    """How far a person's right reaches; each role has the rights of those before it."""

    VIEWER = "viewer"
    """Sees labels: what is stuck, where, and why."""
    OPERATOR = "operator"
    """Mends what is stuck."""
    ADMINISTRATOR = "administrator"
    """Stops and turns the flow, and rules with a second person."""

    def covers(self, needed: "Role") -> bool:
        """Whether it has the rights of the role that is needed."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class OnDuty(NamedTuple):
    """A person on duty, by a staff key or signed in to the center's own console."""

    name: str
    kid: str
    """The staff key; of a person who is signed in its name with a key id of noughts."""
    right: Role | None
    person: str = ""
    """Whom the key's console vouches for; empty: the key is the person's own."""

    @property
    def persons(self) -> frozenset[str]:
        """All names behind it: two commands that share one are no two persons' word."""
        return persons_of(self.kid, self.person)


def persons_of(kid: str, person: str) -> frozenset[str]:
    """The names behind a key, and the person whom it speaks for."""
    return frozenset({owner_of(kid)} | ({f"staff-{person}"} if person else set()))


def told_name(kid: str, person: str) -> str:
    """Who has wanted something, as it is told and journalled: ``staff-li``, or ``staff-console:li``."""
    return f"{owner_of(kid)}:{person}" if person else owner_of(kid)


def on_behalf(who: OnDuty, person: Vouched | None) -> OnDuty:
    """The person whom a console's key vouches for; no right counts that either of the two has not."""
    if person is None:
        return who
    own = Role(person.role) if person.role in set(Role) else None
    right = None if own is None or who.right is None else min(own, who.right, key=list(Role).index)
    return OnDuty(told_name(who.kid, person.name), who.kid, right, person.name)


NO_KEY = "0" * 16
"""In place of a key id where a person is signed in without a staff key."""


def signed_in(name: str, role: Role) -> OnDuty:
    """A person who is signed in to the console of the center itself."""
    return OnDuty(f"staff-{name}", f"staff-{name}.{NO_KEY}", role)


def is_signed_in(kid: str) -> bool:
    """Whether a person was signed in at the center itself, without a staff key."""
    return kid.endswith(f".{NO_KEY}")


class StaffKey(Strict):
    """One person's key, as the county's operator has listed it."""

    model_config = ConfigDict(extra="allow")  # what a newer program has written beside these fields stays

    name: StaffName
    key: PublicKey
    role: Code
    """A ``Role``; another is of a newer program, and gives no right here."""
    since: Moment
    until: Moment
    """From when on no command by it counts: a right that nobody renews ends."""
    revoked: Moment | None = None
    """When it was taken back."""

    @property
    def right(self) -> Role | None:
        """The role, where this program knows it."""
        return Role(self.role) if self.role in set(Role) else None

    def at_most(self, highest: Role) -> "StaffKey":
        """The same key where no higher right counts than this one."""
        if self.right is None or highest.covers(self.right):
            return self
        return self.model_copy(update={"role": highest.value})

    @property
    def on_duty(self) -> OnDuty:
        """The person whose key it is."""
        return OnDuty(owner_of(self.key.kid), self.key.kid, self.right)

    def fault(self, now: datetime) -> str:
        """Why it does not count now; empty when it does."""
        if self.revoked is not None:
            return "revoked-key"
        return "stale-key" if now >= self.until else ""

"""Who may sign in to a console: names, roles and passwords."""

import re
from datetime import datetime
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from bus.security.passwords import is_weak
from bus.security.staff import Role
from bus.store import console
from bus.store.console import PersonRow
from bus.store.database import Store
from bus.store.timestamps import ms

NAME = re.compile(r"[a-z][a-z0-9_]{0,33}")
"""A person's name: that of a staff key without ``staff-``."""
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB, two rounds, one lane."""
_NOBODY = _HASHER.hash("nobody's password")
"""What the password of an unknown name is compared with, so that both answers take equally long."""


class BadPerson(ValueError):
    """The name or the password will not do; the text says why."""


class Person(NamedTuple):
    """A person who is signed in."""

    name: str
    role: Role


def keep(store: Store, name: str, role: Role, password: str, now: datetime) -> None:
    """Let a person sign in, or change the role and the password. Raises ``BadPerson``."""
    if NAME.fullmatch(name) is None:
        raise BadPerson("name")
    if is_weak(password, name):
        raise BadPerson("password")
    row = PersonRow(name, role.value, _HASHER.hash(password), ms(now))
    store.write(lambda tx: console.put_person(tx, row))


def matches(row: PersonRow | None, password: str) -> bool:
    """Whether this is the person's password; takes as long for a person who is not there."""
    try:
        return _HASHER.verify(row.password if row is not None else _NOBODY, password) and row is not None
    except (VerifyMismatchError, InvalidHashError):
        return False

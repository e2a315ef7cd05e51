"""A county whose centers sign: a key for each, all of them listed."""

from collections.abc import Iterable
from datetime import datetime

from bus.testing.keys import enlisted
from bus.trust import application, directory
from bus.trust.directory import Directory
from bus.trust.key_notary import Fixed, KeyNotary
from bus.trust.keyring import Keyring, new_keyring
from bus.trust.trouble import KeyTrouble
from tests.unit.steps import NOW


class Shelf:
    """A directory that a test changes."""

    trouble: KeyTrouble | None = None

    def __init__(self, known: Directory) -> None:
        self.known = known

    def now(self) -> Directory:
        """As it is."""
        return self.known

    def list(self, keyring: Keyring, now: datetime = NOW) -> None:
        """The operator lists the newest key."""
        self.known = enlisted(self.known, keyring, now)

    def revoke(self, kid: str, now: datetime = NOW) -> None:
        """The operator takes a key back."""
        self.known = application.revoked(self.known, kid, now)


def notarised(names: Iterable[str], *, required: bool = True) -> dict[str, KeyNotary]:
    """A notary for each, on one shelf."""
    shelf = Shelf(directory.empty(NOW))
    notaries = {name: KeyNotary(Fixed(new_keyring(name, NOW)), shelf, required) for name in names}
    for notary in notaries.values():
        shelf.list(notary.keyring)
    return notaries

"""The keys of a signing simulated county.

They are the same for all seeds of a process, and of one length in all processes, so that a seed plays alike with any of
them.
"""

from datetime import UTC, datetime
from functools import cache

from bus.contract.messages import LATER_KINDS
from bus.demo.county_keys import listed
from bus.security import directory
from bus.security.keyed_security import Constant, KeyedSecurity
from bus.security.keyring import new_keyring
from bus.security.master_key import FileKey
from bus.security.message_security import MessageSecurity, Unsecured

LISTED = datetime(2026, 1, 1, tzinfo=UTC)
MOST = 20
"""More centers than any seed has."""


def name_of(number: int) -> str:
    """The name of a center in a simulated county."""
    return f"c{number}-150402"


LEDGER = "ledger-150402"
"""The ledger of a simulated county."""


def notary(name: str, *, signs: bool, masks: bool, ledger: bool = False) -> MessageSecurity:
    """The message security of one center. ``masks``: its directory says that every center reads all kinds. ``ledger``:
    it lists the county's ledger, too."""
    return _notaries(masks, ledger)[name] if signs else Unsecured()


MASTER = FileKey(b"of a simulated county's stores: ")


def master(*, signs: bool) -> FileKey | None:
    """The master key of a store: a signing county encrypts its stores too."""
    return MASTER if signs else None


@cache
def _notaries(masks: bool, ledger: bool) -> dict[str, KeyedSecurity]:
    names = [*map(name_of, range(MOST)), *([LEDGER] if ledger else [])]
    keyrings = [new_keyring(name, LISTED) for name in names]
    known = directory.empty(LISTED)
    reads = tuple(sorted(LATER_KINDS)) if masks else None
    for keyring in keyrings:
        known = listed(known, keyring, LISTED, reads=reads)
    return {keyring.owner: KeyedSecurity(Constant(keyring), Constant(known)) for keyring in keyrings}

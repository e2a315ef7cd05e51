"""A county whose centers sign: a key for each, all of them listed."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import cast

from bus.custody.commands import Offer, Register
from bus.demo.county_keys import listed
from bus.security import directory, key_request
from bus.security.directory import Directory
from bus.security.errors import KeyUnusable
from bus.security.keyed_security import Constant, KeyedSecurity
from bus.security.keyring import Keyring, new_keyring
from bus.store import case_count, parked
from bus.transports.port import Parcel
from tests.harness.step import NOW, BareCenter, a_case

MEDIA, PARTY, GOVERNMENT = "media_center-150402", "party_service-150402006", "government_service-150402"


class Shelf:
    """A directory that a test changes."""

    trouble: KeyUnusable | None = None

    def __init__(self, known: Directory) -> None:
        self.known = known

    def current(self) -> Directory:
        """As it is."""
        return self.known

    def list(self, keyring: Keyring, now: datetime = NOW, reads: tuple[str, ...] | None = None) -> None:
        """The operator lists the newest key, and what its center reads."""
        self.known = listed(self.known, keyring, now, reads=reads)

    def revoke(self, kid: str, now: datetime = NOW) -> None:
        """The operator takes a key back."""
        self.known = key_request.revoked(self.known, kid, now)


def notarised(
    names: Iterable[str], *, required: bool = True, reads: tuple[str, ...] | None = None
) -> dict[str, KeyedSecurity]:
    """A notary for each, on one shelf; ``reads``: what each of their centers reads."""
    shelf = Shelf(directory.empty(NOW))
    notaries = {name: KeyedSecurity(Constant(new_keyring(name, NOW)), shelf, required) for name in names}
    for security in notaries.values():
        shelf.list(security.keyring, reads=reads)
    return notaries


class Signing:
    """Two centers that sign and seal, and the notary of a third one."""

    def __init__(self, folder: Path) -> None:
        self.notaries = notarised([MEDIA, PARTY, GOVERNMENT])
        self.rm, self.dq = (BareCenter(name, folder, security=self.notaries[name]) for name in (MEDIA, PARTY))

    @property
    def shelf(self) -> Shelf:
        """What the operator has listed."""
        return cast(Shelf, self.notaries[MEDIA].directory)

    def sent(self, *to: str) -> list[Parcel]:
        """An offer, as it travels."""
        case = a_case(MEDIA, title="井盖丢失", text="张秀英 13904760001")
        self.rm.execute(Register(case=case), Offer(case_id=case.case_id, to=to or (PARTY,)))
        return self.rm.relay()

    def offered(self) -> bytes:
        """An offer on the road, as its recipient opens it."""
        (parcel,) = self.sent()
        return self.notaries[PARTY].unseal(parcel.body)

    def stuck(self) -> list[tuple[str, int]]:
        """What is parked at the recipient, and how often it came."""
        with self.dq.store.reading() as tx:
            return [(row["code"], row["times"]) for row in parked.listed(tx)]

    def parked(self) -> list[str]:
        """Why what is parked at the recipient is parked."""
        return [code for code, _ in self.stuck()]

    def known(self) -> int:
        """How many cases the recipient knows."""
        with self.dq.store.reading() as tx:
            return sum(case_count.by_status(tx).values())

    def close(self) -> None:
        """Let go of the stores."""
        self.rm.close()
        self.dq.close()

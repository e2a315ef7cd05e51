"""Cases, names and moments that the custody tests share."""

from datetime import UTC, datetime

from bus.contract.case import Case, Person, Place, Source
from bus.contract.ids import new_id

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MEDIA, PARTY, CIVIL, SERVICE, GRID, COUNTY = (
    f"{kind}-150402" for kind in ("media", "party", "civil", "service", "grid", "county")
)
TOWN = (MEDIA, PARTY, CIVIL, SERVICE, GRID, COUNTY)

RESIDENT = Person(name="居民甲", phone="13900001234", address="某小区某号楼")


def matter(origin: str, resident: Person | None = None) -> Case:
    """A street lamp that does not burn, heard by ``origin``."""
    return Case(
        case_id=new_id(),
        number="150402-20261123-0001",
        origin=origin,
        title="路灯不亮",
        text="小区门口的路灯三天没亮了",
        category="lighting",
        place=Place(division="150402006"),
        resident=resident,
        channel="app",
        source=Source(system="app", record="17"),
        received_at=NOW,
    )

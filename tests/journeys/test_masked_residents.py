"""A county that masks: who the resident is stands with the center that heard it and with the one that has the case."""

from collections.abc import Callable, Sequence
from functools import partial

from bus.demo.county_keys import keys_of_county
from bus.demo.local_county import LocalCounty
from bus.sdk.workorders.orders import AWAITED
from bus.security.directory import MASKING_NEEDS
from stories.stage import CIVILIZATION, GOVERNMENT, MEDIA, PARTY, Stage
from tests.harness.county import Counties
from tests.journeys.test_stories import all_of

FOUR = (MEDIA, CIVILIZATION, PARTY, GOVERNMENT)
NAME, PHONE, ADDRESS = "欧阳明远", "139-0476-7731", "迎宾路社区九号楼三单元"
SIGNS = (NAME, PHONE, ADDRESS)


def masking(make_county: Counties, urls: dict[str, str]) -> LocalCounty:
    """Four centers that all read what masking needs; the media center is the arbiter."""
    keys = partial(keys_of_county, arbiter=MEDIA, reads=(MASKING_NEEDS,))
    return make_county(FOUR, arbiter=MEDIA, brokers=urls, make_keys=keys)


def seen(county: LocalCounty, center: str) -> set[str]:
    """Which signs of the resident stand anywhere in the center's store, in plain text, or in its own system."""
    whole = all_of(county, center)
    return {sign for sign in SIGNS if sign in whole}


def test_only_the_holder_is_told_where_the_resident_lives(
    make_county: Counties, on_each_road: Callable[[Sequence[str]], dict[str, str]]
) -> None:
    """Two are asked; one has the case, and reads telephone and address in its own system. A ruling moves the case: then
    the next holder reads them too, and the arbiter never."""
    county = masking(make_county, on_each_road(FOUR))
    stage = Stage(county, "masked")
    entry = {
        "resident": NAME, "phone": PHONE, "address": ADDRESS, "text": "楼道灯不亮", "division": "150402006",
        "sphere": "物业", "to": [GOVERNMENT, CIVILIZATION],
    }  # fmt: skip
    entered = stage.resident(PARTY, "/staff/entries", entry)
    case = stage.case_of(PARTY, "matter", entered["id"])
    orders = {center: stage.order(center, case) for center in (GOVERNMENT, CIVILIZATION)}
    for center, name in ((GOVERNMENT, "caller"), (CIVILIZATION, "resident")):
        order = county.backends[center].records[orders[center]]
        assert (order[name], order["phone_tail"], order["resident_awaited"]) == ("欧*", "7731", AWAITED)
        assert seen(county, center) == set()
    stage.staff(GOVERNMENT, orders[GOVERNMENT], "accept")
    stage.holds(GOVERNMENT, case)
    known = county.backends[GOVERNMENT].records[orders[GOVERNMENT]]
    county.until("the resident in the holder's system", lambda: known.get("phone") == PHONE)
    assert (known["caller"], known["address"]) == (NAME, ADDRESS)
    assert not {"resident_awaited", "phone_tail"} & known.keys()
    county.until("nothing on its way", county.drained)
    assert {center: seen(county, center) for center in FOUR} == {
        PARTY: {*SIGNS}, GOVERNMENT: {*SIGNS}, MEDIA: set(), CIVILIZATION: set(),
    }  # fmt: skip

    stage.staff(GOVERNMENT, orders[GOVERNMENT], "ask-arbiter", ground="disputed")
    ruling = stage.order(MEDIA, case, "arbitrate")
    stage.staff(MEDIA, ruling, "rule", holder=CIVILIZATION, text="由文明实践中心承办")
    stage.holds(CIVILIZATION, case)
    next_known = county.backends[CIVILIZATION].records[orders[CIVILIZATION]]
    county.until("the resident in the next holder's system", lambda: next_known.get("phone") == PHONE)
    stage.staff(CIVILIZATION, orders[CIVILIZATION], "resolve", reply="灯已换好。")
    stage.closed(PARTY, case)
    county.until("nothing on its way", county.drained)
    assert seen(county, MEDIA) == set()
    assert seen(county, CIVILIZATION) == {NAME, PHONE, ADDRESS}
    audit = county.audit()
    assert (audit.answered, audit.lost, audit.twice, audit.parked) == (1, 0, 0, 0)

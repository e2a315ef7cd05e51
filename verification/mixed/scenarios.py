"""The scenarios for two releases in one county. Each ends at rest, judged by the checker."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from sqlalchemy import select

from bus.bilingual import Bilingual
from bus.security.keyring import read_keyring
from bus.store import schema
from bus.store import tables as t
from bus.store.encryption import encryption_of
from stories import play
from stories.stage import CENTERS, GOVERNMENT, MEDIA, PARTY_COMMUNITY, PARTY_STREET, Stage
from verification.mixed import duty, keeping, masking
from verification.mixed.county import PATIENCE, MixedCounty, PromiseBroken

HALF = frozenset({MEDIA, GOVERNMENT, PARTY_STREET})
"""One half of the county; the halves deal with each other in each story: the media center, the government service and
the street here; the county's party service, the community and civilization practice there."""
OTHERS = frozenset(CENTERS) - HALF
ALL = frozenset(CENTERS)
BREATH = 0.5
"""Seconds between two stories of traffic, so that a small machine can start centers meanwhile."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, with the centers that run the old program when it begins: run once for each set of them."""

    name: str
    words: Bilingual
    begins: tuple[frozenset[str], ...]
    play: Callable[[MixedCounty], None]
    set_up_by_old: bool = False
    """Whether the topology, the keys and the directory are the old program's."""
    all_on: bool = False
    """Whether clocks and masking are on."""
    ledger: bool = False
    """Whether the county has a ledger."""


def story(county: MixedCounty, name: str) -> None:
    """One story in which centers of both releases take part. Raises ``PromiseBroken`` if only one did."""
    for stage in county.play(name):
        for case in stage.cases:
            part = {center for center in CENTERS if stage.record(center, case) is not None}
            if not part & county.old or not part - county.old:
                raise PromiseBroken(f"one release had {name} alone: {', '.join(sorted(part))}")


# -- a recovery ------------------------------------------------------------------------------------------------------


def recovery(county: MixedCounty) -> None:
    """The street's store is restored from a backup in which a case is still on offer. Meanwhile the case was accepted,
    passed on, resolved, answered and rated. The street relearns it all from its peers, and goes on."""
    center, known, go_on = PARTY_STREET, Event(), Event()

    def begun(_story: str, _case: object) -> None:
        known.set()
        go_on.wait(PATIENCE)

    with ThreadPoolExecutor(1) as pool:
        story = pool.submit(play.STORIES["S12"], Stage(county.local, "S12", patience=PATIENCE, heard=begun))
        known.wait(PATIENCE)
        county.local.until("the offer at the street", lambda: county.local.records(center), PATIENCE)
        county.stop(center)
        county.back_up(center, county.folder / "backup")
        county.start(center)
        go_on.set()
        story.result()
    county.play("S10")
    county.settle()
    county.stop(center)
    county.put_back(center, county.folder / "backup")
    word = "restored" if center in county.old else "recover"  # its name in v0.1.0
    county.bus(center, word, "--config", county.settings_file(center))
    with traffic(county, "S15") as going:
        county.start(center)
        county.local.until("the recovery's end", lambda: recovered(county, center), PATIENCE)
        going.more(1)
    county.play("S12", "S10")


def recovered(county: MixedCounty, center: str) -> bool:
    """Whether the center's recovery has begun and ended."""
    with county.local.store(center).reading() as tx:
        ended = tx.execute(select(t.recoveries.c.ended_ms)).scalars().all()
    return bool(ended) and None not in ended


# -- a rotation of keys ----------------------------------------------------------------------------------------------


def rotation(county: MixedCounty) -> None:
    """The community gets a new key in mid-traffic, with its own program; the operator lists it with the present one. At
    rest the old key is revoked, and traffic goes on with the new one."""
    center, keys = PARTY_COMMUNITY, county.folder / "keys"
    file, application = keys / f"{center}.keys.json", keys / f"{center}.application"
    operator = ("--operator", keys / "operator.keys.json", "--directory", keys / "county.directory")
    before = read_keyring(file).keys[-1].public.kid
    with traffic(county, "S10", "S12") as going:
        going.more(2)
        county.bus(center, "keys", "rotate", "--file", file)
        county.bus(center, "keys", "publish", "--file", file, "--out", application)
        going.more(1)
        county.operate("keys", "trust", application, *operator)
        going.more(3)
    county.settle()
    county.operate("keys", "revoke", before, *operator)
    county.play("S10", "S12")
    for peer in (MEDIA, GOVERNMENT, PARTY_STREET):
        if len(signatures(county, peer, center)) != 2:
            raise PromiseBroken(f"{peer} has not heard {center} with two keys")


def signatures(county: MixedCounty, at: str, of: str) -> set[bytes]:
    """The beginnings of the signatures on messages that one center has received from another: they name the keys."""
    with county.local.store(at).reading() as tx:
        a = t.archive.c
        heard = tx.execute(select(a.case_id, a.body).where(a.way == "heard", a.peer == of)).all()
        return {
            body.partition(b".")[0] for body in encryption_of(tx).decrypted(tx, [(case, body) for case, body in heard])
        }


# -- upgrades, and the way back --------------------------------------------------------------------------------------


def upgrade(county: MixedCounty) -> None:
    """A county of old centers is upgraded center by center in mid-traffic, each on its own store, after a copy."""
    with traffic(county, "S10", "S12", "S15") as going:
        going.more(3)
        for center in CENTERS:
            county.stop(center)
            county.back_up(center, county.folder / "copies" / center)
            county.start(center, old=False)
            going.more(2)
    county.play("S21")
    for center in CENTERS:
        if schema.current(county.local.store(center)) != schema.newest():
            raise PromiseBroken(f"the store of {center} was not brought up to date")


def back(county: MixedCounty) -> None:
    """Two centers on the present program return to the old one in mid-traffic. The present program first downgrades
    their stores: its schema additions go, and every case stays."""
    with traffic(county, "S10", "S12") as going:
        going.more(2)
        for center in (PARTY_COMMUNITY, MEDIA):
            county.stop(center)
            county.bus(center, "downgrade", "--config", county.settings_file(center))
            try:
                county.start(center, old=True)
            except RuntimeError as error:
                raise PromiseBroken(f"{center} cannot go back to the old program on its store: {error}") from None
            going.more(2)
    county.play("S21")


# -- what wants every center's present program -------------------------------------------------------------------------


def all_on(county: MixedCounty) -> None:
    """Every center runs the present program, with clocks and masking on, from its first case on."""
    county.play("S10", "S21")
    if not masking.offers(county, masked=True) or masking.offers(county, masked=False):
        raise PromiseBroken("an offer has shown the whole resident, or none was masked")
    if not any(timed(county, center) for center in CENTERS):
        raise PromiseBroken("no clock looks at any case")
    recovery(county)
    duty.mends(county)
    keeping.knows_every_case(county)
    keeping.meets_the_journal(county)


def timed(county: MixedCounty, center: str) -> bool:
    """Whether the clocks of this center look at a case again."""
    with county.local.store(center).reading() as tx:
        return tx.execute(select(t.timers.c.case_id).limit(1)).first() is not None


def masking_off(county: MixedCounty) -> None:
    """One center of the release before hinders masking: it is off, and says so loudly."""
    masking.switched_off(county)
    story(county, "S10")
    story(county, "S21")
    if masking.offers(county, masked=True) or not masking.offers(county, masked=False):
        raise PromiseBroken("an offer was masked, though not every center can be told the resident")
    duty.mends(county)
    duty.refused(county)
    story(county, "S12")
    keeping.knows_every_case(county)


# -- traffic ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Traffic:
    """Stories that are played again and again."""

    county: MixedCounty
    over: Event = field(default_factory=Event)
    played: list[str] = field(default_factory=list)
    going: "list[Future[None]]" = field(default_factory=list)

    def on(self, story: str) -> None:
        """Play one story once."""
        while not self.over.is_set():
            self.county.play(story)
            self.played.append(story)
            self.over.wait(BREATH)

    def more(self, count: int) -> None:
        """Wait until so many more stories have been played to their end."""
        wanted = len(self.played) + count

        def there() -> bool:
            for one in self.going:
                if one.done():
                    one.result()
            return len(self.played) >= wanted

        self.county.local.until(f"{count} more stories", there, PATIENCE)


@contextmanager
def traffic(county: MixedCounty, *stories: str) -> Iterator[Traffic]:
    """Play each of these stories again and again, side by side; a fault in one is raised."""
    traffic = Traffic(county)
    with ThreadPoolExecutor(len(stories)) as pool:
        traffic.going += [pool.submit(traffic.on, story) for story in stories]
        try:
            yield traffic
        finally:
            traffic.over.set()
    for one in traffic.going:
        one.result()


STORIES: Mapping[str, Bilingual] = {
    "S10": Bilingual("受理、协办、答复、评价", "told, helped, answered, rated"),
    "S12": Bilingual("两级转办", "handed over twice"),
    "S15": Bilingual("匿名热线", "an anonymous call"),
    "S21": Bilingual("三次退单后裁定", "declined three times, then ruled"),
}
"""The stories that are played by two releases, each half of the county being the old one once."""
SCENARIOS: Mapping[str, Scenario] = {
    one.name: one
    for one in (
        Scenario(
            "recovery",
            Bilingual("恢复到备份", "a store put back to a backup"),
            (frozenset({PARTY_STREET}), ALL - {PARTY_STREET}),
            recovery,
        ),
        Scenario("rotation", Bilingual("更换密钥", "a rotation of keys"), (HALF, OTHERS), rotation),
        Scenario(
            "upgrade", Bilingual("逐个中心升级", "an upgrade center by center"), (ALL,), upgrade, set_up_by_old=True
        ),
        Scenario(
            "all-on",
            Bilingual("全为当前程序：启用时限并遮盖居民信息", "the present program alone, with clocks and masking"),
            (frozenset(),),
            all_on,
            all_on=True,
            ledger=True,
        ),
        Scenario(
            "masking-off",
            Bilingual("有一个旧程序：不遮盖，并告警", "one old program: masking is off, and says so"),
            (frozenset({PARTY_STREET}),),
            masking_off,
            ledger=True,
        ),
        Scenario("back", Bilingual("退回旧程序", "the way back"), (frozenset(),), back),
    )
}

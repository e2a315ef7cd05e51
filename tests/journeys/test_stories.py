"""The stories of the four centers, on the embedded road and over RabbitMQ, and the reference story across processes."""

import json
import random
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import is_dataclass
from uuid import UUID

import pytest

from bus.demo.local_county import LocalCounty
from stories import play, s04, s10, s13
from stories.stage import CENTERS, GOVERNMENT, MEDIA, PARTY, PARTY_COMMUNITY, PARTY_STREET, Stage
from tests.conftest import Vhost
from tests.harness.county import Counties, logins
from tests.journeys.crowd import PEOPLE, Crowd, seen
from verification.checker import store_reader

PATIENCE = 300


def clean(county: LocalCounty) -> None:
    """Every case is answered, and nothing is lost, twice, parked or on its way."""
    county.until("nothing on its way", county.drained, PATIENCE)
    audit = county.audit()
    assert audit.cases > 0
    assert (audit.answered, audit.lost, audit.twice, audit.parked) == (audit.cases, 0, 0, 0)


def _county(make_county: Counties, urls: dict[str, str], **more: object) -> LocalCounty:
    return make_county(CENTERS, routes=play.ROUTES, arbiter=play.ARBITER, more=play.SETTINGS, brokers=urls, **more)


def test_all_stories_end_with_an_answer(
    make_county: Counties, on_each_road: Callable[[Sequence[str]], dict[str, str]], request: pytest.FixtureRequest
) -> None:
    """Each case of the stories is answered; nothing is lost, applied twice or parked; and no resident stands in
    a file of the centers or of the broker but hidden."""
    county = _county(make_county, on_each_road(CENTERS))
    stages = play.play(county, disguise=Crowd().speaks)
    clean(county)
    assert any(who.words in record.case.text for who in PEOPLE for record in county.records(PARTY).values())
    assert seen(county, request.getfixturevalue("rabbit") if county.brokers else None) == []
    assert {stage.story: len(stage.cases) for stage in stages} == dict.fromkeys(play.STORIES, 1) | {
        "S03": 163,
        "S06": 2,
        "S07": 24,
        "S09": 200,
        "S16": 32,
        "S17": 1_370,
        "S18": 0,
        "S19": 15,
    }


@pytest.mark.parametrize(
    ("story", "origin", "mark", "named"),
    [("S04", PARTY_STREET, s04.ADDRESS, "address"), ("S13", PARTY_COMMUNITY, s13.AGENT, "agent")],
)
def test_address_and_agent_are_known_to_origin_and_holder_alone(
    make_county: Counties, story: str, origin: str, mark: str, named: str
) -> None:
    """No other center has them in its store or in its own system, and of a visit the bus does not know the place."""
    county = _county(make_county, {})
    (stage,) = play.play(county, only=[story])
    clean(county)
    (case,) = stage.cases
    assert {center for center in CENTERS if mark in all_of(county, center)} == {origin, GOVERNMENT}
    for center in (origin, GOVERNMENT):
        record = county.records(center)[case]
        assert record.case.resident is not None
        assert getattr(record.case.resident, named) == mark
    assert mark not in "".join(line for center in CENTERS for line in told(county, center, "case.progressed"))


def all_of(county: LocalCounty, center: str) -> str:
    """Everything that the store of a center holds, in plain text, and everything in its own system."""
    backend = county.backends[center]
    own = json.dumps([backend.records, backend.effects, backend.answers], ensure_ascii=False, default=str)
    return "\n".join([own, *_plain(store_reader.read(county.store(center)))])


def _plain(value: object) -> Iterator[str]:
    if isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif isinstance(value, str):
        yield value
    elif is_dataclass(value) or isinstance(value, Iterable):
        parts = vars(value).values() if is_dataclass(value) else value
        for part in parts:
            yield from _plain(part)


def told(county: LocalCounty, center: str, kind: str) -> Iterator[str]:
    """The messages of a kind that the center has in its archive."""
    return (text for one in store_reader.read(county.store(center)).archive if one.kind == kind for text in _plain(one))


BROKER = "broker"
S10_CENTERS = (MEDIA, GOVERNMENT, PARTY_STREET, PARTY_COMMUNITY)


def test_the_reference_story_across_five_processes(make_county: Counties, vhost: Vhost, database_url: str) -> None:
    """Four centers, each a process of its own, one on PostgreSQL, and the vendors' systems in a fifth; the resident is
    seen nowhere."""
    county = make_county(
        S10_CENTERS,
        routes=play.ROUTES,
        brokers=logins(vhost, S10_CENTERS),
        stores={PARTY_COMMUNITY: database_url},
        processes="each",
    )
    play.play(county, only=["S10"], disguise=Crowd().speaks)
    clean(county)
    assert seen(county, vhost.node) == []
    assert len(county.children) == len(S10_CENTERS)


@pytest.mark.chaos
def test_thirty_cases_through_three_kills(make_county: Counties, vhost: Vhost) -> None:
    """Kill -9 of one process or another, the broker among them, three times: all answered, each effect once, and no
    resident is left in a file."""
    _all_answered(make_county, vhost, cases=30, kills=3)


@pytest.mark.whole
@pytest.mark.chaos
def test_two_hundred_cases_through_ten_kills(make_county: Counties, vhost: Vhost) -> None:
    """The same of two hundred cases and ten kills."""
    _all_answered(make_county, vhost, cases=200, kills=10)


def _all_answered(make_county: Counties, vhost: Vhost, *, cases: int, kills: int) -> None:
    county = make_county(S10_CENTERS, routes=play.ROUTES, brokers=logins(vhost, S10_CENTERS), processes="each")
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")  # noqa: T201 - to play the same kills again
    moments = random.Random(seed)  # noqa: S311 - moments, not secrets
    done = threading.Event()

    victims = [BROKER, *(moments.choice(S10_CENTERS) for _ in range(kills - 1))]
    moments.shuffle(victims)

    def kill_all() -> None:
        for victim in victims:
            threading.Event().wait(moments.uniform(0.5, 4))
            if victim == BROKER:
                vhost.node.kill9()
                vhost.node.start()
            else:
                county.kill(victim)
                county.start_centers()
        done.set()

    killer = threading.Thread(target=kill_all)
    killer.start()
    with ThreadPoolExecutor(16) as people:
        crowd = Crowd()

        def comes(number: int) -> UUID:
            return s10.one(Stage(county, f"S10-{number}", patience=150, disguise=crowd.speaks), f"居民{number}")

        heard = list(people.map(comes, range(cases)))
    killer.join(300)
    assert done.is_set()
    assert len(set(heard)) == cases
    clean(county)
    assert county.audit().answered == cases
    replies = [effect for effect in county.backends[MEDIA].effects if effect["what"] == "reply"]
    assert len(replies) == cases
    for center in (GOVERNMENT, PARTY_STREET, PARTY_COMMUNITY):
        orders = [effect for effect in county.backends[center].effects if effect["what"] in ("order", "matter")]
        assert len(orders) == len({effect["record"] for effect in orders}) == cases
    assert seen(county, vhost.node) == []

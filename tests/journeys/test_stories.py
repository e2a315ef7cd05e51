"""The stories of the four centers, on the embedded road and over RabbitMQ, and the reference story across processes."""

import random
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from bus.demo.local_county import Town
from stories import play, s10
from stories.stage import CENTERS, DQ, DQ_COMMUNITY, DQ_STREET, RM, ZW, Stage
from tests.conftest import Vhost
from tests.journeys.conftest import MakeTown, brokers
from tests.journeys.crowd import PEOPLE, Crowd, seen

PATIENCE = 120


def _clean(town: Town) -> None:
    town.until("nothing on its way", town.drained, PATIENCE)
    audit = town.audit()
    assert audit.cases > 0
    assert (audit.answered, audit.lost, audit.twice, audit.parked) == (audit.cases, 0, 0, 0)


def _county(make_town: MakeTown, logins: dict[str, str], **more: object) -> Town:
    return make_town(CENTERS, routes=play.ROUTES, arbiter=play.ARBITER, more=play.SETTINGS, brokers=logins, **more)


def test_all_stories_end_with_an_answer(
    make_town: MakeTown, on_each_road: Callable[[Sequence[str]], dict[str, str]], request: pytest.FixtureRequest
) -> None:
    """Each case of the ten stories is answered; nothing is lost, applied twice or parked; and no resident stands in a
    file of the centers or of the broker but hidden."""
    town = _county(make_town, on_each_road(CENTERS))
    stages = play.play(town, disguise=Crowd().speaks)
    _clean(town)
    assert any(who.words in record.case.text for who in PEOPLE for record in town.records(DQ).values())
    assert seen(town, request.getfixturevalue("rabbit") if town.brokers else None) == []
    assert {stage.story: len(stage.cases) for stage in stages} == dict.fromkeys(play.STORIES, 1) | {
        "S06": 2,
        "S09": 200,
    }


BROKER = "broker"
S10_CENTERS = (RM, ZW, DQ_STREET, DQ_COMMUNITY)


def test_the_reference_story_across_five_processes(make_town: MakeTown, vhost: Vhost, database_url: str) -> None:
    """Four centers, each a process of its own, one on PostgreSQL, and the vendors' systems in a fifth; the resident is
    seen nowhere."""
    town = make_town(
        S10_CENTERS,
        routes=play.ROUTES,
        brokers=brokers(vhost, S10_CENTERS),
        stores={DQ_COMMUNITY: database_url},
        processes="each",
    )
    play.play(town, only=["S10"], disguise=Crowd().speaks)
    _clean(town)
    assert seen(town, vhost.node) == []
    assert len(town.children) == len(S10_CENTERS)


@pytest.mark.chaos
@pytest.mark.timeout(580)
def test_two_hundred_cases_through_ten_kills(make_town: MakeTown, vhost: Vhost) -> None:
    """Kill -9 of one process or another, the broker among them, ten times: all answered, each effect once, and no
    resident is left in a file."""
    town = make_town(S10_CENTERS, routes=play.ROUTES, brokers=brokers(vhost, S10_CENTERS), processes="each")
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")  # noqa: T201 - to play the same kills again
    moments = random.Random(seed)  # noqa: S311 - moments, not secrets
    done = threading.Event()

    victims = [BROKER, *(moments.choice(S10_CENTERS) for _ in range(9))]
    moments.shuffle(victims)

    def kill_ten() -> None:
        for victim in victims:
            threading.Event().wait(moments.uniform(0.5, 4))
            if victim == BROKER:
                vhost.node.kill9()
                vhost.node.start()
            else:
                town.kill(victim)
                town.start_centers()
        done.set()

    killer = threading.Thread(target=kill_ten)
    killer.start()
    with ThreadPoolExecutor(16) as people:
        crowd = Crowd()

        def comes(number: int) -> UUID:
            return s10.one(Stage(town, f"S10-{number}", patience=150, disguise=crowd.speaks), f"居民{number}")

        cases = list(people.map(comes, range(200)))
    killer.join(300)
    assert done.is_set()
    assert len(set(cases)) == 200
    _clean(town)
    assert town.audit().answered == 200
    replies = [effect for effect in town.vendors[RM].effects if effect["what"] == "reply"]
    assert len(replies) == 200
    for center in (ZW, DQ_STREET, DQ_COMMUNITY):
        orders = [effect for effect in town.vendors[center].effects if effect["what"] in ("order", "matter")]
        assert len(orders) == len({effect["record"] for effect in orders}) == 200
    assert seen(town, vhost.node) == []

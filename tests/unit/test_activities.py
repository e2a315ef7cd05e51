"""活动: what organisations do together counts once, and once for each of its hosts; the difference is explained."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select

from adapters.civilization_center import handlers as civilization
from bus.cli.downgrade import step_back
from bus.pipeline.intake import IntakeDeps, Reply, Submission, intake
from bus.store import activities, cases, schema, waiting
from bus.store import tables as t
from bus.store.timestamps import ms
from stories import s18
from tests.harness.claimants import NoRoutes
from tests.harness.step import BareCenter
from tests.unit.test_cli_run import bus

ME = "civilization_center-150402"
HELD = {
    "event_id": "r1", "activity_no": "HD-1", "hosts": ["法院", "社区"], "division": "150402",
    "held_at": "2021-08-10T09:00:00+08:00",
}  # fmt: skip


class Door:
    """The intake of a center."""

    def __init__(self, folder: Path) -> None:
        self.bare = BareCenter(ME, folder)
        forms = civilization.center.forms
        self.deps = IntakeDeps(self.bare.context, NoRoutes(), lambda _tx, _sha256: None, forms)

    def take(self, *bodies: dict[str, Any]) -> list[Reply]:
        """Hand in activities."""
        form = self.deps.forms["activity"]
        batch = [Submission(form, form.model.model_validate(body, strict=False)) for body in bodies]
        return intake(self.bare.store, self.deps, batch, self.bare.now)

    def held(self, until: Any = s18.PERIOD.end) -> Any:
        """What August's figures say."""
        with self.bare.store.reading() as tx:
            return activities.by_host(tx, s18.PERIOD, ms(until))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """A civilization practice center."""
    made = Door(tmp_path)
    yield made
    made.bare.store.close()


def test_an_activity_of_two_hosts_counts_once_and_for_each(door: Door) -> None:
    """S18: court and community report the same one; total 1, each 1, and why the two are 2."""
    taken = door.take(HELD | {"hosts": ["法院"]}, HELD | {"event_id": "r2", "hosts": ["社区", "社区"]}, HELD)
    assert [reply.status for reply in taken] == ["taken", "taken", "refused"]  # r1 again, with other content
    held = door.held()
    assert (held.total, held.each, held.several, held.said) == (1, {"法院": 1, "社区": 1}, 1, 2)
    assert "相差 1" in held.explained.zh
    assert "a difference of 1" in held.explained.en


def test_an_activity_is_no_case(door: Door) -> None:
    """Nobody holds it, nobody is told, and nothing waits for an answer."""
    assert door.take(HELD)[0].cases == ()
    with door.bare.store.reading() as tx:
        assert (cases.ids(tx), waiting.counts(tx)) == ([], waiting.Counts(0, 0, 0, 0))


def test_a_period_ends_before_its_last_moment(door: Door) -> None:
    """And so does the as-of; two activities of one host are no difference."""
    begin, end = s18.PERIOD.begin, s18.PERIOD.end
    moments = (begin - timedelta(seconds=1), begin, end - timedelta(seconds=1), end)
    door.take(*(
        HELD | {"event_id": f"r{n}", "activity_no": f"n{n}", "hosts": ["法院"], "held_at": at.isoformat()}
        for n, at in enumerate(moments)
    ))  # fmt: skip
    assert (door.held().total, door.held(begin).total, door.held(begin + timedelta(seconds=1)).total) == (2, 0, 1)
    assert (door.held().several, door.held().said) == (0, 2)


def test_the_command_explains_the_difference(door: Door, tmp_path: Path) -> None:
    """For people and for programs."""
    door.take(HELD)
    config = tmp_path / "here.toml"
    config.write_text(
        f'center = "{ME}"\nstore = "sqlite:///{tmp_path}/{ME}.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
    )
    words = ("stats", "--month", "2021-08", "--by-host", "--config", config)
    _, shown, _ = bus(*words, "--lang", "zh")
    assert "法院\t1" in shown
    assert "各主办单位合计 2，活动总数 1" in shown
    _, told, _ = bus(*words, "--json")
    document = json.loads(told)
    assert (document["hosts"]["total"], document["hosts"]["hosts"]) == (1, {"法院": 1, "社区": 1})
    assert next(one for one in document["figures"] if one["code"] == "activities")["numerator"] == 1


def test_an_activity_has_a_host(door: Door) -> None:
    """And not more than fifty."""
    for hosts in ([], ["法院"] * 51, ["院" * 61], [""]):
        with pytest.raises(ValidationError):
            door.take(HELD | {"hosts": hosts})


def test_an_older_program_forgets_no_activity(door: Door) -> None:
    """Nothing else remembers them: their tables stay where the store goes back, and are found again."""
    door.take(HELD)
    step_back(door.bare.store)
    with door.bare.store.reading() as tx:
        assert tx.execute(select(func.count()).select_from(t.activity_hosts)).scalar_one() == 2
    schema.upgrade(door.bare.store)
    assert door.held().total == 1

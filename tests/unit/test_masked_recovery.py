"""Masked residents and stores that were put back: what is known comes back, what is owed is said, a hint replaces
nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bus.contract.case import Person, Place, Source
from bus.contract.types import Strict
from bus.custody import commands as c
from bus.custody.handing import waits
from bus.pipeline.intake import IntakeDeps, Submission, intake
from bus.sdk.center import Center, IntakeContext
from tests.harness.recovering_county import HONEST_REFUSALS, Restored
from tests.unit.custody_model.cases import RESIDENT

A, B, C, ARBITER = "media-150402", "party-150402", "civil-150402", "service-150402"
HINT = RESIDENT.as_masked()


class Matter(Strict):
    """What the own system hands in."""

    native_id: str


class Everything:
    """Routes: nothing is routed here."""

    def find(self, category: str, division: str) -> str | None:
        """No center."""
        return None


FORMS: Center[Any] = Center(kind="media", connect=lambda _: None)


@FORMS.form("matter", Matter, lambda form: form.native_id)
def matter_again(context: IntakeContext, form: Matter) -> list[c.Command]:
    """The same matter, with its resident."""
    case = context.new_case(
        title="路灯不亮", text="小区门口的路灯三天没亮了", category="lighting", place=Place(division="150402006"),
        resident=RESIDENT, channel="app", source=Source(system="app", record=form.native_id),
    )  # fmt: skip
    return [c.Register(case=case)]


@pytest.fixture
def county(tmp_path: Path) -> Iterator[Restored]:
    """Four centers that mask, on a good road."""
    made = Restored(tmp_path, 1, masking=True)
    made.road.bad = False
    yield made
    made.close()


def does(county: Restored, name: str, *commands: c.Command) -> None:
    """A center acts."""
    county.centers[name].now = county.now
    county.centers[name].execute(*commands)


def rest(county: Restored) -> None:
    """Everything arrives, and the road stays good."""
    county.rest()
    county.road.bad = False


def knows(county: Restored, name: str, case_id: UUID) -> Person | None:
    """Whom a center knows as the resident."""
    return county.records(name)[case_id].case.resident


def moves(county: Restored, case_id: UUID, source: str, to: str) -> None:
    """A hand-over that all have heard."""
    does(county, source, c.Offer(case_id=case_id, to=(to,)))
    rest(county)
    does(county, to, c.Accept(case_id=case_id))
    rest(county)


def test_a_restored_holder_knows_its_resident_again(county: Restored) -> None:
    """The other center tells what it has said; the work of it is laid on the desk again."""
    case_id = county.register(A)
    backup = county.backup(B)
    moves(county, case_id, A, B)
    assert knows(county, B, case_id) == RESIDENT
    county.put_back(B, backup)
    rest(county)
    assert knows(county, B, case_id) == RESIDENT
    assert not [one for one in county.parked(B) if one[1] not in HONEST_REFUSALS]


def test_a_hint_that_is_told_again_replaces_nothing(county: Restored) -> None:
    """The offers that the peer tells are masked; what the backup knows stays."""
    case_id = county.register(A)
    moves(county, case_id, A, B)
    backup = county.backup(B)
    does(county, B, c.Report(case_id=case_id, stage="visit", text="去现场"))
    rest(county)
    county.put_back(B, backup)
    rest(county)
    assert knows(county, B, case_id) == RESIDENT


def test_a_restored_origin_tells_what_it_owes(county: Restored) -> None:
    """Its offer was taken, and its word was lost with its store."""
    case_id = county.register(A)
    backup = county.backup(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    does(county, B, c.Accept(case_id=case_id))
    county.relay(B)
    while county.road.parcels:
        county.deliver()
    county.put_back(A, backup)  # it has heard of the acceptance, and said nothing yet
    rest(county)
    assert knows(county, A, case_id) == RESIDENT
    assert knows(county, B, case_id) == RESIDENT


def test_a_restored_origin_learns_its_resident_from_its_own_word(county: Restored) -> None:
    """It registered the case after the backup; the offer that its peer tells is masked, the hand-over is not."""
    backup = county.backup(A)
    case_id = county.register(A)
    moves(county, case_id, A, B)
    county.put_back(A, backup)
    rest(county)
    assert knows(county, A, case_id) == RESIDENT


def test_a_restored_origin_learns_its_resident_from_its_own_system(county: Restored) -> None:
    """It has told nobody yet who it is; the own system hands the form in again, and the new holder is told at last."""
    backup = county.backup(A)
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    county.put_back(A, backup)
    rest(county)
    assert knows(county, A, case_id) == HINT
    does(county, B, c.Accept(case_id=case_id))
    rest(county)
    assert knows(county, B, case_id) == HINT
    origin = county.centers[A]
    deps = IntakeDeps(origin.context, Everything(), lambda _tx, _sha256: None)
    form = Submission(FORMS.forms["matter"], Matter(native_id=county.records(A)[case_id].case.source.record))
    (reply,) = intake(origin.store, deps, [form], county.now)
    assert (reply.status, [one["case_id"] for one in reply.cases]) == ("repeated", [str(case_id)])
    rest(county)
    assert knows(county, A, case_id) == RESIDENT
    assert knows(county, B, case_id) == RESIDENT


def test_a_restored_holder_that_waits_asks_at_once(county: Restored) -> None:
    """The offerer is gone for good; the origin tells within the recovery, not an hour later."""
    case_id = county.register(A)
    moves(county, case_id, A, B)
    does(county, B, c.Offer(case_id=case_id, to=(C,)))
    rest(county)
    does(county, C, c.Accept(case_id=case_id))
    county.relay(C)
    county.road.parcels = [(to, body) for to, body in county.road.parcels if to != B]
    while county.road.parcels:
        county.deliver()
    county.centers[B].relay()  # whatever it would say is lost
    backup = county.backup(C)
    assert waits(county.records(C)[case_id])
    county.put_back(C, backup, (A,))
    rest(county)
    assert knows(county, C, case_id) == RESIDENT
    assert waits(county.records(C)[case_id]) is False


@pytest.mark.parametrize("seed", range(200, 208))
def test_whatever_was_lost_nobody_else_knows_and_the_holder_does(tmp_path: Path, seed: int) -> None:
    """On a bad road, with a store put back: only who held the case knows the resident; the holder does, once asked."""
    county = Restored(tmp_path, seed, 4 + seed % 2, masking=True)
    for name in county.names[:3]:
        county.register(name)
    for _ in range(county.luck.randrange(5, 120)):
        county.step()
    victim = county.luck.choice(county.names)
    backup = county.backup(victim)
    for _ in range(county.luck.randrange(5, 150)):
        county.step()
    county.put_back(victim, backup)
    for _ in range(county.luck.randrange(0, 120)):
        county.step()
    county.rest()
    for known in county.all().values():
        for one in known:
            held = one.me in {center for record in known for center in (*record.path, record.holder)}
            allowed = (RESIDENT, HINT) if held else (HINT, None)  # who was asked for help or for more time knows nobody
            assert one.case.resident in allowed, f"{one.me}: {held}"
        newest = max(known, key=lambda one: one.version)
        (holder,) = [one for one in known if one.me == newest.holder]
        assert holder.case.resident == RESIDENT or waits(holder)
    county.close()

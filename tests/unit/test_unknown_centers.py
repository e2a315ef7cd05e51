"""Centers that the county's directory does not list: a form may not name one, a route to one keeps the case."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bus.contract.case import Place, Source
from bus.contract.messages import Outcome
from bus.contract.types import Strict
from bus.custody import Status
from bus.custody.commands import AskAssist, Offer, Resolve
from bus.pipeline.intake import IntakeDeps, Reply, Submission, intake
from bus.sdk.center import Center, Commands, IntakeContext
from bus.security.message_security import MessageSecurity, Unsecured
from bus.store import cases
from bus.store.case_lists import kept_for_strangers
from tests.harness.signing_county import notarised
from tests.harness.step import MEDIA, NOW, PARTY, BareCenter

GHOST, OTHER = "party_service-999999", "party_service-999998"
"""Centers that nobody has listed."""


class Matter(Strict):
    """A native form."""

    id: str
    to: str | None = None
    about: str | None = None
    help: str | None = None


center: Center[None] = Center(kind="media_center", connect=lambda _: None)


@center.form("matter", Matter, "id")
def matter(context: IntakeContext, form: Matter) -> Commands:
    """Registered and offered; or, of one that is known, offered again, or help asked for."""
    if form.about is not None:
        case_id = UUID(form.about)
        if form.help is not None:
            return [AskAssist(case_id=case_id, to=form.help, ask="请协助")]
        return [Offer(case_id=case_id, to=(form.to or context.route("road", "150402006"),))]
    place, source = Place(division="150402006"), Source(system="notes", record=form.id)
    case = context.new_case(title="诉求", text="x", category="road", place=place, channel="app", source=source)
    return context.register(case, to=(form.to,) if form.to else ())


class Routes:
    """All goes to one center."""

    def __init__(self, to: str) -> None:
        self.to = to

    def find(self, _category: str, _division: str) -> str | None:
        """That one."""
        return self.to


class Desk:
    """A bare center whose county has a directory, or none."""

    def __init__(self, folder: Path, security: MessageSecurity) -> None:
        self.bare = BareCenter(MEDIA, folder, security=security)
        self.to = PARTY

    def hand_in(self, **form: str) -> Reply:
        """One form."""
        deps = IntakeDeps(self.bare.context, Routes(self.to), lambda _tx, _sha256: None)
        (reply,) = intake(self.bare.store, deps, [Submission(center.forms["matter"], Matter(**form))], NOW)
        return reply

    def kept(self) -> list[tuple[str, int, int]]:
        """What stays here because of its route."""
        with self.bare.store.reading() as tx:
            return kept_for_strangers(tx, MEDIA)

    def said(self) -> list[str]:
        """To whom something was said."""
        return [parcel.recipient for parcel in self.bare.relay()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The directory lists this center and the party service."""
    made = Desk(tmp_path, notarised([MEDIA, PARTY])[MEDIA])
    yield made
    made.bare.close()


def test_a_form_that_names_a_stranger_is_refused(desk: Desk) -> None:
    """It would be tried for ever; its sender can name another."""
    reply = desk.hand_in(id="1", to=GHOST)
    assert (reply.status, reply.code) == ("refused", "unknown-center")
    assert GHOST not in reply.cure
    assert desk.said() == []
    assert desk.hand_in(id="1", to=PARTY).status == "taken"


def test_help_of_a_stranger_is_refused(desk: Desk) -> None:
    """Asked for by name, too."""
    desk.to = MEDIA
    (case,) = desk.hand_in(id="1").cases
    assert desk.hand_in(id="2", about=case["case_id"], help=GHOST).code == "unknown-center"
    assert desk.hand_in(id="2", about=case["case_id"], help=PARTY).status == "taken"


def test_a_route_to_a_stranger_keeps_the_case_here(desk: Desk) -> None:
    """The resident's form is taken: whoever wrote the route has to mend it, and staff have the case meanwhile."""
    desk.to = GHOST
    reply = desk.hand_in(id="1")
    assert reply.status == "taken"
    assert desk.said() == []
    case_id = UUID(reply.cases[0]["case_id"])
    with desk.bare.store.reading() as tx:
        record = cases.read(tx, [case_id])[case_id]
        lines = [(line["way"], line["peer"], line["note"]) for line in cases.journal(tx, case_id)]
    assert (record.status, record.mine, record.decision_pending) == (Status.OPEN, True, False)
    assert ("refused", GHOST, "unknown-center") in lines


def test_dispatching_by_a_route_to_a_stranger_keeps_the_case_here(desk: Desk) -> None:
    """Later on, too: the form is taken, and nothing is said to nobody."""
    desk.to = MEDIA
    (case,) = desk.hand_in(id="1").cases
    desk.to = GHOST
    assert desk.hand_in(id="2", about=case["case_id"]).status == "taken"
    assert desk.said() == []
    assert desk.hand_in(id="3", about=case["case_id"], to=GHOST).code == "unknown-center"


def test_what_a_route_led_to_nobody_is_listed_until_somebody_acts(desk: Desk) -> None:
    """By where the route leads, with the age of the oldest; a case that was offered, taken on or closed is no more."""
    desk.to = GHOST
    kept = [UUID(desk.hand_in(id=str(number)).cases[0]["case_id"]) for number in range(4)]
    desk.bare.now = NOW + timedelta(days=1)
    desk.to = OTHER
    desk.hand_in(id="other")
    desk.hand_in(id="again", about=str(kept[0]))
    since = int(NOW.timestamp() * 1000)
    assert desk.kept() == [(OTHER, 2, since), (GHOST, 4, since)]
    desk.bare.execute(Offer(case_id=kept[0], to=(PARTY,)))
    assert desk.kept()[1] == (GHOST, 3, since)
    desk.bare.execute(Resolve(case_id=kept[1], outcome=Outcome.DONE, public_reply="已办。"))
    desk.to = PARTY
    desk.hand_in(id="mended", about=str(kept[2]))
    assert [(peer, count) for peer, count, _ in desk.kept()] == [(OTHER, 1), (GHOST, 1)]


def test_without_a_directory_the_broker_tells(tmp_path: Path) -> None:
    """Nobody has said who is in the county, so what is named is believed, as in v0.1.0."""
    made = Desk(tmp_path, Unsecured())
    try:
        assert made.hand_in(id="1", to=GHOST).status == "taken"
        assert made.said() == [GHOST]
    finally:
        made.bare.close()

"""Centers that the county's directory does not list: a form may not name one, a route to one keeps the case."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from bus.contract.case import Place, Source
from bus.contract.types import Strict
from bus.custody import Status
from bus.custody.commands import AskAssist, Offer
from bus.pipeline.intake import IntakeDeps, Reply, Submission, intake
from bus.sdk.center import Center, Commands, IntakeContext
from bus.security.message_security import MessageSecurity, Unsecured
from bus.store import cases
from tests.harness.signing_county import notarised
from tests.harness.step import MEDIA, NOW, PARTY, BareCenter

GHOST = "party_service-999999"
"""A center that nobody has listed."""


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


def test_without_a_directory_the_broker_tells(tmp_path: Path) -> None:
    """Nobody has said who is in the county, so what is named is believed, as in v0.1.0."""
    made = Desk(tmp_path, Unsecured())
    try:
        assert made.hand_in(id="1", to=GHOST).status == "taken"
        assert made.said() == [GHOST]
    finally:
        made.bare.close()

"""Lanes to a center that does not exist can be ended by the operator; those to one that is away cannot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.contract import messages as k
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.ids import new_id
from bus.custody import Record
from bus.custody import commands as c
from bus.operations import lanes
from bus.store import cases, outbox, peer_lanes
from bus.transports.port import SendResult
from tests.harness.signing_county import notarised
from tests.harness.step import NOW, BareCenter, a_case, carry
from tests.unit.test_cli_run import bus

MEDIA, PARTY, CIVIL = "media_center-150402", "party_service-150402", "civilization_center-150402"
GHOSTS = tuple(f"ghost{number}-150402" for number in range(190))


@pytest.fixture
def media(tmp_path: Path) -> Iterator[BareCenter]:
    """The media center, and its settings file."""
    (tmp_path / "here.toml").write_text(
        f'center = "{MEDIA}"\nstore = "sqlite:///{tmp_path}/{MEDIA}.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
    )
    center = BareCenter(MEDIA, tmp_path)
    yield center
    center.close()


def waiting(center: BareCenter) -> int:
    """How much lies in the outbox."""
    with center.store.reading() as tx:
        return outbox.figures(tx)["waiting"]


def poisoned(media: BareCenter) -> c.Offer:
    """An offer with 190 invented centers in its path was accepted and reported on: much is said to nobody."""
    case, offer = a_case(PARTY), new_id()
    offered = k.Offered(version=1, offer_id=offer, case=case, path=(PARTY, *GHOSTS))
    media.receive(encode(compose(offered, source=PARTY, recipient=MEDIA, now=NOW, subject=case.case_id, sequence=1)))
    media.execute(c.Accept(case_id=case.case_id))
    media.execute(c.Report(case_id=case.case_id, stage="visited", text="已到现场"))
    media.transport.result = SendResult.UNROUTABLE
    media.relay()
    return c.Offer(case_id=case.case_id, to=(CIVIL,))


def record(center: BareCenter, of: c.Offer) -> Record:
    """What it knows of the case."""
    with center.store.reading() as tx:
        return cases.read(tx, [of.case_id])[of.case_id]


def test_lanes_to_nobody_are_ended_and_nothing_more_is_said_in_them(media: BareCenter, tmp_path: Path) -> None:
    """382 messages to 190 centers that no broker knows: one command ends them, and the next report goes to one."""
    case = poisoned(media)
    assert waiting(media) == 382
    code, _, _ = bus("parked", "discard", "o1", "--reason", "x", "--config", tmp_path / "here.toml")
    assert code != 0
    code, _, _ = bus("parked", "end", GHOSTS[0], "--reason", "invented", "--config", tmp_path / "here.toml")
    assert (code, waiting(media)) == (0, 380)
    code, *out = bus("parked", "end", "--strangers", "--reason", "invented", "--config", tmp_path / "here.toml")
    assert code == 0, out
    assert record(media, case).path == (PARTY, MEDIA)
    media.execute(c.Report(case_id=case.case_id, stage="done", text="已修"))
    with media.store.reading() as tx:
        assert peer_lanes.recipients(tx) == [PARTY]
    with media.store.reading() as tx:
        ended = [(line["peer"], line["note"]) for line in cases.journal(tx, case.case_id) if line["way"] == "ended"]
    assert len(ended) == len(GHOSTS)
    assert (GHOSTS[0], "invented") in ended


def test_a_center_that_is_merely_away_keeps_its_lanes(media: BareCenter, tmp_path: Path) -> None:
    """Its inbox was found, or it has spoken before: the command says no, and nothing is given up."""
    party = BareCenter(PARTY, tmp_path)
    case = a_case(MEDIA)
    media.execute(c.Register(case=case), c.Offer(case_id=case.case_id, to=(PARTY,)))
    media.relay()
    with pytest.raises(lanes.LaneInUse):
        lanes.end_lanes(media.store, media.context, PARTY, "x", NOW)
    media.later(3600)
    carry(media, party)
    media.execute(c.Withdraw(case_id=case.case_id))
    media.transport.result = SendResult.UNROUTABLE
    media.relay()
    with pytest.raises(lanes.LaneInUse):
        lanes.end_lanes(media.store, media.context, PARTY, "x", NOW)
    code, _, _ = bus("parked", "end", PARTY, "--reason", "x", "--config", tmp_path / "here.toml")
    assert code != 0
    party.close()


def test_an_offer_to_nobody_comes_back_to_its_offerer(media: BareCenter) -> None:
    """A route named a center that the broker does not know: the case can be offered again."""
    case = a_case(MEDIA)
    media.execute(c.Register(case=case), c.Offer(case_id=case.case_id, to=(GHOSTS[0],)))
    media.transport.result = SendResult.UNROUTABLE
    media.relay()
    assert lanes.end_lanes(media.store, media.context, GHOSTS[0], "typo", NOW) == lanes.Ended(1, 1)
    media.execute(c.Offer(case_id=case.case_id, to=(PARTY,)))


def test_with_a_directory_it_alone_says_who_is_there(tmp_path: Path) -> None:
    """A listed center keeps its lanes whatever the road says; one that is not listed loses them at once."""
    media = BareCenter(MEDIA, tmp_path, security=notarised([MEDIA, PARTY])[MEDIA])
    for to in (PARTY, CIVIL):
        case = a_case(MEDIA)
        media.execute(c.Register(case=case), c.Offer(case_id=case.case_id, to=(to,)))
    media.transport.result = SendResult.UNROUTABLE
    media.relay()
    assert lanes.strangers(media.store, media.context) == [CIVIL]
    with pytest.raises(lanes.LaneInUse):
        lanes.end_lanes(media.store, media.context, PARTY, "x", NOW)
    media.close()

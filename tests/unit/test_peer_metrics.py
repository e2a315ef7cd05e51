"""Figures of each peer: what waits and since when, under a bounded set of labels."""

import pytest

from bus.custody.commands import Offer, Register
from bus.operations import metrics
from bus.operations.metrics import Metrics
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case, carry

OTHERS = [f"party_service-1504020{number:02}" for number in range(7, 12)]


def _offered(center: BareCenter, *to: str) -> None:
    for peer in to:
        case = a_case(MEDIA)
        center.execute(Register(case=case), Offer(case_id=case.case_id, to=(peer,)))


def _lines(found: Metrics, name: str) -> dict[tuple[str, str], float]:
    """(place, peer) → value."""
    return {
        (sample.labels["place"], sample.labels["peer"]): sample.value
        for metric in found.collect()
        for sample in metric.samples
        if sample.name == name
    }


def test_each_peer_has_its_depth_and_age(media: BareCenter, party: BareCenter) -> None:
    """What was said and not receipted, and what was heard and not worked."""
    _offered(media, PARTY, PARTY, OTHERS[0])
    found = Metrics(MEDIA, media.store, media.transport)
    assert _lines(found, "bus_peer_depth") == {("outbox", PARTY): 2, ("outbox", OTHERS[0]): 1}
    assert all(age > 0 for age in _lines(found, "bus_peer_oldest_seconds").values())
    carry(media, party)
    there = Metrics(PARTY, party.store, party.transport)
    assert _lines(there, "bus_peer_depth") == {("inbox", MEDIA): 2}


def test_who_is_not_listed_has_no_label(media: BareCenter) -> None:
    """A name that a message brought makes no series of its own."""
    _offered(media, PARTY, *OTHERS)
    found = Metrics(MEDIA, media.store, media.transport, lambda peer: peer == PARTY)
    assert _lines(found, "bus_peer_depth") == {("outbox", PARTY): 1, ("outbox", "other"): len(OTHERS)}


def test_labels_are_bounded(media: BareCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a directory, too."""
    monkeypatch.setattr(metrics, "MOST_PEERS", 2)
    _offered(media, PARTY, *OTHERS)
    assert sorted(_lines(Metrics(MEDIA, media.store, media.transport), "bus_peer_depth").values()) == [1, 1, 4]

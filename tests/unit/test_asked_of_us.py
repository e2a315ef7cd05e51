"""What a peer asks for: it never shares the fate of the outbox, and a question that makes no sense is passed over."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from bus.contract import messages as k
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.epochs import EPOCH, MAX_EPOCHS_AHEAD, epoch_start
from bus.contract.ids import new_id
from bus.custody import commands as c
from bus.security.master_key import FileKey
from bus.store import archive
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.encryption import CaseEncryption
from tests.harness.step import NOW, BareCenter, a_case, carry, opened

MEDIA, PARTY, CIVIL = "media_center-150402", "party_service-150402006", "civilization_center-150402"


@pytest.fixture
def media(tmp_path: Path) -> Iterator[BareCenter]:
    """The media center, which has spoken with the party service of one case."""
    center, peer = BareCenter(MEDIA, tmp_path), BareCenter(PARTY, tmp_path)
    offer(center, PARTY)
    carry(center, peer)
    peer.close()
    yield center
    center.close()


def offer(center: BareCenter, to: str) -> None:
    """Hand a fresh case over."""
    case = a_case(center.context.me)
    center.execute(c.Register(case=case), c.Offer(case_id=case.case_id, to=(to,)))


def asked(cursor: str, sequence: int = EPOCH) -> bytes:
    """The party service asks for its log."""
    question = k.LogAsked(recovery=new_id(), cursor=cursor)
    return encode(compose(question, source=PARTY, recipient=MEDIA, now=NOW, sequence=sequence))


def kinds(center: BareCenter) -> list[str]:
    """What leaves in one round."""
    return sorted(parcel.kind for parcel in center.relay())


@pytest.mark.parametrize("cursor", ["a1:999999999", "o1:999999999", "a999999999999999999:0", "zzz", "a1:1", "o0:7"])
def test_a_question_about_no_place_of_our_log_stops_nothing_that_we_say(media: BareCenter, cursor: str) -> None:
    """A cursor behind the end of a message, or of the archive: a page is told, and our own offer leaves with it."""
    assert media.receive(asked(cursor)) == {"asked": 1}
    offer(media, CIVIL)
    assert kinds(media) == ["case.offered", "log.told"]
    assert kinds(media) == []


def test_a_store_that_owes_a_page_that_cannot_be_made_goes_on_after_a_restart(media: BareCenter) -> None:
    """What an older program has put down is no page at all: it is forgotten, and everything else leaves."""
    row = {"peer": PARTY, "recovery": "no-recovery", "cursor": "a1:999999999", "next_ms": 1}
    media.store.write(lambda tx: tx.execute(insert(t.pages_owed).values(row)))
    offer(media, CIVIL)
    assert kinds(media) == ["case.offered"]
    with media.store.reading() as tx:
        assert tx.execute(select(t.pages_owed)).all() == []


def test_entries_that_cannot_be_told_are_passed_over_and_the_rest_is_told(media: BareCenter) -> None:
    """A verdict that no contract knows stands in the archive: that entry alone is left out."""
    offer(media, PARTY)
    media.store.write(lambda tx: tx.execute(update(t.archive).values(verdict="perhaps")))
    media.receive(asked("0"))
    (page,) = [opened(parcel).data for parcel in media.relay() if parcel.kind == "log.told"]
    assert [entry.verdict for entry in page.entries] == [None]  # what lies in the outbox


def test_what_is_erased_or_altered_in_the_archive_ends_no_log(tmp_path: Path) -> None:
    """More entries than are read at once cannot be shown: those behind them are told all the same."""
    center = BareCenter(MEDIA, tmp_path, encryption=CaseEncryption(FileKey(b"k" * 32)))
    peer = BareCenter(PARTY, tmp_path)
    for _ in range(archive.READ_AT_ONCE + 5):
        offer(center, PARTY)
    carry(center, peer)

    def spoil(tx: Tx) -> None:
        rows = tx.execute(select(t.archive.c.id, t.archive.c.body).order_by(t.archive.c.id)).all()
        altered = [row.id for row in rows[: archive.READ_AT_ONCE + 2]]
        tx.execute(update(t.archive).where(t.archive.c.id.in_(altered)).values(body=rows[-1].body))

    center.store.write(spoil)
    center.receive(asked("0"))
    (page,) = [opened(parcel).data for parcel in center.relay() if parcel.kind == "log.told"]
    assert len(page.entries) == 3
    center.close()
    peer.close()


def test_an_answer_that_is_no_message_harms_no_other(media: BareCenter) -> None:
    """A receipt and an error in the store are of no contract: they are dropped, and the offer leaves."""
    receipt = {"peer": CIVIL, "message_id": str(new_id()), "verdict": "perhaps", "code": None, "next_ms": 1}
    error = {"peer": CIVIL, "code": "x", "text": "", "about": "nobody", "digest": None, "next_ms": 1}
    media.store.write(lambda tx: tx.execute(insert(t.receipts).values(receipt)))
    media.store.write(lambda tx: tx.execute(insert(t.errors).values(error)))
    offer(media, CIVIL)
    assert kinds(media) == ["case.offered"]
    with media.store.reading() as tx:
        assert tx.execute(select(t.receipts)).all() == tx.execute(select(t.errors)).all() == []


@pytest.mark.parametrize("era", [MAX_EPOCHS_AHEAD + 1, 2147])
def test_a_question_in_a_wild_era_begins_none(media: BareCenter, era: int) -> None:
    """Its sender is heard as before, and is told that this era is not to be had."""
    media.receive(asked("0", epoch_start(era)))
    with media.store.reading() as tx:
        assert archive.epochs(tx, [PARTY]) == {}
    (page,) = [opened(parcel).data for parcel in media.relay()]
    assert (page.used, page.era, page.entries) == (True, 0, ())

"""What the log says of a round: whom a message could not reach, and each thing that was parked, once."""

import json
from pathlib import Path

from bus.contract.messages import Offered
from bus.custody.commands import Offer, Register
from bus.log import log
from bus.pipeline.relay import SentBatch, claim, send
from bus.runtime import round_log
from bus.store import parked
from bus.transports.port import SendResult
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case

CANARY = "居民甲"


def _events(lines: list[str], word: str) -> list[dict[str, object]]:
    return [told for line in lines if (told := json.loads(line))["event"] == word]


def test_whom_nobody_reaches_is_named(media: BareCenter, lines: list[str]) -> None:
    """A count alone leaves the operator to search."""
    for to in (PARTY, PARTY, "party_service-150402007"):
        case = a_case(MEDIA)
        media.execute(Register(case=case), Offer(case_id=case.case_id, to=(to,)))
    media.transport.result = SendResult.UNROUTABLE
    batch: SentBatch = send(media.transport, media.context, claim(media.store, media.context, media.now), media.now)
    round_log.sent(log(), batch)
    assert [(one["peer"], one["count"]) for one in _events(lines, "nobody-there")] == [
        (PARTY, 2), ("party_service-150402007", 1),
    ]  # fmt: skip


def test_each_thing_that_is_parked_is_told_once(media: BareCenter, party: BareCenter, lines: list[str]) -> None:
    """With code, place, peer, row and case; what was parked before this process began is not told again."""

    def park(code: str, known_by: bytes, case_id: str | None = None) -> None:
        row = parked.row("desk", code, "", known_by=known_by, owner=MEDIA, now_ms=1, peer=PARTY, case_id=case_id)
        media.store.write(lambda tx: parked.park(tx, [row]))

    park("vendor-400", b"before")
    told = round_log.ParkedLog(media.store)
    told.begin()
    told.tell(log())
    assert _events(lines, "parked") == []
    park("vendor-404", b"one", "c-1")
    park("vendor-404", b"two")
    told.tell(log())
    told.tell(log())
    park("vendor-404", b"two")  # again: counted, and not told
    told.tell(log())
    first, second = _events(lines, "parked")
    assert (first["code"], first["place"], first["peer"], first["case"]) == ("vendor-404", "desk", PARTY, "c-1")
    assert first["row"] != second["row"]
    assert Offered.kind not in str(lines)


def test_what_a_center_parks_is_told_without_a_word_of_the_resident(
    media: BareCenter, tmp_path: Path, lines: list[str]
) -> None:
    """Bytes that are no message are a line; what stands in them is not."""
    assert tmp_path
    told = round_log.ParkedLog(media.store)
    told.begin()
    media.receive(f'{{"name": "{CANARY}"}}'.encode(), sender=PARTY)
    told.tell(log())
    (line,) = _events(lines, "parked")
    assert (line["place"], line["peer"]) == ("wire", PARTY)
    assert CANARY not in "".join(lines)

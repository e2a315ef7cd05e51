"""Recovery logs, asked for and told, with valid format and signature but wild contents.

They name impossible places, epochs that never began, and pages of messages that never existed. Each comes from a peer
with prior messages.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bus.contract.epochs import EPOCH
from bus.contract.rules import BY_KIND
from verification.corpus.documents import good
from verification.corpus.items import ME, OTHER, PEER, Dealer, Json, raw

RECOVERY = UUID("01790185-7a00-7000-8000-00000000ec0e")
"""The center's recovery id, when it recovers in its first epoch."""
WILD_ERA = "parked:wild-era"


@dataclass(frozen=True, slots=True)
class LogItem:
    """One message about logs.

    ``verdict``: ``page`` (a page of the log goes to its sender), ``used`` (its epoch was used before), ``told`` (the
    told page is taken), ``ignored``, or ``parked:CODE``."""

    kind: str
    name: str
    body: bytes
    verdict: str
    recovers: bool = False
    """Whether the center recovers, and has asked the sender for its log."""


def items(deal: Dealer) -> Iterator[LogItem]:
    """All items of this module."""
    yield from _asked(deal)
    yield from _told(deal)
    yield from _entries(deal)


# -- asked -----------------------------------------------------------------------------------------------------------

CURSORS = (
    "0", "a0:0", "a1:0", "a1:1", "a1:999999999", "a2:0", "a2:999999999", "a3:7", "a999999999999999999:0",
    "a999999999999999999:999999999", "o0:0", "o1:0", "o1:1", "o1:999999999", "o2:1000000", "o999999999999999999:1",
    "a", "o", ":", "a:", "a1", "a1:", ":1", "z1:1", "a1:1:1", "aa1:1", "a1o1:1", "9" * 40, "a" * 40,
)  # fmt: skip
"""Cursors at the first rows of archive and outbox, before and behind their ends; and invalid ones."""


def _question(deal: Dealer, cursor: str, sequence: int) -> bytes:
    document = good(BY_KIND["log.asked"], deal) | {"sequence": sequence}
    document["data"] |= {"recovery": str(deal.id()), "cursor": cursor}
    return raw(document)


def _asked(deal: Dealer) -> Iterator[LogItem]:
    for cursor in CURSORS:
        for era in (0, 1, 100):
            yield LogItem(
                "log: asked from anywhere", f"{cursor} in {era}", _question(deal, cursor, era * EPOCH), "page"
            )
    for era in (101, 150, 2000, 2146, 2147):
        for cursor in ("0", "a1:999999999"):
            body = _question(deal, cursor, min(era * EPOCH, 2**31 - 1))
            yield LogItem("log: asked in a wild era", f"{cursor} in {era}", body, "used")
    for sequence in (1, 999_999, EPOCH + 1, 2 * EPOCH - 1):
        yield LogItem("log: asked from the middle of an era", str(sequence), _question(deal, "0", sequence), "page")


# -- told ------------------------------------------------------------------------------------------------------------


def _page(deal: Dealer, **said: Any) -> bytes:
    document = good(BY_KIND["log.told"], deal) | {"sequence": 0}
    document["data"] = {"recovery": str(RECOVERY), "era": 1, "cursor": "0", "entries": [], "extra": 1} | said
    return raw(document)


def _crowd(count: int) -> list[str]:
    return [f"ghost{number}-150402" for number in range(count)]


def _told(deal: Dealer) -> Iterator[LogItem]:
    def item(kind: str, name: str, verdict: str, **said: Any) -> LogItem:
        return LogItem(f"log: {kind}", name, _page(deal, **said), verdict, recovers=True)

    yield LogItem("log: told unasked", "nobody recovers", _page(deal), "ignored")
    yield LogItem("log: told unasked", "a used era", _page(deal, used=True, era=2**31 - 1), "ignored")
    yield item("told", "nothing, and no more", "told")
    yield item("told", "with us among its centers", "told", centers=[ME, PEER, OTHER])
    for count in (1, 500):
        yield item("told of a crowd", str(count), "told", centers=_crowd(count))
    for cursor in CURSORS:
        yield item("told with a wild next page", cursor, "told", next=cursor)
        if cursor != "0":
            yield item("told of a page that was not asked for", cursor, "ignored", cursor=cursor)
    for era in (1, 2, 5, 31):
        yield item("told that an era was used", str(era), "told", used=True, era=era)
    for era in (99, 100, 101, 150, 2146, 2147, 2**31 - 2, 2**31 - 1):
        yield item("told that a wild era was used", str(era), WILD_ERA, used=True, era=era)
    yield item("told that an older era was used", "0", "ignored", used=True, era=0)
    for era in (0, 2, 150, 2**31 - 1):
        yield item("told in another era", str(era), "ignored", era=era)
    yield item("told in another recovery", "", "ignored", recovery=str(deal.id()))


# -- entries ---------------------------------------------------------------------------------------------------------

_NO_MESSAGES = {
    "NUL": b"\x00", "an object": b"{}", "a list": b"[]", "half a message": b'{"specversion":"1.0",', "words": b"abc",
    "brackets": b"[" * 100_000, "no UTF-8": b"\xff\xfe" * 40, "a signature only": b"e" * 500 + b"\n\n",
}  # fmt: skip


def _entry(body: bytes, way: str = "said", **more: Any) -> Json:
    return {"way": way, "body": base64.b64encode(body).decode(), **more}


def _entries(deal: Dealer) -> Iterator[LogItem]:
    def item(kind: str, name: str, *entries: Json, verdict: str = "told") -> LogItem:
        return LogItem(f"log entry: {kind}", name, _page(deal, entries=list(entries)), verdict, recovers=True)

    for name, body in _NO_MESSAGES.items():
        yield item("no message", name, _entry(body))
        yield item("no message, and more of it", name, _entry(body, more=True))
        yield item("no message, receipted", name, _entry(body, verdict="applied"))
    for text in ("A", "AAA", "AAAAA"):
        yield item("no base64, though its pattern lets it through", text, {"way": "said", "body": text})
    for text in ("=", "A=======", "====", "AB=C", "AA=A"):
        yield item("no base64", text, {"way": "said", "body": text}, verdict="parked:invalid")
    for way in ("said", "heard"):
        for kind in BY_KIND:
            for sequence in (0, 1, 2, 1001, EPOCH, 150 * EPOCH, 2**31 - 1):
                body = raw(_between_us(deal, kind, way, sequence))
                yield item(f"a wild place, {way}", f"{kind} at {sequence}", _entry(body, way, verdict="applied"))
        for crowd in (200, 150):
            document = _between_us(deal, "case.offered", way, 1)
            document["data"]["path"] = _crowd(crowd)
            more = _between_us(deal, "case.offered", way, 2) | {"subject": document["subject"]}
            more["data"] |= {"case": document["data"]["case"], "path": [f"x{name}" for name in _crowd(crowd)]}
            told = (_entry(raw(one), way, verdict="applied") for one in (document, more))
            yield item(f"a crowded path, {way}", str(crowd), *told)
        for version in (0, 2**31 - 1):
            document = _between_us(deal, "case.offered", way, 1)
            document["data"] |= {"version": version, "round": version}
            yield item(f"a wild version, {way}", str(version), _entry(raw(document), way, verdict="applied"))
        document = _between_us(deal, "case.offered", way, 1) | {"source": OTHER, "recipient": PEER}
        yield item("between others", way, _entry(raw(document), way))
        document = _between_us(deal, "case.offered", way, 1)
        document["data"]["case"]["case_id"] = str(deal.id())
        yield item("two cases in one", way, _entry(raw(document), way, verdict="applied"))
        yield item("an unreadable body", way, _entry(raw(document | {"data": 1}), way, verdict="applied"))


def _between_us(deal: Dealer, kind: str, way: str, sequence: int) -> Json:
    """A message of this kind between the sender and this center, as told by the sender."""
    source, recipient = (PEER, ME) if way == "said" else (ME, PEER)
    return good(BY_KIND[kind], deal) | {"source": source, "recipient": recipient, "sequence": sequence}

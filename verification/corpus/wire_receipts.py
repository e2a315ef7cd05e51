"""Receipts and errors that must not settle anything: from outsiders, without a message, contradictory, or oversized.

They are never receipted themselves. A valid one about nothing leaves no trace; a wrong one is parked.
"""

from collections.abc import Iterator

from bus.contract.rules import BY_KIND
from verification.corpus.documents import good
from verification.corpus.items import ME, OTHER, PEER, THIRD, Dealer, Json, WireItem, raw

ROUNDS = 20
RECEIPT, ERROR = BY_KIND["receipt"], BY_KIND["error"]
MOST = 500
"""Items in one receipt."""


def items(deal: Dealer) -> Iterator[WireItem]:
    """All items of this module."""
    for number in range(ROUNDS):
        yield from _about_nothing(deal, number)
        yield from _about_others(deal, number)
        yield from _right_ones(deal, number)
        yield from _errors(deal, number)
    for many in (MOST + 1, 1000, 2000):
        yield _receipt(deal, "too many items", f"{many}", [_item(deal) for _ in range(many)], "parked:invalid")
    for many in (4000, 10_000):
        yield _receipt(deal, "too many items", f"{many}", [_item(deal) for _ in range(many)], "parked:too-large")


def _item(deal: Dealer, verdict: str = "applied", message_id: str = "", code: str | None = None) -> Json:
    item: Json = {"message_id": message_id or str(deal.id()), "verdict": verdict}
    return item if code is None else item | {"code": code}


def _receipt(
    deal: Dealer,
    kind: str,
    name: str,
    said: list[Json],
    verdict: str,
    *,
    source: str = PEER,
    about: str = "",
    recipient: str = "",
) -> WireItem:
    document = good(RECEIPT, deal) | {"source": source}
    document["data"]["items"] = said
    return WireItem(
        f"receipt: {kind}", name, raw(document), verdict,
        message_id="", sender=source, about=about, said=recipient,
    )  # fmt: skip


def _about_nothing(deal: Dealer, number: int) -> Iterator[WireItem]:
    name = str(number)
    yield _receipt(deal, "of unknown messages", name, [_item(deal) for _ in range(1 + number)], "ignored")
    yield _receipt(deal, "of as many as may be", name, [_item(deal) for _ in range(MOST)], "ignored")
    refused = [_item(deal, "refused", code="stale")]
    yield _receipt(deal, "refuses an unknown message", name, refused, "ignored")
    same = _item(deal)
    yield _receipt(deal, "of one message many times", name, [same] * 200, "ignored")
    own = good(RECEIPT, deal)
    own["data"]["items"] = [_item(deal, message_id=own["id"])]
    yield WireItem("receipt: of itself", name, raw(own), "ignored")
    yield _receipt(deal, "of nothing", name, [], "parked:invalid")
    half = [_item(deal), {"message_id": str(deal.id())}]
    yield _receipt(deal, "half wrong", name, half, "parked:invalid")
    odd = good(RECEIPT, deal)
    odd |= {"subject": str(deal.id()), "sequence": 7}
    odd["data"]["items"] = [_item(deal)]
    yield WireItem("receipt: as if in a lane", name, raw(odd), "ignored")


def _about_others(deal: Dealer, number: int) -> Iterator[WireItem]:
    """The message went to OTHER; only OTHER may receipt it."""
    for source in (PEER, THIRD):
        for verdict, code in (("applied", None), ("superseded", None), ("refused", "stale")):
            about = str(deal.id())
            said = [_item(deal, verdict, about, code)]
            yield _receipt(
                deal, "by a stranger", f"{source} {verdict} {number}", said, "ignored",
                source=source, about=about, recipient=OTHER,
            )  # fmt: skip


def _right_ones(deal: Dealer, number: int) -> Iterator[WireItem]:
    """Valid receipts, to prove that not every receipt is ignored; and self-contradictory ones."""
    about = str(deal.id())
    yield _receipt(
        deal, "a good one", str(number), [_item(deal, "applied", about)], "receipted", about=about, recipient=PEER
    )
    about = str(deal.id())
    no = [_item(deal, "refused", about, "stale")]
    yield _receipt(deal, "a good refusal", str(number), no, "refused-by-peer:stale", about=about, recipient=PEER)
    about = str(deal.id())
    yield _receipt(
        deal, "a refusal without a reason", str(number), [_item(deal, "refused", about)], "refused-by-peer:refused",
        about=about, recipient=PEER,
    )  # fmt: skip
    about = str(deal.id())
    both = [_item(deal, "refused", about, "stale"), _item(deal, "applied", about)]
    yield _receipt(deal, "yes and no", str(number), both, "receipted", about=about, recipient=PEER)


def _errors(deal: Dealer, number: int) -> Iterator[WireItem]:
    """Each is shown to the operator once: known by its digest, else by its message, else by itself."""
    digest, about = f"{deal.random.getrandbits(256):064x}", str(deal.id())
    for name, changes in {
        "with a digest": {"digest": digest, "about": about},
        "about nothing known": {"digest": None, "about": str(deal.id())},
        "about nothing at all": {"digest": None, "about": None},
        "about an error": {"digest": None, "about": str(deal.id()), "code": "invalid"},
        "with a code nobody has": {"digest": None, "about": None, "code": f"X:{number}.y_z-1"},
    }.items():
        document = good(ERROR, deal)
        document["data"] |= changes
        data = document["data"]
        known_by = data["digest"] or data["about"] or document["id"]
        yield WireItem(f"error: {name}", str(number), raw(document), f"noted:{data['code']}", about=known_by)
    ours = good(ERROR, deal) | {"source": ME}
    yield WireItem("error: in our own name", str(number), raw(ours), "parked:from-ourselves", sender=None)
    astray = good(ERROR, deal) | {"recipient": OTHER}
    yield WireItem("error: for another", str(number), raw(astray), "parked:wrong-recipient")

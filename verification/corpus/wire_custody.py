"""Well-formed messages that contradict what is known: outsiders' claims, stale versions, replays.

Custody decides in every case: the verdicts here are those of the protocol (``docs/decisions/0004-custody.md``).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bus.contract import messages as k
from bus.contract.case import Case
from bus.contract.rules import BY_KIND
from bus.custody import Record, Status
from bus.custody.record import Rating, ReceivedOffer, Result, SentOffer
from verification.corpus.documents import ABOUT_CASES, OPENERS, a_case, good
from verification.corpus.items import ARBITER, ME, NOW, OTHER, PEER, THIRD, Canary, Dealer, Json, WireItem, raw

ROUNDS = 12
"""Rounds of every situation, each in another case and with other versions."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A message, the receiver's prior record, and the expected verdict."""

    name: str
    kind: str
    verdict: str
    past: Callable[["Ground"], Record]
    says: Callable[["Ground"], Json] = lambda _ground: {}
    """Fields that differ from the example's body."""
    source: str = PEER


@dataclass(frozen=True, slots=True)
class Ground:
    """One case with ids and a version of its own."""

    case: Case
    version: int
    offer: UUID
    foreign: UUID
    """An offer unknown here."""

    def mine(self, **more: Any) -> Record:
        """The center holds the case."""
        return Record(me=ME, case=self.case, holder=ME, version=self.version, path=(PEER, ME), arbiter=ARBITER, **more)

    def theirs(self, holder: str = PEER, **more: Any) -> Record:
        """Another center holds it."""
        path = tuple(dict.fromkeys((PEER, ME, holder)))
        return Record(me=ME, case=self.case, holder=holder, version=self.version, path=path, arbiter=ARBITER, **more)

    def lent(self, mode: k.Mode = k.Mode.EXCLUSIVE, to: str = OTHER) -> Record:
        """The center holds it and has offered it."""
        return self.mine(
            offer_out=SentOffer(
                offer_id=self.offer, mode=mode, version=self.version, pending=(to,), asked=(to,), at=NOW
            )
        )

    def offered(self, by: str = PEER) -> Record:
        """It was offered to the center."""
        offer = ReceivedOffer(offer_id=self.offer, offerer=by, mode=k.Mode.EXCLUSIVE, version=self.version, at=NOW)
        return self.theirs(by, offer_in=offer)

    def waits(self) -> Record:
        """The center holds it, and does not know yet who the resident is."""
        return self.mine().with_(case=self.case.as_masked())

    def over(self, status: Status, holder: str = PEER) -> Record:
        """It is resolved or closed."""
        result = Result(by=holder, outcome=k.Outcome.DONE, public_reply="已办结")
        return self.theirs(holder, status=status, result=result)


def _next(known: Ground) -> Json:
    return {"version": known.version + 1}


def _same(known: Ground) -> Json:
    return {"version": known.version}


def _older(known: Ground) -> Json:
    return {"version": known.version - 1}


def _offer(known: Ground) -> Json:
    return {"version": known.version, "offer_id": str(known.offer)}


def _foreign(known: Ground) -> Json:
    return {"version": known.version, "offer_id": str(known.foreign)}


def _bid(known: Ground) -> Json:
    return _offer(known) | {"bid": True}


def _mine(known: Ground) -> Record:
    return known.mine()


def _theirs(known: Ground) -> Record:
    return known.theirs()


CLAIMS = ("case.accepted", "case.progressed", "case.resolved", "case.offered", "case.assist-requested")
"""Kinds that only a holder may send."""
SCENES: tuple[Scene, ...] = (
    *(Scene("takes what was not offered", kind, "refused:not-holder", _mine, _next) for kind in CLAIMS),
    *(Scene("speaks for the holder", kind, "refused:not-holder", _mine, _same) for kind in CLAIMS),
    *(Scene("a third speaks for the holder", kind, "refused:not-holder", _theirs, _same, OTHER) for kind in CLAIMS),
    Scene("gives away what is ours", "case.granted", "refused:not-holder", _mine, lambda g: _next(g) | {"to": OTHER}),
    Scene("asks to rule on ours as its own", "case.arbitration-requested", "refused:not-holder",
          lambda g: g.mine().with_(arbiter=ME), _next),
    Scene("publishes from the future", "case.published", "refused:not-holder", _mine, _next, OTHER),
    Scene("publishes without having held", "case.published", "refused:not-holder", _theirs, _same, OTHER),
    Scene("takes an offer to another", "case.accepted", "refused:no-offer", lambda g: g.lent(),
          lambda g: _next(g) | {"offer_id": str(g.offer)}, THIRD),
    Scene("declines an offer to another", "case.declined", "refused:no-offer", lambda g: g.lent(), _offer, THIRD),
    Scene("gives back another's offer", "case.withdrawn", "refused:no-offer", lambda g: g.lent(), _offer, THIRD),
    Scene("bids unasked", "case.accepted", "refused:no-offer", lambda g: g.lent(k.Mode.OPEN), _bid, THIRD),
    Scene("bids for an exclusive offer", "case.accepted", "refused:no-offer", lambda g: g.lent(), _bid, OTHER),
    Scene("says lost for another", "case.lost", "refused:no-offer", lambda g: g.offered(), _offer, OTHER),
    Scene("withdraws another's offer", "case.withdrawal-requested", "refused:no-offer", lambda g: g.offered(),
          _offer, OTHER),
    Scene("offers what has moved on", "case.offered", "refused:stale", _theirs, _older),
    Scene("asks to rule on what has moved on", "case.arbitration-requested", "refused:stale",
          lambda g: g.theirs().with_(arbiter=ME), _older),
    *(Scene("speaks for the resident", kind, "refused:not-origin", lambda g: g.over(Status.RESOLVED), _same, OTHER)
      for kind in ("case.rated", "case.reopened", "case.closed")),
    *(Scene("the holder speaks for the resident", kind, "refused:not-origin",
            lambda g: g.over(Status.RESOLVED, OTHER), _same, OTHER)
      for kind in ("case.rated", "case.reopened", "case.closed")),
    Scene("asks us instead of the arbiter", "case.arbitration-requested", "refused:not-arbiter", _theirs, _same),
    *(Scene("rules without being asked to", "case.ruled", "refused:not-arbiter", past,
            lambda g: {"version": 1000 * (g.version // 1000 + 1)}, OTHER) for past in (_mine, _theirs)),
    *(Scene("is late", kind, "superseded", _theirs, _older) for kind in
      ("case.accepted", "case.progressed", "case.resolved")),
    Scene("a grant is late", "case.granted", "superseded", _theirs, _older),
    *(Scene("answers an offer nobody made", kind, "superseded", lambda g: g.lent(), _foreign, OTHER)
      for kind in ("case.declined", "case.withdrawn")),
    *(Scene("ends an offer nobody made", kind, "superseded", lambda g: g.offered(), _foreign)
      for kind in ("case.lost", "case.withdrawal-requested")),
    Scene("bids when all is decided", "case.accepted", "superseded", _mine, _bid, OTHER),
    Scene("closes twice", "case.closed", "superseded", lambda g: g.over(Status.CLOSED), _same),
    Scene("reopens an older round", "case.reopened", "superseded",
          lambda g: g.over(Status.CLOSED).with_(round=5), _same),
    Scene("rates twice", "case.rated", "superseded",
          lambda g: g.over(Status.CLOSED).with_(ratings=(Rating(round=1, rater=k.Rater.RESIDENT, grade=1),)), _same),
    Scene("resolves twice", "case.resolved", "superseded", lambda g: g.over(Status.RESOLVED), _same),
    Scene("urges where nobody can", "case.urged", "superseded", _theirs, _same, OTHER),
    Scene("a stranger tells the resident", "case.handed", "refused:not-holder", lambda g: g.waits(), _same, OTHER),
    Scene("tells another resident", "case.handed", "superseded", _mine, _same),
    Scene("tells the resident late", "case.handed", "superseded", _theirs, _same),
    Scene("a good resident", "case.handed", "applied", lambda g: g.waits(), _same),
    Scene("a good acceptance", "case.accepted", "applied", lambda g: g.lent(),
          lambda g: _next(g) | {"offer_id": str(g.offer)}, OTHER),
    Scene("a good decline", "case.declined", "applied", lambda g: g.lent(), _offer, OTHER),
    Scene("good progress", "case.progressed", "applied", _theirs, _same),
    Scene("a good result", "case.resolved", "applied", _theirs, _same),
    Scene("a good ruling", "case.ruled", "applied", _theirs,
          lambda g: {"version": 1000 * (g.version // 1000 + 1)}, ARBITER),
)  # fmt: skip


def items(deal: Dealer) -> Iterator[WireItem]:
    """All items of this module."""
    for scene in SCENES:
        for number in range(ROUNDS):
            yield _play(deal, scene, number)
    yield from _unknown_cases(deal)
    yield from _wrong_cases(deal)
    yield from _repeats(deal)


def _play(deal: Dealer, scene: Scene, number: int) -> WireItem:
    canary = deal.canary()
    version = deal.random.choice((2, 3, 7, 1001, 5003))
    known = Ground(a_case(deal, canary, PEER), version, deal.id(), deal.id())
    record = scene.past(known)
    document = _about(record, scene, known, canary, deal)
    return WireItem(
        f"custody: {scene.name}", f"{scene.kind} {number}", raw(document), scene.verdict,
        document["id"], document["subject"], scene.source, record,
    )  # fmt: skip


def _about(record: Record, scene: Scene, known: Ground, canary: Canary, deal: Dealer) -> Json:
    document = good(BY_KIND[scene.kind], deal, canary)
    case_id = str(record.case.case_id)
    document |= {"subject": case_id, "source": scene.source}
    document["data"] |= scene.says(known)
    if "case" in document["data"]:
        document["data"]["case"] |= {"case_id": case_id, "number": record.case.number, "origin": record.case.origin}
    return document


def _unknown_cases(deal: Dealer) -> Iterator[WireItem]:
    """Messages about an unknown case: parked without a receipt, so that they come again."""
    for rule in ABOUT_CASES:
        if rule.kind not in OPENERS:
            for number in range(ROUNDS):
                document = good(rule, deal)
                yield WireItem(
                    "custody: of an unknown case", f"{rule.kind} {number}", raw(document), "parked:unknown-case",
                    document["id"], document["subject"],
                )  # fmt: skip


def _wrong_cases(deal: Dealer) -> Iterator[WireItem]:
    """The envelope names one case, the body another."""
    for kind in OPENERS:
        for number in range(ROUNDS):
            document = good(BY_KIND[kind], deal)
            document["data"]["case"]["case_id"] = str(deal.id())
            yield WireItem(
                "custody: two cases in one", f"{kind} {number}", raw(document), "refused:wrong-case",
                document["id"], document["subject"],
            )  # fmt: skip


def _repeats(deal: Dealer) -> Iterator[WireItem]:
    """Repeated messages, and other messages at a place that is taken."""
    for kind in OPENERS:
        for number in range(ROUNDS):
            for name, make in AGAIN.items():
                first = good(BY_KIND[kind], deal)
                again, verdict = make(first, deal)
                yield WireItem(
                    f"custody: {name}", f"{kind} {number}", again, verdict,
                    first["id"] if verdict != "refused:sequence-reused" else str(_id_of(again)),
                    first["subject"], before=(raw(first),),
                )  # fmt: skip


def _id_of(body: bytes) -> object:
    return json.loads(body)["id"]


def _literally(first: Json, _deal: Dealer) -> tuple[bytes, str]:
    return raw(first), "repeated:applied"


def _respelled(first: Json, _deal: Dealer) -> tuple[bytes, str]:
    return json.dumps(dict(reversed(first.items())), indent=1).encode(), "repeated:applied"


def _said_otherwise(first: Json, deal: Dealer) -> tuple[bytes, str]:
    """The same id at the same place: already settled, whatever its contents."""
    return raw(first | {"data": first["data"] | {"version": 9, "extra": deal.canary().word}}), "repeated:applied"


def _by_another_id(first: Json, deal: Dealer) -> tuple[bytes, str]:
    """Another id at the same place, as from a restored sender."""
    return raw(first | {"id": str(deal.id())}), "refused:sequence-reused"


def _another_word(first: Json, deal: Dealer) -> tuple[bytes, str]:
    other = good(BY_KIND["case.urged"], deal) | {"subject": first["subject"], "sequence": first["sequence"]}
    return raw(other), "refused:sequence-reused"


AGAIN: dict[str, Callable[[Json, Dealer], tuple[bytes, str]]] = {
    "a repeat": _literally,
    "a repeat in another spelling": _respelled,
    "a repeat that says something else": _said_otherwise,
    "a place used twice": _by_another_id,
    "a place used twice by another word": _another_word,
}

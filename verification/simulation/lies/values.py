"""Drawn values: a message of any kind, each field within the schema. Pure: (ground, matter, kind) → data."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bus.contract import messages as k
from bus.contract.case import Attachment, Person
from verification.simulation.lies.ground import Ground, Matter

LONG = "长" * 8000
WILD = (0, 2, 3, 999, 1000, 1001, 2000, 500_000, 1_000_000, 2**31 - 2001, 2**31 - 1000, 2**31 - 1)
HIGH = 50_000
"""More rulings than any case here has: a version above it cannot be an unseen hand-over."""


def version(ground: Ground, matter: Matter) -> int:
    """A version that could be true, or a wild one.

    For an overheard case never the next few: a center that is not the holder must believe those, because of a possible
    hand-over that it has not heard of. It need not believe the first version, or one that only a ruling can reach."""
    if matter.overheard:
        return ground.draw.choice((0, 1, HIGH, HIGH + 1, HIGH + 999, *(wild for wild in WILD if wild > HIGH)))
    if ground.draw.random() < 0.7:
        return max(0, matter.version + ground.draw.choice((-1, 0, 0, 1, 1, 2, 3)))
    return ground.draw.choice(WILD)


def crowd(ground: Ground) -> tuple[str, ...]:
    """A path: short and possible, or as long as the schema allows, of fictitious centers."""
    if ground.draw.random() < 0.85:
        return tuple(ground.anyone() for _ in range(ground.draw.randrange(4)))
    return ground.ghosts(ground.draw.choice((40, 150, 190, 200)))


def _attachments(ground: Ground) -> tuple[Attachment, ...]:
    count = ground.draw.choice((0, 0, 1, 20))
    return tuple(
        Attachment(
            sha256=f"{ground.draw.getrandbits(256):064x}",
            size=ground.draw.choice((1, 20 * 1024 * 1024)),
            media_type="image/jpeg",
            href=f"http://{ground.me}.invalid/attachments/0",
        )
        for _ in range(count)
    )


def _returns(ground: Ground) -> tuple[k.Return, ...]:
    count = ground.draw.choice((0, 0, 1, 50))
    return tuple(
        k.Return(
            offer_id=ground.new_id(), by=ground.anyone(), reason=ground.draw.choice(tuple(k.Reason)), at=ground.now
        )
        for _ in range(count)
    )


def _offer_id(ground: Ground, matter: Matter) -> Any:
    known = bool(matter.offers) and ground.draw.random() < 0.8
    return ground.draw.choice(matter.offers) if known else ground.new_id()


def _assist_id(ground: Ground, matter: Matter) -> Any:
    known = bool(matter.assists) and ground.draw.random() < 0.8
    return ground.draw.choice(matter.assists) if known else ground.new_id()


def text(ground: Ground) -> str:
    """A few words, or as many as the schema allows."""
    return LONG if ground.draw.random() < 0.05 else "此言不实"


_DRAWN: dict[str, Callable[[Ground, Matter], Any]] = {
    "version": version,
    "round": lambda g, _m: g.draw.choice((0, 1, 1, 1, 2, 3, 900, 1001, 2**31 - 1)),
    "grade": lambda g, _m: g.draw.randint(1, 5),
    "offer_id": _offer_id,
    "assist_id": _assist_id,
    "path": lambda g, _m: crowd(g),
    "offered_to": lambda g, _m: crowd(g),
    **dict.fromkeys(("to", "holder", "arbiter", "suggested"), lambda g, _m: g.anyone()),
    **dict.fromkeys(("bid", "done", "instant", "public"), lambda g, _m: g.draw.random() < 0.5),
    **dict.fromkeys(
        ("due", "replied_at", "until", "term", "at", "sign_by"),
        lambda g, _m: g.now + timedelta(days=g.draw.choice((-400, 0, 400))),
    ),
    "case": lambda _g, m: m.case,
    "resident": lambda g, _m: Person(name="冒名", phone="13900000000", masked=g.draw.random() < 0.5),
    "returns": lambda g, _m: _returns(g),
    "attachments": lambda g, _m: _attachments(g),
    "stage": lambda g, _m: g.draw.choice(("visit", "appointed", "x" * 64)),
    "mode": lambda g, _m: g.draw.choice(tuple(k.Mode)),
    "outcome": lambda g, _m: g.draw.choice(tuple(k.Outcome)),
    "ground": lambda g, _m: g.draw.choice(tuple(k.Ground)),
    "ruling": lambda g, _m: g.draw.choice(tuple(k.Ruling)),
    "what": lambda g, _m: g.draw.choice(tuple(k.MoreTime)),
    "level": lambda g, _m: g.draw.randint(0, 4),
    "clock": lambda g, _m: g.draw.choice(("term", "x" * 64)),
    "granted": lambda g, _m: g.draw.random() < 0.5,
    "extension_id": lambda g, _m: g.new_id(),
    "rater": lambda g, _m: g.draw.choice(tuple(k.Rater)),
    "title": lambda _g, _m: "不实公示",
}
"""Field → how its value is drawn; every other field is a text."""


def drawn(ground: Ground, matter: Matter, kind: type[k.CaseKind], **fixed: Any) -> k.CaseKind:
    """A message of this kind about this case; the ``fixed`` fields are not drawn."""
    told: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        if field.is_required() or ground.draw.random() < 0.5:
            told[name] = _DRAWN[name](ground, matter) if name in _DRAWN else text(ground)
    if kind is k.Declined:
        told["reason"] = ground.draw.choice(tuple(k.Reason))
    if kind is k.Resolved:
        told["lawful_route"] = "信访"
    return kind(**(told | fixed))

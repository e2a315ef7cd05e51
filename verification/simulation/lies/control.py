"""Lies in control messages: logs asked for and told, receipts and errors."""

import base64
from collections.abc import Iterator
from uuid import UUID

from bus.contract import messages as k
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.epochs import EPOCH
from verification.simulation.lies.ground import Ground, Word
from verification.simulation.lies.lanes import ERAS
from verification.simulation.lies.values import drawn

CURSORS = (
    "0", "a1:999999999", "a1:1000000", "a1:1", "a0:0", "a2:7", "o1:999999999", "o999999999999999999:0",
    "a999999999999999999:999999999", "z", ":::", "a", "a1:", "0" * 40,
)  # fmt: skip


def log_storm(ground: Ground) -> Iterator[Word]:
    """Asks for logs again and again, from invalid cursors."""
    to, recovery = ground.someone(), ground.new_id()
    place = ground.draw.choice((0, *ERAS)) * EPOCH + ground.draw.choice((0, 0, 3, 999_999))
    for _ in range(ground.draw.choice((1, 5, 20))):
        if ground.draw.random() < 0.2:
            recovery = ground.new_id()
        asked = k.LogAsked(recovery=recovery, cursor=ground.draw.choice(CURSORS))
        yield Word(to, asked, sequence=min(place, 2**31 - 1))


def log_of_its_own(ground: Ground) -> Iterator[Word]:
    """Begins an epoch like a restored center, and reads past the end of the told log."""
    to, recovery = ground.someone(), ground.new_id()
    for cursor in ("0", "a1:999999999", "o1:999999999"):
        yield Word(to, k.LogAsked(recovery=recovery, cursor=cursor), sequence=EPOCH)


def log_told(ground: Ground) -> Iterator[Word]:
    """Tells a log of fictitious messages, in epochs that never began, to centers that ask and to others."""
    asked = ground.draw.choice(ground.questions) if ground.questions and ground.draw.random() < 0.9 else None
    to = asked.asker if asked else ground.someone()
    era = asked.era if asked and ground.draw.random() < 0.6 else ground.draw.choice((0, 1, 100, 150, 2146, 2**31 - 1))
    cursor = asked.cursor if asked and ground.draw.random() < 0.8 else ground.draw.choice(CURSORS)
    crowd = ground.ghosts(ground.draw.choice((3, 500))) if ground.draw.random() < 0.4 else ()
    told = k.LogTold(
        recovery=asked.recovery if asked else ground.new_id(),
        era=era,
        used=ground.draw.random() < 0.4,
        cursor=cursor,
        next=ground.draw.choice((None, None, *CURSORS)),
        entries=tuple(_entry(ground, to) for _ in range(ground.draw.choice((0, 1, 5)))),
        centers=(*crowd[:499], ground.anyone()) if crowd else (),
    )
    yield Word(to, told, sequence=ground.draw.choice((0, EPOCH, 150 * EPOCH)))


def _entry(ground: Ground, to: str) -> k.LogEntry:
    """A message that neither the liar nor the asking center has sent; or an invalid one."""
    way = ground.draw.choice(tuple(k.Way))
    body = ground.draw.choice((b"\x00", b"{}", b"no message"))
    if ground.draw.random() < 0.7:
        matter = ground.own_matter()
        source, recipient = (ground.me, to) if way is k.Way.SAID else (to, ground.me)
        data = drawn(ground, matter, ground.draw.choice(k.CASE_KINDS), path=(), returns=())
        place = ground.draw.choice((1, 2, 3, 999, 5 * EPOCH, 2**31 - 1))
        body = encode(
            compose(
                data, source=source, recipient=recipient, now=ground.now, subject=matter.subject, sequence=place
            ).model_copy(update={"id": ground.new_id()})
        )
    verdict = ground.draw.choice((None, *k.Verdict))
    more = ground.draw.random() < 0.1
    return k.LogEntry(way=way, body=base64.b64encode(body).decode(), more=more, verdict=verdict)


def receipts(ground: Ground) -> Iterator[Word]:
    """Receipts messages that it never got, refuses ones that it was sent, and does both to one message."""
    items = []
    for _ in range(ground.draw.choice((1, 5, 500))):
        others = ground.others_ids and ground.draw.random() < 0.5
        message_id = ground.draw.choice(ground.others_ids) if others else _heard(ground)
        verdict = ground.draw.choice(tuple(k.Verdict))
        digest = ground.draw.choice((None, "0" * 64))
        code = "not-yours" if verdict is k.Verdict.REFUSED else None
        items.append(k.ReceiptItem(message_id=message_id, verdict=verdict, code=code, digest=digest))
    yield Word(ground.someone(), k.Receipt(items=tuple(items)))


def _heard(ground: Ground) -> UUID:
    return ground.draw.choice(ground.heard_ids)[1] if ground.heard_ids else ground.new_id()


def errors(ground: Ground) -> Iterator[Word]:
    """Reports messages as unreadable that it never got, or that were valid."""
    to = ground.someone()
    for number in range(ground.draw.choice((1, 5, 30))):
        about = ground.draw.choice((None, _heard(ground), *list(ground.others_ids)[:3]))
        code = ground.draw.choice(("invalid", "poison", "internal", f"x{number}"))
        yield Word(to, k.Failure(code=code, text="不可读", about=about))

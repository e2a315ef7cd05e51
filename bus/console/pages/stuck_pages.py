"""卡住: what is stuck in groups, each item by its labels, and what mends it.

A set is looked at before anything is done with it: the preview freezes it, and only what it has frozen is done.
"""

from typing import Any
from uuid import uuid4

from pydantic import ValidationError
from starlette.responses import Response

from bus.console.causes import PLACES, place_words
from bus.console.center_look import Look
from bus.console.scope import PAGE
from bus.console.visit import Visit, path_of
from bus.contract.staff_command import Act, Matching
from bus.operations.hints import hint_of
from bus.operations.replay import NotParked
from bus.operations.rights import Code, CommandRefused
from bus.store.stuck import StuckGroup

ACTS = {act.value: act for act in (Act.REPLAY, Act.DISCARD, Act.HOLD, Act.RELEASE, Act.NOTE, Act.OWNER)}
"""What may be done with what is stuck."""

TICKED = "item-"
"""How the name of a ticked item's field begins."""


def groups(visit: Visit) -> Response:
    """All groups, the largest first."""
    seen = visit.console.watch.seen
    rows = [
        (
            one,
            place_words(one.place),
            hint_of(one.place, one.code, ""),
            _link(center, one.place, one.code, one.peer),
            center,
        )
        for center, one in (_of_all(seen.look) if seen is not None else ())
    ]
    return visit.page("stuck.html", rows=rows)


def _of_all(look: Look) -> list[tuple[str, StuckGroup]]:
    """The groups here, and at the centers behind their doors; the largest first."""
    here = [("", one) for one in (look.store.groups if look.store is not None else ())]
    there = [(seen.center, one) for seen in look.county if seen.last is not None for one in seen.last.groups]
    return sorted((*here, *there), key=lambda row: (-row[1].size, row[1].oldest_ms))


def _link(center: str, place: str, code: str, peer: str, after: str = "") -> str:
    return path_of("stuck", "group", center=center, place=place, code=code, peer=peer, after=after)


def group(visit: Visit) -> Response:
    """The items of one group, and what can be done with all of them."""
    place, code, peer = (visit.query.get(name, "") for name in ("place", "code", "peer"))
    if place not in PLACES:
        return visit.fault(404, "没有这一组", "there is no such group")
    after = visit.query.get("after", "")
    items = visit.at.stuck_items(place, code, peer, int(after) if after.isdecimal() else 0, visit.now)
    more = _link(visit.center, place, code, peer, items[-1].item.removeprefix("o")) if len(items) == PAGE else ""
    named = {"place": place, "code": code, "peer": peer}
    return visit.page(
        "group.html", items=items, more=more, named=named, words_of_place=PLACES[place], hint=hint_of(place, code, ""),
        command=str(uuid4()),
    )  # fmt: skip


def item(visit: Visit) -> Response:
    """One item: labels and the names of its fields."""
    return _shown(visit, "")


def reveal(visit: Visit) -> Response:
    """One item as a whole. The access log notes it first, with the reason."""
    if not visit.form.get("why", "").strip():
        return _shown(visit, visit.words.text("请写明查看的理由", "say why you look"))
    answer = visit.give(Act.REVEAL, items=(visit.parts["number"],))
    return visit.page("revealed.html", item=answer["item"], body=answer["body"], number=visit.parts["number"])


def _shown(visit: Visit, trouble: str) -> Response:
    number = visit.parts["number"]
    try:
        found = visit.at.item(int(number) if number.isdecimal() else -1)
    except NotParked:
        return visit.fault(
            404, "没有这一项：可能其间已了结", "there is no such item: it may have been settled meanwhile"
        )
    return visit.page(
        "item.html", item=found, trouble=trouble, words_of_place=PLACES.get(found["place"]), command=str(uuid4()),
        hint=hint_of(found["place"], found["code"], found["hint"]),
    )  # fmt: skip


def preview(visit: Visit) -> Response:
    """Freeze a whole group for an act, or the items that are ticked, and show how many they are."""
    if visit.query.get("chosen"):
        ticked = tuple(name.removeprefix(TICKED) for name in visit.form if name.startswith(TICKED))
        if not ticked:
            return visit.fault(400, "没有勾选任何一项", "nothing is ticked")
        return _begun(visit, {"items": ticked, "preview": True})
    named: dict[str, Any] = {name: visit.form.get(name, "") for name in ("place", "code", "peer")}
    try:
        matching = Matching(**named)
    except ValidationError:
        raise CommandRefused(Code.INVALID) from None
    return _begun(visit, {"matching": matching, "preview": True})


def act(visit: Visit) -> Response:
    """Do it with the one item that is named."""
    return _begun(visit, {"items": (visit.form.get("item", ""),)})


def _begun(visit: Visit, fields: dict[str, Any]) -> Response:
    """Begin an operation, and go to its page. The form's own id makes that a second click begins none."""
    wanted = ACTS.get(visit.form.get("act", ""))
    if wanted is None:
        return visit.fault(400, "没有这项操作", "there is no such act")
    if wanted is Act.OWNER:
        fields["to"] = visit.form.get("to", "").strip()
    return visit.begin(wanted, **fields)

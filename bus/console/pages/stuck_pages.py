"""卡住: what is stuck in groups, each item by its labels, and what mends it.

A set is looked at before anything is done with it: the preview freezes it, and only what it has frozen is done.
"""

from typing import Any
from uuid import UUID, uuid4

from starlette.responses import Response

from bus.console.causes import PLACES
from bus.console.refusals import refused
from bus.console.scope import PAGE
from bus.console.visit import Visit, path_of
from bus.contract.staff_command import Act, Matching
from bus.operations.hints import hint_of
from bus.operations.replay import NotParked
from bus.operations.rights import CommandRefused

ACTS = {act.value: act for act in (Act.REPLAY, Act.DISCARD, Act.HOLD, Act.RELEASE, Act.NOTE, Act.OWNER)}
"""What may be done with what is stuck."""


def groups(visit: Visit) -> Response:
    """All groups, the largest first."""
    seen = visit.console.watch.seen
    store = seen.look.store if seen is not None else None
    rows = [
        (one, PLACES[one.place], hint_of(one.place, one.code, ""), _link(one.place, one.code, one.peer))
        for one in (store.groups if store is not None else ())
    ]
    return visit.page("stuck.html", rows=rows)


def _link(place: str, code: str, peer: str, after: str = "") -> str:
    return path_of("stuck", "group", place=place, code=code, peer=peer, after=after)


def group(visit: Visit) -> Response:
    """The items of one group, and what can be done with all of them."""
    place, code, peer = (visit.query.get(name, "") for name in ("place", "code", "peer"))
    if place not in PLACES:
        return visit.fault(404, "没有这一组", "there is no such group")
    after = visit.query.get("after", "")
    items = visit.console.scope.stuck_items(place, code, peer, int(after) if after.isdecimal() else 0, visit.now)
    more = _link(place, code, peer, items[-1].item.removeprefix("o")) if len(items) == PAGE else ""
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
    why = visit.form.get("why", "").strip()
    if not why:
        return _shown(visit, visit.words.text("请写明查看的理由", "say why you look"))
    try:
        answer = visit.console.scope.give(visit, Act.REVEAL, why, items=(visit.parts["number"],))
    except CommandRefused as no:
        return refused(visit, no)
    return visit.page("revealed.html", item=answer["item"], body=answer["body"], number=visit.parts["number"])


def _shown(visit: Visit, trouble: str) -> Response:
    number = visit.parts["number"]
    try:
        found = visit.console.scope.item(int(number) if number.isdecimal() else -1)
    except NotParked:
        return visit.fault(
            404, "没有这一项：可能其间已了结", "there is no such item: it may have been settled meanwhile"
        )
    return visit.page(
        "item.html", item=found, trouble=trouble, words_of_place=PLACES.get(found["place"]), command=str(uuid4()),
        hint=hint_of(found["place"], found["code"], found["hint"]),
    )  # fmt: skip


def preview(visit: Visit) -> Response:
    """Freeze a whole group for an act, and show how many they are."""
    named = {name: visit.form.get(name) or None for name in ("place", "code", "peer")}
    return _begun(visit, {"matching": Matching(**named), "preview": True})  # type: ignore[arg-type]  # checked by it


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
    why = visit.form.get("why", "").strip() or wanted.value
    try:
        answer = visit.console.scope.give(visit, wanted, why, command_id=_uuid(visit.form.get("command", "")), **fields)
    except CommandRefused as no:
        return refused(visit, no)
    return visit.go(path_of("operations", str(answer["operation"]["id"])))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()

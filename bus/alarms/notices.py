"""What receivers are told of an incident: codes, names of centers and queues, counts and times, and the words of its
cause. Nothing of a case."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bus.alarms.incidents import Change
from bus.bilingual import Bilingual
from bus.contract.ids import new_id
from bus.store.incidents import Incident, Notice


class Words(NamedTuple):
    """The words of an incident's cause."""

    title: Bilingual
    cure: Bilingual
    severity: str
    """Its code, such as ``fault``."""


class Teller(NamedTuple):
    """Who tells, and in which words."""

    scope: str
    """The center, or the ledger, whose console this is."""
    page: str
    """The address of the page of alarms."""
    words: Callable[[Incident], Words]


def event(incident: Incident, change: Change, teller: Teller, now_ms: int) -> dict[str, Any]:
    """The body of a webhook, in the form that Standard Webhooks asks for: type, timestamp, data."""
    title, cure, severity = teller.words(incident)
    data = {
        "incident": incident.id,
        "scope": teller.scope,
        "state": incident.state.value,
        "code": incident.code,
        "about": incident.about,
        "place": incident.place,
        "cause": incident.cause,
        "severity": severity,
        "count": incident.size,
        "since": _iso(incident.since_ms),
        "opened": _iso(incident.opened_ms),
        "cleared": _iso(incident.cleared_ms),
        "acknowledged_by": incident.acknowledged_by,
        "title": title._asdict(),
        "cure": cure._asdict(),
        "page": f"{teller.page}#{incident.id}",
    }
    return {"type": f"incident.{change}", "timestamp": _iso(now_ms), "data": data}


def _iso(at_ms: int) -> str | None:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds") if at_ms else None


def one_by_one(receiver: str, events: Sequence[dict[str, Any]], now_ms: int) -> list[Notice]:
    """A notice for each event, as programs want them."""
    return [_notice(receiver, one, now_ms) for one in events]


def together(receiver: str, events: Sequence[dict[str, Any]], now_ms: int) -> list[Notice]:
    """One notice of all events of a look, as people want them."""
    return [_notice(receiver, list(events), now_ms)] if events else []


def _notice(receiver: str, content: object, now_ms: int) -> Notice:
    return Notice(str(new_id()), receiver, json.dumps(content, ensure_ascii=False), now_ms, now_ms)

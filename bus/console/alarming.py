"""What the console's alarms see: the findings of the last look, and which of their sources have answered."""

from collections.abc import Callable
from datetime import datetime

from bus.alarms.incidents import Trouble
from bus.alarms.looking import Picture
from bus.alarms.notices import Teller, Words
from bus.bilingual import Bilingual
from bus.console.causes import cause_of
from bus.console.findings import Finding, Severity
from bus.console.visit import Console, is_stale
from bus.store.incidents import Incident

SILENT = "look-stale"
"""Code of the finding that there are no looks."""
CONSOLE, BROKER, PROCESS, STORE = "console", "broker", "process", "store"
OF_BROKER = frozenset(
    {"queue-missing", "queue-down", "dead-letters", "own-unread", "peer-unread", "node-down", "memory-alarm",
     "disk-alarm", "disk-low"}
)  # fmt: skip
"""Findings that the broker alone can take back."""
OF_PROCESS = frozenset({"backend-away", "loop-stands", "certificate-over"})


def source_of(code: str) -> str:
    """Who must have answered before the absence of a finding means anything."""
    if code == SILENT or (code.endswith("-away") and code not in OF_PROCESS):
        return CONSOLE
    if code in OF_BROKER:
        return BROKER
    return PROCESS if code in OF_PROCESS or code.startswith("process-") else STORE


def picture_of(console: Console, least: Severity) -> Callable[[datetime], Picture]:
    """What the alarms of this console look at. ``least``: from which severity on."""

    def picture(now: datetime) -> Picture:
        seen = console.watch.seen
        if seen is None:
            return Picture((), ())
        if is_stale(seen, now):
            return Picture(
                [trouble_of(Finding(SILENT, Severity.FAULT, since_ms=int(seen.look.at.timestamp() * 1000)))], ()
            )
        look = seen.look
        answered = {
            CONSOLE: True,
            BROKER: look.broker is not None or not look.asks_broker,
            PROCESS: look.process is not None,
            STORE: look.store is not None,
        }
        asked = [source for source, has in answered.items() if has]
        return Picture([trouble_of(one) for one in seen.findings if one.severity >= least], asked)

    return picture


def trouble_of(found: Finding) -> Trouble:
    """A finding as alarms see it: that of another center is another trouble."""
    place, cause, peer = found.group or ("", "", "")
    source = source_of(found.code)
    about = " ".join(dict.fromkeys(one for one in (found.center, found.about) if one))
    return Trouble(found.code, about, place, cause, peer, source, int(found.severity), found.size, found.since_ms)


def words_of(incident: Incident) -> Words:
    """The words of an incident's cause; of a finding that this version does not know, its code."""
    try:
        title, cure, _command = cause_of(finding_of(incident))
    except KeyError:
        title = cure = Bilingual(incident.code, incident.code)
    return Words(title, cure, Severity(incident.severity).name.lower())


def finding_of(incident: Incident) -> Finding:
    """The finding that an incident is about."""
    group = (incident.place, incident.cause, incident.peer) if incident.place else None
    return Finding(incident.code, Severity(incident.severity), incident.about, incident.size, incident.since_ms, group)


def teller_of(console: Console) -> Teller:
    """Who tells: this console."""
    return Teller(console.scope.center, f"{console.origin}/alarms", words_of)

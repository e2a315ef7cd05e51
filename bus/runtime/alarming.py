"""The loop of a console's alarms: what each look makes of incidents, and the sending of what receivers are owed."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bus.alarms.delivery import MOST, OLDEST_MS, Delivery
from bus.alarms.incidents import Rules
from bus.alarms.looking import Changed, Picture, after_look
from bus.alarms.notices import Teller, event
from bus.alarms.receivers import Receiver
from bus.log import log
from bus.store import incidents
from bus.store.database import Store, Tx
from bus.store.timestamps import ms

KEEP = timedelta(days=90)
"""How long a cleared incident stays on the page."""


class Alarming:
    """The alarms of one running console. One thread."""

    def __init__(
        self, store: Store, picture: Callable[[datetime], Picture], teller: Teller, rules: Rules,
        receivers: Sequence[Receiver], clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        """``picture``: what the last look has shown."""
        self._store, self._picture, self._teller, self._rules = store, picture, teller, rules
        self._receivers, self._clock = receivers, clock
        self._deliveries = [Delivery(store, one) for one in receivers]

    def round(self) -> None:
        """Note what has changed, then send what is due. Raises ``StoreUnavailable``."""
        now = self._clock()
        picture = self._picture(now)
        changed, dropped = self._store.write(lambda tx: self._noted(tx, picture, ms(now)))
        for incident, change in changed.tell:
            log().warning("incident", code=incident.code, state=change.value, count=incident.size)
        if dropped:
            log().error("alarms-dropped", count=dropped)
        for delivery in self._deliveries:
            delivery.round(ms(now))

    def _noted(self, tx: Tx, picture: Picture, now_ms: int) -> tuple[Changed, int]:
        changed = after_look(incidents.live(tx), picture, now_ms, self._rules)
        incidents.keep(tx, changed.kept)
        incidents.forget(tx, changed.forgotten)
        incidents.prune(tx, now_ms - int(KEEP.total_seconds() * 1000))
        events = [event(incident, change, self._teller, now_ms) for incident, change in changed.tell]
        for receiver in self._receivers:
            incidents.enqueue(tx, receiver.split(receiver.name, events, now_ms))
        return changed, incidents.expire(tx, now_ms - OLDEST_MS, MOST)

"""Connections: how many at once, and how long each may say nothing.

uvicorn's own limits count requests; a connection that sends none keeps its descriptor for ever. This protocol adds a
deadline for the head, and when all places are taken the idle connection that has waited for longest goes, of the
address that has the most: a request of somebody else always finds a place.
"""

import asyncio
from collections import Counter

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD = 20.0
"""Seconds in which a connection must send the head of a request, and a closing one must end."""


class Connection(H11Protocol):
    """One connection to the door."""

    most = 320
    """How many there may be at once."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin its time, and make room for it."""
        self._idle_since = self.loop.time()
        self._closing = False
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEAD, self._look)
        if len(self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget its time."""
        self._timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """From now on it is idle."""
        self._idle_since = self.loop.time()
        super().on_response_complete()

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def drop(self) -> None:
        """End it now, whatever it has not sent or read."""
        self.connections.discard(self)
        self.transport.abort()

    def _look(self) -> None:
        left = self._idle_since + HEAD - self.loop.time()
        if (self.idle and left <= 0) or self._closing:
            self.drop()
            return
        self._closing = self.transport.is_closing()  # by the next look its other end has read the rest, or never will
        self._timer = self.loop.call_later(left if left > 0 else HEAD, self._look)

    def _make_room(self) -> None:
        mine = [one for one in self.connections if isinstance(one, Connection)]
        others = [one for one in mine if one is not self and one.idle]
        if not others:
            self.drop()
            return
        share = Counter(one.source for one in others)
        max(others, key=lambda one: (share[one.source], self.loop.time() - one._idle_since)).drop()

    @property
    def source(self) -> str:
        """The address at the other end."""
        return self.client[0] if self.client else ""

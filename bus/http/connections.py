"""Limits of connections: how many at once, and how long each may be idle.

uvicorn's own limits count requests; a connection that sends none would keep its descriptor for ever. This protocol adds
a deadline for the request head. If all places are taken, the longest idle connection of the address with the most
connections is closed. So another client's request always finds a place.
"""

import asyncio
from collections import Counter

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD = 20.0
"""Seconds in which a connection must send a request's head, and in which a closing connection must end."""


class Connection(H11Protocol):
    """One HTTP connection."""

    most = 320
    """Most connections at once."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Start the deadline, and make room for this connection."""
        self._idle_since = self.loop.time()
        self._closing = False
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEAD, self._look)
        if len(self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadline."""
        self._timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Note that the connection is idle from now on."""
        self._idle_since = self.loop.time()
        super().on_response_complete()

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def drop(self) -> None:
        """Close the connection now, even with data unsent or unread."""
        self.connections.discard(self)
        self.transport.abort()

    def _look(self) -> None:
        left = self._idle_since + HEAD - self.loop.time()
        if (self.idle and left <= 0) or self._closing:
            self.drop()
            return
        self._closing = self.transport.is_closing()  # by the next check the client has read the rest, or never will
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
        """The client's address."""
        return self.client[0] if self.client else ""

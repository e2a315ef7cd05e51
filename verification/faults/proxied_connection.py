"""One connection through a proxy: two ends, and the faults of both directions."""

import math
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from verification.faults.link_profile import Dice, LinkProfile, Stream

Way = Literal["up", "down"]
PIECE = 64 * 1024
BACKLOG = 4 * 1024 * 1024
"""Bytes that one direction may hold back; beyond that the sender blocks, as on a real link."""
NOTICE = 0.2
"""Seconds after which a blocked write checks whether its connection was cut."""
PULSE = 0.05
"""A narrow link is fed in pieces of so many seconds."""
AT_ONCE = struct.pack("ii", 1, 0)
"""With this SO_LINGER a close is a reset."""


def reset(end: socket.socket) -> None:
    """Close an end with RST."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    end.close()


class ProxiedConnection:
    """Carries bytes between two sockets, one thread for each direction, and closes both when both directions have
    ended."""

    def __init__(
        self,
        near: socket.socket,
        far: socket.socket,
        *,
        seed: str,
        profile: Callable[[], LinkProfile],
        count: Callable[[str, int], None],
        ended: Callable[["ProxiedConnection"], None],
    ) -> None:
        """``near`` is the client's end; ``count`` is called with the faults done, ``ended`` at the end."""
        self._ways = {"up": (near, far), "down": (far, near)}
        self._dice = {way: Dice(f"{seed}-{way}") for way in self._ways}
        self._profile, self._count, self._ended = profile, count, ended
        self._carried = 2
        self._lock = threading.Lock()
        self._cut = threading.Event()
        self.hurt = False
        """Whether bytes were swallowed: from there on the streams are garbage."""
        self.slipped: dict[Way, deque[bytes]] = {"up": deque(), "down": deque()}
        """Bytes that nobody sent, to go before the next that somebody sends."""
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def abort(self) -> bool:
        """Have both ends reset by their threads, which are woken; False if that was done before."""
        with self._lock:
            first = not self._cut.is_set()
            self._cut.set()
        for end in self._ways["up"]:
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                end.shutdown(socket.SHUT_RD)
        return first

    def carry(self, way: Way) -> None:
        """Carry one direction until it ends. Call it for both, each in a thread of its own."""
        try:
            self._pump(way)
        except OSError:  # an end was reset by its owner: the other one must see the same
            self.abort()
        with self._lock:
            self._carried -= 1
            last = not self._carried
        if last:
            for end in self._ways["up"]:
                end.close()
            self._ended(self)

    def _pump(self, way: Way) -> None:
        source, target = self._ways[way]
        late = Late()
        poll = select.poll()
        poll.register(source, select.POLLIN)
        while not self._cut.is_set():
            if late.size >= BACKLOG:
                self._cut.wait(late.seconds_left())
            elif (late.empty or poll.poll(late.seconds_left() * 1000)) and not self._take(way, source, late):
                break
            self._push(way, target, late.due())
        while not late.empty and not self._cut.wait(late.seconds_left()):
            self._push(way, target, late.due())
        if not self._cut.is_set():
            target.shutdown(socket.SHUT_WR)

    def _take(self, way: Way, source: socket.socket, late: "Late") -> bool:
        """Read a piece and apply the faults; False when nothing more comes."""
        data = source.recv(_piece(self._stream(way)))
        stream, dice = self._stream(way), self._dice[way]
        if stream.silent:
            self.hurt = self.hurt or bool(data)
            self._count("swallowed", len(data))
            if not data:  # the end of the stream is withheld too, until the profile changes
                self.hurt = True
                self._cut.wait()
            return bool(data)
        left = dice.cut(len(data), stream.truncate_after)
        carried, flipped = dice.flip(data[:left], stream.corrupt)
        if flipped:
            self._count("flipped", flipped)
        while data and self.slipped[way]:
            carried = self.slipped[way].popleft() + carried
        late.add(carried, dice.lateness(stream), stream.bytes_per_second)
        if left is not None:
            self._count("truncated", 1)
        return bool(data) and left is None

    def _push(self, way: Way, target: socket.socket, pieces: list[bytes]) -> None:
        """Write, and notice a cut while the other side does not read."""
        poll = select.poll()
        poll.register(target, select.POLLOUT)
        for data in pieces:
            rest = memoryview(data)
            while rest and not self._cut.is_set():
                if poll.poll(NOTICE * 1000):
                    rest = rest[target.send(rest, socket.MSG_DONTWAIT) :]
            self._count(way, len(data) - len(rest))

    def _stream(self, way: Way) -> Stream:
        profile = self._profile()
        return profile.up if way == "up" else profile.down


class Late:
    """Delayed pieces, each with its time of arrival; they stay in order."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._last = 0.0
        self.size = 0

    @property
    def empty(self) -> bool:
        return not self._pieces

    def add(self, data: bytes, lateness: float, bytes_per_second: float) -> None:
        """``lateness`` in seconds; the last byte of a piece comes after all bytes before it have passed."""
        now = time.monotonic()
        self._last = max(self._last, now) + len(data) / bytes_per_second
        self._last = max(self._last, now + lateness)
        self._pieces.append((self._last, data))
        self.size += len(data)

    def seconds_left(self) -> float:
        """Seconds until the first piece arrives."""
        return max(0.0, self._pieces[0][0] - time.monotonic()) if self._pieces else 0.0

    def due(self) -> list[bytes]:
        """The pieces that have arrived."""
        now, arrived = time.monotonic(), []
        while self._pieces and self._pieces[0][0] <= now:
            arrived.append(self._pieces.popleft()[1])
            self.size -= len(arrived[-1])
        return arrived


def _piece(stream: Stream) -> int:
    if math.isinf(stream.bytes_per_second):
        return PIECE
    return max(1, min(PIECE, int(stream.bytes_per_second * PULSE)))

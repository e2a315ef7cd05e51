"""A TCP proxy on loopback to any server, whose link faults can be changed while it is used."""

import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from verification.faults.link_profile import FAIR, LinkProfile
from verification.faults.proxied_connection import ProxiedConnection, Way, reset
from verification.services.allocation import LOOPBACK, free_ports


class TcpProxy:
    """Listens on ``port`` of loopback and carries every connection to ``host``:``port``. Thread-safe.

    ``profile`` has no faults at first; assign another at any time, or ``heal``. A connection that has lost bytes to
    silence is reset when the profile changes: it would be garbage from there on. ``counts`` holds: ``accepted``,
    ``unreachable`` (the server refused), ``reset``, ``truncated`` (connections), ``flipped`` (bits), ``swallowed``,
    ``up``, ``down`` (bytes)."""

    def __init__(self, host: str, port: int, *, seed: int = 0) -> None:
        """``seed`` decides all random events: the n-th connection has the same ones in every run."""
        self._target = host, port
        self._seed = seed
        self.counts: Counter[str] = Counter()
        self._profile = FAIR
        self._lock = threading.RLock()
        self._lanes: set[ProxiedConnection] = set()
        self._changed = threading.Event()
        self._closed = False
        (self.port,) = free_ports(1)
        self._listener: socket.socket | None = None
        self._listen()
        threading.Thread(target=self._storm, name="proxy-storm", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, url: str) -> str:
        """The same URL, through the proxy."""
        parts = urlsplit(url)
        login, sign, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{login}{sign}{LOOPBACK}:{self.port}"))

    @property
    def profile(self) -> LinkProfile:
        return self._profile

    @profile.setter
    def profile(self, profile: LinkProfile) -> None:
        with self._lock:
            if self._closed:
                return
            self._profile = profile
            hurt = [lane for lane in self._lanes if lane.hurt]
            if profile.refuse:
                self._stop_listening()
            elif self._listener is None:
                self._listen()
        self._abort(hurt)
        self._changed.set()

    def heal(self) -> None:
        """Remove all faults."""
        self.profile = FAIR

    def reset(self) -> int:
        """Reset every connection once (RST). Returns their number."""
        with self._lock:
            lanes = list(self._lanes)
        return self._abort(lanes)

    def slip_in(self, way: Way, data: bytes) -> None:
        """Insert foreign bytes into one direction of every connection, before the sender's next bytes."""
        with self._lock:
            for lane in self._lanes:
                lane.slipped[way].append(data)

    def close(self) -> None:
        """Close the proxy; idempotent."""
        with self._lock:
            self._closed = True
            self._stop_listening()
        self.reset()
        self._changed.set()

    def _abort(self, lanes: list[ProxiedConnection]) -> int:
        struck = sum(lane.abort() for lane in lanes)
        self._count("reset", struck)
        return struck

    def _count(self, what: str, amount: int) -> None:
        with self._lock:
            self.counts[what] += amount

    def _listen(self) -> None:
        self._listener = socket.create_server((LOOPBACK, self.port), backlog=128)
        threading.Thread(target=self._accept, args=(self._listener,), name="proxy-door", daemon=True).start()

    def _stop_listening(self) -> None:
        if self._listener is not None:
            listener, self._listener = self._listener, None
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which a close would not
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                if self._listener is not listener:
                    return
                time.sleep(0.05)  # out of descriptors, for example: the next attempt may succeed
            else:
                threading.Thread(target=self._join, args=(near,), name="proxy-lane", daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        """Connect a client to the server, and carry its bytes; the answers have a thread of their own."""
        with self._lock:
            self.counts["accepted"] += 1
            number = self.counts["accepted"]
        try:
            far = socket.create_connection(self._target, 10)
        except OSError:
            self._count("unreachable", 1)
            reset(near)
            return
        far.settimeout(None)
        seed = f"{self._seed}-{number}"
        lane = ProxiedConnection(
            near, far, seed=seed, profile=lambda: self._profile, count=self._count, ended=self._left
        )
        with self._lock:
            self._lanes.add(lane)
            too_late = self._closed
        if too_late:
            lane.abort()
        threading.Thread(target=lane.carry, args=("down",), name="proxy-lane", daemon=True).start()
        lane.carry("up")

    def _left(self, lane: ProxiedConnection) -> None:
        with self._lock:
            self._lanes.discard(lane)

    def _storm(self) -> None:
        """Reset connections at the profile's intervals."""
        dice = Random(f"{self._seed}-storm")  # noqa: S311 - faults are to be repeated, not to be secret
        while True:
            self._changed.clear()
            if self._closed:
                return
            rhythm = self._profile.reset_every
            if not self._changed.wait(dice.uniform(*rhythm) if rhythm else None):
                self.reset()

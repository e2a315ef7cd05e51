"""The profile of a link's faults: plain records, seeded, without a socket."""

import math
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Stream:
    """Faults in the bytes of one direction. None by default; they may be combined."""

    delay: float = 0
    """Seconds of delay of each piece; pieces stay in order, and the next one does not wait for the one before."""
    jitter: float = 0
    """Further seconds of delay at most, drawn for each piece."""
    corrupt: float = 0
    """The chance of each byte that one of its bits is flipped."""
    truncate_after: tuple[int, int] | None = None
    """The stream ends after this many bytes, at least and at most, in the middle of a write. The other direction lasts
    until its own end, as a server closes too when the client does."""
    silent: bool = False
    """Bytes are taken and dropped; the sender does not notice."""
    bytes_per_second: float = math.inf
    """The bandwidth of the link."""


@dataclass(frozen=True, slots=True)
class LinkProfile:
    """The link's present faults, up (client to server) and down (server to client)."""

    up: Stream = Stream()
    down: Stream = Stream()
    reset_every: tuple[float, float] | None = None
    """After a drawn number of seconds, again and again, all connections are reset (RST)."""
    refuse: bool = False
    """New connections are refused; open ones stay."""


FAIR = LinkProfile()


def both_ways(stream: Stream) -> LinkProfile:
    """The same in both directions."""
    return LinkProfile(up=stream, down=stream)


class Dice:
    """The random events of one stream, drawn from a seed by position in the stream, however it is cut into pieces."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)  # noqa: S311 - faults are to be repeated, not to be secret
        self._until_flip: tuple[float, int] | None = None
        self._until_cut: tuple[tuple[int, int], int] | None = None

    def lateness(self, stream: Stream) -> float:
        """Seconds of delay of the next piece."""
        return stream.delay + (self._random.uniform(0, stream.jitter) if stream.jitter else 0)

    def flip(self, data: bytes, chance: float) -> tuple[bytes, int]:
        """The piece with some bits flipped, and their number."""
        if not chance:
            return data, 0
        flipped, spoilt = 0, bytearray(data)
        if self._until_flip is None or self._until_flip[0] != chance:
            self._until_flip = chance, self._gap(chance)
        at = self._until_flip[1]
        while at < len(spoilt):
            spoilt[at] ^= 1 << self._random.randrange(8)
            flipped += 1
            at += 1 + self._gap(chance)
        self._until_flip = chance, at - len(spoilt)
        return bytes(spoilt), flipped

    def cut(self, size: int, after: tuple[int, int] | None) -> int | None:
        """How many of the next ``size`` bytes pass before the stream is cut; None: all, and no cut."""
        if after is None:
            return None
        if self._until_cut is None or self._until_cut[0] != after:
            self._until_cut = after, self._random.randint(*after)
        left = self._until_cut[1]
        self._until_cut = after, left - size
        return left if left <= size else None

    def _gap(self, chance: float) -> int:
        """Unchanged bytes before the next flip: the geometric distribution."""
        return 0 if chance >= 1 else int(math.log(1 - self._random.random()) / math.log(1 - chance))

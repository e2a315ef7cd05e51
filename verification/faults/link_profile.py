"""What a road may do to the streams that it carries: plain records, seeded, without a socket."""

import math
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Stream:
    """What happens to the bytes of one direction. Nothing, unless said; everything may be combined."""

    delay: float = 0
    """Seconds that each piece is late; pieces stay in order, and the next one does not wait for the one before."""
    jitter: float = 0
    """Seconds of further delay at most, drawn for each piece."""
    corrupt: float = 0
    """The chance of each byte that one of its bits is flipped."""
    truncate_after: tuple[int, int] | None = None
    """After how many bytes, at least and at most, the stream ends, in the middle of a write; the other
    direction lasts until its own end, as a server that was hung up on closes too."""
    silent: bool = False
    """Bytes are taken and thrown away; the sender sees nothing of it."""
    bytes_per_second: float = math.inf
    """The road is not wider than this."""


@dataclass(frozen=True, slots=True)
class LinkProfile:
    """What the road does now, up (client to server) and down (server to client)."""

    up: Stream = Stream()
    down: Stream = Stream()
    reset_every: tuple[float, float] | None = None
    """Again and again, after so many seconds at least and at most, all connections are reset (RST)."""
    refuse: bool = False
    """Nobody listens: new connections are refused. Those that stand stay."""


FAIR = LinkProfile()


def both_ways(stream: Stream) -> LinkProfile:
    """The same in both directions."""
    return LinkProfile(up=stream, down=stream)


class Dice:
    """The accidents of one stream, drawn from a seed by place in the stream, however it is cut into pieces."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)  # noqa: S311 - faults are to be repeated, not to be secret
        self._until_flip: tuple[float, int] | None = None
        self._until_cut: tuple[tuple[int, int], int] | None = None

    def lateness(self, stream: Stream) -> float:
        """Seconds that the next piece is late."""
        return stream.delay + (self._random.uniform(0, stream.jitter) if stream.jitter else 0)

    def flip(self, data: bytes, chance: float) -> tuple[bytes, int]:
        """The piece with some bits flipped, and how many."""
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
        """How many of the next ``size`` bytes still pass before the stream is cut; None: all, and no cut."""
        if after is None:
            return None
        if self._until_cut is None or self._until_cut[0] != after:
            self._until_cut = after, self._random.randint(*after)
        left = self._until_cut[1]
        self._until_cut = after, left - size
        return left if left <= size else None

    def _gap(self, chance: float) -> int:
        """How many bytes pass unhurt before the next flip: the geometric distribution."""
        return 0 if chance >= 1 else int(math.log(1 - self._random.random()) / math.log(1 - chance))

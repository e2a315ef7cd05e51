"""The proxy does to a connection what its weather says, counts it, and leaves alone what it shall not touch."""

import hashlib
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from verification.faults import FAIR, LinkProfile, Stream, TcpProxy, both_ways
from verification.faults.link_profile import Dice
from verification.faults.proxied_connection import Late
from verification.services.allocation import LOOPBACK

PATIENCE = 20.0
"""Seconds until what must happen counts as never happening."""


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says everything back."""
    listener = socket.create_server((LOOPBACK, 0))

    def answer(end: socket.socket) -> None:
        with suppress(OSError), end:
            while data := end.recv(65536):
                end.sendall(data)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.fixture
def proxy(echo: int) -> Iterator[TcpProxy]:
    """A proxy before the echo, with a seed of its own."""
    with TcpProxy(LOOPBACK, echo, seed=7) as proxy:
        yield proxy


def _call(proxy: TcpProxy, patience: float = PATIENCE) -> socket.socket:
    return socket.create_connection((LOOPBACK, proxy.port), patience)


def _heard(line: socket.socket, size: int) -> bytes:
    """The next ``size`` bytes, or fewer where the line ends before."""
    heard = b""
    while len(heard) < size and (data := line.recv(size - len(heard))):
        heard += data
    return heard


def _said_back(line: socket.socket, data: bytes) -> bytes:
    threading.Thread(target=line.sendall, args=(data,), daemon=True).start()
    return _heard(line, len(data))


def _eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_in_fair_weather_every_byte_passes_and_the_end_too(proxy: TcpProxy) -> None:
    """Eight megabytes come back unchanged; a half-closed line ends only when the server's end has come."""
    data = bytes(range(256)) * 32 * 1024
    with _call(proxy) as line:
        assert hashlib.sha256(_said_back(line, data)).digest() == hashlib.sha256(data).digest()
        line.sendall(b"last")
        line.shutdown(socket.SHUT_WR)
        assert _heard(line, 99) == b"last"
    assert proxy.counts["up"] == proxy.counts["down"] == len(data) + 4
    assert proxy.counts["reset"] == 0


def test_resets_come_again_and_again_and_stop_when_healed(proxy: TcpProxy) -> None:
    """Every connection dies of an RST, not of an orderly end, until the weather is fair."""
    proxy.profile = LinkProfile(reset_every=(0.01, 0.05))
    for _ in range(3):
        with pytest.raises(ConnectionResetError), _call(proxy) as line:
            line.recv(1)
    proxy.heal()
    with _call(proxy) as line:
        assert _said_back(line, b"alive") == b"alive"
    assert proxy.counts["reset"] >= 3


def test_a_reset_reaches_both_ends_though_nobody_reads(proxy: TcpProxy) -> None:
    """A connection whose buffers are full is cut all the same."""
    with _call(proxy) as line:
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            line.sendall(bytes(64 * 1024 * 1024))
        assert proxy.reset() == 1
        _eventually(lambda: not proxy._lanes)
        line.settimeout(PATIENCE)
        with pytest.raises(ConnectionError):
            line.sendall(bytes(65536))


def test_a_delayed_line_says_the_same_later(proxy: TcpProxy) -> None:
    """Forty pieces come in order, the last one no sooner than both ways take together."""
    proxy.profile = both_ways(Stream(delay=0.1, jitter=0.05))
    with _call(proxy) as line:
        for number in range(40):
            line.sendall(b"%02d" % number)
            time.sleep(0.001)
        began = time.monotonic()
        assert _heard(line, 80) == b"".join(b"%02d" % number for number in range(40))
        assert time.monotonic() - began >= 0.1


def test_delays_do_not_add_up_and_keep_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece is late by its own delay, none overtakes another, and a narrow road takes them one after the other."""
    now = 0.0
    monkeypatch.setattr("verification.faults.proxied_connection.time.monotonic", lambda: now)
    late = Late()
    late.add(b"a", 10, math.inf)
    now = 1.0
    late.add(b"b", 10, math.inf)
    late.add(b"c", 2, math.inf)
    assert late.seconds_left() == 9
    now = 10.0
    assert late.due() == [b"a"]
    now = 11.0
    assert late.due() == [b"b", b"c"]
    assert late.empty
    late.add(bytes(100), 0, 50)
    late.add(bytes(100), 0, 50)
    now = 13.0
    assert late.due() == [bytes(100)]
    now = 15.0
    assert late.due() == [bytes(100)]
    assert late.size == 0


def test_a_narrow_road_is_narrow(proxy: TcpProxy) -> None:
    """A hundred kilobytes take no less than a fifth of a second where half a megabyte a second passes."""
    proxy.profile = LinkProfile(up=Stream(bytes_per_second=500_000))
    with _call(proxy) as line:
        began = time.monotonic()
        assert len(_said_back(line, bytes(100_000))) == 100_000
        assert time.monotonic() - began >= 0.2


def test_a_stream_is_cut_within_a_write(proxy: TcpProxy) -> None:
    """What comes back is a beginning of what was said, as long as the seed wants, and then the end."""
    proxy.profile = LinkProfile(up=Stream(truncate_after=(1000, 2000)))
    data = bytes(range(250)) * 40
    with _call(proxy) as line:
        with suppress(ConnectionError):
            line.sendall(data)
        heard = _heard(line, len(data))
    assert 1000 <= len(heard) <= 2000
    assert data.startswith(heard)
    assert proxy.counts["truncated"] == 1


def test_bits_are_flipped_and_counted(proxy: TcpProxy) -> None:
    """As many bits differ as were counted, only on the way that was named."""
    proxy.profile = LinkProfile(down=Stream(corrupt=0.001))
    data = bytes(100_000)
    with _call(proxy) as line:
        heard = _said_back(line, data)
    flipped = sum(byte.bit_count() for byte in heard)
    assert flipped == proxy.counts["flipped"]
    assert 20 < flipped < 400


def test_accidents_depend_on_the_seed_and_the_place_not_on_the_pieces() -> None:
    """The same stream in other pieces suffers the same flips and the same cut; another seed brings others."""
    data = bytes(10_000)

    def suffered(seed: str, size: int) -> bytes:
        dice = Dice(seed)
        return b"".join(dice.flip(data[at : at + size], 0.01)[0] for at in range(0, len(data), size))

    def cut(size: int) -> int:
        dice, at = Dice("a"), 0
        while (left := dice.cut(size, (3000, 5000))) is None:
            at += size
        return at + left

    assert suffered("a", 10_000) == suffered("a", 17) != suffered("b", 17)
    assert cut(1) == cut(17) == cut(10_000)


def test_silence_swallows_and_the_line_is_worthless_afterwards(proxy: TcpProxy) -> None:
    """In silence the line is accepted and nothing comes; a line that lost bytes is reset when it is over."""
    with _call(proxy) as old:
        assert _said_back(old, b"one") == b"one"
        proxy.profile = both_ways(Stream(silent=True))
        with _call(proxy) as new:
            new.sendall(b"lost")
            old.sendall(b"lost")
            _eventually(lambda: proxy.counts["swallowed"] == 8)
            for line in (old, new):
                line.settimeout(0.1)
                with pytest.raises(TimeoutError):
                    line.recv(1)
            proxy.heal()
            for line in (old, new):
                line.settimeout(PATIENCE)
                with pytest.raises(ConnectionResetError):
                    line.recv(1)


def test_silence_one_way_lets_the_other_way_pass(proxy: TcpProxy) -> None:
    """What the client says arrives though no answer does; the answers are what is swallowed."""
    proxy.profile = LinkProfile(down=Stream(silent=True))
    with _call(proxy) as line:
        line.sendall(b"hello")
        _eventually(lambda: proxy.counts["swallowed"] == 5)
    assert proxy.counts["up"] == 5
    assert proxy.counts["down"] == 0


def test_refused_is_refused_and_the_standing_line_stays(proxy: TcpProxy) -> None:
    """Nobody listens while it refuses; the port is the same afterwards."""
    with _call(proxy) as line:
        assert _said_back(line, b"one") == b"one"
        proxy.profile = LinkProfile(refuse=True)
        with pytest.raises(ConnectionRefusedError):
            _call(proxy)
        assert _said_back(line, b"two") == b"two"
        proxy.profile = FAIR
        with _call(proxy) as again:
            assert _said_back(again, b"three") == b"three"


def test_a_server_that_is_not_there_is_a_reset(echo: int) -> None:
    """The client is told at once, and the proxy counts it."""
    with TcpProxy(LOOPBACK, echo) as proxy:
        proxy._target = (LOOPBACK, 1)
        with pytest.raises(ConnectionResetError), _call(proxy) as line:
            line.recv(1)
        assert proxy.counts["unreachable"] == 1


def test_a_closed_proxy_leaves_neither_listener_nor_thread(echo: int) -> None:
    """After close, also twice, nobody listens and no thread of the proxy runs."""
    before = {thread for thread in threading.enumerate() if thread.name.startswith("proxy")}
    proxy = TcpProxy(LOOPBACK, echo)
    with _call(proxy) as line:
        assert _said_back(line, b"one") == b"one"
        proxy.close()
        proxy.close()
        _eventually(lambda: {t for t in threading.enumerate() if t.name.startswith("proxy")} <= before)
    with pytest.raises(ConnectionRefusedError):
        _call(proxy)


def test_a_url_leads_through_the_proxy(proxy: TcpProxy) -> None:
    """Login and path stay, with or without a login."""
    assert proxy.url("amqp://a:b%40@127.0.0.1:5672/%2F") == f"amqp://a:b%40@127.0.0.1:{proxy.port}/%2F"
    assert proxy.url("http://127.0.0.1:80/x") == f"http://127.0.0.1:{proxy.port}/x"

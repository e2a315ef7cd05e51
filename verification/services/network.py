"""A private network with links that can be cut: namespaces on a bridge, without a route elsewhere."""

import fcntl
import ipaddress
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from typing import Self

from verification.services.allocation import ServiceUnavailable
from verification.services.privileges import alive, need_program, need_root

RANGE = ipaddress.IPv4Network("10.213.0.0/16")
"""Private addresses; each network takes an unused /24 of this range."""
OURS = re.compile(r"bt(\d+)x")
"""The names of our bridges and namespaces begin with the pid of the process that made them. An interface's name has at
most 15 characters."""
NAMESPACES = Path("/run/netns")


@dataclass(frozen=True, slots=True)
class Host:
    """The machine itself as a member of the network: the processes outside of the namespaces."""

    address: str
    name: str = "host"


@dataclass(frozen=True, slots=True)
class Namespace:
    """A separate machine as far as the network goes: its own address, its own loopback, no way out."""

    name: str
    address: str

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command that runs ``argv`` inside, under the same pid."""
        return ["nsenter", f"--net={NAMESPACES / self.name}", *argv]


Place = Host | Namespace


class Network:
    """A bridge with namespaces on it. ``close`` removes all of it, and is idempotent; end the processes inside before.

    The machine's own network changes only by one bridge: cuts are rules inside the namespaces. Leftovers of a killed
    process are swept when the next network is made."""

    def __init__(self) -> None:
        """Raises ServiceUnavailable without root or without the programs ``ip`` and ``iptables``."""
        need_root("A network with links that can be cut")
        for program, package in (("ip", "iproute2"), ("nsenter", "util-linux"), ("iptables", "iptables")):
            need_program(program, package)
        self._namespaces: dict[str, Namespace] = {}
        self._cuts: set[tuple[str, ...]] = set()
        with _one_at_a_time():
            sweep()
            used = {str(name) for name in _interfaces()}
            self._bridge = next(name for n in count() if (name := f"bt{os.getpid()}x{n}") not in used)
            self._addresses = _free_range().hosts()
            self.host = Host(str(next(self._addresses)))
            _run("ip", "link", "add", self._bridge, "type", "bridge")
            _run("ip", "address", "add", f"{self.host.address}/24", "dev", self._bridge)
            _run("ip", "link", "set", self._bridge, "up")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def namespace(self, name: str) -> Namespace:
        """A new namespace on the bridge; ``name`` is for people, and unique in a network."""
        if name in self._namespaces:
            raise ValueError(f"there is a namespace {name} already: choose another name")
        place = Namespace(f"{self._bridge}-{name}", str(next(self._addresses)))
        port = f"{self._bridge}v{len(self._namespaces)}"
        _run("ip", "netns", "add", place.name)
        self._namespaces[name] = place
        _run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", place.name)
        _run("ip", "link", "set", port, "master", self._bridge, "up")
        _run("ip", "-n", place.name, "address", "add", f"{place.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _run("ip", "-n", place.name, "link", "set", device, "up")
        return place

    def cut_one_way(self, sender: Place, receiver: Place) -> None:
        """Drop everything that ``sender`` sends to ``receiver``; the other way stays open."""
        rule = _rule(sender, receiver)
        if rule not in self._cuts:
            _iptables("-A", rule)
            self._cuts.add(rule)

    def cut(self, one: Place, other: Place) -> None:
        """Drop everything between the two; connections stay open and silent."""
        self.cut_one_way(one, other)
        self.cut_one_way(other, one)

    def heal(self, one: Place | None = None, other: Place | None = None) -> None:
        """Undo the cuts between two places, or without arguments every cut of this network."""
        if one is None or other is None:
            healed = set(self._cuts)
        else:
            healed = {_rule(one, other), _rule(other, one)} & self._cuts
        for rule in healed:
            _iptables("-D", rule)
            self._cuts.discard(rule)

    @contextmanager
    def parted(self, group: Sequence[Place], others: Sequence[Place], *, one_way: bool = False) -> Iterator[None]:
        """Cut every link between two groups, and heal at the end; ``one_way``: only what ``group`` sends."""
        for one, other in product(group, others):
            self.cut_one_way(one, other)
            if not one_way:
                self.cut_one_way(other, one)
        try:
            yield
        finally:
            for one, other in product(group, others):
                self.heal(one, other)

    def close(self) -> None:
        for place in self._namespaces.values():
            _run("ip", "netns", "delete", place.name)
        self._namespaces.clear()
        self._cuts.clear()
        _remove_links(self._bridge)


def sweep() -> None:
    """Remove the networks of dead processes."""
    for path in NAMESPACES.glob("bt*x*"):
        if (owner := OURS.match(path.name)) and not alive(int(owner[1])):
            _run("ip", "netns", "delete", path.name)
    for name in _interfaces():
        if (owner := OURS.match(name)) and not alive(int(owner[1])):
            _remove_links(name)


def _remove_links(prefix: str) -> None:
    """Remove the bridge ``prefix`` and its ports; a namespace's end goes with the port, even before the kernel's own
    cleanup, which lags."""
    for name in _interfaces():
        if name == prefix or re.fullmatch(rf"{prefix}v\d+", name):
            _run("ip", "link", "delete", name, may_fail=True)


def _rule(sender: Place, receiver: Place) -> tuple[str, ...]:
    """The place of the rule (a namespace's file name) and its text; the host's own rules stay untouched."""
    if isinstance(receiver, Namespace):
        return receiver.name, "INPUT", "-s", sender.address
    if isinstance(sender, Namespace):
        return sender.name, "OUTPUT", "-d", receiver.address
    raise ValueError("the host has no link to itself that could be cut: name a namespace")


def _iptables(what: str, rule: tuple[str, ...]) -> None:
    where, chain, *match = rule
    _run("nsenter", f"--net={NAMESPACES / where}", "iptables", "-w", what, chain, *match, "-j", "DROP")


def _interfaces() -> list[str]:
    return sorted(os.listdir("/sys/class/net"))


def _free_range() -> ipaddress.IPv4Network:
    """A /24 to which the machine has no route; raises ServiceUnavailable if all are taken."""
    routes = _run("ip", "-4", "route", "show", "table", "all")
    taken = [ipaddress.IPv4Network(word) for word in re.findall(r"\d+\.\d+\.\d+\.\d+/\d+", routes)]
    first = os.getpid() % 256
    ranges = list(RANGE.subnets(new_prefix=24))
    for candidate in (*ranges[first:], *ranges[:first]):
        if not any(candidate.overlaps(one) for one in taken):
            return candidate
    raise ServiceUnavailable(f"{RANGE} 中没有空闲网段。\nNo free range is left in {RANGE}: take away old interfaces.")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Keep two test runs from choosing the same addresses."""
    with (Path(tempfile.gettempdir()) / "bus-testing-network.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*command: str, may_fail: bool = False) -> str:
    env = {"PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin", "LC_ALL": "C"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0 and not may_fail:
        raise ServiceUnavailable(f"网络操作失败 / a step of the network failed: {' '.join(command)}: {done.stderr}")
    return done.stdout

"""Signing in by a reverse proxy that has asked for more than a password: it names the person in a header.

The header counts from the proxy's own address alone. From there it decides by itself: who comes through the proxy is
who the proxy says, or nobody. The role is that of the console's own list of persons.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

LOOPBACK = ("127.0.0.1", "::1")
"""The proxy's addresses where nobody names others."""


@dataclass(frozen=True, slots=True)
class ProxyLogin:
    """Whose word counts, and in which header."""

    header: str
    networks: Sequence[IPv4Network | IPv6Network]

    @classmethod
    def of(cls, header: str, addresses: Iterable[str] = LOOPBACK) -> "ProxyLogin":
        """``addresses``: single ones or networks. Raises ``ValueError``."""
        return cls(header, tuple(ip_network(one, strict=False) for one in addresses))

    def comes_from_it(self, address: str) -> bool:
        """Whether a request from this address has come through the proxy."""
        try:
            peer = ip_address(address)
        except ValueError:
            return False
        plain = peer.ipv4_mapped if isinstance(peer, IPv6Address) else None
        return any((plain or peer) in network for network in self.networks)

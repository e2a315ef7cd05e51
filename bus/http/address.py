"""The address that a center listens on."""

import errno
import socket
from urllib.parse import urlsplit

from bus.bilingual import Bilingual
from bus.settings import Http

THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
"""Hosts that no other machine reaches."""


def is_private(url: str) -> bool:
    """Whether nobody on the way reads what is sent there: by TLS, or within this machine."""
    parts = urlsplit(url)
    within = parts.scheme == "http" and parts.hostname in THIS_MACHINE
    return bool(parts.hostname) and (parts.scheme == "https" or within)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on this address, IPv4 or IPv6. Raises ``OSError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=family, backlog=256, dualstack_ipv6=both)


def url_of(host: str, port: int) -> str:
    """The URL of an IPv4 or IPv6 address."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def why_not_listening(error: OSError) -> Bilingual:
    """The cure for an address on which ``listen`` failed."""
    match error.errno:
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return Bilingual(
                "本机没有此地址：改 http.host", "this machine does not have that address: change http.host"
            )
        case errno.EACCES:
            return Bilingual("1024 以下的端口须有权限：换端口", "a port below 1024 needs a privilege: choose another")
        case _:
            return Bilingual("换端口，或停掉占用它的程序", "choose another port, or stop who has it")


def own_url(http: Http) -> str:
    """The URL at which a program on the same machine reaches the center."""
    host = "127.0.0.1" if http.host in ("0.0.0.0", "::") else http.host  # noqa: S104 - compared, not listened on
    return url_of(host, http.port)

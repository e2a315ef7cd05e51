"""Fault injection for links, brokers, disks, clocks and stores, on one machine, and only in processes that we started.

Everything is a context manager or has an idempotent ``close``. It takes back its changes, and first sweeps the
leftovers of killed runs. Without root or a needed program it raises ServiceUnavailable with the cure.
"""

from verification.faults.broker import (
    close_connections,
    consumer_timeout,
    credentials_revoked,
    delete_queue,
    disk_alarm,
    memory_alarm,
    purge_queue,
)
from verification.faults.clock import FakeClock
from verification.faults.link_profile import FAIR, LinkProfile, Stream, both_ways
from verification.faults.proxy import TcpProxy
from verification.faults.store_intruder import StoreIntruder
from verification.faults.tmpfs import Tmpfs
from verification.services.network import Host, Namespace, Network

__all__ = [
    "FAIR",
    "FakeClock",
    "Host",
    "LinkProfile",
    "Namespace",
    "Network",
    "StoreIntruder",
    "Stream",
    "TcpProxy",
    "Tmpfs",
    "both_ways",
    "close_connections",
    "consumer_timeout",
    "credentials_revoked",
    "delete_queue",
    "disk_alarm",
    "memory_alarm",
    "purge_queue",
]

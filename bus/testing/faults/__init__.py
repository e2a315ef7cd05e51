"""Means to do harm: to roads, brokers, disks, clocks and stores, on one machine, and only to what we started ourselves.

Everything is a context manager or has an idempotent ``close``, takes back what it did, and sweeps at its start what a
killed run left behind. Where root or a program is missing it raises ServiceUnavailable with the cure.
"""

from bus.testing.faults.proxy import TcpProxy
from bus.testing.faults.weather import FAIR, Stream, Weather, both_ways
from bus.testing.services.network import Host, Namespace, Network

__all__ = ["FAIR", "Host", "Namespace", "Network", "Stream", "TcpProxy", "Weather", "both_ways"]

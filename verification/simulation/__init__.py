"""Deterministic simulation: the product's own steps, protocol and SQLite stores under a seeded scheduler.

Clock and network are virtual, and crashes happen at every commit, publish, ack and vendor call. See ``python -m
verification.simulation --help``. A failure prints the seed, and the seed replays it exactly.
"""

"""Deterministic simulation: the product's own steps, protocol and SQLite stores under a seeded scheduler, a virtual
clock and a virtual network, with crashes at every commit, publish, ack and vendor call.

``python -m verification.simulation --help``; a failure prints the seed, and the seed replays it exactly.
"""

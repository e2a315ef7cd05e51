"""The SDK for adapters: the declared center, the work-order helpers, the client of the center's own system, and its
simulator.
"""

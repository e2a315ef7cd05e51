"""Chaos: four centers as processes, a real broker, real stores and vendors, a load, faults, and a checker behind it."""

"""Clients that a generator makes of the ``openapi.json`` of running centers: they compile, and they send forms."""

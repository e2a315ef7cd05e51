"""Transports between centers; the only package that knows a broker."""

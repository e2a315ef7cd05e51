"""Benchmarks: what a hand-over costs, beside what others need for a bare message. ``make bench`` runs them all."""

"""Figures: what is counted, by which formula, and how it is rounded. Pure: no clock, no store."""

"""Operators' acts: read the backlog, replay, discard, erase, prove, measure."""

"""The center of the benchmarks: an adapter as small as one can be, whose own system is nothing at all."""

"""The center of the benchmarks: the smallest possible adapter, without a real system behind it."""

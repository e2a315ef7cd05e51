"""The old name of ``bus.testing.adapter_harness``, for tests of adapters of 0.1; it is removed in 0.3."""

import warnings

from bus.testing.adapter_harness import AdapterHarness as Bench

warnings.warn(
    "bus.testing.bench.Bench is now bus.testing.adapter_harness.AdapterHarness; the old name goes with 0.3",
    DeprecationWarning,
    stacklevel=2,
)

__all__ = ["Bench"]

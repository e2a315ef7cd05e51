"""The old name of ``bus.sdk.simulator``, for adapters of 0.1; it is removed in 0.3."""

import warnings

from bus.sdk.simulator import BackendSimulator as StandIn
from bus.sdk.simulator import Fault

warnings.warn(
    "bus.testing.stand_in.StandIn is now bus.sdk.simulator.BackendSimulator; the old name goes with 0.3",
    DeprecationWarning,
    stacklevel=2,
)

__all__ = ["Fault", "StandIn"]

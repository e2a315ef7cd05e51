"""The old name of ``bus.testing.transport_fixture``, for transports of 0.1; it is removed in 0.3."""

import warnings

from bus.testing.transport_fixture import (
    KIND,
    QUIET,
    b_name,
    collect,
    in_time,
    leave,
    nothing_comes,
    parcel,
    ready,
    stand,
    take,
)
from bus.testing.transport_fixture import BackgroundCall as Errand
from bus.testing.transport_fixture import TransportFixture as Ground

warnings.warn(
    "bus.testing.transport_ground.Ground is now bus.testing.transport_fixture.TransportFixture; "
    "the old name goes with 0.3",
    DeprecationWarning,
    stacklevel=2,
)

__all__ = [
    "KIND",
    "QUIET",
    "Errand",
    "Ground",
    "b_name",
    "collect",
    "in_time",
    "leave",
    "nothing_comes",
    "parcel",
    "ready",
    "stand",
    "take",
]

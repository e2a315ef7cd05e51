"""Faults of loops, planted into the process of a lone center: each function plants one, with limits that a test can
wait for."""

import threading
import time
from typing import Any

import bus.runtime.engine
import bus.runtime.loops
import bus.runtime.watch


def quick() -> None:
    """Loops must come round within ten seconds of a busy machine, and have five more before the process ends."""
    bus.runtime.loops.LIMITS.update(dict.fromkeys(bus.runtime.loops.LIMITS, 10.0))
    bus.runtime.watch.GRACE = 5.0


def _relay_dies(times: int) -> None:
    plain, left = bus.runtime.engine.Engine.relay, [times]

    def relay(engine: Any, timeout: float = 10) -> Any:
        if left[0]:
            left[0] -= 1
            raise SystemExit("居民甲")
        return plain(engine, timeout)

    bus.runtime.engine.Engine.relay = relay  # type: ignore[method-assign,assignment]  # to plant it


def relay_dies_once() -> None:
    """An adapter or a library leaves the relay's thread, once."""
    _relay_dies(1)


def relay_dies_twice() -> None:
    """And once more."""
    _relay_dies(2)


def intake_sticks() -> None:
    """The intake waits for a lock of ours that nobody gives back."""
    bus.runtime.engine.Engine.intake = lambda *_: threading.Event().wait()  # type: ignore[method-assign,assignment]  # to plant it


def store_hangs() -> None:
    """The relay's transactions wait for a database that has gone silent."""
    from bus.store import database  # noqa: PLC0415 - planted last

    class Silent:
        def write(self, *_: object) -> None:
            time.sleep(3600)

    Silent.write.__code__ = Silent.write.__code__.replace(co_filename=database.__file__)
    bus.runtime.engine.Engine.relay = lambda *_: Silent().write()  # type: ignore[method-assign,assignment]  # to plant it


def intake_dies_at_a_form() -> None:
    """The first form ends the intake's thread."""
    plain, left = bus.runtime.engine.Engine.intake, [1]

    def intake(engine: Any, submissions: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise SystemExit
        return plain(engine, submissions)

    bus.runtime.engine.Engine.intake = intake  # type: ignore[method-assign,assignment]  # to plant it

"""The place in this program at which a thread stands: the room and the line, never a value."""

import sys
import threading
from pathlib import Path

PROGRAM = Path(__file__).parents[1]
"""The package ``bus``."""


def whereabouts(thread: threading.Thread) -> tuple[str, str]:
    """The room of ``bus`` and the line at which the thread is, or from which it has called a library; empty if unknown.

    A thread that waits for the database is in a call made by the room ``store``, so the room shows what a thread waits
    for."""
    # documented in spite of its underscore; nothing else tells where another thread is
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(PROGRAM):
            within = file.relative_to(PROGRAM)
            return within.parts[0].removesuffix(".py"), f"{within.as_posix()}:{frame.f_lineno}"
        frame = frame.f_back
    return "", ""

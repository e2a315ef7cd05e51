"""Capture of standard output and standard error of this process."""

import io
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

OUTPUTS = (1, 2)
"""The file descriptors of standard output and standard error."""
Handler = logging.StreamHandler[Any]


@contextmanager
def captured_output() -> Iterator[Callable[[], str]]:
    """Capture prints, log handlers' streams, and writes outside Python. Yields a function that returns the output so
    far; at the end everything is written to its original place."""
    before = sys.stdout, sys.stderr
    handlers = [(handler, handler.stream) for handler in _handlers() if handler.stream in before]
    with tempfile.TemporaryFile(buffering=0) as file:
        writer = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", write_through=True)
        saved = _point_outputs_at(file.fileno())
        sys.stdout = sys.stderr = writer
        for handler, _ in handlers:
            handler.setStream(writer)

        def so_far() -> str:
            return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")

        try:
            yield so_far
        finally:
            sys.stdout, sys.stderr = before
            for handler, stream in handlers:
                handler.setStream(stream)
            _point_back(saved)
            before[1].write(so_far())
            writer.detach()


def _handlers() -> Iterator[Handler]:
    """Every log handler that writes to a stream."""
    loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    for logger in loggers:
        yield from (one for one in logger.handlers if isinstance(one, logging.StreamHandler))


def _point_outputs_at(descriptor: int) -> list[int]:
    """Redirect the descriptors, and return copies of the old ones. Code outside Python writes to these descriptors."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(output) for output in OUTPUTS]
    for output in OUTPUTS:
        os.dup2(descriptor, output)
    return saved


def _point_back(saved: list[int]) -> None:
    for output, copy in zip(OUTPUTS, saved, strict=True):
        os.dup2(copy, output)
        os.close(copy)

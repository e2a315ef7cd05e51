"""One connection to the broker that is always re-established, with the thread that does its I/O."""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pika import SelectConnection
from pika.adapters.select_connection import IOLoop
from pika.connection import Parameters

from bus.backoff import ReconnectBackoff
from bus.log import log
from bus.transports.rabbitmq import errors

ANSWER_TIMEOUT = 10.0
"""Seconds that the broker has for an expected answer; then the connection is cut and made again."""

_log = log()


def silence_pika() -> None:
    """Silence pika's logger: it writes message bodies and tracebacks. The relevant events are logged here."""
    logging.getLogger("pika").setLevel(logging.CRITICAL + 1)


def _nothing() -> None:
    pass


class BrokerConnection:
    """Keeps one connection alive until ``close``. ``opened``, ``lost`` and ``unblocked`` are called in the I/O thread.
    Each connection has an I/O loop of its own, so no request to a dead connection reaches the next one."""

    def __init__(
        self,
        name: str,
        parameters: Sequence[Parameters],
        opened: Callable[[Any], None],
        lost: Callable[[], None],
        unblocked: Callable[[], None] = _nothing,
    ) -> None:
        """``parameters``: one for each node of the broker; after a connection has ended the next node is tried."""
        self.name = name
        self.connected = False
        self.blocked = False
        self.made = 0
        """Connections made since the start."""
        self.trouble = ""
        self._nodes = list(parameters)
        self._opened, self._lost, self._unblocked = opened, lost, unblocked
        self._backoff = ReconnectBackoff()
        self._closing = threading.Event()
        self._loop: IOLoop | None = None
        self._connection: Any = None
        self._owed: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"bus-{name}", daemon=True)

    @property
    def where(self) -> str:
        """The node that is connected to, or tried, at present."""
        node = self._nodes[0]
        return f"{node.host}:{node.port} ({node.virtual_host})"

    def start(self) -> None:
        """Begin connecting; returns at once."""
        self._thread.start()

    def call(self, action: Callable[[], None]) -> None:
        """Run ``action`` soon in the I/O thread; dropped without a connection. From any thread."""
        loop = self._loop
        if loop is not None:
            loop.add_callback_threadsafe(action)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Run ``action`` after a delay, if this connection still lives. I/O thread only."""
        if self._loop is not None:
            self._loop.call_later(seconds, action)

    def expect_answer(self) -> None:
        """Expect an answer from the broker from now on: cut the connection if it does not come. I/O thread only."""
        self.answered()
        if self._loop is not None:
            self._owed = self._loop.call_later(ANSWER_TIMEOUT, lambda: self.cut(errors.NoAnswerError("no answer")))

    def answered(self) -> None:
        """Note that the expected answer came. I/O thread only."""
        if self._owed is not None and self._loop is not None:
            self._loop.remove_timeout(self._owed)
        self._owed = None

    def healthy(self) -> None:
        """Note that the connection works: the next reconnect is quick. I/O thread only."""
        self._backoff.reset()
        self.report("")

    def cut(self, error: Exception) -> None:
        """End the connection without the other side's consent, since it may be frozen. I/O thread only."""
        connection = self._connection
        if connection is not None and not connection.is_closed:
            # pika has no public way to drop a connection without the broker's consent; its own heartbeat does the same
            connection._terminate_stream(error)

    def report(self, text: str) -> None:
        """Note the trouble, and log it when it is new."""
        if text and text != self.trouble:
            _log.warning("line-trouble", line=self.name, where=self.where, trouble=text)
        self.trouble = text

    def close(self) -> None:
        """Begin to close in good order; returns at once. Idempotent, from any thread."""
        self._closing.set()
        self.call(self._close_in_order)

    def join(self, deadline: float) -> None:
        """Wait until ``deadline`` (monotonic clock) for the close, then cut. The thread is gone afterwards, or dies
        with the process."""
        if self._thread.ident is None:
            return
        while self._thread.is_alive() and time.monotonic() < deadline:
            self.close()  # again: it may have been between two connections
            self._thread.join(min(0.1, max(0.0, deadline - time.monotonic())))
        if self._thread.is_alive():
            self.call(lambda: self.cut(errors.NoAnswerError("no goodbye")))
            self._thread.join(2)

    def _close_in_order(self) -> None:
        connection = self._connection
        if connection is not None and not connection.is_closing and not connection.is_closed:
            connection.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._live()
            except Exception as error:  # for example no descriptor is left for a loop: this thread is the only way back
                self._tell_of(error)
            self._nodes.append(self._nodes.pop(0))
            self._closing.wait(self._backoff.next_delay())

    def _live(self) -> None:
        """Run one connection from the first packet to its end."""
        self._error = self._connection = None
        loop = self._loop = IOLoop()
        try:
            self._connection = SelectConnection(
                self._nodes[0],
                on_open_callback=self._on_open,
                on_open_error_callback=self._on_end,
                on_close_callback=self._on_end,
                custom_ioloop=loop,
            )
            loop.start()
        except Exception as error:  # whatever the fault, the center must reconnect
            self._salvage(loop, error)
        self.connected = self.blocked = False
        self._loop = self._owed = None
        loop.close()
        self._lost()

    def _on_open(self, connection: Any) -> None:  # noqa: ANN401 - pika is untyped
        self.connected = True
        self.made += 1
        self.trouble = ""
        _log.info("line-open", line=self.name, where=self.where)
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        self._opened(connection)

    def _on_blocked(self, *_: object) -> None:
        self.blocked = True
        _log.warning("line-blocked", line=self.name, where=self.where)

    def _on_unblocked(self, *_: object) -> None:
        self.blocked = False
        _log.info("line-unblocked", line=self.name, where=self.where)
        self._unblocked()

    def _on_end(self, connection: Any, error: BaseException) -> None:  # noqa: ANN401 - pika is untyped
        self._error = error
        if not self._closing.is_set():
            self.report(errors.of_connection(error, self.where))
        connection.ioloop.stop()

    def _salvage(self, loop: IOLoop, error: Exception) -> None:
        """Log a fault of this program or of pika, and close the socket."""
        self._tell_of(error)
        with suppress(Exception):
            self.cut(error)
            loop.call_later(1, loop.stop)
            loop.start()

    def _tell_of(self, error: Exception) -> None:
        """The place of an error in the code, without any value."""
        spot = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{spot.filename}:{spot.lineno}"
        _log.error("line-broke", line=self.name, fault=type(error).__name__, where=where)
        self.report(errors.broken(self.where))

"""The end of a process is never missed, whenever the signal comes."""

import signal
import threading
from collections.abc import Iterator

import pytest

from bus.runtime.ending import SIGNALS, Ending, ended_by_signals

WITHIN = 20.0


@pytest.fixture
def ending() -> Iterator[Ending]:
    """One that the signals of this process do not reach."""
    made = Ending()
    yield made
    made.close()


def test_a_thread_ends_the_wait(ending: Ending) -> None:
    """At once, and whoever asks afterwards hears it too."""
    threading.Timer(0.05, ending.set).start()
    assert not ending.is_set()
    assert ending.wait(WITHIN)
    assert ending.wait(0)
    assert ending.is_set()


def test_a_wait_has_its_time(ending: Ending) -> None:
    """And is no end."""
    assert not ending.wait(0.01)
    assert not ending.is_set()


def test_an_end_is_not_lost_with_its_sockets() -> None:
    """A thread may find that it cannot go on while the process already leaves."""
    made = Ending()
    made.close()
    made.set()
    assert made.wait(WITHIN)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_does_not_interrupt_the_sleep_is_heard(number: signal.Signals) -> None:
    """One that comes just before the sleep, or that another thread is handed by the system, as here."""
    awake = threading.Event()
    in_time: list[bool] = []

    def send() -> None:
        signal.pthread_kill(threading.get_ident(), number)
        in_time.append(awake.wait(WITHIN / 2))

    sender = threading.Timer(0.2, send)
    with ended_by_signals() as ending:
        sender.start()
        assert ending.wait(WITHIN)
        awake.set()
        sender.join()
    assert in_time == [True]


def test_each_further_signal_is_told_of(ending: Ending) -> None:
    """The first one ends the process in good order; whoever sends a second one wants more."""
    further: list[str] = []
    with ended_by_signals(lambda: further.append("now")) as heard:
        signal.raise_signal(signal.SIGINT)
        assert heard.wait(WITHIN)
        assert further == []
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
    assert further == ["now", "now"]
    assert not ending.is_set()


def test_another_signal_is_no_end() -> None:
    """Whatever else a process listens to."""
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        with ended_by_signals() as ending:
            threading.Timer(0.05, lambda: signal.raise_signal(signal.SIGUSR1)).start()
            assert not ending.wait(0.3)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_what_the_process_did_with_signals_before_it_does_again() -> None:
    """A command may be called by a program that goes on."""
    before = [signal.getsignal(number) for number in SIGNALS]
    with ended_by_signals():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert signal.set_wakeup_fd(-1) == -1

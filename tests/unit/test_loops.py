"""Loops are watched: what is dead is started again once, what is stuck ends the process, and what fails because
somebody else is away is told and nothing more."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import bus.runtime.loops
import bus.runtime.watch
from bus.log import log
from bus.runtime.loops import LIMITS, FaultKind, Loops
from bus.runtime.watch import GRACE, TOO_SOON, Watch
from bus.runtime.whereabouts import whereabouts
from bus.security.errors import KeyUnusable
from bus.store.database import StoreUnavailable
from tests.harness.lone_center import until


class Clock:
    """The monotonic clock of loops and watch, moved by hand."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        for module in (bus.runtime.loops, bus.runtime.watch):
            patch.setattr(module, "time", self)

    def monotonic(self) -> float:
        """Now."""
        return self.now


class Heard:
    """A supervisor that remembers."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.given_up = 0

    def tell(self, state: str) -> None:
        """See the port."""
        self.states.append(state)

    def give_up(self) -> None:
        """See the port."""
        self.given_up += 1


class Stand:
    """Loops with a watch that looks when it is told to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.clock, self.heard, self.leaving = Clock(patch), Heard(), threading.Event()
        self.threads: list[threading.Thread] = []
        self.loops = Loops(self._start, self.leaving, log())
        self.watch = Watch(self.loops, self.heard, self.leaving, log())

    def _start(self, name: str, task: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=task, name=name, daemon=True)
        thread.start()
        self.threads.append(thread)
        return thread

    def look(self, seconds: float) -> list[FaultKind]:
        """Let so many seconds pass, a look each; what is broken then."""
        for _ in range(int(seconds)):
            self.clock.now += 1
            self.watch.look()
        return [fault.kind for fault in self.loops.broken()]


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ended after the test."""
    stands = Stand(monkeypatch)
    yield stands
    stands.leaving.set()


def _ended(loops: Loops, name: str) -> bool:
    thread = loops.by_name[name].thread
    return thread is not None and not thread.is_alive()


def _came_round_after(loops: Loops, moment: float) -> bool:
    return loops.by_name["prune"].came_round > moment


def _leave_the_thread() -> None:
    raise SystemExit


def _raising(fault: Exception) -> Callable[[], None]:
    def turn() -> None:
        raise fault

    return turn


@pytest.mark.parametrize(
    ("fault", "kind", "trouble"),
    [
        (StoreUnavailable("disk full", passing=True), FaultKind.STORE, "disk full"),
        (KeyUnusable("没有密钥", "no key"), FaultKind.KEYS, "no key"),
        (ValueError("居民甲"), FaultKind.FAULT, "ValueError"),
    ],
)
def test_a_round_that_fails_ends_no_loop_and_is_told(
    stand: Stand, fault: Exception, kind: FaultKind, trouble: str
) -> None:
    """The kind is told, never the words of a fault of ours; the service manager goes on hearing that all lives."""
    stand.loops.start("relay", _raising(fault))
    found = until(stand.loops.faults, "the fault")
    assert [(one.loop, one.kind) for one in found] == [("relay", kind)]
    assert trouble in found[0].trouble
    assert "居民甲" not in found[0].trouble
    assert stand.look(1) == []
    assert stand.heard.states == ["WATCHDOG=1"]


def test_a_dead_loop_is_started_again_once_and_then_the_center_gives_up(stand: Stand) -> None:
    """The second death within ten minutes ends the process; the watchdog is withheld while a loop is dead."""
    stand.loops.start("relay", _leave_the_thread)
    until(lambda: _ended(stand.loops, "relay"), "the loop is dead")
    assert [fault.kind for fault in stand.loops.broken()] == [FaultKind.DEAD]
    stand.watch.look()
    assert (len(stand.threads), stand.heard.given_up, stand.heard.states) == (2, 0, [])
    until(lambda: _ended(stand.loops, "relay"), "it is dead again")
    stand.look(2)
    assert (len(stand.threads), stand.heard.given_up, stand.heard.states) == (2, 1, [])


def test_a_loop_that_dies_again_much_later_is_started_again(stand: Stand) -> None:
    """Ten minutes of work between two deaths begin the count anew."""
    stand.loops.start("relay", _leave_the_thread)
    for deaths in (1, 2, 3):
        until(lambda: _ended(stand.loops, "relay"), "the loop is dead")
        stand.clock.now += TOO_SOON
        stand.watch.look()
        assert (len(stand.threads), stand.heard.given_up) == (deaths + 1, 0)


def test_a_stuck_loop_is_told_of_and_then_ends_the_process(stand: Stand) -> None:
    """After its time it is told and the watchdog withheld; a grace later the center gives up, once. It is not started
    beside itself: the old thread could come back."""
    stuck = threading.Event()
    stand.loops.start("relay", stuck.wait)
    assert stand.look(LIMITS["relay"] - 1) == []
    before = len(stand.heard.states)
    assert stand.look(2) == [FaultKind.STUCK]
    assert (len(stand.heard.states) - before, stand.heard.given_up) == (1, 0)
    stand.look(GRACE + 5)
    assert (stand.heard.given_up, len(stand.threads)) == (1, 1)
    stuck.set()


def test_a_loop_that_comes_back_within_the_grace_goes_on(stand: Stand) -> None:
    """Slow is not stuck for good: once it has come round, all is well again."""
    stuck = threading.Event()
    stand.loops.start("relay", lambda: stuck.wait(60))
    assert stand.look(LIMITS["relay"] + 1) == [FaultKind.STUCK]
    stand.clock.now += 1
    stuck.set()
    until(lambda: not stand.look(1), "it is well again")
    assert stand.heard.given_up == 0


def test_a_process_that_was_stopped_takes_no_loop_for_stuck(stand: Stand) -> None:
    """While the whole process stands still (SIGSTOP, a machine that pauses) no loop can come round: it does not
    count."""
    stuck = threading.Event()
    stand.loops.start("relay", stuck.wait)
    stand.look(1)
    stand.clock.now += 100_000
    assert stand.look(1) == []
    stuck.set()


def test_a_loop_that_waits_for_work_is_alive(stand: Stand) -> None:
    """A long pause is no standing still."""
    stand.loops.start("prune", lambda: stand.loops.pause("prune", 100_000))
    marked = stand.loops.by_name["prune"].came_round
    for _ in range(3):
        stand.clock.now += LIMITS["prune"] / 2
        until(partial(_came_round_after, stand.loops, marked), "it has come round")
        marked = stand.loops.by_name["prune"].came_round
        stand.watch.look()
    assert stand.loops.broken() == []


def test_a_thread_is_found_in_the_room_that_called_outside() -> None:
    """The innermost line of the program tells what a thread waits for, and nothing of what it holds."""
    stuck = threading.Event()
    plain = bus.runtime.watch.Watch.run

    class Shut:
        def wait(self, _seconds: float) -> bool:
            return stuck.wait()

    watch = Watch(None, None, Shut(), log())  # type: ignore[arg-type]  # it never looks
    thread = threading.Thread(target=plain, args=(watch,), daemon=True)
    thread.start()
    room, where = until(lambda: whereabouts(thread) if whereabouts(thread)[0] else None, "the thread stands")
    assert (room, where.partition(":")[0]) == ("runtime", "runtime/watch.py")
    stuck.set()
    thread.join(30)
    assert whereabouts(thread) == ("", "")


def test_a_loop_that_waits_for_the_store_never_ends_the_process(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a database stays silent: it is told as the store's trouble, and the watchdog goes on."""
    monkeypatch.setattr(bus.runtime.loops, "whereabouts", lambda _: ("store", "store/database.py:1"))
    stuck = threading.Event()
    stand.loops.start("relay", stuck.wait)
    assert stand.look(LIMITS["relay"] + GRACE + 100) == [FaultKind.STORE]
    assert stand.heard.given_up == 0
    assert set(stand.heard.states) == {"WATCHDOG=1"}
    assert len(stand.heard.states) == LIMITS["relay"] + GRACE + 100
    stuck.set()


def test_every_limit_is_far_above_a_rounds_own_waits() -> None:
    """A round that waits as long as it may for road, store or own system is not taken for stuck."""
    assert min(LIMITS.values()) >= 60

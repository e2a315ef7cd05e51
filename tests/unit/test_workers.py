"""The desk's workers: a slow handler, a dripping neighbour, a missing photo, each for itself."""

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bus.contract.case import Attachment
from bus.contract.envelope import Message
from bus.contract.messages import Offered
from bus.custody.commands import Offer, Register
from bus.pipeline.handle import CircuitBreaker, HandlerOutcome, HandlerResult, RetryPolicy
from bus.runtime import worker_pool
from bus.runtime.process import CenterProcess
from bus.sdk.center import Center, Commands, HandlerContext, RetryLater
from bus.sdk.discovery import Adapter
from bus.settings import load
from bus.store import inbox, parked
from tests.harness.step import BareCenter, HeldTransport, a_case
from tests.unit.test_downloads import PHOTO, Neighbour

MEDIA, PARTY = "media_center-150402", "party_service-150402006"
SECRET = "whsec_" + base64.b64encode(b"w" * 32).decode()
Handler = Callable[[HandlerContext[Any], Message[Offered]], None]


class Desk:
    """A running center whose handler is the test's, with cases offered to it before it starts."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, handler: Handler, **settings: Any) -> None:
        self.folder = folder
        self.done: list[str] = []
        center: Center[Any] = Center(kind="party_service", connect=lambda _: None)

        @center.on(Offered)
        def offered(context: HandlerContext[Any], message: Message[Offered]) -> Commands:
            handler(context, message)
            self.done.append(message.data.case.title)
            return []

        monkeypatch.setattr(Adapter, "center", lambda _: center)
        given: dict[str, Any] = {
            "center": PARTY,
            "store": f"sqlite:///{folder}/{PARTY}.db",
            "data": folder / "data",
            "intake_secret": SECRET,
            "backend": {"url": "http://127.0.0.1:9"},
            "http": {"port": 0},
            "concurrency": 2,
        }
        self.process = CenterProcess(load(None, **(given | settings)), HeldTransport())

    def offer(self, *cases: tuple[str, tuple[Attachment, ...]]) -> None:
        """Offer cases by these titles, with these files."""
        media, party = BareCenter(MEDIA, self.folder), BareCenter(PARTY, self.folder)
        for title, files in cases:
            registered = Register(case=a_case(MEDIA, title=title, attachments=files))
            media.execute(registered, Offer(case_id=registered.case_id, to=(PARTY,)))
        party.receive(*[parcel.body for parcel in media.relay()])
        media.close()
        party.close()

    def waiting(self) -> int:
        """Tasks that are not written down as done or parked."""
        with self.process.store.reading() as tx:
            return inbox.figures(tx)["waiting"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    """Makes a desk, and ends it after the test."""
    made: list[Desk] = []

    def make(handler: Handler, **settings: Any) -> Desk:
        made.append(Desk(tmp_path, monkeypatch, handler, **settings))
        return made[-1]

    yield make
    for one in made:
        one.process.stop(5)


def _until(true: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def test_a_slow_handler_delays_no_other_cases_effect(desk: Callable[..., Desk]) -> None:
    """While one call takes as long as it likes, the others are made, written down, and followed by more."""
    release = threading.Event()

    def handler(_context: object, message: Message[Offered]) -> None:
        if message.data.case.title == "slow":
            release.wait(120)

    center = desk(handler)
    center.offer(("slow", ()), *[(f"quick {number}", ()) for number in range(40)])
    center.process.start()
    try:
        assert _until(lambda: len(center.done) == 40)
        assert _until(lambda: center.waiting() == 1), "the others are written down"
    finally:
        release.set()
    assert _until(lambda: center.waiting() == 0)
    assert sorted(center.done)[-1] == "slow"


def test_a_dripping_neighbour_takes_no_worker_from_the_own_system(desk: Callable[..., Desk]) -> None:
    """More dripping files than there are workers: tasks that need none are done, and a file of another neighbour
    comes."""
    dripping, honest = Neighbour(), Neighbour()
    leave = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        with suppress(OSError):
            while not leave.wait(0.1):
                handler.wfile.write(b"x")

    dripping.answer = drip

    def handler(context: HandlerContext[Any], message: Message[Offered]) -> None:
        for photo in message.data.case.attachments:
            assert context.fetch(photo) == PHOTO

    def named(neighbour: Neighbour, sha256: str) -> tuple[Attachment, ...]:
        href = f"{neighbour.url}/attachments/{sha256}"
        return (Attachment(sha256=sha256, size=len(PHOTO), media_type="image/jpeg", href=href),)

    center = desk(handler)
    center.offer(
        *[(f"drip {number}", named(dripping, f"{number:064x}")) for number in range(6)],
        ("photo", named(honest, hashlib.sha256(PHOTO).hexdigest())),
        *[(f"quick {number}", ()) for number in range(20)],
    )
    center.process.start()
    try:
        assert _until(lambda: len(center.done) == 21), sorted(center.done)
    finally:
        leave.set()
    for one in (dripping, honest):
        one.server.shutdown()
        one.server.server_close()


def test_a_task_beyond_its_deadline_is_given_up_before_its_lease_ends(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that hangs is tried again, not begun twice at once, and parked in the end; its workers are replaced."""
    monkeypatch.setattr(worker_pool, "DEADLINE", 0.3, raising=False)
    release, calls = threading.Event(), []

    def handler(_context: object, message: Message[Offered]) -> None:
        if message.data.case.title.startswith("hangs"):
            calls.append(message.data.case.title)
            release.wait(120)

    center = desk(handler, park_after=2)
    center.offer(("hangs 1", ()), ("hangs 2", ()), *[(f"quick {number}", ()) for number in range(9)])
    center.process.start()
    try:
        assert _until(lambda: len(center.done) == 9)
        assert _until(lambda: center.waiting() == 0)
        with center.process.store.reading() as tx:
            assert [row["code"] for row in parked.listed(tx)] == ["handler-deadline"] * 2
        assert sorted(calls) == ["hangs 1", "hangs 2"]
        assert not center.process.engine.breaker.probing
    finally:
        release.set()


def test_a_slow_handler_is_told_of(desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    """In the process's own field while it runs, and in a metric when it is over; never with a value of the case."""
    monkeypatch.setattr(worker_pool, "SLOW", 0.1)
    release = threading.Event()
    center = desk(lambda *_: release.wait(120))
    center.offer(("slow", ()))
    center.process.start()
    assert _until(lambda: bool(center.process.slow_handlers()))
    (slow,) = center.process.slow_handlers()
    assert (slow.kind, slow.seconds > 0.1) == ("case.offered", True)
    release.set()
    assert _until(lambda: not center.process.slow_handlers() and center.waiting() == 0)
    assert b'bus_handler_seconds_count{center="party_service-150402006",kind="case.offered"} 1.0' in (
        center.process.metrics.page()
    )


def test_a_center_that_leaves_gives_back_what_it_has_not_begun(desk: Callable[..., Desk]) -> None:
    """What runs is waited for and written down, what waits is due at once for the next process."""
    begun, release = threading.Semaphore(0), threading.Event()

    def handler(*_: object) -> None:
        begun.release()
        release.wait(120)

    center = desk(handler)
    center.offer(*[(str(number), ()) for number in range(8)])
    center.process.start()
    assert begun.acquire(timeout=60)
    assert begun.acquire(timeout=60)
    threading.Timer(0.5, release.set).start()
    center.process.stop(30)
    party = BareCenter(PARTY, center.folder)
    with party.store.reading() as tx:
        assert inbox.figures(tx)["waiting"] == 8 - len(center.done) == 6
        assert tx.exec_driver_sql("SELECT count(*) FROM work WHERE attempts = 0").scalar() == 6
    party.close()


def test_a_neighbours_missing_photo_says_nothing_of_the_own_system(desk: Callable[..., Desk]) -> None:
    """It is retried for its own task, and parked in the end with its own code, while the own system is well."""
    neighbour = Neighbour()
    neighbour.answer = lambda handler: handler.send_error(503)

    def handler(context: HandlerContext[Any], message: Message[Offered]) -> None:
        for photo in message.data.case.attachments:
            context.fetch(photo)

    def photo(number: int) -> tuple[Attachment, ...]:
        sha256 = f"{number:064x}"
        return (Attachment(sha256=sha256, size=3, media_type="image/jpeg", href=f"{neighbour.url}/{sha256}"),)

    center = desk(handler, park_after=2)
    center.offer(*[(f"photo {number}", photo(number)) for number in range(8)], ("plain", ()))
    center.process.start()
    assert _until(lambda: center.waiting() == 0)
    assert center.done == ["plain"]
    assert center.process.ready()["vendor"] == "ok"
    with center.process.store.reading() as tx:
        rows = parked.listed(tx)
    assert [row["code"] for row in rows] == ["attachment-503"] * 8
    neighbour.server.shutdown()
    neighbour.server.server_close()


def test_only_the_own_system_moves_its_breaker() -> None:
    """Missing photos do not open it, and do not close it: what is away stays away while they are asked for."""
    away, missing = RetryLater("vendor-503"), RetryLater("attachment-503")
    well, ill = (CircuitBreaker(RetryPolicy(failures_before_probing=3)) for _ in range(2))
    well.record([_result(missing, own=False)] * 9)
    assert not well.probing
    ill.record([_result(away), _result(away), _result(missing, own=False), _result(away)])
    assert ill.probing


def _result(trouble: RetryLater, *, own: bool = True) -> Any:
    return HandlerResult(None, HandlerOutcome.NOT_NOW, code=trouble.code, own=own)  # type: ignore[arg-type]  # the breaker asks for no task


def test_what_has_ended_is_not_begun_again_before_it_is_written_down() -> None:
    """A clock that jumps over the lease lets a task be claimed again, whose result nobody has fetched yet."""
    performed: list[int] = []

    def perform(claimed: Any, _fetch: Any) -> HandlerResult:
        performed.append(claimed.task.row)
        return HandlerResult(claimed, HandlerOutcome.DONE)

    files: Any = SimpleNamespace(bring=None)
    ended = threading.Event()
    pool = worker_pool.WorkerPool(1, PARTY, files, lambda *_: None, ended.set)
    task: Any = SimpleNamespace(task=SimpleNamespace(row=1, kind="case.offered"))
    pool.begin(perform, [task])
    assert ended.wait(60)
    pool.begin(perform, [task])
    assert [one.claimed for one in pool.ended(1)] == [task]
    assert pool.busy == 0
    pool.leave(10)
    assert performed == [1]

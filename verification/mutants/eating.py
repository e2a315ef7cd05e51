"""Defects by which an outsider, a peer or a slow system exhausts a center's memory, workers or descriptors."""

from pathlib import Path

import httpx
import pytest

from bus.attachments import blob_store, download
from bus.bilingual import Bilingual
from bus.http.connections import Connection
from bus.pipeline.handle import CircuitBreaker, HandlerOutcome, HandlerResult
from bus.runtime.worker_pool import WorkerPool
from verification.mutants.broker import NO_POWER_CUT, UNIT
from verification.mutants.defect import tested

ONE_AFTER_THE_OTHER = Bilingual("模拟逐件办理，没有并行的工作线程", "a simulated desk has no workers side by side")
NO_FILES = Bilingual("模拟不含附件", "a simulation has no attachments")
NO_DOOR = Bilingual("模拟不含 HTTP 入口", "a simulation has no HTTP door")


@tested(
    "附件不落盘即称已保存", "keeps a file without flushing it or its folder",
    "tests/unit/test_blob_store.py::test_a_kept_file_and_its_folders_are_flushed_to_the_disk[clear]",
    by=UNIT, why=NO_POWER_CUT,
)  # fmt: skip
def file_not_flushed(patch: pytest.MonkeyPatch) -> None:
    def write(place: Path, content: bytes) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f"{place.name}.part")
        part.write_bytes(content)
        part.replace(place)

    patch.setattr(blob_store, "_write", write)


@tested(
    "附件边下载边解压", "unpacks a neighbour's file while it comes",
    "tests/unit/test_downloads.py::test_a_file_is_asked_for_as_it_is",
    "tests/unit/test_downloads.py::test_an_encoded_answer_is_refused_and_never_unpacked",
    by=UNIT, why=NO_FILES,
)  # fmt: skip
def encoded_files_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(download, "AS_IT_IS", "gzip, deflate")
    patch.setattr(download, "_judge", lambda _: None)
    patch.setattr(httpx.Response, "aiter_raw", httpx.Response.aiter_bytes)


@tested(
    "一批办完才记下一批", "a round of the desk waits for its slowest task",
    "tests/unit/test_workers.py::test_a_slow_handler_delays_no_other_cases_effect",
    by=UNIT, why=ONE_AFTER_THE_OTHER,
)  # fmt: skip
def round_waits_for_all(patch: pytest.MonkeyPatch) -> None:
    plain = WorkerPool.ended

    def ended(pool: WorkerPool, timeout: float = 0) -> list[HandlerResult]:
        with pool._changed:
            pool._changed.wait_for(lambda: not pool._runs, 600 * bool(timeout))
        return plain(pool, timeout)

    patch.setattr(WorkerPool, "ended", ended)


@tested(
    "邻居缺附件当作本系统不在", "takes a neighbour's missing file for the own system being away",
    "tests/unit/test_workers.py::test_only_the_own_system_moves_its_breaker",
    by=UNIT, why=NO_FILES,
)  # fmt: skip
def files_move_the_breaker(patch: pytest.MonkeyPatch) -> None:
    def after(breaker: CircuitBreaker, performed: list[HandlerResult]) -> CircuitBreaker:
        failures = breaker.failures
        for one in performed:
            if one.outcome != HandlerOutcome.NOT_BEGUN:
                failures = failures + 1 if one.outcome == HandlerOutcome.NOT_NOW else 0
        return CircuitBreaker(breaker.policy, failures)

    patch.setattr(CircuitBreaker, "after", after)


@tested(
    "沉默的连接永不让位", "a silent connection never makes room",
    "tests/unit/test_http_limits.py::test_silent_connections_go_and_somebody_else_always_finds_a_place",
    by=UNIT, why=NO_DOOR,
)  # fmt: skip
def silent_connections_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Connection, "_make_room", lambda _: None)

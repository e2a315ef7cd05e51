"""Defects of the watchdog of a center's loops, and of its log: a simulation has neither threads nor a log."""

import pytest
import structlog

import bus.log
import bus.runtime.loops
import bus.runtime.watch
from bus.bilingual import Bilingual
from verification.mutants.defect import tested

UNIT = Bilingual("单元测试", "unit tests")
NO_THREAD = Bilingual("模拟中没有线程，也不写日志", "a simulation has no threads, and logs nothing")
LOOPS = "tests/unit/test_loops.py"


@tested(
    "写不进日志就抛异常", "raises where a log line cannot be written",
    "tests/unit/test_log_writer.py::test_nothing_that_is_logged_raises", by=UNIT, why=NO_THREAD,
)  # fmt: skip
def log_raises(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.log, "_harmless", structlog.make_filtering_bound_logger)


@tested(
    "循环反复终止就反复重启", "starts a loop that dies again and again for ever",
    f"{LOOPS}::test_a_dead_loop_is_started_again_once_and_then_the_center_gives_up", by=UNIT, why=NO_THREAD,
)  # fmt: skip
def dies_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.runtime.watch, "TOO_SOON", 0.0)


@tested(
    "数据库不应答就结束进程", "ends the process while a database is silent",
    f"{LOOPS}::test_a_loop_that_waits_for_the_store_never_ends_the_process", by=UNIT, why=NO_THREAD,
)  # fmt: skip
def away_is_stuck(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.runtime.loops, "OUTSIDE", {})

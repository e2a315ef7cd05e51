"""``bus doctor`` on the clocks: whether they run, hold reminders back, or know only a part of the holidays."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from bus.bilingual import Bilingual
from bus.cli.checks import Check, doubtful, well
from bus.cli.options import opened_store
from bus.clocks.rules import digest
from bus.contract.working_days import CHINA
from bus.pipeline.clock_guard import LONG_DOWNTIME_MS
from bus.security.errors import KeyUnusable
from bus.settings import CenterSettings
from bus.store import timers
from bus.store.database import DriverError, StoreUnavailable

LATE_S = 600
"""Seconds after which a timer that nobody looked at is told of."""
AHEAD = timedelta(days=60)
"""How far ahead the holidays should be announced."""
WHAT = "clocks"


def clocks(settings: CenterSettings) -> Iterator[Check]:
    """Nothing is said where they are off. A store that cannot be read is told of by its own check."""
    if not settings.clocks.enabled:
        return
    now_ms = int(time.time() * 1000)
    with suppress(StoreUnavailable, KeyUnusable, DriverError), opened_store(settings) as store:
        with store.reading() as tx:
            known, waiting = timers.state(tx), timers.figures(tx, now_ms)
        yield from _running(settings, known, waiting, now_ms)
    yield from _holidays(settings)
    yield from _county_days(settings)


def _running(
    settings: CenterSettings, known: timers.ClockState | None, waiting: timers.TimerFigures, now_ms: int
) -> Iterator[Check]:
    late = (now_ms - waiting.oldest_ms) // 1000 if waiting.oldest_ms else 0
    if known is None:
        cure = Bilingual("重启 bus run", "restart `bus run`")
        yield doubtful(WHAT, "已启用，尚未运行", "are on, and have not run yet", cure)
    elif known.seen_ms > now_ms + LATE_S * 1000:
        cure = Bilingual("校准系统时间；确认无误后 bus clocks go", "set the time right; where it is, `bus clocks go`")
        yield doubtful(WHAT, "系统时间早于上次运行", "the system's time is before the last round", cure)
    elif known.digest != digest(settings.clocks.written_rules()):
        cure = Bilingual("等待；中心未运行则启动", "wait; start the center where it does not run")
        yield doubtful(WHAT, "正按现行规则逐案重算", "look at every case again, by the rules of today", cure)
    elif known.away_ms > LONG_DOWNTIME_MS:
        cure = Bilingual("核对后运行 bus clocks go，或等两小时", "look, then `bus clocks go`, or wait for two hours")
        yield doubtful(WHAT, "停机三天以上，提级与通报暂缓", "were away for days: high levels wait", cure)
    elif late > LATE_S:
        cure = Bilingual("中心是否在运行；看 /health/flow 的 remind", "does it run? see `remind` in /health/flow")
        zh, en = f"{waiting.due} 件到时未查看，最久 {late} 秒", f"{waiting.due} cases not looked at, for up to {late} s"
        yield doubtful(WHAT, zh, en, cure)
    else:
        yield well(WHAT, "正常", "run")


def _holidays(settings: CenterSettings) -> Iterator[Check]:
    """From November on the next year's holidays should be known."""
    until = datetime.now(UTC) + AHEAD
    if settings.clocks.calendar().is_estimate(until):
        cure = Bilingual("公布后升级程序，随后自动重算", "upgrade once they are announced; all is then counted again")
        zh, en = (
            f"{until.year} 年放假安排未知，期限为估算",
            f"the holidays of {until.year} are unknown: dates are estimates",
        )
        yield doubtful("holidays", zh, en, cure)


def _county_days(settings: CenterSettings) -> Iterator[Check]:
    """A county's own days are of a year, and somebody has to renew them."""
    last = max(settings.clocks.days, default=None)
    if last is not None and last.year < datetime.now(CHINA).year:
        cure = Bilingual("补上今年的日子，或删去 [clocks.days]", "add those of this year, or leave [clocks.days] out")
        zh, en = f"[clocks.days] 止于 {last.year} 年", f"[clocks.days] ends in {last.year}"
        yield doubtful("county days", zh, en, cure)

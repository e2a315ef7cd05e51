"""``bus doctor`` on facts: whether the county's ledger is told, and, at a ledger, which centers tell it."""

import time
from collections.abc import Iterator
from contextlib import suppress

from bus.bilingual import Bilingual
from bus.cli.checks import Check, doubtful, well
from bus.cli.options import opened_store
from bus.context import read_by
from bus.contract.facts import FactsTold, is_ledger
from bus.security.errors import KeyUnusable
from bus.security.keyed_security import security_of
from bus.settings import CenterSettings
from bus.store import facts, facts_refused, ledger
from bus.store.database import DriverError, StoreUnavailable

LATE_S = 3600
"""Seconds after which facts that nobody took are told of, and a center that told nothing more."""
WHAT = "facts"


def facts_told(settings: CenterSettings) -> Iterator[Check]:
    """Nothing is said where no ledger is named. A store or keys that cannot be read are told of by their own checks."""
    with suppress(StoreUnavailable, KeyUnusable, DriverError):
        if is_ledger(settings.center):
            yield from _kept(settings)
        elif settings.facts.ledger is not None:
            yield from _told(settings, settings.facts.ledger)


def _told(settings: CenterSettings, name: str) -> Iterator[Check]:
    if not read_by(security_of(settings.trust))(name, FactsTold.kind):
        cure = Bilingual(
            "总账生成登记申请（bus keys publish），由县运维人登入名录（bus keys add）",
            "the ledger publishes its key (bus keys publish), and the county's operator lists it (bus keys add)",
        )
        zh, en = (
            f"名录未载明 {name} 能读事实，未上报",
            f"no {name} in the directory that reads facts: none is told",
        )
        yield doubtful(WHAT, zh, en, cure)
        return
    now_ms = int(time.time() * 1000)
    with opened_store(settings) as store, store.reading() as tx:
        waits, refused = facts.figures(tx), facts_refused.kept(tx, name)
    if refused is not None:
        cure = Bilingual(
            "核对 [facts] ledger 与名录；更正后自动恢复，否则每天重试一次",
            "is [facts] ledger right, and the directory? it is taken up once either changes, and tried once a day",
        )
        zh, en = f"{name} 不收事实（{refused.code}），暂停上报", f"{name} takes no facts ({refused.code}): none is told"
        yield doubtful(WHAT, zh, en, cure)
        return
    late = (now_ms - waits.oldest_ms) // 1000 if waits.oldest_ms else 0
    if late > LATE_S:
        cure = Bilingual(
            "总账是否在运行；缺失部分它会重新查询", "does the ledger run? what is given up it asks for again"
        )
        zh, en = (
            f"{waits.rows} 条未上报 {name}，最久 {late} 秒",
            f"{waits.rows} untold to {name}, for up to {late} seconds",
        )
        yield doubtful(WHAT, zh, en, cure)
    else:
        yield well(WHAT, f"上报 {name}", f"are told to {name}")


def _kept(settings: CenterSettings) -> Iterator[Check]:
    now_ms = int(time.time() * 1000)
    with opened_store(settings) as store, store.reading() as tx:
        known = ledger.tellers(tx)
    if not known:
        cure = Bilingual("在各中心的配置中写明 [facts] ledger", "name it in each center's settings, [facts] ledger")
        yield doubtful(WHAT, "尚无中心上报", "no center has told anything yet", cure)
    for one in known:
        silent = (now_ms - one.told_ms) // 1000
        if one.why is not None:
            zh, en = f"{one.center} 正在补报", f"{one.center} tells every case anew"
            cure = Bilingual("等待；中心未运行则启动", "wait; start the center where it does not run")
            yield doubtful(WHAT, zh, en, cure)
        else:
            yield well(WHAT, f"{one.center}，{silent} 秒前", f"{one.center}, {silent} seconds ago")

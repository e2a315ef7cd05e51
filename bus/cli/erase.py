"""``bus erase``: erasure of a closed case."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from bus.bilingual import Bilingual
from bus.cli.access import whoami
from bus.cli.lookups import context_of
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import FAILURE, USAGE, Lang, Language, Output
from bus.operations.case_names import case_named
from bus.operations.erasure import MayNotErase
from bus.operations.erasure import erase as erase_case
from bus.operations.replay import NO_CASE
from bus.runtime.blob_folder import blob_store_of
from bus.store.database import Store

_WHY = {
    "unknown-case": Bilingual("没有这个案件", "there is no such case"),
    "record-unreadable": Bilingual(
        "库中的案件记录读不出，请与备份核对", "its record cannot be read: compare with a backup"
    ),
    "not-closed": Bilingual("尚未结案", "it is not closed yet"),
    "under-way": Bilingual("还有报文或任务未了；用 bus trace 查看", "messages or tasks are pending: see `bus trace`"),
    "in-clear": Bilingual(
        "库未加密，无法销毁；请先配置 [at_rest]",
        "the store is not encrypted, so nothing can be erased: set [at_rest] first",
    ),
}

TRIES, PAUSE_S = 20, 0.25


def _empty_log(store: Store) -> bool:
    """Whether the store's log could be emptied while the command waits."""
    for _ in range(TRIES):
        time.sleep(PAUSE_S)
        if store.empty_log():
            return True
    return False


def erase(
    case: Annotated[str, typer.Argument(help="案件编号、短编号或 UUID / number, short number or UUID")],
    reason: Annotated[str, typer.Option(help="为何删除，写入查阅记录 / the reason, kept in the access log")],
    config: ConfigFile = None,
    lang: Language = Lang.AUTO,
) -> None:
    """删除一个已结案件中的居民信息，统计不变 / erase the resident's data of a case; figures stay."""
    output = Output(lang)
    if not reason.strip():
        output.fail("须说明理由：--reason", "say why: --reason", USAGE)
    with output.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store:
            with store.reading() as tx:
                case_id = case_named(tx, case) or NO_CASE
            try:
                gone = erase_case(
                    blob_store_of(settings, store),
                    context_of(settings, store),
                    case_id,
                    datetime.now(UTC),
                    whoami(),
                    reason.strip(),
                )
            except MayNotErase as no:
                output.fail(
                    f"不能删除 {case}：{_WHY[no.code].zh}", f"{case} is not erased: {_WHY[no.code].en}", FAILURE
                )
            gone = gone or _empty_log(store)
    if not gone:
        output.warn(
            "库的日志里还有它的密钥：有程序正在读旧内容（备份、打开的 sqlite3？）；请结束它，运行中的中心会在"
            "一分钟内清空日志，未运行的在下次启动时清空",
            "the store's log still holds its key, for some program reads what is older (a backup, an open sqlite3?): "
            "end it; a running center empties the log within a minute, and one that is stopped when it is started",
        )
    output.say(
        f"{case}：居民信息已删除；此前的备份仍有，到期即删",
        f"{case} is erased; older backups still hold the data, until they are deleted",
    )

"""``bus ledger reconcile``: what the broker has carried, beside what centers have told of it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from bus.bilingual import Bilingual
from bus.cli.ledger import ledger_settings, now_ms
from bus.cli.options import ConfigFile, opened_store
from bus.cli.output import FAILURE, AsJson, Lang, Language, Output
from bus.ledger import reconcile as reconciling
from bus.ledger.reconcile import Reconciled
from bus.settings import CenterSettings
from bus.store import ledger_carried
from bus.store.database import Store
from bus.store.ledger_carried import Alone
from bus.transports.rabbitmq import tls
from bus.transports.rabbitmq.journal import JournalUnreadable, carried

QUIET_S = 2.0
"""Seconds of silence that mark the end of the journal."""
_ALONE = (
    Bilingual("缺", "Missing"),
    Bilingual("报文", "Message"),
    Bilingual("发自", "From"),
    Bilingual("发往", "To"),
    Bilingual("种类", "Kind"),
    Bilingual("时间", "At"),
)
_NO_FACT, _NO_LABEL = Bilingual("上报", "fact"), Bilingual("总线记录", "label")


def reconcile(
    config: ConfigFile = None,
    patience: Annotated[
        float, typer.Option(min=0, help="比这更新的不比对（秒）/ what is newer is not compared, in seconds")
    ] = reconciling.PATIENCE_MS / 1000,
    lang: Language = Lang.AUTO,
    as_json: AsJson = False,
) -> None:
    """与总线记录比对；不符时退出码 1 / compare with the broker's journal; exit 1 where something does not meet."""
    output = Output(lang, as_json)
    with output.guarding():
        settings = ledger_settings(output, config)
        with opened_store(settings) as store:
            read = _read_journal(output, store, settings)
            found = reconciling.compare(store, now_ms(), int(patience * 1000))
    if as_json:
        output.data({"read": read} | {name: [one._asdict() for one in each] for name, each in found._asdict().items()})
    else:
        _tell(output, read, found)
    if found.without_fact or found.without_label:
        raise typer.Exit(FAILURE)


def _read_journal(output: Output, store: Store, settings: CenterSettings) -> int:
    with store.reading() as tx:
        after = ledger_carried.last_place(tx)
    try:
        found = carried(settings.broker, settings.center, tls.context(settings.tls), after, QUIET_S)
        return reconciling.keep(store, found).entries
    except JournalUnreadable as error:
        output.fail(
            f"读不到总线记录（{error}）：核对 BUS_BROKER；权限由 bus topology apply 授予",
            f"the journal cannot be read ({error}): check BUS_BROKER; `bus topology apply` grants it",
        )


def _tell(output: Output, read: int, found: Reconciled) -> None:
    rows = [
        *(_line(output.pick(_NO_FACT), one) for one in found.without_fact),
        *(_line(output.pick(_NO_LABEL), one) for one in found.without_label),
    ]
    if rows:
        output.table(_ALONE, rows)
    output.say(f"新读 {read} 条记录；{len(rows)} 条不符", f"{read} labels read; {len(rows)} messages do not meet")


def _line(missing: str, one: Alone) -> tuple[object, ...]:
    at = datetime.fromtimestamp(one.at_ms / 1000, UTC).isoformat(timespec="seconds")
    return (missing, one.message_id, one.sender, one.recipient, one.kind, at)

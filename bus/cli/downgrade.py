"""``bus downgrade``: takes a store back to the schema of v0.1.0, before its program is downgraded."""

from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import Lang, Language, Output
from bus.runtime.lease import StoreLease
from bus.store import schema
from bus.store.database import Store

V0_1_0 = "0009"
"""The schema version of v0.1.0."""


def downgrade(config: ConfigFile = None, lang: Language = Lang.AUTO) -> None:
    """把停下的中心的库退回 v0.1.0 的结构，案件不变 / take a stopped center's store back to the schema of v0.1.0."""
    output = Output(lang)
    with output.guarding(), opened_store(store_settings(config)) as store:
        step_back(store)
    output.say(
        "库已退回 v0.1.0 的结构，案件、报文和记录不变；现在可启动旧程序。本版本的 bus run 会再次升级它",
        "the store has the schema of v0.1.0, and every case, message and record; start the old program now, for "
        "`bus run` of this version brings it up to date again",
    )


def step_back(store: Store) -> None:
    """Undo only this release's additions. Raises ``StoreTaken`` while the center runs."""
    lease = StoreLease(store)
    store.require_fit()
    lease.acquire()
    try:
        schema.downgrade(store, V0_1_0)
    finally:
        lease.release()

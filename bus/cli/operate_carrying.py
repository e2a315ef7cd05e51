"""How ``bus operate`` gives a command to a center over the bus: by the store of the county's ledger on this machine."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from bus.cli.ledger import ledger_settings
from bus.cli.options import opened_store
from bus.cli.output import FAILURE, Output
from bus.context import CenterContext, read_by
from bus.contract.operations import OperationAsked
from bus.operations import carrying
from bus.security.keyed_security import security_of
from bus.store import carried_commands
from bus.store.carried_commands import CarriedCommand
from bus.store.database import Store

ANSWER = 60.0
"""Seconds to wait for the answer: the ledger's service and the center's loop look every second."""
LOOK_EVERY = 0.25


def carried(output: Output, config: Path, center: str, raw: bytes) -> tuple[int, dict[str, Any]]:
    """Let the ledger carry a signed command, and wait for the answer: its status, as over HTTP, and what it says."""
    with output.guarding():
        settings = ledger_settings(output, config)
        if not read_by(security_of(settings.trust))(center, OperationAsked.kind):
            output.fail(
                f"名录未载明 {center} 能读经总线的指令：升级后请其重新登记（bus keys publish），或用 --at",
                f"the directory does not say that {center} reads commands over the bus: have it apply anew after its "
                "upgrade (`bus keys publish`), or use --at",
            )
        with opened_store(settings) as store:
            context, now = CenterContext(settings.center), datetime.now(UTC)
            asked = store.write(lambda tx: carrying.carry(tx, context, center, raw, now))
            answer = _awaited(store, str(asked))
    if answer is None or answer.status is None:
        output.warn(
            f"{center} 尚未答复；不知是否已执行，可查看：bus operate list",
            f"{center} has not answered yet; whether it was carried out: `bus operate list`",
        )
        raise typer.Exit(FAILURE)
    told = json.loads(answer.answer or "{}")
    return answer.status, told if isinstance(told, dict) else {}


def _awaited(store: Store, message_id: str) -> CarriedCommand | None:
    deadline = time.monotonic() + ANSWER
    while time.monotonic() < deadline:
        with store.reading() as tx:
            found = carried_commands.carried(tx, message_id)
        if found is not None and found.status is not None:
            return found
        time.sleep(LOOK_EVERY)
    return None

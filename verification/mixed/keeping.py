"""The county's ledger beside both releases: a center of the release before tells it nothing, and lacks nothing."""

from functools import partial
from uuid import UUID

from sqlalchemy import select

from bus.store import tables as t
from verification.mixed.county import LEDGER, PATIENCE, MixedCounty, PromiseBroken

Known = dict[UUID, tuple[str, int, str]]
"""Case → holder, version, status."""


def knows_every_case(county: MixedCounty) -> None:
    """The ledger has every case of each center that tells it as the center has it."""
    telling = [center for center in county.local.centers if center not in county.old]
    for center in telling:
        county.local.until(f"the ledger knows what {center} knows", partial(_same, county, center), PATIENCE)
    if strange := {center for center in county.old if _at_the_ledger(county, center)}:
        raise PromiseBroken(f"the release before knows no facts, and has told some: {', '.join(sorted(strange))}")


def _same(county: MixedCounty, center: str) -> bool:
    own = county.local.records(center)
    here = {case_id: (one.holder, one.version, one.status.value) for case_id, one in own.items()}
    return _at_the_ledger(county, center) == here


def _at_the_ledger(county: MixedCounty, center: str) -> Known:
    s = t.ledger_states.c
    with county.local.store(LEDGER).reading() as tx:
        rows = tx.execute(select(s.case_id, s.holder, s.version, s.status).where(s.center == center))
        return {UUID(row.case_id): (row.holder, row.version, row.status) for row in rows}


def meets_the_journal(county: MixedCounty) -> None:
    """What the broker has carried is what the centers have told; the command says so by its exit code."""
    config = county.settings_file(LEDGER)
    county.local.until("nothing on its way", county.local.drained, PATIENCE)
    county.bus(LEDGER, "ledger", "reconcile", "--patience", "0", "--config", config, "--json")

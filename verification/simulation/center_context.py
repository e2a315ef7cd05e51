"""What the simulated county has settled for one center, as the product takes it."""

from dataclasses import replace

from bus.context import CenterContext, Ledger, read_by
from bus.contract.facts import FactsTold
from bus.custody.record import Reads
from verification.simulation.fault_profile import FaultProfile
from verification.simulation.keys import LEDGER, notary
from verification.simulation.reminders import QUICK, reads_all


def context_of(name: str, arbiter: str | None, profile: FaultProfile) -> CenterContext:
    """The context of one center. Masking is on by the directory alone, as everywhere."""
    security = notary(name, signs=profile.signs, masks=profile.masks, ledger=profile.ledger)
    context = CenterContext(name, arbiter, security=security)
    if profile.masks:
        context = replace(context, reads=read_by(security))
    context = replace(context, clocks=QUICK, reads=reads_all) if profile.clocks else context
    tells = profile.ledger and name != LEDGER
    return replace(context, ledger=Ledger(LEDGER), reads=_facts_too(context.reads)) if tells else context


def _facts_too(reads: Reads) -> Reads:
    return lambda center, kind: (center, kind) == (LEDGER, FactsTold.kind) or reads(center, kind)

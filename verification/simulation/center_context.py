"""What the simulated county has settled for one center, as the product takes it."""

from dataclasses import replace

from bus.context import CenterContext, read_by
from verification.simulation.fault_profile import FaultProfile
from verification.simulation.keys import notary
from verification.simulation.reminders import QUICK, reads_all


def context_of(name: str, arbiter: str | None, profile: FaultProfile) -> CenterContext:
    """The context of one center. Masking is on by the directory alone, as everywhere."""
    security = notary(name, signs=profile.signs, masks=profile.masks)
    context = CenterContext(name, arbiter, security=security)
    if profile.masks:
        context = replace(context, reads=read_by(security))
    return replace(context, clocks=QUICK, reads=reads_all) if profile.clocks else context

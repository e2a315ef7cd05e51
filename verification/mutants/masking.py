"""Defects of masking: somebody is told who the resident is too early, or never."""

from dataclasses import replace

import pytest

import bus.custody.handing
import bus.custody.initiating
import bus.pipeline.intake
import bus.recovery.resend
from bus.contract import messages as k
from verification.mutants.defect import fair, simulated
from verification.simulation.fault_profile import FaultProfile, with_masks

HANDING, INITIATING, RESEND = bus.custody.handing, bus.custody.initiating, bus.recovery.resend


def masked(profile: FaultProfile) -> FaultProfile:
    """A small county that masks residents."""
    return with_masks(fair(profile))


def masked_and_restored(profile: FaultProfile) -> FaultProfile:
    """The same, in which a store is put back to a backup."""
    return replace(masked(profile), restores=1)


@simulated(
    "转办不遮盖居民信息", "shows the resident to all that are asked",
    "only-holders-know-the-resident", profile=masked,
)  # fmt: skip
def offered_in_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HANDING, "_SHOWS_CASE", (k.ArbitrationRequested, k.Ruled))


@simulated(
    "裁定不遮盖居民信息", "shows the resident to all that hear a ruling",
    "only-holders-know-the-resident", profile=masked,
)  # fmt: skip
def ruled_in_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HANDING, "_SHOWS_CASE", (k.Offered,))


@simulated(
    "接单后不移交居民信息", "tells no new holder who the resident is",
    "holder-knows-the-resident", profile=masked,
)  # fmt: skip
def resident_untold(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HANDING, "tell", lambda _record: ())
    patch.setattr(RESEND, "tell", lambda _record: ())


@simulated(
    "遮盖后的信息替换完整信息", "takes the newest copy of the case, though it has a hint alone",
    "known-resident-is-kept", profile=masked,
)  # fmt: skip
def hint_over_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(INITIATING, "fuller_case", lambda _known, told: told)


@simulated(
    "恢复备份后不再索取居民信息", "does not ask for the resident after a restore",
    "holder-knows-the-resident", profile=masked_and_restored,
)  # fmt: skip
def unasked_after_a_restore(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(RESEND, "_resident", lambda _history, _record: ())


@simulated(
    "恢复备份后不取再次提交的居民信息", "learns nothing from the form that is handed in again after a restore",
    "known-resident-is-kept", profile=masked_and_restored,
)  # fmt: skip
def handed_in_again_unread(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.intake, "registered_again", lambda _record, _resident: None)

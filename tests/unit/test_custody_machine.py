"""Custody against everything that a bad network, crashing centers and crossing words can do to it."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.custody_model.machine import CustodyMachine

ENOUGH = settings(
    max_examples=600,
    stateful_step_count=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def test_custody_holds_in_every_state() -> None:
    """Whatever is lost, repeated, re-ordered or crashed: one custodian, and all agree once all is heard."""
    run_state_machine_as_test(CustodyMachine, settings=ENOUGH)


class MaskingMachine(CustodyMachine):
    """The same town, where residents are masked before acceptance."""

    masking = True


def test_only_who_held_the_case_knows_the_resident() -> None:
    """Whatever happens on the way: nobody else learns who it is, and the holder does."""
    run_state_machine_as_test(MaskingMachine, settings=settings(ENOUGH, max_examples=200))

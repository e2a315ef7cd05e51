"""The model, its document and the product do not drift apart unseen."""

import re

import pytest

from bus.contract import messages as k
from bus.custody import commands as c
from bus.custody.decide import _DECIDERS, _TIMED
from bus.custody.hear_message import _HANDLERS
from bus.custody.initiating import INITIATING
from tests.model.test_model import FAULTS, LANE_FAULTS
from verification.model.spin import MODELS

MODELLED = {
    k.Offered: "OFFERED",
    k.Accepted: "ACCEPTED",
    k.Declined: "DECLINED",
    k.Granted: "GRANTED",
    k.Lost: "LOST",
    k.WithdrawalRequested: "ASKED_BACK",
    k.Withdrawn: "WITHDRAWN",
    k.ArbitrationRequested: "TO_ARBITER",
    k.Ruled: "RULED",
    k.AssistRequested: "ASSIST",
    k.Resolved: "RESOLVED",
    k.Closed: "CLOSED",
    k.Reopened: "REOPENED",
}
LEFT_OUT = {k.Progressed, k.Urged, k.Rated, k.Published, k.AssistAnswered, *k.LATER}
"""What moves no case. Requests for more time, and escalations, change neither holder nor version."""
COMMANDS = {
    c.Accept: "accept_offer",
    c.Decline: "decline_offer",
    c.Withdraw: "withdraw",
    c.AskArbiter: "ask_arbiter",
    c.Rule: "rule",
    c.Resolve: "resolve",
    c.Close: "close",
    c.Reopen: "reopen",
}
"""Offering is no row of the product's table; help is asked in custody.pml."""
COMMANDS_LEFT_OUT = {
    *(c.AskAssist, c.Report, c.AnswerAssist, c.Urge, c.Rate, c.Publish, c.Join, c.Claim, c.Assess),
    c.CallBack,
    *(c.AskExtension, c.AnswerExtension, c.Hold, c.Resume, c.MakePlan, c.CheckPapers),
}
BOUNDS = {
    *(
        "N",
        "ARBITER",
        "OFFERS",
        "WITHDRAWALS",
        "COMPLAINTS",
        "RULINGS",
        "RESULTS",
        "ASSISTS",
        "STEP",
        "VERSIONS",
        "DEPTH",
    ),
    *("ROAD", "OPEN_OFFERS", "SILENT_DESKS", "LIAR", "LIES", "HIGHEST"),
}


def _text(name: str) -> str:
    return (MODELS / name).read_text()


def test_every_message_that_custody_hears_is_modelled_or_left_out_on_purpose() -> None:
    """A new kind, or a new way to hear one, asks for a decision about the model."""
    assert set(_HANDLERS) | set(INITIATING) == set(MODELLED) | LEFT_OUT
    for name in MODELLED.values():
        assert re.search(rf":: kind == {name} +-> hear_", _text("hear.pml")), name


def test_every_command_is_modelled_or_left_out_on_purpose() -> None:
    """A new command asks for a decision about the model."""
    assert {*_DECIDERS, *_TIMED} == set(COMMANDS) | COMMANDS_LEFT_OUT
    for name in COMMANDS.values():
        assert f"inline {name}(" in _text("decide.pml"), name


@pytest.mark.parametrize("model", sorted(p.name for p in MODELS.glob("*.pml")))
def test_every_switch_is_a_bound_or_a_fault_that_is_searched(model: str) -> None:
    """No planted fault lies about unsearched, and the document names each."""
    planted = {word for fault in (*FAULTS, *LANE_FAULTS, "RULING_ECHOED") for word in fault.split()} - BOUNDS
    switches = set(re.findall(r"^#ifn?def (\w+)", _text(model), re.MULTILINE))
    assert switches <= planted | BOUNDS
    for fault in switches & planted:
        assert f"`{fault}`" in _text("README.md"), fault

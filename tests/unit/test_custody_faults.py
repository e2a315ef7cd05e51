"""The custody machine is worth what it catches: faults are planted in custody, and each must turn it red."""

from collections.abc import Callable
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bus.contract import messages as k
from bus.custody import Decision, Record, Status
from bus.custody import commands as c
from tests.unit import test_custody, test_custody_rulings
from tests.unit.custody_model.cases import MEDIA
from tests.unit.custody_model.machine import CustodyMachine
from tests.unit.custody_model.world import World, town

deciding: Any = import_module("bus.custody.decide")
hearing: Any = import_module("bus.custody.hear_message")
"""The modules, whose names in the package are taken by the functions in them."""

SEARCH = settings(
    max_examples=800,
    stateful_step_count=60,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)

Step = Callable[..., Decision]
Fault = Callable[[pytest.MonkeyPatch], None]


def _spoil(table: dict[type, Any], kind: type, spoil: Callable[[Step], Step]) -> Fault:
    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setitem(table, kind, spoil(table[kind]))

    return plant


def _after(change: Callable[[Record, Decision, Any, str], Decision]) -> Callable[[Step], Step]:
    """A step that is right, and then spoiled by ``change(before, decision, what, source)``."""

    def spoil(right: Step) -> Step:
        def wrong(record: Record, what: Any, *rest: Any) -> Decision:
            return change(record, right(record, what, *rest), what, rest[0] if isinstance(rest[0], str) else "")

        return wrong

    return spoil


def _said(decision: Decision, record: Record) -> Decision:
    return Decision(record, decision.outgoing, needs_handling=decision.needs_handling)


def _believe_stale(right: Step) -> Step:
    def wrong(record: Record, data: k.Accepted, source: str, *rest: Any) -> Decision:
        if data.bid or data.version >= record.version:
            return right(record, data, source, *rest)
        return Decision(record.with_(holder=source))

    return wrong


def _overwrite_by_progress(_right: Step) -> Step:
    return lambda record, _data, source, *_rest: Decision(record.with_(holder=source), needs_handling=True)


def _news_to_offerer_only(right: Step) -> Step:
    def wrong(record: Record, command: c.Command, *rest: Any) -> Decision:
        decision = right(record, command, *rest)
        assert record.offer_in is not None
        offerer = record.offer_in.offerer
        return Decision(decision.record, tuple(outgoing for outgoing in decision.outgoing if outgoing.to == offerer))

    return wrong


def _patient(patch: pytest.MonkeyPatch) -> None:
    right: Callable[..., Decision] = deciding._offer
    patch.setattr(deciding, "_offer", lambda record, command, now, _limit: right(record, command, now, 99))


FAULTS: dict[str, Fault] = {
    "a stale accept is believed": _spoil(hearing._HANDLERS, k.Accepted, _believe_stale),
    "an old holder's progress overwrites": _spoil(hearing._HANDLERS, k.Progressed, _overwrite_by_progress),
    "an accept does not raise the version": _spoil(
        deciding._DECIDERS, c.Accept, _after(lambda b, d, _w, _s: _said(d, d.record.with_(version=b.version)))
    ),
    "a withdrawal needs no answer": _spoil(
        deciding._DECIDERS, c.Withdraw, _after(lambda _b, d, _w, _s: _said(d, d.record.with_(offer_out=None)))
    ),
    "a withdrawal is granted after the accept": _spoil(
        hearing._HANDLERS,
        k.WithdrawalRequested,
        _after(lambda b, d, w, s: _said(d, b.with_(holder=s, version=w.version)) if d.superseded and b.mine else d),
    ),
    "a decline loses the holder": _spoil(
        hearing._HANDLERS, k.Declined, _after(lambda b, d, _w, s: d if d.superseded else _said(d, b.with_(holder=s)))
    ),
    "a decline is not taken down": _spoil(
        hearing._HANDLERS, k.Declined, _after(lambda b, d, _w, _s: d if d.superseded else Decision(b, superseded=True))
    ),
    "an open offer is granted to two": _spoil(
        hearing._HANDLERS,
        k.Accepted,
        _after(lambda b, d, w, _s: _said(d, d.record.with_(offer_out=b.offer_out)) if w.bid and d.outgoing else d),
    ),
    "losers of an open offer are not told": _spoil(
        hearing._HANDLERS,
        k.Accepted,
        _after(
            lambda _b, d, _w, _s: Decision(d.record, tuple(x for x in d.outgoing if not isinstance(x.data, k.Lost)))
        ),
    ),
    "a reopening begins no round": _spoil(
        deciding._DECIDERS, c.Reopen, _after(lambda b, d, _w, _s: _said(d, d.record.with_(round=b.round)))
    ),
    "only the offerer hears of an accept": _spoil(deciding._DECIDERS, c.Accept, _news_to_offerer_only),
    "the holder closes what it resolves": _spoil(
        deciding._DECIDERS, c.Resolve, _after(lambda _b, d, _w, _s: _said(d, d.record.with_(status=Status.CLOSED)))
    ),
    "a ruling does not fence": _spoil(
        deciding._DECIDERS, c.Rule, _after(lambda b, d, _w, _s: _said(d, d.record.with_(version=b.version + 1)))
    ),
    "a result reopens a closed case": _spoil(
        hearing._HANDLERS, k.Resolved, _after(lambda _b, d, _w, _s: _said(d, d.record.with_(status=Status.RESOLVED)))
    ),
    "returns are not counted": _patient,
    "crossing words are left alone": lambda patch: patch.setattr(hearing, "follow_ups", lambda _b, d, *_rest: d),
}


RED = {
    "an old holder's progress overwrites": "an older message moved custody",
    "an accept does not raise the version": "believes in a holder who never was",
    "a withdrawal needs no answer": "two offers of one version|has no offer|may decide|nobody makes",
    "a withdrawal is granted after the accept": "an older message moved custody",
    "a decline loses the holder": "believes in a holder who never was",
    "a decline is not taken down": "who has no offer",
    "an open offer is granted to two": "offers what it does not hold|one leg was decided twice",
    "losers of an open offer are not told": "an offer that nobody makes",
    "a reopening begins no round": "differ about the round",
    "only the offerer hears of an accept": "the origin",
    "the holder closes what it resolves": "closed without a reply",
    "a ruling does not fence": "believes in a holder who never was",
    "crossing words are left alone": "an offer that nobody makes|has not heard that it was overruled|the origin",
}
"""What the machine says of each fault."""

EXAMPLES: dict[str, Callable[[World, UUID], None]] = {
    "a stale accept is believed": test_custody_rulings.test_late_accept_of_a_dead_center_is_superseded,
    "returns are not counted": test_custody.test_third_round_goes_to_the_arbiter,
    "a result reopens a closed case": test_custody.test_result_that_comes_after_the_closing_is_kept,
}
"""Faults that the machine meets seldom, and which example turns red at once."""


@pytest.mark.parametrize("name", RED)
def test_planted_fault_turns_the_machine_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the fault planted, the machine that is green without it names what is wrong."""
    FAULTS[name](monkeypatch)
    # what it meets first depends on the search; that it names one of these is what counts
    with pytest.raises(AssertionError, match="|".join(RED.values())):
        run_state_machine_as_test(CustodyMachine, settings=SEARCH)


@pytest.mark.parametrize("name", EXAMPLES)
def test_planted_fault_turns_its_example_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the fault planted, the example that is green without it fails."""
    world = town(6)
    EXAMPLES[name](world, world.register(MEDIA))
    FAULTS[name](monkeypatch)
    world = town(6)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        EXAMPLES[name](world, world.register(MEDIA))


def test_every_fault_is_looked_for() -> None:
    """No fault stands in the list without a test that catches it."""
    assert set(RED) | set(EXAMPLES) == set(FAULTS)

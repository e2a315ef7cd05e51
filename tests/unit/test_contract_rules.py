"""The contract as data says of every kind what custody does in code."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bus.contract import messages as k
from bus.contract.export.examples import ARBITER, CASE, CIVILIZATION, GOVERNMENT, MEDIA, PARTY
from bus.contract.rules import BY_KIND, CONTRACT, ROLES, Role, Rule
from bus.custody import Decision, Outgoing, Record, decide, hear_message, register
from bus.custody import commands as c
from bus.custody.more_time import Granting
from bus.custody.reminding import remind

GOVERNMENT_STREET = "government_service-150402006"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FAR = NOW + timedelta(days=5)
CLOCKS = Granting(lambda _record: FAR, lambda _ends: FAR + timedelta(days=10), lambda _center, _kind: True)
"""The clocks are on, and every center reads the new kinds."""


def test_every_kind_has_one_rule_in_the_order_of_the_vocabulary() -> None:
    """A kind that nobody may send, or that is listed twice, is a mistake."""
    assert [(rule.kind, rule.major) for rule in CONTRACT] == [(kind.kind, kind.major) for kind in k.KINDS]
    assert set(BY_KIND) == set(k.BY_NAME)
    assert set(ROLES) == set(Role)
    for rule in CONTRACT:
        assert rule.zh
        assert rule.en
        assert rule.senders
        assert rule.recipients


def test_answers_and_allows_are_one_relation_read_both_ways() -> None:
    """Who answers is allowed, and who is allowed answers; only kinds that exist stand there."""
    answers = {(rule.kind, answered) for rule in CONTRACT for answered in rule.answers}
    allows = {(allowed, rule.kind) for rule in CONTRACT for allowed in rule.allows}
    assert answers == allows
    assert {kind for pair in answers for kind in pair} <= set(k.BY_NAME)


def test_receipts_and_errors_never_run_in_a_circle() -> None:
    """A receipt is not receipted, an error is not answered: else two centers could talk for ever."""
    assert BY_KIND["error"].allows == ()
    assert BY_KIND["receipt"].allows == ("error",)
    for kind in k.CASE_KINDS:
        assert {"receipt", "error"} <= set(BY_KIND[kind.kind].allows)


def holds(role: Role, me: str, record: Record, other: str) -> bool:
    """Whether ``me`` has this role, seen from ``record``: one center's record before or after it spoke."""
    out, offer = record.offer_out, record.offer_in
    return {
        Role.ORIGIN: record.case.origin == me,
        Role.HOLDER: record.holder == me,
        Role.OFFERER: (out is not None and record.me == me) or (offer is not None and offer.offerer == me),
        Role.OFFERED: (offer is not None and record.me == me) or (out is not None and me in out.asked),
        Role.ASKER: any(a.asker == me for a in record.assists),
        Role.ASSISTANT: any(a.assistant == me for a in record.assists),
        Role.ARBITER: record.arbiter == me,
        Role.HELD: me in record.path,
        Role.KNOWS: record.me == me or other == record.arbiter,
        Role.ANY: True,
    }[role]


class Town:
    """Centers that talk without a road: every message arrives in its turn, and each is held against the contract."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.said: list[str] = []
        self.wrong: list[str] = []
        self.road: list[tuple[str, Outgoing]] = []
        self.records[MEDIA] = register(c.Register(case=CASE), MEDIA, ARBITER).record

    def does(self, me: str, command: c.Command) -> None:
        """``me`` does something, and everything that follows from it happens."""
        self._takes(me, self.records[me], decide(self.records[me], command, NOW, 2, CLOCKS, masking=True), None)
        self._arrives()

    def escalates(self, me: str, to: str) -> None:
        """A clock tells the arbiter; no command does."""
        record = self.records[me]
        word = k.Escalated(
            version=record.version, holder=record.holder, clock="term", due=NOW, text="提级",
            case=record.case.without_resident(), path=record.path,
        )  # fmt: skip
        self._takes(me, record, remind(record, record, [Outgoing(to, word)]), None)
        self._arrives()

    def _arrives(self) -> None:
        while self.road:
            source, outgoing = self.road.pop(0)
            record, to = self.records.get(outgoing.to), outgoing.to
            answer = hear_message(record, outgoing.data, source, to, CASE.case_id, NOW, masking=True)
            self._takes(to, record, answer, outgoing.data.kind)

    def asks(self, me: str, to: str, *more: str) -> None:
        """``me`` offers the case; to several at once if more are named."""
        mode = k.Mode.OPEN if more else k.Mode.EXCLUSIVE
        self.does(me, c.Offer(case_id=CASE.case_id, to=(to, *more), mode=mode))

    def _takes(self, me: str, before: Record | None, decision: Decision, heard: str | None) -> None:
        self.records[me] = decision.record
        for outgoing in decision.outgoing:
            self._check(me, before, decision.record, outgoing, heard)
            if outgoing.to != me:
                self.road.append((me, outgoing))

    def _check(self, me: str, before: Record | None, after: Record, outgoing: Outgoing, heard: str | None) -> None:
        kind = outgoing.data.kind
        self.said.append(kind)
        seen = [record for record in (before, after) if record is not None]
        rule = BY_KIND[kind]
        if not any(holds(role, me, record, outgoing.to) for role in rule.senders for record in seen):
            self.wrong.append(f"{me} may not say {kind}")
        if not any(holds(role, outgoing.to, record, outgoing.to) for role in rule.recipients for record in seen):
            self.wrong.append(f"{outgoing.to} may not be told {kind}")
        if heard is not None and heard != kind and kind not in BY_KIND[heard].allows:
            self.wrong.append(f"{kind} is no answer to {heard}")


def on(command: type[Any], **fields: object) -> Any:
    """A command about the case of the story."""
    return command(case_id=CASE.case_id, **fields)


def story() -> Town:
    """A case that goes every way there is: declined, withdrawn, bid for, helped with, ruled on, closed and reopened."""
    town = Town()
    town.asks(MEDIA, GOVERNMENT)
    town.does(MEDIA, on(c.Urge, text="请尽快接单"))
    town.does(GOVERNMENT, on(c.Decline, reason=k.Reason.NOT_DUTY))
    town.asks(MEDIA, PARTY)
    town.does(MEDIA, on(c.Withdraw))
    town.asks(MEDIA, PARTY, CIVILIZATION)
    town.does(PARTY, on(c.Accept))
    town.does(MEDIA, on(c.Urge, text="请尽快办理"))
    town.does(PARTY, on(c.Report, stage="visited", text="已到现场"))
    town.does(PARTY, on(c.AskAssist, to=CIVILIZATION, ask="请派志愿者"))
    town.does(CIVILIZATION, on(c.AnswerAssist, done=True, text="已到场"))
    for until, approver in ((1, MEDIA), (2, ARBITER)):
        town.does(PARTY, on(c.AskExtension, until=FAR + timedelta(days=until), reason="等待配件"))
        town.does(approver, on(c.AnswerExtension, granted=True))
    town.escalates(MEDIA, ARBITER)
    town.does(PARTY, on(c.AskArbiter, ground=k.Ground.DISPUTED))
    town.does(ARBITER, on(c.Rule, holder=CIVILIZATION, text="由文明实践中心承办"))
    town.asks(CIVILIZATION, GOVERNMENT_STREET)
    town.does(GOVERNMENT_STREET, on(c.Accept))
    town.does(GOVERNMENT_STREET, on(c.Resolve, outcome=k.Outcome.DONE, public_reply="已办结"))
    town.does(MEDIA, on(c.Close, replied_at=NOW))
    town.does(MEDIA, on(c.Rate, grade=5))
    town.does(MEDIA, on(c.Publish, title="办结", text="已恢复"))
    town.does(MEDIA, on(c.Reopen, text="又发生了"))
    return town


def test_custody_never_speaks_against_the_contract() -> None:
    """Each message of a case that goes every way has a sender and a recipient that the contract names."""
    town = story()
    assert town.wrong == []
    assert set(town.said) == {kind.kind for kind in k.CASE_KINDS}, "the story must meet every kind"


@pytest.mark.parametrize("kind", [kind.kind for kind in k.CASE_KINDS])
def test_a_contract_that_names_nobody_would_be_seen(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check above looks at every kind: with a rule that names nobody it speaks up."""
    monkeypatch.setitem(BY_KIND, kind, Rule(kind, 1, "", "", (), ()))
    assert story().wrong

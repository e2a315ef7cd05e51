"""A store put back to an old backup: what anybody else has heard comes back, what nobody heard is undone, all once."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from bus import recovery
from bus.context import CenterContext
from bus.contract import messages as k
from bus.contract.case import Place, Source
from bus.contract.codec import decode, encode
from bus.contract.envelope import Message, compose
from bus.contract.epochs import EPOCH
from bus.contract.ids import new_id
from bus.custody import Record, Refusal, Status
from bus.custody import commands as c
from bus.demo.local_county import one_custodian
from bus.pipeline.intake import IntakeDeps, Submission, intake
from bus.recovery import complete, hooks, responder
from bus.sdk.center import Center, IntakeContext
from bus.store import StoreUnavailable, Tx, archive, cases, inbox, parked
from bus.store import tables as t
from bus.store.unit_of_work import UnitOfWork
from tests.harness.recovering_county import HONEST_REFUSALS, Restored
from tests.harness.step import NOW, BareCenter, Strict, a_case

A, B, C, ARBITER = "media-150402", "party-150402", "civil-150402", "service-150402"


@pytest.fixture
def county(tmp_path: Path) -> Iterator[Restored]:
    """Four centers on a good road."""
    made = Restored(tmp_path, 1)
    made.road.bad = False
    yield made
    made.close()


def does(county: Restored, name: str, *commands: c.Command) -> None:
    """A center acts."""
    county.centers[name].now = county.now
    county.centers[name].execute(*commands)


def record(county: Restored, name: str, case_id: UUID) -> Record:
    """What a center knows of a case."""
    return county.records(name)[case_id]


def rest(county: Restored) -> None:
    """Everything arrives, and the road stays good."""
    county.rest()
    county.road.bad = False


# -- what comes back -------------------------------------------------------------------------------------------------

SAME = ("me", "holder", "version", "round", "status", "result", "arbiter", "assists", "ratings")


def essence(one: Record) -> dict[str, Any]:
    """The custody facts of a record, without the order in which they came and without times of hearing."""
    out, offer = one.offer_out, one.offer_in
    return {name: getattr(one, name) for name in SAME} | {
        "origin": one.path[0],
        "path": set(one.path),
        "offer_out": out and (out.offer_id, out.mode, out.version, set(out.pending), set(out.asked), out.withdrawing),
        "offer_in": offer and (offer.offer_id, offer.offerer, offer.mode, offer.version, offer.bid),
        "returns": {(r.offer_id, r.by, r.reason) for r in one.returns},
        "assists": {(a.assist_id, a.asker, a.assistant, a.done) for a in one.assists},
        "asked": one.arbitration if one.arbiter != one.me else None,
    }


@pytest.mark.parametrize("seed", range(12))
def test_what_everybody_has_heard_comes_back_whole(tmp_path: Path, seed: int) -> None:
    """After a loss at rest each case is what it was before, field by field; only what nobody else knew is gone."""
    county = Restored(tmp_path, seed, 4 + seed % 2)
    county.road.bad = False
    for name in county.names[:3]:
        county.register(name)
    steps(county, county.luck.randrange(5, 60))
    victim = county.luck.choice(county.names)
    backup = county.backup(victim)
    steps(county, county.luck.randrange(20, 120))
    county.rest()
    before = county.records(victim)
    county.put_back(victim, backup)
    county.rest()
    after, known = county.records(victim), county.all()
    for case_id, was in before.items():
        if len(was.path) > 1:
            assert essence(after[case_id]) == essence(was)
        elif case_id in after:
            assert len(known[case_id]) >= 1
    assert set(after) <= set(before)
    county.close()


def steps(county: Restored, count: int) -> None:
    """So many steps."""
    for _ in range(count):
        county.step()


@pytest.mark.parametrize("seed", range(100, 118))
def test_on_a_bad_road_there_is_one_custodian_again_whatever_was_under_way(tmp_path: Path, seed: int) -> None:
    """Lost, repeated and re-ordered messages, pages and receipts, and ghosts of the lost time: all agree at rest."""
    county = Restored(tmp_path, seed, 4 + seed % 2)
    for name in county.names[:3]:
        county.register(name)
    steps(county, county.luck.randrange(5, 120))
    victim = county.luck.choice(county.names)
    backup = county.backup(victim)
    steps(county, county.luck.randrange(5, 150))
    county.put_back(victim, backup)
    steps(county, county.luck.randrange(0, 120))
    for _ in range(2):
        county.rest()
        agree(county)
        steps(county, 40)
    county.close()


def agree(county: Restored) -> None:
    """The invariants of a county where everything said has been heard."""
    for known in county.all().values():
        by_name = {one.me: one for one in known}
        assert one_custodian(known), [(one.me, one.holder, one.version) for one in known]
        for one in known:
            for center in one.offer_out.pending if one.offer_out else ():
                offer = by_name[center].offer_in
                assert offer is not None, f"{one.me} waits for {center}, who has no offer"
                assert one.offer_out is not None
                assert (offer.offer_id, offer.bid) == (one.offer_out.offer_id, False)
            if one.offer_in is not None:
                waits = by_name[one.offer_in.offerer].offer_out
                assert waits is not None, f"{one.me} has an offer that nobody makes"
                assert waits.offer_id == one.offer_in.offer_id
        origin = by_name[known[0].case.origin]
        for center in origin.path:
            assert by_name[center].round == origin.round
            assert by_name[center].version // 1000 == max(one.version for one in known) // 1000
    codes = {code for name in county.names for _, code in county.parked(name)}
    assert codes <= HONEST_REFUSALS


def test_a_holder_put_back_before_its_hand_over_no_longer_holds(county: Restored) -> None:
    """The other has accepted: there is one custodian, and it is the other."""
    case_id = county.register(A)
    backup = county.backup(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    does(county, B, c.Accept(case_id=case_id))
    rest(county)
    county.put_back(A, backup)
    assert record(county, A, case_id).holder == A
    rest(county)
    assert (record(county, A, case_id).holder, record(county, A, case_id).version) == (B, 2)
    assert record(county, A, case_id).path == (A, B)


def test_a_case_registered_and_offered_since_the_backup_comes_back(county: Restored) -> None:
    """With its number, its link to our own system, and its running number; the offer is still open."""
    backup = county.backup(A)
    case = a_case(A, number="MEDIA150402-20261123-00007")
    does(county, A, c.Register(case=case), c.Offer(case_id=case.case_id, to=(B,)))
    rest(county)
    county.put_back(A, backup)
    rest(county)
    back = record(county, A, case.case_id)
    assert back.case == case
    assert back.offer_out is not None
    assert back.offer_out.pending == (B,)
    with county.centers[A].store.reading() as tx:
        assert cases.find(tx, "app", "m-1") == case.case_id
    assert county.centers[A].store.write(lambda tx: cases.next_number(tx, "MEDIA150402-20261123")) == 8
    does(county, B, c.Accept(case_id=case.case_id))
    rest(county)
    assert record(county, A, case.case_id).holder == B


def test_what_nobody_has_heard_is_undone_and_its_ghosts_change_nothing(county: Restored) -> None:
    """An acceptance on its way when the store was lost is not applied when it comes late: the case keeps its holder."""
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    backup = county.backup(B)
    does(county, B, c.Accept(case_id=case_id))
    county.relay(B)
    (ghost,) = [body for to, body in county.road.parcels if to == A]
    county.road.parcels.clear()
    county.put_back(B, backup)
    rest(county)
    assert record(county, B, case_id).offer_in is not None
    assert county.centers[A].receive(ghost) == {"fenced": 1}
    does(county, B, c.Decline(case_id=case_id, reason=k.Reason.NOT_DUTY))
    rest(county)
    assert {record(county, name, case_id).holder for name in (A, B)} == {A}
    assert county.centers[A].receive(ghost) == {"fenced": 1}
    assert [county.parked(name) for name in county.names] == [[]] * 4


def test_a_receipt_of_the_lost_time_ends_nothing(county: Restored) -> None:
    """The lost store had applied the offer; its receipt comes after the loss, and the offer is sent again."""
    case_id = county.register(A)
    backup = county.backup(B)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    county.relay(A)
    while county.road.parcels:
        county.deliver()
    county.relay(B)
    ((_, receipt),) = county.road.parcels
    county.road.parcels.clear()
    county.put_back(B, backup)
    county.relay(B)
    county.centers[A].receive(*[body for to, body in county.road.parcels if to == A])  # the question, in the new era
    assert county.centers[A].receive(receipt) == {"fenced": 1}
    county.road.parcels.clear()
    rest(county)
    assert record(county, B, case_id).offer_in is not None


def test_a_word_to_many_that_reached_one_reaches_all(county: Restored) -> None:
    """The winner of an open offer is told, though only a bystander heard of it before the offerer's store was lost."""
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    does(county, B, c.Accept(case_id=case_id))
    rest(county)
    does(county, B, c.Offer(case_id=case_id, to=(C, ARBITER), mode=k.Mode.OPEN))
    rest(county)
    backup = county.backup(B)
    does(county, C, c.Accept(case_id=case_id))
    county.relay(C)
    while county.road.parcels:
        county.deliver()
    county.relay(B)
    county.road.parcels = [(to, body) for to, body in county.road.parcels if to == A]
    while county.road.parcels:
        county.deliver()
    assert record(county, A, case_id).holder == C
    county.put_back(B, backup)
    rest(county)
    assert {record(county, name, case_id).holder for name in (A, B, C)} == {C}
    assert record(county, ARBITER, case_id).offer_in is None


def test_a_decision_that_nobody_heard_is_made_again(county: Restored) -> None:
    """The bid was receipted, the grant reached nobody: the bidder does not wait for ever."""
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B, C), mode=k.Mode.OPEN))
    rest(county)
    backup = county.backup(A)
    does(county, B, c.Accept(case_id=case_id))
    county.relay(B)
    while county.road.parcels:
        county.deliver()
    county.relay(A)
    county.road.parcels = [(to, body) for to, body in county.road.parcels if kind_of(county, to, body) == "receipt"]
    while county.road.parcels:
        county.deliver()
    county.put_back(A, backup)
    rest(county)
    assert {record(county, name, case_id).holder for name in (A, B)} == {B}
    assert record(county, C, case_id).offer_in is None


def kind_of(county: Restored, to: str, body: bytes) -> str:
    """The kind of a message, as its recipient reads it."""
    return str(decode(county.centers[to].context.security.unseal(body)).data.kind)


def test_what_the_backup_still_owed_is_said(county: Restored) -> None:
    """An offer that lay in the outbox at the backup reaches its recipient, whether or not it did so before the loss."""
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    backup = county.backup(A)
    county.put_back(A, backup)
    rest(county)
    assert record(county, B, case_id).offer_in is not None
    county.put_back(A, backup)
    rest(county)
    with county.centers[B].store.reading() as tx:
        assert len(tx.execute(select(t.applied).where(t.applied.c.peer == A)).all()) == 1


SAFEGUARDS = [
    (hooks, "enter_epochs", lambda *_: {}, test_what_nobody_has_heard_is_undone_and_its_ghosts_change_nothing),
    (hooks, "enter_epochs", lambda *_: {}, test_a_receipt_of_the_lost_time_ends_nothing),
    (complete, "still_to_say", lambda *_: [], test_a_word_to_many_that_reached_one_reaches_all),
    (complete, "must_be_heard_again", lambda *_: False, test_a_decision_that_nobody_heard_is_made_again),
    (complete, "_send_again", lambda *_: None, test_what_the_backup_still_owed_is_said),
    (complete, "_name", lambda *_: None, test_a_case_registered_and_offered_since_the_backup_comes_back),
    (complete, "rebuild", lambda story, _: story.before, test_a_holder_put_back_before_its_hand_over_no_longer_holds),
]
"""What recovery does, taken away, and the test that must notice."""


@pytest.mark.parametrize(("module", "name", "instead", "test"), SAFEGUARDS)
def test_each_safeguard_is_missed_when_it_is_gone(
    county: Restored, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, instead: Any, test: Any
) -> None:
    """A test that passes without what it is for tests nothing."""
    monkeypatch.setattr(module, name, instead)
    with pytest.raises((AssertionError, KeyError, ValueError)):
        test(county)


# -- telling and asking ----------------------------------------------------------------------------------------------


def long_case(origin: str) -> c.Register:
    """A case whose offer is near the bound of a message."""
    return c.Register(case=a_case(origin, text="灯" * 7990))


def page_of(center: BareCenter, peer: str, cursor: str, number: UUID) -> k.LogTold:
    """The page that a peer would be told, in its first new era."""
    asked = compose(k.LogAsked(recovery=number, cursor=cursor), source=peer, recipient=A, now=NOW, sequence=EPOCH)

    def change(tx: Tx) -> k.LogTold:
        responder.take_asked(tx, asked, 1)
        (owed,) = archive.pages_due(tx, 1, 0)
        return responder.log_page(tx, owed)

    return center.store.write(change)


def test_a_log_longer_than_a_page_is_told_in_pages_that_can_travel(county: Restored) -> None:
    """Each page is less than 200 KB, a message may go on on the next, together they are the bytes as they were."""
    registered = [long_case(A) for _ in range(14)]
    for one in registered:
        does(county, A, one, c.Offer(case_id=one.case_id, to=(B,)))
    rest(county)
    number, cursor, whole, pages = new_id(), "0", b"", 0
    while cursor:
        page = page_of(county.centers[A], B, cursor, number)
        assert len(encode(compose(page, source=A, recipient=B, now=NOW))) < 200_000
        whole += b"".join(base64.b64decode(entry.body) for entry in page.entries)
        cursor, pages = page.next or "", pages + 1
    with county.centers[A].store.reading() as tx:
        kept = [entry.body for entry in archive.since(tx, B, 0, 100)]
    assert whole == b"".join(kept)
    assert pages > 2


def test_long_messages_come_back_over_several_pages(county: Restored) -> None:
    """Fourteen long cases, none of them in the backup, are all known again."""
    backup = county.backup(B)
    registered = [long_case(A) for _ in range(14)]
    for one in registered:
        does(county, A, one, c.Offer(case_id=one.case_id, to=(B,)))
    rest(county)
    county.put_back(B, backup)
    rest(county)
    assert {case_id: one.case for case_id, one in county.records(B).items()} == {o.case_id: o.case for o in registered}


def test_while_it_recovers_a_center_takes_nothing_in_and_receipts_nothing(county: Restored) -> None:
    """Forms are to come again later, the desk rests, and a case message is left to be sent again."""
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    (offered,) = county.centers[A].relay()
    county.put_back(B, county.backup(B))
    assert county.centers[B].receive(offered.body) == {"recovering": 1}
    assert {p.kind for p in county.centers[B].relay()} == {"log.asked"}
    assert county.centers[B].store.write(lambda tx: inbox.claim_work(tx, 10**15, 10, 1)) == []
    with pytest.raises(StoreUnavailable, match="again later"):
        intake(county.centers[B].store, counter(B), [submission()], NOW)


def counter(name: str) -> IntakeDeps:
    """A front desk without routes and files."""
    return IntakeDeps(CenterContext(name), None, lambda _tx, _sha: None)  # type: ignore[arg-type]  # no route is asked for


class Letter(Strict):
    """A form."""

    id: str
    text: str


def submission(native_id: str = "w-1") -> Submission:
    """A form that registers the record it names."""
    desk: Center[object] = Center("media", connect=lambda _: object())

    @desk.form("letter", Letter, native_id=lambda form: form.id)
    def _letter(front: IntakeContext, form: Letter) -> Any:
        source = Source(system="app", record=form.id)
        case = front.new_case(
            title="路灯", text=form.text, category="housing", place=Place(division="150402006"), channel="app",
            source=source,
        )  # fmt: skip
        return [c.Register(case=case), c.Offer(case_id=case.case_id, to=(B,))]

    return Submission(desk.forms["letter"], Letter(id=native_id, text="三天没亮"))


def test_a_form_that_is_sent_again_after_the_loss_makes_no_second_case(county: Restored) -> None:
    """Its case came back from others: the answer is `repeated`, with that case."""
    backup = county.backup(A)
    (first,) = intake(county.centers[A].store, counter(A), [submission()], NOW)
    rest(county)
    county.put_back(A, backup)
    rest(county)
    (again,) = intake(county.centers[A].store, counter(A), [submission()], NOW)
    assert (first.status, again.status, again.cases) == ("taken", "repeated", first.cases)
    assert len(county.records(A)) == 1
    (fresh,) = intake(county.centers[A].store, counter(A), [submission("w-2")], NOW)
    assert fresh.cases[0]["number"] != first.cases[0]["number"]


class Pick(Strict):
    """A form about a case that is known already."""

    id: str
    case_id: UUID


def test_a_form_about_a_case_that_is_not_back_yet_is_to_come_again(county: Restored) -> None:
    """The center's own system has heard of it in the lost time; an hour after the recovery unknown is unknown."""
    desk: Center[object] = Center("media", connect=lambda _: object())

    @desk.form("pick", Pick, native_id=lambda form: form.id)
    def _pick(_front: IntakeContext, form: Pick) -> Any:
        return [c.Accept(case_id=form.case_id)]

    b, case_id = county.centers[B], county.register(A)

    def told(case_id: UUID, minutes: float = 0) -> str:
        form = Submission(desk.forms["pick"], Pick(id=str(case_id), case_id=case_id))
        (reply,) = intake(b.store, counter(B), [form], b.now + timedelta(minutes=minutes))
        return f"{reply.status} {reply.code}".strip()

    assert told(case_id) == "refused unknown-case", "this center was never put back"
    county.put_back(B, county.backup(B))
    rest(county)
    assert told(case_id) == "later unknown-case"
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    assert told(case_id) == "taken"
    assert told(new_id()) == "later unknown-case"
    assert told(new_id(), minutes=61) == "refused unknown-case"


def test_the_desk_gets_its_work_again_with_the_same_keys(county: Restored) -> None:
    """What came since the backup is laid on the desk; of what the desk answered and others heard, only the links."""
    backup = county.backup(B)
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    ((offered, _),) = county.desk(B)
    with county.centers[B].store.reading() as tx:
        message = decode(inbox.bodies(tx, str(case_id))[0])
    county.centers[B].store.write(lambda tx: work_at_desk(tx, county.centers[B], c.Accept(case_id=case_id), message))
    does(county, A, c.Urge(case_id=case_id, text="请快"))
    rest(county)
    before = county.desk(B)
    county.put_back(B, backup)
    rest(county)
    assert county.desk(B) == [(before[0][0], True), (before[1][0], False)]
    assert before[0][0] == offered


def work_at_desk(tx: Tx, center: BareCenter, command: c.Command, cause: Message[Any]) -> None:
    """A command that a handler returned for a message."""
    uow = UnitOfWork(tx, center.context, center.now)
    uow.execute(command, cause=cause)
    uow.flush()


def test_an_own_result_goes_to_the_own_desk_again_under_the_same_key(county: Restored) -> None:
    """The origin that resolved by itself still owes the resident the reply; its system knows the key if it gave it."""
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    does(county, B, c.Decline(case_id=case_id, reason=k.Reason.NOT_DUTY))
    rest(county)
    does(county, A, c.AskArbiter(case_id=case_id, ground=k.Ground.DISPUTED))
    rest(county)
    does(county, ARBITER, c.Rule(case_id=case_id, holder=B, text="由你办理"))
    rest(county)
    does(county, ARBITER, c.Rule(case_id=case_id, holder=A, text="由你办理"))
    rest(county)
    backup = county.backup(A)
    does(county, A, c.Resolve(case_id=case_id, outcome=k.Outcome.DONE, public_reply="已修好"))
    rest(county)
    before = county.desk(A)
    county.put_back(A, backup)
    rest(county)
    assert county.desk(A) == before
    assert record(county, A, case_id).status is Status.RESOLVED


def test_an_era_that_was_used_before_is_not_used_twice(county: Restored) -> None:
    """Put back twice to the same backup: the second recovery learns from its peers that its era is taken."""
    backup = county.backup(A)
    case_id = county.register(A)
    county.put_back(A, backup)
    rest(county)
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    county.put_back(A, backup)
    rest(county)
    assert recovery.status(county.centers[A].store).era == 2
    assert record(county, A, case_id).offer_out is not None
    does(county, B, c.Accept(case_id=case_id))
    rest(county)
    assert record(county, A, case_id).holder == B


def test_what_was_learnt_in_one_recovery_is_not_learnt_again_in_the_next(county: Restored) -> None:
    """Put back once more, to a backup of after the first recovery: lanes in which nothing was said since know how far
    they have been told, and no message is kept twice."""
    backup = county.backup(A)
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    does(county, B, c.Accept(case_id=case_id))
    rest(county)
    county.put_back(A, backup)
    rest(county)
    kept = _kept(county)
    county.put_back(A, county.backup(A))
    rest(county)
    assert _kept(county) == kept
    assert len(set(kept)) == len(kept) > 1
    assert record(county, A, case_id).holder == B


def test_a_backup_made_during_a_recovery_is_put_back_like_any_other(county: Restored) -> None:
    """The recovery in it has ended since, and its era has been spoken in: a later one is begun, and nobody finds a
    place used twice."""
    first = county.backup(A)
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    county.put_back(A, first)
    during = county.backup(A)
    rest(county)
    does(county, A, c.Withdraw(case_id=case_id))
    rest(county)
    county.put_back(A, during)
    rest(county)
    assert recovery.status(county.centers[A].store).era == 2
    assert record(county, A, case_id).offer_out is None
    does(county, A, c.Offer(case_id=case_id, to=(C,)))
    rest(county)
    does(county, C, c.Accept(case_id=case_id))
    rest(county)
    assert record(county, A, case_id).holder == C
    assert [county.parked(name) for name in county.names] == [[], [], [], []]


@pytest.mark.parametrize("refused", [False, True])
def test_where_only_we_have_spoken_nothing_is_learnt_twice_either(
    county: Restored, monkeypatch: pytest.MonkeyPatch, *, refused: bool
) -> None:
    """A case that the first backup did not know, and whose other side has never said a word of it: not even what it
    has refused stands twice in the store that is put back once more."""

    def refuse(*_given: object) -> None:
        raise Refusal("stale", "it came too late")

    backup = county.backup(A)
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    if refused:
        with monkeypatch.context() as planted:
            planted.setattr(UnitOfWork, "apply", refuse)
            rest(county)
    rest(county)
    county.put_back(A, backup)
    rest(county)
    kept, told = _kept(county), record(county, A, case_id)
    county.put_back(A, county.backup(A))
    rest(county)
    assert _kept(county) == kept
    assert recovery.status(county.centers[A].store).going_on is False
    assert record(county, A, case_id) == told
    assert (("peer", "stale") in county.parked(A)) is refused


def _kept(county: Restored) -> list[str]:
    with county.centers[A].store.reading() as tx:
        return sorted(tx.execute(select(t.archive.c.message_id)).scalars())


def test_a_center_that_never_answers_may_be_excused(county: Restored) -> None:
    """The recovery waits for it until the operator says otherwise; somebody who is not asked cannot be excused."""
    gone = "grid-150402"
    case_id = county.register(A)
    county.put_back(A, county.backup(A), (gone,))
    with pytest.raises(AssertionError, match="never comes to rest"):
        county.rest()
    assert recovery.status(county.centers[A].store).peers[gone] == "asked"
    with pytest.raises(recovery.NothingToRecover):
        recovery.excuse(county.centers[A].store, B, NOW)
    recovery.excuse(county.centers[A].store, gone, NOW)
    rest(county)
    assert record(county, A, case_id).holder == A


def test_everyone_with_whom_a_teller_has_spoken_is_asked_too(county: Restored) -> None:
    """Neither backup nor settings know of the third center, which has the case; the second one tells of it."""
    case_id = county.register(A)
    backup = county.backup(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    does(county, B, c.Accept(case_id=case_id))
    rest(county)
    does(county, B, c.Offer(case_id=case_id, to=(C,)))
    rest(county)
    does(county, C, c.Accept(case_id=case_id))
    rest(county)
    county.put_back(A, backup, (B,))
    rest(county)
    assert recovery.status(county.centers[A].store).peers[C] == "told"
    assert record(county, A, case_id).holder == C


def test_a_case_whose_opening_nobody_tells_is_seen_and_may_be_replayed(county: Restored) -> None:
    """News of it is parked with the cure, not lost and not invented into a case."""
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    with county.centers[A].store.engine.begin() as tx:
        tx.execute(t.archive.delete())
    does(county, A, c.Urge(case_id=case_id, text="请快"))
    rest(county)
    fresh = county.folder / "fresh"
    fresh.mkdir()
    BareCenter(B, fresh).close()
    county.put_back(B, fresh / f"{B}.db")
    rest(county)
    assert county.parked(B) == [("wire", "unknown-case")]
    assert case_id not in county.records(B)


def test_without_the_operators_word_both_sides_park_and_name_the_cure(county: Restored) -> None:
    """A store that was put back unsaid uses a place twice: refused, parked at both ends with what to do."""
    case_id = county.register(A)
    backup = county.backup(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    county.put_back(A, backup, said=False)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    with county.centers[A].store.reading() as here, county.centers[B].store.reading() as there:
        (ours,), (theirs,) = parked.listed(here), parked.listed(there)
    assert (ours["code"], theirs["code"]) == ("sequence-reused", "sequence-reused")
    assert "bus recover" in ours["hint"]
    assert "bus recover" in theirs["hint"]


def test_the_archive_is_pruned_by_age_in_small_pieces(county: Restored) -> None:
    """What is older than the retention goes, oldest first; the memory of places stays."""
    case_id = county.register(A)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    store = county.centers[B].store
    late = int(county.now.timestamp() * 1000) + 1
    assert store.write(lambda tx: archive.prune(tx, 1, 10)) == 0
    assert store.write(lambda tx: archive.prune(tx, late, 10)) == 1
    place = (A, str(case_id), 1)
    assert place in store.write(lambda tx: inbox.remembered(tx, [place]))


def test_a_case_whose_opening_is_unreceipted_is_known_by_what_came_after(county: Restored) -> None:
    """We knew the case, for we spoke of it; so what opens it had been applied, though its receipt was lost."""
    case_id = county.register(A)
    backup = county.backup(B)
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    county.centers[B].receive(*[parcel.body for parcel in county.centers[A].relay()])
    does(county, B, c.Urge(case_id=case_id, text="请补充"))
    urged = [parcel for parcel in county.centers[B].relay() if parcel.kind == "case.urged"]
    county.centers[A].receive(*[parcel.body for parcel in urged])
    county.put_back(B, backup)
    rest(county)
    assert record(county, B, case_id).offer_in is not None
    assert [county.parked(name) for name in (A, B)] == [[], []]

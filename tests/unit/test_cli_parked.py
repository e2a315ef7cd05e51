"""`bus parked`, `bus trace`, and the acts behind them: each way a thing can be stuck, and each way out of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bus.cli.access import whoami
from bus.contract.codec import decode, encode
from bus.contract.envelope import compose
from bus.contract.ids import new_id
from bus.contract.messages import CaseKind, Offered, Urged, Verdict
from bus.custody import Status
from bus.custody.commands import Accept, Offer, Register
from bus.operations import replay as acts
from bus.operations.backlog import backlog
from bus.operations.discard import MayNotGo, discard
from bus.operations.redacted import redacted
from bus.store import case_count, cases, inbox, parked
from bus.store import tables as t
from tests.harness.step import NOW, BareCenter, a_case, carry, opened
from tests.unit.test_cli_run import bus

HERE, THERE = "media_center-150402", "party_service-150402"
CANARY = "居民甲"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[BareCenter, BareCenter]]:
    """Two centers without loops, and the settings file of the first."""
    (tmp_path / "here.toml").write_text(
        f'center = "{HERE}"\nstore = "sqlite:///{tmp_path}/{HERE}.db"\n[backend]\nurl = "http://127.0.0.1:1"\n'
    )
    here, there = BareCenter(HERE, tmp_path), BareCenter(THERE, tmp_path)
    yield here, there
    here.close()
    there.close()


def rows(center: BareCenter) -> list[Any]:
    """What is stuck at a center."""
    with center.store.reading() as tx:
        return backlog(tx, center.context.me, center.now, 600)


def journal(center: BareCenter, case_id: Any) -> list[tuple[str, str]]:
    """(way, note) of each line."""
    with center.store.reading() as tx:
        return [(line["way"], line["note"]) for line in cases.journal(tx, case_id)]


def aside(place: str, code: str, **more: Any) -> parked.ParkedItem:
    """A parked row."""
    return parked.row(place, code, "", known_by=b"d", owner=HERE, now_ms=1, **more)


def count(center: BareCenter, table: Any) -> int:
    """How many rows a table has."""
    with center.store.reading() as tx:
        return len(tx.execute(select(table)).all())


def refused_offer(here: BareCenter, there: BareCenter) -> Any:
    """``there`` takes an offer that custody refuses (its place is taken); ``here`` has it parked as refused."""
    case = a_case(HERE)
    here.execute(Register(case=case), Offer(case_id=case.case_id, to=(THERE,)))
    parcel = here.relay()[0]
    message = opened(parcel)
    wrong = compose(
        message.data.model_copy(update={"version": 0}),
        source=HERE, recipient=THERE, now=NOW, subject=case.case_id, sequence=1,
    )  # fmt: skip
    bad = encode(wrong).replace(str(wrong.id).encode(), parcel.message_id.encode())
    there.receive(bad.replace(b'"version":0', b'"version":-1'))
    there.store.write(lambda tx: tx.execute(t.receipts.update().values(digest=None)))  # it does not say for which bytes
    here.later(600)
    for answer in there.relay():
        here.receive(answer.body)
    return case


def test_a_refused_message_is_said_anew_and_then_taken(pair: tuple[BareCenter, BareCenter]) -> None:
    """What the recipient refused goes again under a new id at a new place of the lane, and the case moves on."""
    here, there = pair
    case = refused_offer(here, there)
    (row,) = rows(here)
    assert (row["place"], row["code"]) == ("peer", "invalid")
    done = acts.replay(here.store, here.context, row["id"], here.now)
    assert done.outcome is acts.Outcome.ON_ITS_WAY
    assert rows(here) == []
    carry(here, there)
    with there.store.reading() as tx:
        record = cases.read(tx, [case.case_id])[case.case_id]
    assert record.offer_in is not None
    assert count(here, t.outbox) == 0
    assert ("replayed", "") in journal(here, case.case_id)


def test_a_message_that_custody_refuses_again_stays_parked_with_its_reason(pair: tuple[BareCenter, BareCenter]) -> None:
    """Replaying at the recipient gives the message to custody out of its turn; what cannot be read stays."""
    here, there = pair
    refused_offer(here, there)
    (row,) = rows(there)
    done = acts.replay(there.store, there.context, row["id"], there.now)
    assert (done.outcome, done.code) == (acts.Outcome.STILL_PARKED, "invalid")
    assert len(rows(there)) == 1


def test_a_refused_message_is_applied_once_its_cause_is_gone(pair: tuple[BareCenter, BareCenter]) -> None:
    """After a repair the same bytes are applied, the sender's outbox hears of it, and a second replay finds nothing."""
    here, there = pair
    case = a_case(HERE)
    here.execute(Register(case=case), Offer(case_id=case.case_id, to=(THERE,)))
    body = here.relay()[0].body
    there.receive(body)
    # as if a fault of ours had refused it: the place is taken, the case unknown, the bytes are parked
    with there.store.engine.begin() as tx:
        message_id = str(decode(body).id)
        tx.execute(update(t.applied).values(verdict="refused", code="internal"))
        for table in (t.cases, t.work, t.receipts):
            tx.execute(table.delete())
        row = aside(
            place="wire", code="internal", peer=HERE, case_id=str(case.case_id), message_id=message_id, body=body
        )
        parked.park(tx, [row])
    (row,) = rows(there)
    assert acts.replay(there.store, there.context, row["id"], there.now).outcome is acts.Outcome.APPLIED
    assert (count(there, t.cases), count(there, t.work), rows(there)) == (1, 1, [])
    with pytest.raises(acts.NotParked):
        acts.replay(there.store, there.context, row["id"], there.now)
    carry(here, there)
    assert count(here, t.outbox) == 0


def test_bytes_that_were_never_a_message_arrive_again_as_they_came(pair: tuple[BareCenter, BareCenter]) -> None:
    """Garbage stays parked and is counted; a message parked as poison is applied when it is replayed."""
    here, there = pair
    there.receive(b"{", sender=HERE)
    (row,) = rows(there)
    done = acts.replay(there.store, there.context, row["id"], there.now)
    assert (done.outcome, done.code) == (acts.Outcome.STILL_PARKED, "not-json")
    assert rows(there)[0]["times"] == 2
    case = a_case(HERE)
    here.execute(Register(case=case), Offer(case_id=case.case_id, to=(THERE,)))
    with there.store.engine.begin() as tx:
        tx.execute(update(t.parked).values(body=here.relay()[0].body, code="poison"))
    assert acts.replay(there.store, there.context, row["id"], there.now).outcome is acts.Outcome.APPLIED
    assert (count(there, t.cases), rows(there)) == (1, [])


def parked_task(here: BareCenter, there: BareCenter) -> Any:
    """A task that the system of ``there`` would not take."""
    case = a_case(HERE)
    here.execute(Register(case=case), Offer(case_id=case.case_id, to=(THERE,)))
    carry(here, there)
    with there.store.engine.begin() as tx:
        task = tx.execute(select(t.work)).one()
        inbox.park_work(tx, task.id, "vendor-400")
        row = aside(place="desk", code="vendor-400", peer=HERE, case_id=task.case_id, message_id=task.message_id)
        parked.park(tx, [row])
    return case


def test_a_desk_task_goes_back_to_work_and_keeps_its_clock(pair: tuple[BareCenter, BareCenter]) -> None:
    """Replayed, the task waits again from attempt 0; its row stays, with its age, until the work is done."""
    here, there = pair
    parked_task(here, there)
    (row,) = rows(there)
    assert acts.replay(there.store, there.context, row["id"], there.now).outcome is acts.Outcome.ON_ITS_WAY
    (after,) = rows(there)
    assert (after["state"], after["first_ms"]) == ("waiting", 1)
    with pytest.raises(MayNotGo):
        discard(there.store, there.context, row["id"], "too-late", there.now)
    assert count(there, t.work) == 1


def test_a_discarded_task_is_gone_and_its_reason_stays(pair: tuple[BareCenter, BareCenter]) -> None:
    """Discarding frees the case's later work, and the journal keeps who was asked to give up what, and why."""
    here, there = pair
    case = parked_task(here, there)
    discard(there.store, there.context, rows(there)[0]["id"], "done-by-phone", there.now)
    assert (count(there, t.work), rows(there)) == (0, [])
    assert ("discarded", "done-by-phone") in journal(there, case.case_id)


def test_discarding_never_makes_a_gap_in_a_lane(pair: tuple[BareCenter, BareCenter]) -> None:
    """A peer's complaint about a message that still waits is forgotten; the message itself stays and goes on."""
    here, _ = pair
    case = a_case(HERE)
    here.execute(Register(case=case), Offer(case_id=case.case_id, to=(THERE,)))
    parcel = here.relay()[0]
    with here.store.engine.begin() as tx:
        row = aside(place="peer", code="too-large", peer=THERE, message_id=parcel.message_id)
        parked.park(tx, [row])
    discard(here.store, here.context, rows(here)[0]["id"], "seen", here.now)
    assert count(here, t.outbox) == 1
    assert ("discarded", "seen") in journal(here, acts.NO_CASE)


def test_an_early_message_that_is_given_up_is_refused(pair: tuple[BareCenter, BareCenter]) -> None:
    """Its sender is told, and what waited behind it has its turn; if it comes once more, nothing is parked again."""
    here, _ = pair
    case_id = a_case(THERE).case_id
    urged = [
        encode(compose(Urged(version=1, text="快"), source=THERE, recipient=HERE, now=NOW, subject=case_id, sequence=n))
        for n in (1, 2)
    ]
    assert here.receive(*urged) == {"early": 1, "held": 1}
    (first,) = rows(here)
    discard(here.store, here.context, first["id"], "moved-on", here.now)
    (second,) = rows(here)
    assert second["message_id"] == str(decode(urged[1]).id)
    (receipt,) = [opened(parcel).data for parcel in here.relay()]
    assert [(one.message_id, one.verdict, one.code) for one in receipt.items] == [
        (decode(urged[0]).id, Verdict.REFUSED, "unknown-case")
    ]
    assert here.receive(urged[0]) == {"repeated": 1}
    assert [row["message_id"] for row in rows(here)] == [second["message_id"]]


def test_what_waited_behind_a_refused_message_is_applied_once(pair: tuple[BareCenter, BareCenter]) -> None:
    """An offer that was held back behind it opens its case, which is counted and noted one time."""
    here, _ = pair
    case = a_case(THERE)
    said: tuple[CaseKind, ...] = (
        Urged(version=1, text="快"),
        Offered(version=1, offer_id=new_id(), case=case, path=(THERE,)),
    )
    here.receive(
        *(
            encode(compose(data, source=THERE, recipient=HERE, now=NOW, subject=case.case_id, sequence=place))
            for place, data in enumerate(said, start=1)
        )
    )
    discard(here.store, here.context, rows(here)[0]["id"], "moved-on", here.now)
    assert [way for way, _ in journal(here, case.case_id)] == ["refused", "heard", "discarded"]
    with here.store.reading() as tx:
        assert sum(case_count.by_status(tx).values()) == count(here, t.cases) == 1


def test_an_early_message_that_nobody_vouches_for_by_now_is_only_put_away(
    pair: tuple[BareCenter, BareCenter],
) -> None:
    """A message whose transport names another sender than it says is not refused in that center's name."""
    here, _ = pair
    case_id, other = a_case(THERE).case_id, "media_center-150403"
    urged = compose(Urged(version=1, text="快"), source=THERE, recipient=HERE, now=NOW, subject=case_id, sequence=1)
    row = aside(place="wire", code="unknown-case", peer=other, case_id=str(case_id), message_id=str(urged.id))
    with here.store.engine.begin() as tx:
        parked.park(tx, [row._replace(body=encode(urged))])
    discard(here.store, here.context, rows(here)[0]["id"], "moved-on", here.now)
    assert (rows(here), here.relay()) == ([], [])


def test_an_overdue_message_is_listed_and_sent_at_once(pair: tuple[BareCenter, BareCenter], tmp_path: Path) -> None:
    """Without a receipt for long enough a message shows up; replaying makes it due now; it cannot be discarded."""
    here, _ = pair
    case = a_case(HERE)
    here.execute(Register(case=case), Offer(case_id=case.case_id, to=(THERE,)))
    here.relay()
    here.later(601)
    (row,) = rows(here)
    assert (row["place"], row["peer"], row["times"]) == ("outbox", THERE, 1)
    code, _, _ = bus("parked", "discard", row["id"], "--reason", "tired", "--config", tmp_path / "here.toml")
    assert (code, count(here, t.outbox)) == (1, 1)
    code, out, _ = bus("parked", "replay", row["id"], "--config", tmp_path / "here.toml", "--json")
    assert (code, json.loads(out)[0]["outcome"]) == (0, "on-its-way")
    with here.store.reading() as tx:
        assert tx.execute(select(t.outbox.c.attempts)).scalar() == 0


def test_nothing_of_the_resident_is_shown_until_it_is_asked_for(
    pair: tuple[BareCenter, BareCenter], tmp_path: Path
) -> None:
    """List, show and trace tell codes, ids and field names; only --reveal prints the body, and that is noted."""
    here, there = pair
    case = refused_offer(here, there)
    config = ("--config", tmp_path / "here.toml")
    number = rows(here)[0]["id"]
    plain = [bus("parked", "list", *config, *more)[1] for more in ((), ("--json",))]
    plain += [bus("parked", "show", number, *config, *more)[1] for more in ((), ("--json",))]
    plain += [
        bus("trace", word, *config, *more)[1] for word in (case.case_id, case.number) for more in ((), ("--json",))
    ]
    assert all(str(case.case_id) in out for out in plain)
    assert not [out for out in plain if CANARY in out or case.text in out or case.title in out]
    assert "data.case.resident.name: text" in plain[2]
    code, out, warned = bus("parked", "show", number, *config, "--reveal")
    assert (code, CANARY in out, "--reason" in warned) == (2, False, True)
    code, out, warned = bus("parked", "show", number, *config, "--reveal", "--reason", "核对退回原因")
    assert (code, CANARY in out, "个人信息" in warned) == (0, True, True)
    assert ("revealed", "") in journal(here, case.case_id)
    (one,) = json.loads(bus("access", "list", *config, "--case", case.case_id, "--json")[1])
    assert (one["why"], one["who"]) == ("核对退回原因", whoami())


def test_a_trace_tells_where_the_case_is_and_what_waits(pair: tuple[BareCenter, BareCenter], tmp_path: Path) -> None:
    """Holder, version, path and journal in the order of what happened; the outbox's row while it waits."""
    here, there = pair
    case = a_case(HERE)
    here.execute(Register(case=case), Offer(case_id=case.case_id, to=(THERE,)))
    code, out, _ = bus("trace", case.number, "--config", tmp_path / "here.toml", "--json")
    told = json.loads(out)
    assert (code, told["case"]["holder"], told["case"]["status"]) == (0, HERE, Status.OPEN.value)
    assert [one["place"] for one in told["waiting"]] == ["outbox"]
    carry(here, there)
    there.execute(Accept(case_id=case.case_id))
    carry(here, there)
    told = json.loads(bus("trace", case.case_id, "--config", tmp_path / "here.toml", "--json")[1])
    assert (told["case"]["holder"], told["case"]["path"]) == (THERE, f"{HERE} → {THERE}")
    assert [line["way"] for line in told["journal"]] == ["did", "did", "said", "heard"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("parked", "show", "99"), 1),
        (("parked", "replay", "99"), 1),
        (("parked", "replay", "x"), 2),
        (("parked", "replay"), 2),
        (("parked", "discard", "1"), 2),
        (("parked", "discard", "1", "--reason", "两个词"), 2),
        (("trace", "HS-0"), 1),
        (("parked", "list"), 0),
    ],
)
def test_exit_codes(pair: tuple[BareCenter, BareCenter], tmp_path: Path, words: tuple[str, ...], expected: int) -> None:
    """1 for what is not there, 2 for wrong usage, and a line that says the cure."""
    code, out, said = bus(*words, "--config", tmp_path / "here.toml")
    assert code == expected
    assert out + said != ""


def test_a_store_that_is_missing_is_not_made(tmp_path: Path) -> None:
    """Looking into a store that does not exist says so and leaves no empty file behind."""
    config = tmp_path / "c.toml"
    config.write_text(f'center = "{HERE}"\nstore = "sqlite:///{tmp_path}/no.db"\n[backend]\nurl = "http://x"\n')
    code, _, said = bus("parked", "list", "--config", config, "--lang", "en")
    assert (code, "bus run" in said, (tmp_path / "no.db").exists()) == (1, True, False)


def test_all_with_one_code_are_replayed_together(pair: tuple[BareCenter, BareCenter], tmp_path: Path) -> None:
    """`--code` takes everything parked for one reason, and nothing else."""
    here, _ = pair
    here.receive(b"{", b"[]", b"[1]")
    config = ("--config", tmp_path / "here.toml")
    code, out, _ = bus("parked", "discard", "--code", "not-an-object", "--reason", "noise", *config, "--json")
    assert (code, len(json.loads(out))) == (0, 2)
    assert [row["code"] for row in rows(here)] == ["not-json"]
    code, out, _ = bus("parked", "replay", "--code", "not-jsn", *config, "--lang", "en")
    assert (code, out.strip()) == (0, "nothing is parked with the code not-jsn")  # a slip is no success in silence


def test_an_outline_hides_what_a_stranger_calls_his_fields() -> None:
    """Field names that are no plain words are hidden: a key could hold a name or a number of a resident."""
    told = redacted(json.dumps({"data": {CANARY: 1, "138 0013 8000": [1], "name": [{"a": None}]}}).encode())
    assert told == ["data.?: number", "data.?: 1", "data.?[]: number", "data.name: 1", "data.name[].a: nothing"]
